# -*- test-case-name: tests.scp.test_scp11,tests.scp.test_scp11_refusals,tests.scp.test_scp11_vectors -*-
"""
The handshake of SCP11, the host's side: certificates, and an agreement on keys (GlobalPlatform Card Specification 2.3
Amendment F, 5 and 7).  What follows is the secure messaging of SCP03, whose first MAC chaining value is the receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeAlias

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import BASIC, class_byte
from cardgw.apdu.response import Response
from cardgw.apdu.script import OK
from cardgw.errors import CardError, MalformedAnswer, ParameterError, UnexpectedStatus
from cardgw.scp.certificate import Certificate
from cardgw.scp.certificate_errors import ScpCertificateMisused
from cardgw.scp.curves import PrivateKey, PublicKey, agree, curve_of, decode_point, encode_point
from cardgw.scp.errors import CommandNotProtectable, HostRefused
from cardgw.scp.families import STRICT, Family
from cardgw.scp.level import S8, S16
from cardgw.scp.messaging import SecureMessaging
from cardgw.scp.primitives import ZERO_BLOCK
from cardgw.scp.pso import verify_certificates
from cardgw.scp.scp11_terms import PUBLIC_KEY, RECEIPT, RECEIPT_LENGTH, Agreement, Terms, Variant, agree_on_keys
from cardgw.scp.store import CLA_GP, KeyReference, get_certificates, read_certificates

REFUSALS = frozenset({0x6300, 0x6982, 0x6983})
"""The card has understood the host, and does not believe it."""
INS_PUT_KEY, INS_DELETE, INS_GENERATE_KEY = 0xD8, 0xE4, 0xF1
KEY_IDENTIFIER, KEY_VERSION = 0xD0, 0xD2
"""Data objects of DELETE [key] (GlobalPlatform Card Specification 2.3.1, 11.2)."""

Exchange: TypeAlias = Generator[Command, Response, None]
MakeKey: TypeAlias = Callable[[ec.EllipticCurve], PrivateKey]
"""Makes a key that is used once."""


class ReceiptWrong(CardError):
    """
    The card's receipt for the keys of the session is wrong.
    """

    hint = "This is another card than its certificate says, or somebody is in between."


class ReceiptMissing(CardError):
    """
    The card gave no receipt for the keys of the session.
    """

    hint = "Cards older than Amendment F 1.4 give none in SCP11b; the table of the key set allows it (without_receipt)."


class KeysNotManageable(CommandNotProtectable):
    """
    Keys are not managed in a channel in which the card does not know the host.
    """

    hint = "SCP11a, SCP11c or SCP03 let the card know who administers it."


class HostKey(Protocol):
    """
    The static key of a host, wherever it is kept.
    """

    @property
    def public(self) -> PublicKey:
        """
        Its public half.
        """

    def agree(self, other: PublicKey) -> bytes:
        """
        ECDH: the x coordinate, as long as the curve wants.
        """


@frozen
class LocalKey:
    """
    One in this process.
    """

    private: PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """
        See L{HostKey}.
        """
        return self.private.public_key()

    def agree(self, other: PublicKey) -> bytes:
        """
        See L{HostKey}.
        """
        return agree(self.private, other)


@frozen
class Host:
    """
    Who administers, for SCP11a and SCP11c.

    @ivar certificates: of the key, and of those above it; see L{cardgw.scp.pso.verify_certificates}.
    @ivar authority: where the card keeps the public key of the root.
    """

    key: HostKey = field(repr=False)
    certificates: tuple[Certificate, ...]
    authority: KeyReference


@frozen
class Scp11Plan:
    """
    How to open a session.

    @ivar kvn: version of the card's key.
    @ivar accept: is given the card's certificates, leaf last as a rule, and returns the leaf, or raises: for example
        L{cardgw.scp.chain.check_chain} with roots and time.
    @ivar host: not needed in SCP11b.
    @ivar mac_length: 8 or 16, as the card data say (L{cardgw.scp.scp11_card_data.Scp11Implementation}).
    @ivar kid: of the card's key, where it is not the one of the variant.
    @ivar without_receipt: accept an SCP11b card that gives no receipt.
    @ivar cla: class byte of GET DATA.
    @ivar expected: Le of the commands that carry the host's certificates.
    """

    terms: Terms
    kvn: int
    accept: Callable[[Sequence[Certificate]], Certificate]
    host: Host | None = None
    family: Family = STRICT
    mac_length: int = S8
    kid: int | None = None
    without_receipt: bool = False
    cla: int = CLA_GP
    expected: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.mac_length not in (S8, S16):
            raise ParameterError(f"MACs of SCP11 have {S8} or {S16} bytes, not {self.mac_length}")
        if self.host is None and self.variant.authenticates_host:
            raise ParameterError(f"SCP11{self.variant.value} needs a key and certificates of the host")
        if self.without_receipt and self.variant.authenticates_host:
            raise ParameterError(f"SCP11{self.variant.value} is nothing without a receipt")

    @property
    def variant(self) -> Variant:
        """
        Of the terms.
        """
        return self.terms.variant

    @property
    def card_key(self) -> KeyReference:
        """
        The card's key.
        """
        return KeyReference(self.variant.kid if self.kid is None else self.kid, self.kvn)


class AgreedMessaging(SecureMessaging):
    """
    A session that SCP11 has opened.

    @ivar authenticates_host: whether the card knows the host.  If not, keys are not managed: L{refuse} refuses it.
    """

    authenticates_host = True

    def refuse(self, command: Command) -> None:
        """
        See L{cardgw.scp.session.Session.refuse}.

        @raise KeysNotManageable: the command manages keys, and the card does not know who sends it.
        """
        if not self.authenticates_host and manages_keys(command):
            raise KeysNotManageable(f"command {command.ins:02X} in SCP11b")

    def wrap(self, command: Command) -> Command:
        """
        See L{cardgw.scp.session.Session.wrap}.

        @raise KeysNotManageable: see L{refuse}.
        """
        self.refuse(command)
        return super().wrap(command)


def manages_keys(command: Command) -> bool:
    """
    Whether a plain command puts, makes or deletes keys.
    """
    if command.ins == INS_DELETE:
        return any(tag in (KEY_IDENTIFIER, KEY_VERSION) for tag in _tags(command.data))
    return command.ins in (INS_PUT_KEY, INS_GENERATE_KEY)


def _tags(octets: bytes) -> list[int]:
    try:
        return [item.tag for item in tlv.walk(octets)]
    except ValueError:
        return [KEY_IDENTIFIER]


def scp11(
    plan: Scp11Plan, *, number: int = BASIC, make_key: MakeKey = ec.generate_private_key
) -> Generator[Command, Response, AgreedMessaging]:
    """
    Open a session: a L{cardgw.scp.session.Handshake}.

    @param number: the logical channel.
    @param make_key: makes the ephemeral key of the host.
    @raise ScpCertificateRefused: the card's certificates are not believed, or the host's key is of another curve.
    @raise HostRefused: the card does not believe the host.
    @raise UnexpectedStatus: it refuses for another reason.
    @raise MalformedAnswer: its answer to the key agreement is none.
    @raise ReceiptWrong: it does not have the key that its certificate is for, or something was changed on the way.
    @raise ReceiptMissing: it gives no receipt.
    """
    leaf = plan.accept(read_certificates((yield get_certificates(plan.card_key, class_byte(plan.cla, number)))))
    card_key = leaf.facts.key
    if plan.host is not None and plan.variant.authenticates_host:
        _check_curves(plan.host, card_key)
        yield from _give_certificates(plan, plan.host, number)
    ephemeral = make_key(curve_of(card_key).group)
    data = plan.terms.encode() + tlv.encode(PUBLIC_KEY, encode_point(ephemeral.public_key()))
    command = Command(class_byte(CLA_GP, number), plan.variant.instruction, plan.kvn, plan.card_key.kid, data, SHORT_LE)
    answer = _Answer.read((yield command), ephemeral.public_key())
    agreement = agree_on_keys(plan.terms, *_secrets(plan, ephemeral, card_key, answer.key))
    return _session(plan, agreement, data, answer)


def _check_curves(host: Host, card_key: PublicKey) -> None:
    if host.key.public.curve.name != card_key.curve.name:
        names = f"{host.key.public.curve.name}, and the card's is of {card_key.curve.name}"
        raise ScpCertificateMisused(f"the host's key is of {names}")


def _give_certificates(plan: Scp11Plan, host: Host, number: int) -> Exchange:
    for command in verify_certificates(
        host.certificates, host.authority, plan.family.certificates, number=number, expected=plan.expected
    ):
        response = yield command
        if response.status not in OK:
            _refused(response, "PERFORM SECURITY OPERATION")


def _refused(response: Response, what: str) -> None:
    if response.status in REFUSALS or response.status & 0xFFF0 == 0x63C0:
        raise HostRefused(response, what)
    raise UnexpectedStatus(response, what)


def _secrets(plan: Scp11Plan, ephemeral: PrivateKey, card_key: PublicKey, card_ephemeral: PublicKey) -> tuple[bytes, bytes]:
    """
    The secret of both ephemeral keys, and that of the card's static key with the host's, or with its ephemeral one in SCP11b.
    """
    if plan.host is not None and plan.variant.authenticates_host:
        return agree(ephemeral, card_ephemeral), plan.host.key.agree(card_key)
    return agree(ephemeral, card_ephemeral), agree(ephemeral, card_key)


@frozen
class _Answer:
    """
    To the key agreement.

    @ivar public_key: the data object 5F49.
    @ivar key: what is in it.
    @ivar receipt: C{b""} where there is none.
    """

    public_key: bytes
    key: PublicKey
    receipt: bytes

    @classmethod
    def read(cls, response: Response, own: PublicKey) -> _Answer:
        """
        @param own: the ephemeral key of the host, of whose curve the card's must be.
        """
        if response.status not in OK:
            _refused(response, "key agreement of SCP11")
        try:
            items = tlv.decode(response.data)
            if [item.tag for item in items] not in ([PUBLIC_KEY, RECEIPT], [PUBLIC_KEY]):
                raise ValueError("a public key and a receipt are expected")
            receipt = items.value(RECEIPT)
            if len(items) > 1 and len(receipt) != RECEIPT_LENGTH:
                raise ValueError(f"a receipt has {RECEIPT_LENGTH} bytes, not {len(receipt)}")
            return cls(items[0].raw, decode_point(curve_of(own), items[0].value), receipt)
        except ValueError as problem:
            raise MalformedAnswer(f"key agreement of SCP11: {problem}") from None


def _session(plan: Scp11Plan, agreement: Agreement, data: bytes, answer: _Answer) -> AgreedMessaging:
    if answer.receipt and not agreement.is_receipt(answer.receipt, data, answer.public_key):
        agreement.keys.drop()
        raise ReceiptWrong
    if not answer.receipt and not plan.without_receipt:
        agreement.keys.drop()
        raise ReceiptMissing(f"SCP11{plan.variant.value}")
    session = AgreedMessaging(
        agreement.keys,
        plan.terms.level,
        mac_length=plan.mac_length,
        family=plan.family,
        chain=answer.receipt or ZERO_BLOCK,
    )
    session.authenticates_host = plan.variant.authenticates_host
    return session
