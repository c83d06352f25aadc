# -*- test-case-name: tests.virtual.test_smdp_notifications -*-
"""
Notifications as an SM-DP+ receives them (SGP.22 5.6.4): read and verified.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve, field, frozen

from cardgw.apdu import tlv
from cardgw.apdu.tlv import Tlv, Tlvs
from cardgw.virtual.certificates import Identity, PublicKey
from cardgw.virtual.smdp_answers import FUNCTION, INVALID, Refusal, shape
from cardgw.virtual.smdp_checks import check_euicc, check_signature
from cardgw.virtual.smdp_orders import EVENTS

INSTALLATION_RESULT, INSTALLATION_DATA, METADATA = 0xBF37, 0xBF27, 0xBF2F
OTHER_SIGNED = 0x30
SUCCESS, ERROR = 0xA0, 0xA1


@frozen
class Notification:
    """
    One received notification.

    @ivar event: C{install}, C{enable}, C{disable} or C{delete}.
    @ivar iccid: ten bytes as received, or empty.
    @ivar transaction_id: of an installation result, else empty.
    @ivar error: C{bppCommandId} and C{errorReason} of a failed installation, else C{None}.
    @ivar problem: why it cannot be believed; empty where all signatures are right.
    @ivar raw: the whole TLV.
    """

    event: str
    sequence: int
    address: str
    raw: bytes = field(repr=False)
    iccid: bytes = b""
    transaction_id: bytes = b""
    error: tuple[int, int] | None = None
    problem: str = ""

    @property
    def verified(self) -> bool:
        """
        Whether all signatures are right.
        """
        return not self.problem


def read_notification(
    raw: bytes, key_of: Callable[[bytes], PublicKey | None], ci_of: Callable[[bytes], Identity], now: datetime
) -> Notification:
    """
    Read one, verify it, and say in C{problem} what is wrong with it.

    @param key_of: gives the eUICC's public key for a transaction identifier.
    @param ci_of: gives the CI for an EUM certificate, DER.
    @raise Refusal: it cannot be parsed.
    """
    try:
        items = tlv.decode(raw)
        if len(items) != 1 or items[0].tag not in (INSTALLATION_RESULT, OTHER_SIGNED):
            raise ValueError("neither an installation result (BF37) nor another signed notification (30)")
        if items[0].tag == INSTALLATION_RESULT:
            return _installation(items[0], key_of)
        return _other(items[0], ci_of, now)
    except (ValueError, IndexError) as problem:
        raise Refusal(FUNCTION, INVALID, f"pendingNotification: {problem}") from None


def _metadata(item: Tlv, raw: bytes) -> Notification:
    values = item.children()
    event = values.need(0x81).value
    if len(event) < 2 or not event[1]:
        raise ValueError("the notification is about no event")
    name = EVENTS[8 - event[1].bit_length()]
    sequence = int.from_bytes(values.need(0x80).value, "big")
    return Notification(name, sequence, values.need(0x0C).value.decode(), raw, values.value(0x5A))


def _installation(item: Tlv, key_of: Callable[[bytes], PublicKey | None]) -> Notification:
    data, signature = shape(item.value, INSTALLATION_DATA, 0x5F37)
    values = data.children()
    transaction_id = values.need(0x80).value
    found = evolve(_metadata(values.need(METADATA), item.raw), transaction_id=transaction_id, error=_error(values))
    key = key_of(transaction_id)
    if key is None:
        return evolve(found, problem="there is no RSP session with this transaction identifier")
    return _judged(found, lambda: check_signature(key, signature, data.raw))


def _error(values: Tlvs) -> tuple[int, int] | None:
    (result,) = values.need(0xA2).children()
    if result.tag == SUCCESS:
        return None
    codes = result.children()
    return codes.need(0x80).value[0], codes.need(0x81).value[0]


def _other(item: Tlv, ci_of: Callable[[bytes], Identity], now: datetime) -> Notification:
    metadata, signature, euicc, eum = shape(item.value, METADATA, 0x5F37, 0x30, 0x30)

    def check() -> None:
        card = check_euicc(euicc.raw, eum.raw, ci_of(eum.raw), now)
        check_signature(card.key, signature, metadata.raw)

    return _judged(_metadata(metadata, item.raw), check)


def _judged(found: Notification, check: Callable[[], None]) -> Notification:
    try:
        check()
    except Refusal as refusal:
        return evolve(found, problem=refusal.message)
    return found
