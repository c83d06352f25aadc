# -*- test-case-name: tests.virtual.test_euicc_metadata -*-
"""
Profile metadata as the software eUICC takes and gives it: StoreMetadataRequest (SGP.22 5.5.3) and ProfileInfo (5.7.15).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from attrs import frozen

from cardgw.apdu.tlv import Tlv, Tlvs, encode, only
from cardgw.virtual.euicc_options import RULES
from cardgw.virtual.euicc_values import iccid_digits, iccid_octets, read_bits, read_integer, write_bits

STORE_METADATA = 0xBF25
ICCID, PROVIDER, NAME, ICON_TYPE, ICON, CLASS, WISHES, OWNER, POLICY_RULES = 0x5A, 0x91, 0x92, 0x93, 0x94, 0x95, 0xB6, 0xB7, 0x99
PROVIDER_MAX, NAME_MAX, ICON_MAX = 32, 64, 1024
"""Most bytes (SGP.22 annex H, StoreMetadataRequest)."""
EVENTS = 4
"""Bits that C{NotificationEvent} has."""


class ProfileClass(IntEnum):
    """
    C{ProfileClass} (SGP.22 annex H).
    """

    TEST = 0
    PROVISIONING = 1
    OPERATIONAL = 2


@frozen
class Metadata:
    """
    What a profile says of itself.

    @ivar iccid: ten bytes, nibbles swapped.
    @ivar rules: of L{RULES}.
    @ivar wishes: bits of events and the address that wants to hear of them.
    @ivar items: the data objects as they came.
    """

    iccid: bytes
    provider: str
    name: str
    profile_class: int
    rules: frozenset[str]
    wishes: tuple[tuple[frozenset[int], str], ...]
    items: Tlvs

    @property
    def digits(self) -> str:
        """
        The ICCID in digits.
        """
        return iccid_digits(self.iccid)


def read_metadata(octets: bytes) -> Metadata:
    """
    Read a whole BF25.

    @raise ValueError: a value is missing, malformed or too long, or there is one twice.
    """
    items = only(octets, STORE_METADATA).children()
    if len({item.tag for item in items}) != len(items):
        raise ValueError("a data object is there twice")
    if len(items.value(ICON)) > ICON_MAX or (items.find(ICON) is None) != (items.find(ICON_TYPE) is None):
        raise ValueError("the icon is too long, or it has no type")
    iccid = items.need(ICCID).value
    iccid_digits(iccid)
    kind, rules, wishes = items.find(CLASS), items.find(POLICY_RULES), items.find(WISHES)
    return Metadata(
        iccid,
        _text(items.need(PROVIDER), PROVIDER_MAX),
        _text(items.need(NAME), NAME_MAX),
        ProfileClass.OPERATIONAL if kind is None else read_integer(kind.value),
        frozenset() if rules is None else _rules(rules.value),
        () if wishes is None else tuple(_wish(item) for item in wishes.children()),
        items,
    )


def _text(item: Tlv, most: int) -> str:
    if len(item.value) > most:
        raise ValueError(f"data object {item.tag:X} has more than {most} bytes")
    return item.value.decode()


def _rules(value: bytes) -> frozenset[str]:
    bits = read_bits(value)
    if bits and max(bits) >= len(RULES):
        raise ValueError("an unknown policy rule")
    return frozenset(RULES[bit] for bit in bits)


def _wish(item: Tlv) -> tuple[frozenset[int], str]:
    fields = item.children()
    events = read_bits(fields.need(0x80).value)
    if item.tag != 0x30 or (events and max(events) >= EVENTS):
        raise ValueError("an unknown notification event")
    return events, fields.need(0x81).value.decode()


def write_rules(rules: Iterable[str]) -> bytes:
    """
    The value of C{PprIds}.
    """
    return write_bits(RULES.index(rule) for rule in rules)


def write_metadata(
    iccid: str,
    name: str,
    provider: str,
    *,
    profile_class: int = ProfileClass.OPERATIONAL,
    rules: Iterable[str] = (),
    wishes: Iterable[tuple[Iterable[int], str]] = (),
) -> bytes:
    """
    A whole BF25.

    @param iccid: digits.
    @param wishes: see L{Metadata}.
    """
    configuration = [encode(0x30, encode(0x80, write_bits(bits)), encode(0x81, address.encode())) for bits, address in wishes]
    named = write_rules(rules)
    return encode(
        STORE_METADATA,
        encode(ICCID, iccid_octets(iccid)),
        encode(PROVIDER, provider.encode()),
        encode(NAME, name.encode()),
        encode(CLASS, bytes((profile_class,))),
        encode(WISHES, *configuration) if configuration else b"",
        encode(POLICY_RULES, named) if len(named) > 1 else b"",
    )
