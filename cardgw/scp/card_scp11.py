# -*- test-case-name: tests.scp.test_card_scp11 -*-
"""
SCP11, the card's side: what a security domain answers until a session is there (GlobalPlatform Card Specification 2.3
Amendment F, 5 and 7).  It decides for itself what it believes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import evolve, field, frozen
from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import channel_number
from cardgw.apdu.response import Response
from cardgw.scp.card_messaging import CardMessaging
from cardgw.scp.card_pso import CardStatus, CertificateReader, Checks
from cardgw.scp.certificate import Certificate
from cardgw.scp.class_byte import PROPRIETARY, is_marked
from cardgw.scp.curves import PrivateKey, PublicKey, agree, curve_of, decode_point, encode_point
from cardgw.scp.families import STRICT, Chaining, Family
from cardgw.scp.kdf import SessionKeys
from cardgw.scp.level import S8
from cardgw.scp.primitives import ZERO_BLOCK
from cardgw.scp.scp11_terms import (
    CONTROL_REFERENCE,
    INS_INTERNAL_AUTHENTICATE,
    INS_MUTUAL_AUTHENTICATE,
    INS_PERFORM_SECURITY_OPERATION,
    PUBLIC_KEY,
    RECEIPT,
    Terms,
    Variant,
    agree_on_keys,
)
from cardgw.scp.store import CERTIFICATE_STORE, INS_GET_DATA, KEY_REFERENCE, KeyReference, encode_store

OK, NOT_FOUND, WRONG_DATA, NOT_ALLOWED = 0x9000, 0x6A88, 0x6A80, 0x6985
_HANDSHAKE = (INS_PERFORM_SECURITY_OPERATION, INS_MUTUAL_AUTHENTICATE, INS_INTERNAL_AUTHENTICATE)
MakeKey: TypeAlias = Callable[[ec.EllipticCurve], PrivateKey]


@frozen
class CardKey:
    """
    A key pair for key agreement.

    @ivar certificates: leaf last.
    """

    private: PrivateKey = field(repr=False)
    certificates: tuple[Certificate, ...] = ()


@frozen
class Agreed:
    """
    A session that the host may use now.

    @ivar chain: the first MAC chaining value: the receipt, or zeros where none was given.
    @ivar host: the certificate of the host; C{None} where it has shown none (SCP11b).
    """

    terms: Terms
    keys: SessionKeys = field(repr=False)
    chain: bytes = field(repr=False)
    host: Certificate | None


@frozen
class Domain:
    """
    What a security domain has.

    @ivar keys: its own, by reference: KID 11, 13 and 15 for the three variants.
    @ivar checks: whom it believes.
    @ivar identifiers: SIN and SDIN, or a card group by variant, for hosts that name themselves.
    @ivar receipts: whether SCP11b gives receipts, as it does since Amendment F 1.4.
    @ivar wrapped: whether the certificates come inside a data object BF21.
    @ivar chaining: which way of cutting certificates in pieces it understands; C{None} for whichever.
    """

    keys: Mapping[KeyReference, CardKey]
    checks: Checks = field(factory=Checks)
    identifiers: Mapping[Variant, tuple[bytes, ...]] = field(factory=dict)
    receipts: bool = True
    wrapped: bool = True
    chaining: Chaining | None = None


class CardScp11:
    """
    The secure channel of one application.  What it gives L{take} is protected; the answers go through L{answer}.

    @ivar messaging: of the present session, or C{None}.
    @ivar agreed: what it was agreed on, or C{None}.
    """

    def __init__(
        self,
        domain: Domain,
        *,
        make_key: MakeKey = ec.generate_private_key,
        mac_length: int = S8,
        family: Family = STRICT,
    ) -> None:
        """
        @param make_key: makes ephemeral keys.
        @param mac_length: 8 or 16.
        @param family: how this card is odd.
        """
        self.messaging: CardMessaging | None = None
        self.agreed: Agreed | None = None
        self._domain = domain
        self._make_key = make_key
        self._mac_length = mac_length
        self._family = family
        self._reader = CertificateReader(domain.checks, domain.chaining)
        self._number: int | None = None
        self._bare = False

    def terminate(self) -> None:
        """
        SELECT, the end of the logical channel, a reset: there is no session.  They do not go through L{take}.
        """
        self.messaging = self.agreed = self._number = None
        self._reader.forget()

    def take(self, command: Command) -> Command | Response:
        """
        @param command: as it comes; certificates of the host may come in pieces.
        @return: the plain command for the application, whose answer goes through L{answer}; or the answer.
        """
        self._bare = True
        if not is_marked(command.cla) and command.cla & PROPRIETARY and command.ins in _HANDSHAKE:
            return self._begin(command)
        if self.messaging is None or channel_number(command.cla) != self._number:
            if is_marked(command.cla):
                return Response(b"", NOT_ALLOWED)
            return self.certificates(command) if is_for_certificates(command) else command
        plain = self.messaging.unwrap(command)
        self._bare = isinstance(plain, Response)
        return plain

    def answer(self, response: Response) -> Response:
        """
        @param response: of the application, to the command that L{take} gave.
        @return: as it leaves the card.
        """
        return response if self._bare or self.messaging is None else self.messaging.wrap(response)

    def certificates(self, command: Command) -> Response:
        """
        What the application answers to GET DATA of BF21.
        """
        try:
            value = tlv.only(command.data, CONTROL_REFERENCE).children().value(KEY_REFERENCE)
        except ValueError:
            return Response(b"", WRONG_DATA)
        found = self._domain.keys.get(KeyReference(*value)) if len(value) == 2 else None
        if found is None or not found.certificates:
            return Response(b"", NOT_FOUND)
        return Response(encode_store(found.certificates, wrapped=self._domain.wrapped), OK)

    def _begin(self, command: Command) -> Response:
        if command.ins == INS_PERFORM_SECURITY_OPERATION:
            self.messaging = self.agreed = self._number = None
            return Response(b"", self._reader.take(command))
        host = self._reader.host
        self.terminate()
        try:
            response, agreed = self._agree(command, host)
        except CardStatus as refusal:
            return Response(b"", refusal.status)
        self.agreed, self._number = agreed, channel_number(command.cla)
        self.messaging = CardMessaging(
            agreed.keys, agreed.terms.level, mac_length=self._mac_length, family=self._family, chain=agreed.chain
        )
        return response

    def _agree(self, command: Command, host: Certificate | None) -> tuple[Response, Agreed]:
        own = self._domain.keys.get(KeyReference(command.p2, command.p1))
        if own is None:
            raise CardStatus(NOT_FOUND)
        terms, host_ephemeral = self._read(command, own.private)
        if terms.variant is Variant.B:
            host = None
        elif host is None:
            raise CardStatus(NOT_ALLOWED)
        ephemeral = own.private if terms.variant is Variant.C else self._make_key(own.private.curve)
        static = host_ephemeral if host is None else host.facts.key
        if static.curve.name != own.private.curve.name:
            raise CardStatus(WRONG_DATA)
        agreement = agree_on_keys(terms, agree(ephemeral, host_ephemeral), agree(own.private, static))
        answer = tlv.encode(PUBLIC_KEY, encode_point(ephemeral.public_key()))
        if terms.variant is Variant.B and not self._domain.receipts:
            return Response(answer, OK), Agreed(terms, agreement.keys, ZERO_BLOCK, host)
        receipt = agreement.receipt(command.data, answer)
        return Response(answer + tlv.encode(RECEIPT, receipt), OK), Agreed(terms, agreement.keys, receipt, host)

    def _read(self, command: Command, own: PrivateKey) -> tuple[Terms, PublicKey]:
        try:
            reference, public = tlv.decode(command.data)
            if (reference.tag, public.tag) != (CONTROL_REFERENCE, PUBLIC_KEY):
                raise ValueError("a control reference and a public key are expected")
            terms = Terms.decode(reference.value)
            key = decode_point(curve_of(own), public.value)
        except ValueError:
            raise CardStatus(WRONG_DATA) from None
        if not _fits(terms.variant, command):
            raise CardStatus(WRONG_DATA)
        identifiers = self._domain.identifiers.get(terms.variant, ()) if terms.host_id else ()
        return evolve(terms, card_ids=identifiers), key


def is_for_certificates(command: Command) -> bool:
    """
    Whether it is GET DATA of BF21.
    """
    return command.ins == INS_GET_DATA and command.p1 << 8 | command.p2 == CERTIFICATE_STORE


def _fits(variant: Variant, command: Command) -> bool:
    """
    Whether a variant belongs to the key and to the instruction that are used.
    """
    instruction = INS_INTERNAL_AUTHENTICATE if variant is Variant.B else INS_MUTUAL_AUTHENTICATE
    return command.ins == instruction and command.p2 == variant.kid
