# -*- test-case-name: tests.scp.test_chain,tests.scp.test_certificate -*-
"""
Why a certificate of a secure channel is not accepted.
"""

from __future__ import annotations

from cardgw.errors import CardError


class ScpCertificateRefused(CardError):
    """
    A certificate of the secure channel is not accepted.
    """

    @property
    def brief(self) -> str:
        """
        A card holder knows nothing of secure channels.
        """
        return "The card's certificate is not accepted."


class ScpCertificateMalformed(ScpCertificateRefused):
    """
    A certificate of the secure channel could not be understood.
    """


class ScpCertificateExpired(ScpCertificateRefused):
    """
    A certificate of the secure channel has expired.
    """

    hint = "Is the clock of this machine right?"


class ScpCertificateNotYetValid(ScpCertificateRefused):
    """
    A certificate of the secure channel is not valid yet.
    """

    hint = "Is the clock of this machine right?"


class ScpCertificateMisused(ScpCertificateRefused):
    """
    A certificate of the secure channel is for another use.
    """


class ScpCertificateForged(ScpCertificateRefused):
    """
    A certificate of the secure channel is not signed by the issuer that it names.
    """


class ScpChainBroken(ScpCertificateRefused):
    """
    The certificates of the secure channel are not a chain.
    """


class ScpRootUnknown(ScpCertificateRefused):
    """
    None of the given roots has issued the certificates of the secure channel.
    """

    hint = "Give the root of the card's maker, and check where it comes from."
