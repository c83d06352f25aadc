# -*- test-case-name: tests.apdu.test_tlv -*-
"""
BER-TLV (ISO/IEC 8825-1, 8.1; ISO/IEC 7816-4, annex E), definite lengths.  Tags are numbers as they are written: C{0xBF2D}.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from attrs import frozen

MAX_TAG_BYTES = 4
MAX_LENGTH_BYTES = 4
MAX_OBJECTS = 8192
"""Most data objects in one sequence: more than any peer needs, few enough to be looked at in an instant."""


@frozen
class Tlv:
    """
    One decoded data object.

    @ivar raw: tag, length and value exactly as received: what signatures are computed over.
    """

    tag: int
    value: bytes
    raw: bytes

    def children(self) -> Tlvs:
        """
        The data objects inside a constructed one.

        @raise ValueError: the value is not a sequence of BER-TLV.
        """
        return decode(self.value)


class Tlvs(tuple[Tlv, ...]):
    """
    A sequence of data objects, in their order.
    """

    __slots__ = ()

    def find(self, tag: int) -> Tlv | None:
        """
        The first one with this tag.
        """
        return next((item for item in self if item.tag == tag), None)

    def every(self, tag: int) -> list[Tlv]:
        """
        All with this tag.
        """
        return [item for item in self if item.tag == tag]

    def need(self, tag: int) -> Tlv:
        """
        The first one with this tag.

        @raise ValueError: there is none.
        """
        found = self.find(tag)
        if found is None:
            raise ValueError(f"data object {tag:X} is missing")
        return found

    def value(self, tag: int, default: bytes = b"") -> bytes:
        """
        The value of the first one with this tag, or C{default}.
        """
        found = self.find(tag)
        return default if found is None else found.value


def length(size: int) -> bytes:
    """
    The length field for a value of C{size} bytes, in its shortest form.
    """
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def encode(tag: int, *parts: bytes) -> bytes:
    """
    One data object whose value is the parts joined.
    """
    value = b"".join(parts)
    return tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big") + length(len(value)) + value


def header(octets: bytes, at: int = 0) -> tuple[int, int, int]:
    """
    Read a tag and a length.

    @return: the tag, the size of the value, and the position where the value begins.
    @raise ValueError: they are cut short, too long, or of indefinite length.
    """
    try:
        tag, at = _tag(octets, at)
        size = octets[at]
        at += 1
        if size < 0x80:
            return tag, size, at
        count = size & 0x7F
        if not 1 <= count <= MAX_LENGTH_BYTES:
            raise ValueError(f"data object {tag:X}: length field {size:02X} is not supported")
        if at + count > len(octets):
            raise IndexError
        return tag, int.from_bytes(octets[at : at + count], "big"), at + count
    except IndexError:
        raise ValueError("a data object is cut short in its header") from None


def _tag(octets: bytes, at: int) -> tuple[int, int]:
    tag = octets[at]
    at += 1
    if tag & 0x1F == 0x1F:
        for _ in range(MAX_TAG_BYTES - 1):
            tag = tag << 8 | octets[at]
            at += 1
            if not tag & 0x80:
                return tag, at
        raise ValueError(f"tag {tag:X} is too long")
    return tag, at


def walk(octets: bytes) -> Iterator[Tlv]:
    """
    The data objects one after another.

    @raise ValueError: when one is cut short.
    """
    at, size = 0, len(octets)
    while at < size:
        tag, length_of, start = header(octets, at)
        end = start + length_of
        if end > size:
            raise ValueError(f"data object {tag:X}: {length_of} bytes announced, {size - start} present")
        yield Tlv(tag, octets[start:end], octets[at:end])
        at = end


def decode(octets: bytes) -> Tlvs:
    """
    All data objects of a sequence.

    @raise ValueError: it is not a sequence of whole BER-TLV, or one of more than L{MAX_OBJECTS}.
    """
    found = Tlvs(islice(walk(octets), MAX_OBJECTS + 1))
    if len(found) > MAX_OBJECTS:
        raise ValueError(f"more than {MAX_OBJECTS} data objects")
    return found


def only(octets: bytes, tag: int) -> Tlv:
    """
    The one data object that must be all there is.

    @raise ValueError: there is another, or more.
    """
    items = list(islice(walk(octets), 5))
    if len(items) != 1 or items[0].tag != tag:
        found = " ".join(f"{item.tag:X}" for item in items) or "nothing"
        raise ValueError(f"expected one data object {tag:X}, found {found}")
    return items[0]
