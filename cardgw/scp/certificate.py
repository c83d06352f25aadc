# -*- test-case-name: tests.scp.test_certificate -*-
"""
Certificates of SCP11 in their two forms (GlobalPlatform Card Specification 2.3 Amendment F, 6.1 and 6.6), seen as one.
"""

from __future__ import annotations

from datetime import datetime
from enum import Flag, auto
from typing import Protocol

from attrs import field, frozen

from cardgw.scp.curves import PublicKey


class Usage(Flag):
    """
    What the key of a certificate is for.
    """

    NOTHING = 0
    AGREEMENT = auto()
    """Key agreement: the leaf."""
    CERTIFICATES = auto()
    """It signs certificates: all above."""


@frozen
class Facts:
    """
    What a certificate says.

    @ivar name: what people call it.
    @ivar subject: who it is for, as it is written; empty where that is left out.
    @ivar issuer: who signed it, likewise.
    @ivar serial: its serial number, as bytes.
    @ivar key: its public key.
    @ivar usage: what that is for.
    @ivar begins: when it begins to be valid; C{None} where that is left out.
    @ivar ends: the last instant at which it is valid.
    @ivar below: how many certificates that sign may stand below it; C{None} for any number.
    @ivar key_identifier: of its key; empty where that is left out.
    @ivar issuer_key_identifier: of the key that signed it, likewise.
    """

    name: str
    subject: bytes
    issuer: bytes
    serial: bytes
    key: PublicKey
    usage: Usage
    begins: datetime | None
    ends: datetime
    below: int | None = None
    key_identifier: bytes = field(default=b"", repr=lambda octets: octets.hex())
    issuer_key_identifier: bytes = field(default=b"", repr=lambda octets: octets.hex())


class Certificate(Protocol):
    """
    A certificate of either form.
    """

    @property
    def raw(self) -> bytes:
        """
        The bytes, as they go over the wire.
        """

    @property
    def facts(self) -> Facts:
        """
        What it says.
        """

    def is_signed_with(self, key: PublicKey) -> bool:
        """
        Whether the private key of this one has signed it.
        """


def is_issued_by(certificate: Certificate, other: Certificate) -> bool:
    """
    Whether a certificate names another as its issuer: by name, and by key identifier where both have one.  This says nothing
    about signatures.
    """
    mine, theirs = certificate.facts, other.facts
    if type(certificate) is not type(other) or not mine.issuer or mine.issuer != theirs.subject:
        return False
    known = bool(mine.issuer_key_identifier and theirs.key_identifier)
    return not known or mine.issuer_key_identifier == theirs.key_identifier
