# -*- test-case-name: tests.gp.test_resources -*-
"""
What room a card has left (ETSI TS 102 226, 8.2.1.7), and counters that it tells.
"""

from __future__ import annotations

from typing import Self

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer

RESOURCES, SEQUENCE_COUNTER, CONFIRMATION_COUNTER = 0xFF21, 0xC1, 0xC2
"""Tags of these data objects (GlobalPlatform Card Specification 2.3.1, 11.3.3.1)."""
APPLICATIONS, NON_VOLATILE, VOLATILE = 0x81, 0x82, 0x83
"""Tags in the resources."""
_MOST_BYTES = 8
_MOST_COUNTER = 4


@frozen
class Resources:
    """
    Extended card resources.

    @ivar applications: how many are installed.
    @ivar non_volatile: free memory for code and data, in bytes.
    @ivar volatile: free memory until the next reset, in bytes.
    """

    applications: int
    non_volatile: int
    volatile: int

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        @param octets: of a data object FF21.
        @raise ValueError: they are malformed, or something is missing.
        """
        found = tlv.decode(octets)
        return cls(*(_number(found.need(tag).value, _MOST_BYTES) for tag in (APPLICATIONS, NON_VOLATILE, VOLATILE)))

    def encode(self) -> bytes:
        """
        The data object FF21.
        """
        parts = ((APPLICATIONS, self.applications, 2), (NON_VOLATILE, self.non_volatile, 4), (VOLATILE, self.volatile, 4))
        return tlv.encode(RESOURCES, *(tlv.encode(tag, value.to_bytes(size, "big")) for tag, value, size in parts))


def parse_resources(answer: bytes) -> Resources:
    """
    The answer to GET DATA for the extended card resources.

    @raise MalformedAnswer: it is something else.
    """
    try:
        return Resources.decode(tlv.only(answer, RESOURCES).value)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of FF21: {problem}") from None


def parse_counter(answer: bytes, tag: int = SEQUENCE_COUNTER) -> int:
    """
    The answer to GET DATA for a counter, in its data object or bare.

    @param tag: L{SEQUENCE_COUNTER} or L{CONFIRMATION_COUNTER}.
    @raise MalformedAnswer: it is something else.
    """
    try:
        octets = tlv.only(answer, tag).value
    except ValueError:
        octets = answer
    try:
        return _number(octets, _MOST_COUNTER)
    except ValueError as problem:
        raise MalformedAnswer(f"GET DATA of {tag:04X}: {problem}") from None


def _number(octets: bytes, most: int) -> int:
    if not 1 <= len(octets) <= most:
        raise ValueError(f"a number of 1 to {most} bytes is expected, not {len(octets)}")
    return int.from_bytes(octets, "big")
