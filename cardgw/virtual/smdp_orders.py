# -*- test-case-name: tests.virtual.test_smdp_orders -*-
"""
Profiles that wait to be downloaded, and their metadata as the eUICC and the card holder get to see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from hmac import compare_digest

from attrs import Factory, define, field

from cardgw.apdu import tlv
from cardgw.virtual.profile_package import pack_iccid, read_iccid
from cardgw.virtual.smdp_answers import (
    CONFIRMATION_CODE,
    DOWNLOAD_ORDER,
    EID,
    ELEMENT_MISSING,
    MATCHING_ID,
    NOT_ALLOWED,
    PROFILE,
    REFUSED,
    RETRIES_EXCEEDED,
    Refusal,
)

TEST, PROVISIONING, OPERATIONAL = 0, 1, 2
"""C{ProfileClass} (SGP.22 annex H)."""
EVENTS = ("install", "enable", "disable", "delete")
"""Bits of C{NotificationEvent} in their order (SGP.22 annex H)."""
RULES = ("update-control", "ppr1", "ppr2")
"""Bits of C{PprIds} in their order (SGP.22 annex H)."""
PNG = 1
"""C{IconType}."""
STORE_METADATA = 0xBF25
TEST_OPERATOR = bytes.fromhex("00f110")
"""MCC 001, MNC 01 (ITU-T E.212, annex G)."""


@define
class Order:
    """
    One download order.

    @ivar matching_id: what an activation code names; empty for the profile that the eUICC with C{eid} gets without one.
    @ivar package: the unprotected profile package.
    @ivar provider: service provider name.
    @ivar iccid: digits, in the metadata; the package's own unless a test wants another.
    @ivar icon: a PNG of at most 1024 bytes.
    @ivar policy_rules: of L{RULES}.
    @ivar owner: MCC and MNC, three bytes as in 3GPP TS 24.008; where C{None}, policy rules get the test operator, because they
        need an owner.
    @ivar events: of L{EVENTS}: about what the eUICC notifies C{addresses}; empty addresses stand for the server itself.
    @ivar eid: the only eUICC that may have it, or C{None}.
    @ivar tries: how often the confirmation code may be wrong before the order ends.
    @ivar uses: how many times it can be installed; C{None} for any number.
    @ivar fresh_keys: protect the profile elements with keys of their own (ReplaceSessionKeys, SGP.22 5.5.4).
    @ivar wrong_codes: wrong confirmation codes so far.
    @ivar installed: successful installations reported so far.
    """

    matching_id: str
    package: bytes = field(repr=False)
    provider: str = "Example"
    name: str = "Example profile"
    iccid: str = Factory(lambda self: read_iccid(self.package), takes_self=True)
    icon: bytes | None = field(default=None, repr=False)
    profile_class: int | None = OPERATIONAL
    policy_rules: frozenset[str] = frozenset()
    owner: bytes | None = None
    events: tuple[str, ...] = ("enable", "disable", "delete")
    addresses: tuple[str, ...] = ("",)
    confirmation_code: str | None = field(default=None, repr=False)
    eid: bytes | None = None
    tries: int = 3
    uses: int | None = None
    released: bool = True
    fresh_keys: bool = False
    wrong_codes: int = 0
    installed: int = 0

    @property
    def is_exhausted(self) -> bool:
        """
        Whether too many confirmation codes were wrong.
        """
        return self.wrong_codes >= self.tries

    @property
    def is_used_up(self) -> bool:
        """
        Whether it has been installed as often as it may.
        """
        return self.uses is not None and self.installed >= self.uses

    def metadata(self, host: str) -> bytes:
        """
        StoreMetadataRequest, the whole BF25 (SGP.22 5.5.3).

        @param host: the server's own name, for notifications.
        """
        parts = [
            tlv.encode(0x5A, pack_iccid(self.iccid, swapped=True)),
            tlv.encode(0x91, self.provider.encode()),
            tlv.encode(0x92, self.name.encode()),
        ]
        if self.icon is not None:
            parts += [tlv.encode(0x93, bytes((PNG,))), tlv.encode(0x94, self.icon)]
        if self.profile_class is not None:
            parts.append(tlv.encode(0x95, bytes((self.profile_class,))))
        parts += self._notifications(host)
        owner = self.owner or (TEST_OPERATOR if self.policy_rules else None)
        if owner is not None:
            parts.append(tlv.encode(0xB7, tlv.encode(0x80, owner)))
        if self.policy_rules:
            parts.append(tlv.encode(0x99, named_bits(RULES, self.policy_rules)))
        return tlv.encode(STORE_METADATA, *parts)

    def _notifications(self, host: str) -> list[bytes]:
        if not self.events:
            return []
        bits = tlv.encode(0x80, named_bits(EVENTS, self.events))
        wishes = (tlv.encode(0x30, bits, tlv.encode(0x81, (address or host).encode())) for address in self.addresses)
        return [tlv.encode(0xB6, *wishes)]


class Orders:
    """
    All orders of an SM-DP+.
    """

    def __init__(self) -> None:
        self._orders: list[Order] = []

    def add(self, order: Order) -> None:
        """
        Accept an order.
        """
        self._orders.append(order)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._orders)

    def find(self, matching_id: str, eid: bytes) -> Order:
        """
        The order that this eUICC may have (SGP.22 5.6.3).

        @raise Refusal: there is none, or it may not.
        """
        named = [order for order in self._orders if order.matching_id == matching_id]
        if not named:
            raise Refusal(MATCHING_ID, REFUSED, "no order has this MatchingID")
        order = next((order for order in named if order.eid in (None, eid)), None)
        if order is None or (not matching_id and order.eid is None):
            raise Refusal(EID, REFUSED, "the profile is for another eUICC")
        if order.is_used_up:
            raise Refusal(MATCHING_ID, REFUSED, "the profile was downloaded already")
        if order.is_exhausted:
            raise Refusal(DOWNLOAD_ORDER, RETRIES_EXCEEDED, "too many wrong confirmation codes ended this order")
        if not order.released:
            raise Refusal(PROFILE, NOT_ALLOWED, "the profile is not yet released")
        return order


def check_confirmation(order: Order, given: bytes | None, transaction_id: bytes) -> None:
    """
    Check what the eUICC signed about the confirmation code, and count wrong ones (SGP.22 5.6.2).

    @param given: SHA-256 of (SHA-256 of the code, transaction identifier), or C{None}.
    @raise Refusal: 8.2.7 with 2.2 (missing), 3.8 (wrong), 6.4 (wrong too often).
    """
    if order.confirmation_code is None:
        return
    if given is None:
        raise Refusal(CONFIRMATION_CODE, ELEMENT_MISSING, "the confirmation code is missing")
    right = sha256(sha256(order.confirmation_code.encode()).digest() + transaction_id).digest()
    if not order.is_exhausted and compare_digest(right, given):
        return
    order.wrong_codes += 1
    if order.is_exhausted:
        raise Refusal(CONFIRMATION_CODE, RETRIES_EXCEEDED, "the confirmation code was wrong too often")
    raise Refusal(CONFIRMATION_CODE, REFUSED, "the confirmation code is wrong")


def named_bits(names: tuple[str, ...], chosen: Iterable[str]) -> bytes:
    """
    The value of a BIT STRING with named bits, DER: the count of unused bits, then the bits without trailing zeros
    (X.690, 11.2.2).  At most eight names.

    @raise ValueError: a name is not among them.
    """
    places = {names.index(name) for name in chosen}
    if not places:
        return b"\0"
    bits = sum(0x80 >> place for place in places)
    return bytes((7 - max(places), bits))
