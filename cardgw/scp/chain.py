# -*- test-case-name: tests.scp.test_chain -*-
"""
Whether a chain of certificates of SCP11 leads to a root that is trusted (GlobalPlatform Card Specification 2.3 Amendment F, 6.1;
RFC 5280, 6.1, as far as these certificates go).  The caller gives the roots and the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from cardgw.scp.certificate import Certificate, Usage, is_issued_by
from cardgw.scp.certificate_errors import (
    ScpCertificateExpired,
    ScpCertificateForged,
    ScpCertificateMisused,
    ScpCertificateNotYetValid,
    ScpChainBroken,
    ScpRootUnknown,
)


def check_chain(certificates: Sequence[Certificate], roots: Sequence[Certificate], now: datetime) -> Certificate:
    """
    Check what a card or a host gives: signatures, names, dates and uses, from the leaf to a root.

    @param certificates: with the leaf last, as it ought to be, or first; with the root or without.
    @param roots: what is trusted, whatever it says about itself but for its dates and its use.
    @param now: with time zone.
    @return: the leaf; its key may be used for key agreement.
    @raise ScpChainBroken: they are not one chain.
    @raise ScpRootUnknown: it leads to none of the roots.
    @raise ScpCertificateForged: a signature is wrong.
    @raise ScpCertificateMisused: the leaf is not for key agreement, or one above it not for certificates.
    @raise ScpCertificateExpired: one has, or a root has.
    @raise ScpCertificateNotYetValid: one is not, or a root is not.
    """
    path = _up_to_root(arrange(certificates), roots)
    for depth, certificate in enumerate(path):
        _check_dates(certificate, now)
        _check_use(certificate, depth)
    for below, above in pairwise(path):
        if not below.is_signed_with(above.facts.key):
            raise ScpCertificateForged(below.facts.name)
    return path[0]


def arrange(certificates: Sequence[Certificate]) -> list[Certificate]:
    """
    The same with the leaf first, by the names in them.

    @param certificates: leaf last or leaf first.
    @raise ScpChainBroken: they are not one chain, or none.
    """
    if not certificates:
        raise ScpChainBroken("there are no certificates")
    for order in (list(reversed(certificates)), list(certificates)):
        if all(is_issued_by(below, above) for below, above in pairwise(order)):
            return order
    names = ", ".join(certificate.facts.name for certificate in certificates)
    raise ScpChainBroken(f"neither is each one issued by the one before it nor by the one after it: {names}")


def _up_to_root(path: list[Certificate], roots: Sequence[Certificate]) -> list[Certificate]:
    """
    The part of a path below the first certificate that is a root, with the root.
    """
    trusted = {root.raw for root in roots}
    for depth, certificate in enumerate(path):
        if certificate.raw in trusted:
            return path[: depth + 1]
    top = path[-1]
    above = [root for root in roots if is_issued_by(top, root)]
    if not above:
        raise ScpRootUnknown(f"{top.facts.name} is issued by nobody among {len(roots)} roots")
    signer = next((root for root in above if top.is_signed_with(root.facts.key)), above[0])
    return [*path, signer]


def _check_dates(certificate: Certificate, now: datetime) -> None:
    facts = certificate.facts
    if now > facts.ends:
        raise ScpCertificateExpired(f"{facts.name}, on {facts.ends:%Y-%m-%d}")
    if facts.begins is not None and now < facts.begins:
        raise ScpCertificateNotYetValid(f"{facts.name}, before {facts.begins:%Y-%m-%d}")


def _check_use(certificate: Certificate, depth: int) -> None:
    facts = certificate.facts
    if depth == 0:
        if Usage.AGREEMENT not in facts.usage:
            raise ScpCertificateMisused(f"{facts.name} is not for key agreement")
        return
    if Usage.CERTIFICATES not in facts.usage:
        raise ScpCertificateMisused(f"{facts.name} is not for certificates below it")
    if facts.below is not None and depth - 1 > facts.below:
        raise ScpCertificateMisused(f"{facts.name} allows {facts.below} authorities below it, and there are {depth - 1}")
