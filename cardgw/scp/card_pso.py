# -*- test-case-name: tests.scp.test_card_pso -*-
"""
The certificates that a host shows to a card, as the card takes and checks them (GlobalPlatform Card Specification 2.3
Amendment F, 7.5): each under the key of an authority that the card keeps, or under the certificate before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import field, frozen

from cardgw.apdu.command import Command
from cardgw.scp.certificate import Certificate, Usage, is_issued_by
from cardgw.scp.certificate_errors import ScpCertificateRefused
from cardgw.scp.curves import PublicKey
from cardgw.scp.families import Chaining
from cardgw.scp.store import KeyReference, parse_certificate

OK, NOT_VERIFIED, WRONG_DATA, NO_SUCH_KEY = 0x9000, 0x6300, 0x6A80, 0x6A88
NO_CHAINING, WRONG_PARAMETERS, TOO_LONG = 0x6884, 0x6A86, 0x6700
MORE = 0x80
CHAINED_CLASS = 0x10
LONGEST = 8192
"""Bytes of one certificate."""


class CardStatus(Exception):
    """
    The card answers with this status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@frozen
class Authority:
    """
    A public key that a card keeps, to check certificates of hosts.

    @ivar identifier: of the key, or the name of its owner; a certificate must name it as issuer.  C{b""} for any.
    @ivar allowed: serial numbers of the hosts' certificates that are accepted; C{None} for all.
    """

    key: PublicKey = field(repr=False)
    identifier: bytes = b""
    allowed: frozenset[bytes] | None = None


@frozen
class Checks:
    """
    Whom a card believes.

    @ivar authorities: by reference: KID 10, or 20 to 2F.
    @ivar clock: gives the time; C{None} for a card that does not know it, as most do not.
    """

    authorities: Mapping[KeyReference, Authority] = field(factory=dict)
    clock: Callable[[], datetime] | None = None


class CertificateReader:
    """
    Takes PERFORM SECURITY OPERATION commands.  Whatever goes wrong, the host begins anew.

    @ivar host: the host's certificate once it is there, checked.
    """

    def __init__(self, checks: Checks, chaining: Chaining | None = None) -> None:
        """
        @param chaining: which way of cutting is understood; C{None} for whichever.
        """
        self._checks = checks
        self._chaining = chaining
        self.forget()

    def forget(self) -> None:
        """
        As if nothing had come.
        """
        self.host: Certificate | None = None
        self._issuer: tuple[KeyReference, Certificate] | None = None
        self._pieces = b""
        self._head: tuple[int, int] | None = None

    def take(self, command: Command) -> int:
        """
        @return: the status to answer with.
        """
        try:
            more, kvn = self._more(command)
            self._collect(command.data, (kvn, command.p2))
            if not more:
                octets, self._pieces, self._head = self._pieces, b"", None
                self._check(octets, KeyReference(command.p2 & ~MORE, kvn), last=not command.p2 & MORE)
        except CardStatus as refusal:
            self.forget()
            return refusal.status
        return OK

    def _more(self, command: Command) -> tuple[bool, int]:
        """
        Whether more pieces follow, and the version of the key.
        """
        by_class, by_p1 = bool(command.cla & CHAINED_CLASS), bool(command.p1 & MORE)
        if self._chaining is None:
            return by_class or by_p1, command.p1 & ~MORE
        if by_class and self._chaining in (Chaining.P1, Chaining.NONE):
            raise CardStatus(NO_CHAINING)
        if self._chaining is Chaining.P1:
            return by_p1, command.p1 & ~MORE
        if self._chaining is Chaining.BOTH:
            if by_class != by_p1:
                raise CardStatus(WRONG_PARAMETERS)
            return by_class, command.p1 & ~MORE
        return by_class, command.p1

    def _collect(self, piece: bytes, head: tuple[int, int]) -> None:
        if self._head not in (None, head):
            raise CardStatus(WRONG_PARAMETERS)
        if len(self._pieces) + len(piece) > LONGEST:
            raise CardStatus(TOO_LONG)
        self._head = head
        self._pieces += piece

    def _check(self, octets: bytes, reference: KeyReference, *, last: bool) -> None:
        authority = self._checks.authorities.get(reference)
        if authority is None:
            raise CardStatus(NO_SUCH_KEY)
        try:
            certificate = parse_certificate(octets)
        except ScpCertificateRefused:
            raise CardStatus(WRONG_DATA) from None
        if certificate.facts.key == authority.key:
            raise CardStatus(WRONG_DATA)  # the authority itself, which the card has
        if not (self._is_genuine(certificate, reference, authority) and self._is_fit(certificate, authority, last=last)):
            raise CardStatus(NOT_VERIFIED)
        if last:
            self.host, self._issuer = certificate, None
        else:
            self.host, self._issuer = None, (reference, certificate)

    def _is_genuine(self, certificate: Certificate, reference: KeyReference, authority: Authority) -> bool:
        if self._issuer is not None and self._issuer[0] == reference:
            above = self._issuer[1]
            return is_issued_by(certificate, above) and certificate.is_signed_with(above.facts.key)
        names = (b"", certificate.facts.issuer, certificate.facts.issuer_key_identifier)
        return authority.identifier in names and certificate.is_signed_with(authority.key)

    def _is_fit(self, certificate: Certificate, authority: Authority, *, last: bool) -> bool:
        facts = certificate.facts
        if (Usage.AGREEMENT if last else Usage.CERTIFICATES) not in facts.usage:
            return False
        if last and authority.allowed is not None and facts.serial.lstrip(b"\0") not in authority.allowed:
            return False
        if self._checks.clock is None:
            return True
        now = self._checks.clock()
        return now <= facts.ends and (facts.begins is None or facts.begins <= now)
