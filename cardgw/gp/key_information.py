# -*- test-case-name: tests.gp.test_key_information -*-
"""
The key information template (GlobalPlatform Card Specification 2.3.1, 11.3.3.1 and 11.1.8): which keys a security domain has,
never what they are.
"""

from __future__ import annotations

from typing import Self

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.commands import split_fields

TEMPLATE, KEY = 0xE0, 0xC0
"""Tags."""
EXTENDED = 0xFF
"""In place of a type: the extended format begins."""
_LEAST_TYPE = 0x80
"""No type of a key component is lower (table 11-16); the lengths of usage and access are."""
_LONG = 0x100
_MOST_FIELDS = 2
_NAMES = {
    0x80: "DES",
    0x81: "3DES-CBC",
    0x82: "DES-ECB",
    0x83: "DES-CBC",
    0x84: "DES-ECB",
    0x85: "PSK-TLS",
    0x88: "AES",
    0x90: "HMAC-SHA1",
    0x91: "HMAC-SHA1-160",
    0xA0: "RSA public exponent",
    0xA1: "RSA modulus",
    0xA2: "RSA modulus",
    0xA3: "RSA private exponent",
    0xB0: "EC public",
    0xB1: "EC private",
    0xF0: "EC parameters",
}


@frozen
class KeyPart:
    """
    A component of a key.

    @ivar length: in bytes; in the basic format, 256 says "256 or more".
    """

    type: int
    length: int

    @property
    def name(self) -> str:
        """
        What it is: C{"AES"}; its number where no document has it.
        """
        return _NAMES.get(self.type, f"type {self.type:02X}")


@frozen
class KeyInformation:
    """
    What is told of a key.

    @ivar identifier: 01 to 7F.
    @ivar version: FF for those from the factory, which are gone when others are put.
    @ivar extended: whether it is told in the extended format.
    @ivar usage: what the key may be used for (11.1.9), in the extended format; may be empty.
    @ivar access: who may use it (11.1.10); likewise.
    """

    identifier: int
    version: int
    parts: tuple[KeyPart, ...]
    extended: bool = False
    usage: bytes = b""
    access: bytes = b""

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: of a data object C0.
        @raise ValueError: they are malformed.
        """
        if len(octets) < 4:
            raise ValueError(f"a key is told by at least 4 bytes, got {len(octets)}")
        identifier, version, rest = octets[0], octets[1], octets[2:]
        if rest[0] == EXTENDED:
            return cls._decode_extended(identifier, version, rest)
        if len(rest) % 2:
            raise ValueError("a key component is cut short")
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return cls(identifier, version, tuple(KeyPart(kind, size or _LONG) for kind, size in pairs))

    @classmethod
    def _decode_extended(cls, identifier: int, version: int, octets: bytes) -> Self:
        parts, at = [], 0
        while at < len(octets) and octets[at] >= _LEAST_TYPE:
            at += octets[at] == EXTENDED  # some cards leave it out from the second component on
            part = octets[at : at + 3]
            if len(part) < 3:
                raise ValueError("a key component is cut short")
            parts.append(KeyPart(part[0], int.from_bytes(part[1:], "big")))
            at += 3
        fields = split_fields(octets[at:])
        if len(fields) > _MOST_FIELDS:
            raise ValueError("there is something after usage and access")
        return cls(identifier, version, tuple(parts), True, *fields)

    def encode(self) -> bytes:
        """
        The data object C0.
        """
        head = bytes((self.identifier, self.version))
        if not self.extended:
            return tlv.encode(KEY, head, *(bytes((each.type, each.length & 0xFF)) for each in self.parts))
        parts = [bytes((EXTENDED, each.type)) + each.length.to_bytes(2, "big") for each in self.parts]
        tail = (bytes((len(each),)) + each for each in (self.usage, self.access))
        return tlv.encode(KEY, head, *parts, *tail)

    def __str__(self) -> str:
        parts = ", ".join(f"{each.name} {each.length}" for each in self.parts)
        return f"version {self.version:02X} identifier {self.identifier:02X}: {parts}"


def parse_key_information(answer: bytes) -> tuple[KeyInformation, ...]:
    """
    The answer to GET DATA for the key information template.  A domain without keys has an empty one, or empty objects in it.
    Some cards tell what is in it alone.

    @raise MalformedAnswer: it is something else.
    """
    try:
        objects = tlv.decode(answer)
        if [each.tag for each in objects] == [TEMPLATE]:
            objects = objects[0].children()
        if not answer or any(each.tag != KEY for each in objects):
            raise ValueError("expected data objects C0 alone")
        return tuple(KeyInformation.decode(each.value) for each in objects if each.value)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of 00E0: {problem}") from None


def encode_key_information(keys: tuple[KeyInformation, ...]) -> bytes:
    """
    The data object E0.
    """
    return tlv.encode(TEMPLATE, *(each.encode() for each in keys))
