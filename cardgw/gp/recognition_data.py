# -*- test-case-name: tests.gp.test_recognition_data -*-
"""
Card recognition data (GlobalPlatform Card Specification 2.3.1, H.2): which versions and secure channels a card says it has.
"""

from __future__ import annotations

from typing import Self

from attrs import field, frozen

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer

CARD_DATA, RECOGNITION = 0x66, 0x73
"""Tags: card data, and the card recognition data in them."""
OID = 0x06
VERSION, IDENTIFICATION, SECURE_CHANNEL, CONFIGURATION, CHIP = 0x60, 0x63, 0x64, 0x65, 0x66
"""Tags in those (table H-1)."""
PREFIX = bytes.fromhex("2A864886FC6B")
"""GlobalPlatform's own branch: 1.2.840.114283."""
_CARD, _VERSIONS, _IDENTIFICATIONS, _CHANNELS = (PREFIX + bytes((each,)) for each in (1, 2, 3, 4))
_JAVA_CARD = bytes.fromhex("2B060104012A026E01")
"""Sun's branch for versions of Java Card: 1.3.6.1.4.1.42.2.110.1."""


def oid_arcs(octets: bytes) -> tuple[int, ...]:
    """
    The numbers that follow each other in base 128 (ISO/IEC 8825-1, 8.19), without the rule for the first two.

    @raise ValueError: the last one is cut short.
    """
    arcs, arc = [], 0
    for octet in octets:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    if octets and octets[-1] & 0x80:
        raise ValueError("an object identifier is cut short")
    return tuple(arcs)


def oid_text(octets: bytes) -> str:
    """
    An object identifier with dots.

    @raise ValueError: it is none.
    """
    arcs = oid_arcs(octets)
    if not arcs:
        raise ValueError("an object identifier is empty")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


@frozen(order=True)
class SecureChannel:
    """
    A secure channel protocol and its options.

    @ivar protocol: C{0x03} for SCP03.
    @ivar options: the parameter "i"; one byte, or two with SCP11.
    """

    protocol: int
    options: int

    @classmethod
    def decode(cls, tail: bytes) -> Self:
        """
        @param tail: what stands after 1.2.840.114283.4.  Some cards write both as bytes where that is no object identifier (80
            00), which is understood.
        @raise ValueError: it is something else.
        """
        if len(tail) == 2:
            return cls(tail[0], tail[1])
        arcs = oid_arcs(tail)
        if len(arcs) != 2 or arcs[0] > 0xFF or arcs[1] > 0xFFFF:
            raise ValueError("a secure channel is told by its number and its options")
        return cls(*arcs)

    def __str__(self) -> str:
        return f"SCP{self.protocol:02X} i={self.options:02X}"


@frozen
class RecognitionData:
    """
    What a card says of itself.

    @ivar version: of the card specification that it follows, C{"2.3.1"}; empty where it does not tell.
    @ivar identified: whether its issuer's number and its own name it.
    @ivar channels: the secure channels of its issuer security domain, in its order.
    @ivar configuration: an object identifier with dots, or empty.
    @ivar chip: likewise.
    @ivar java_card: the version of Java Card, C{"3"}, where it tells.
    """

    version: str = ""
    identified: bool = False
    channels: tuple[SecureChannel, ...] = ()
    configuration: str = ""
    chip: str = ""
    java_card: str = ""
    objects: tuple[bytes, ...] = field(default=(), repr=False)
    """All that it said, each as it came."""

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: of a data object 73.
        @raise ValueError: they are malformed, or not those of a card of GlobalPlatform.
        """
        found = tlv.decode(octets)
        if not found.need(OID).value.startswith(_CARD):
            raise ValueError("it is not said to be a card of GlobalPlatform")
        chip = _oid(found, CHIP)
        return cls(
            version=_rest(_oid(found, VERSION), _VERSIONS),
            identified=_oid(found, IDENTIFICATION).startswith(_IDENTIFICATIONS),
            channels=tuple(_channels(found)),
            configuration=_text(_oid(found, CONFIGURATION)),
            chip=_text(chip),
            java_card=_rest(chip, _JAVA_CARD),
            objects=tuple(each.raw for each in found),
        )

    def options(self, protocol: int) -> tuple[int, ...]:
        """
        The options with which the card has a secure channel protocol; none where it does not have it.
        """
        return tuple(each.options for each in self.channels if each.protocol == protocol)


def parse_recognition_data(answer: bytes) -> RecognitionData:
    """
    The answer to GET DATA for the card data.  Some cards tell the card recognition data in it alone.

    @raise MalformedAnswer: it is something else.
    """
    try:
        (found,) = tlv.decode(answer)
        if found.tag == CARD_DATA:
            found = tlv.only(found.value, RECOGNITION)
        if found.tag != RECOGNITION:
            raise ValueError(f"expected data object {CARD_DATA:X} or {RECOGNITION:X}, found {found.tag:X}")
        return RecognitionData.decode(found.value)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of 0066: {problem}") from None


def _channels(found: tlv.Tlvs) -> list[SecureChannel]:
    oids = [oid.value for each in found.every(SECURE_CHANNEL) for oid in each.children().every(OID)]
    return [SecureChannel.decode(oid.removeprefix(_CHANNELS)) for oid in oids if oid.startswith(_CHANNELS)]


def _oid(found: tlv.Tlvs, tag: int) -> bytes:
    item = found.find(tag)
    return b"" if item is None else item.children().value(OID)


def _rest(oid: bytes, prefix: bytes) -> str:
    return ".".join(map(str, oid_arcs(oid.removeprefix(prefix)))) if oid.startswith(prefix) else ""


def _text(oid: bytes) -> str:
    return oid_text(oid) if oid else ""
