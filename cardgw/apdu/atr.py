# -*- test-case-name: tests.apdu.test_atr -*-
"""
Answers to reset (ISO/IEC 7816-3, 8.2), and what their historical bytes say about a card (ISO/IEC 7816-4, 12.1.1).  A contactless
card has none: readers make one for it (PC/SC part 3, 3.1.3.2.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from attrs import frozen

MAX_LENGTH = 33
"""Bytes of an answer to reset, at most (ISO/IEC 7816-3, 8.2.1)."""
CONVENTIONS = (0x3B, 0x3F)
"""TS: direct and inverse (ISO/IEC 7816-3, 8.1)."""
STATUS_AT_END, COMPACT = 0x00, 0x80
"""Category indicators of historical bytes in COMPACT-TLV; after the first, the last three bytes are a status."""
CAPABILITIES = 0x7
"""Tag of the card capabilities."""
EXTENDED, ASSIGNED, CHANNELS = 0x40, 0x18, 0x07
"""In the third byte of these: extended length; who assigns channel numbers; how many channels there are, less one."""
CONTACTLESS = bytes.fromhex("8001")
"""TD1 and TD2 of the answer to reset that a reader makes for a contactless card: T=0, then T=1, and nothing else."""
STORAGE = bytes.fromhex("804F0CA000000306")
"""
How the historical bytes of a contactless storage card begin: an application identifier of PC/SC's own, whose RID is A000000306
(PC/SC part 3, 3.1.3.2.3.2).
"""
MANY_CHANNELS = 20
"""What the highest number there stands for: eight or more (ISO/IEC 7816-4, 5.4.1)."""


@frozen
class Atr:
    """
    An answer to reset.

    @ivar octets: all of it.
    @ivar protocols: the transmission protocols that it offers (0 for T=0), in its order.
    @ivar historical: its historical bytes.
    """

    octets: bytes
    protocols: tuple[int, ...]
    historical: bytes

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """
        Parse one.

        @raise ValueError: it is none.
        """
        if not 2 <= len(octets) <= MAX_LENGTH or octets[0] not in CONVENTIONS:
            raise ValueError(f"not an answer to reset: {octets[: MAX_LENGTH + 1].hex().upper() or 'nothing'}")
        offered, at = _interface_bytes(octets)
        end = at + (octets[1] & 0x0F)
        check = any(offered)
        if len(octets) != end + check:
            raise ValueError(f"an answer to reset of {end + check} bytes has {len(octets)}")
        if check and _xor(octets[1:]):
            raise ValueError("the check byte of the answer to reset is wrong")
        return cls(octets, tuple(dict.fromkeys(each for each in offered if each != 15)) or (0,), octets[at:end])

    @property
    def extended_length(self) -> bool | None:
        """
        Whether the card takes commands of extended length; C{None} where it does not say.
        """
        third = self._third()
        return None if third is None else bool(third & EXTENDED)

    @property
    def channels(self) -> int | None:
        """
        How many logical channels there are with the basic one, at least; C{None} where the card does not say.
        """
        third = self._third()
        if third is None:
            return None
        if not third & ASSIGNED:
            return 1
        count = (third & CHANNELS) + 1
        return count if count <= CHANNELS else MANY_CHANNELS

    @property
    def contactless(self) -> bool:
        """
        Whether a reader has made it for a contactless card.  Hardly a card with contacts has the same.
        """
        return self.octets[1] >> 4 == 0x8 and self.octets[2:4] == CONTACTLESS

    @property
    def storage(self) -> bool:
        """
        Whether it is that of a contactless storage card (MIFARE Classic, Ultralight and the like), which knows no commands but
        those that the reader itself answers.
        """
        return self.contactless and self.historical.startswith(STORAGE)

    def _third(self) -> int | None:
        for tag, value in _compact(self.historical):
            if tag == CAPABILITIES and len(value) >= 3:
                return value[2]
        return None


def _interface_bytes(octets: bytes) -> tuple[list[int], int]:
    """
    @return: the protocols of all TD, and where the historical bytes begin.
    """
    offered: list[int] = []
    follow, at = octets[1], 2
    while True:
        at += (follow >> 4 & 0x07).bit_count()
        if not follow & 0x80:
            return offered, at
        if at >= len(octets):
            raise ValueError("the answer to reset ends in its interface bytes")
        follow = octets[at]
        offered.append(follow & 0x0F)
        at += 1


def _compact(historical: bytes) -> Iterator[tuple[int, bytes]]:
    if not historical or historical[0] not in (STATUS_AT_END, COMPACT):
        return
    rest = historical[1:-3] if historical[0] == STATUS_AT_END else historical[1:]
    while rest:
        size = rest[0] & 0x0F
        yield rest[0] >> 4, rest[1 : 1 + size]
        rest = rest[1 + size :]


def make_atr(historical: bytes, protocol: int = 0) -> bytes:
    """
    A plain answer to reset, in direct convention.

    @param historical: at most 15 bytes.
    @param protocol: C{1} for T=1.
    """
    if len(historical) > 0x0F:
        raise ValueError(f"there are at most 15 historical bytes, got {len(historical)}")
    if not protocol:
        return bytes((0x3B, len(historical))) + historical
    body = bytes((0x80 | len(historical), protocol)) + historical
    return b"\x3b" + body + bytes((_xor(body),))


def _xor(octets: bytes) -> int:
    found = 0
    for octet in octets:
        found ^= octet
    return found
