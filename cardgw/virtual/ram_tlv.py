# -*- test-case-name: tests.virtual.test_ram_tlv -*-
"""
Data objects as the programs of others read and write them that speak RAMOverHTTP: each with its own limits.  This is a codec of
its own, so that it shares no mistake with the one of the gateway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

COMMANDS, RESPONSES, INITIATION = 0xAA, 0xAB, 0xE8
"""The templates: server to client, client to server, and the first one of the client."""
COMMAND, RESPONSE, COUNT, RESET, NOTIFY, CLOSE = 0x22, 0x23, 0x80, 0xC0, 0xE0, 0xE1
"""What is in them; C{RESET} is the answer to reset in the other direction."""
MOST_COMMAND, MOST_RESPONSE = 0xC1, 0xC2
"""Limits of the client, in an initiation."""
NUMBER, TEXT, SECONDS = 0x02, 0x0C, 0xC3
"""What is in a notification; a text is in a close, too."""
SHORT, BYTE, WORD = 0x7F, 0xFF, 0xFFFF
Items: TypeAlias = list[tuple[int, bytes]]


class Malformed(Exception):
    """
    This reader cannot read it.
    """


class NegativeLength(Malformed):
    """
    A length that this reader takes for a negative one: the indefinite form.
    """


def length(size: int) -> bytes:
    """
    A length field in its shortest form.
    """
    if size <= SHORT:
        return bytes((size,))
    if size <= BYTE:
        return bytes((0x81, size))
    if size <= WORD:
        return b"\x82" + size.to_bytes(2, "big")
    return b"\x84" + size.to_bytes(4, "big")


def cut_length(size: int) -> bytes:
    """
    The same of a program that knows no form longer than C{82}, and does not notice that it is too short.
    """
    return length(size) if size <= WORD else b"\x82" + (size & WORD).to_bytes(2, "big")


def tlv(tag: int, *parts: bytes) -> bytes:
    """
    A data object of a tag of one or two bytes.
    """
    value = b"".join(parts)
    return tag.to_bytes(1 if tag <= BYTE else 2, "big") + length(len(value)) + value


def signed(number: int) -> bytes:
    """
    An INTEGER in as few bytes as it takes with its sign.
    """
    size = 1
    while not -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
        size += 1
    return number.to_bytes(size, "big", signed=True)


def unsigned(number: int) -> bytes:
    """
    A number in as few bytes as it takes.
    """
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")


def plain(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """
    Data objects as ram-client reads them: tags of one byte, lengths up to the form C{82}.

    @raise Malformed: at something else.
    """
    at = 0
    while at < len(octets):
        if octets[at] & 0x1F == 0x1F:
            raise Malformed(f"a tag of more than one byte: {octets[at]:02X}")
        begin, end = extent(octets, at + 1, 2)
        if end > len(octets):
            raise Malformed("cut short")
        yield octets[at], octets[begin:end]
        at = end


def liberal(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """
    Data objects as the OpenCard client reads them: tags of up to two bytes, lengths up to the form C{84}.

    @raise Malformed: at something else.
    """
    at = 0
    while at < len(octets):
        tag, at = octets[at], at + 1
        if tag & 0x1F == 0x1F and at < len(octets):
            tag, at = tag << 8 | octets[at], at + 1
        begin, end = extent(octets, at, 4)
        if end > len(octets):
            raise Malformed("cut short")
        yield tag, octets[begin:end]
        at = end


def extent(octets: bytes, at: int, most: int) -> tuple[int, int]:
    """
    Where a value begins and ends.

    @param at: where its length field is.
    @param most: how many bytes of length the reader knows.
    @raise Malformed: there is no such field, or one that is too long.
    """
    if at >= len(octets):
        raise Malformed("no length")
    size, at = octets[at], at + 1
    if size == 0x80:
        raise NegativeLength
    if size > SHORT:
        many = size & SHORT
        if many > most or at + many > len(octets):
            raise Malformed(f"length form {size:02X}")
        size, at = int.from_bytes(octets[at : at + many], "big"), at + many
    return at, at + size


def find(items: Iterable[tuple[int, bytes]], tag: int) -> bytes | None:
    """
    The first value with this tag.
    """
    return next((value for found, value in items if found == tag), None)


def close(reason: str) -> bytes:
    """
    The data object that ends a session.
    """
    return tlv(CLOSE, tlv(TEXT, reason.encode()))


def notification(number: int, text: str, seconds: int | None = None) -> bytes:
    """
    A message to the card holder.
    """
    more = b"" if seconds is None else tlv(SECONDS, unsigned(seconds))
    return tlv(NOTIFY, tlv(NUMBER, signed(number)), tlv(TEXT, text.encode()), more)
