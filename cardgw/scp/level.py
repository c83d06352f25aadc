# -*- test-case-name: tests.scp.test_level -*-
"""
Security levels, and what a card of SCP03 says that it can do.
"""

from __future__ import annotations

from enum import IntFlag

from attrs import frozen

from cardgw.apdu.command import SHORT_DATA
from cardgw.scp.errors import LevelNotPossible
from cardgw.scp.primitives import BLOCK

S8, S16 = 8, 16
"""Bytes of a MAC, and of challenges and cryptograms."""


class Level(IntFlag):
    """
    What is protected (GlobalPlatform Card Specification 2.3.1, 10.6; Amendment D, table 7-3).
    """

    NONE = 0x00
    C_MAC = 0x01
    C_DECRYPTION = 0x02
    R_MAC = 0x10
    R_ENCRYPTION = 0x20
    FULL = 0x33

    @property
    def hexadecimal(self) -> str:
        """
        As people write it: two digits.
        """
        return f"{int(self):02X}"


LEVELS = tuple(Level(value) for value in (0x00, 0x01, 0x03, 0x11, 0x13, 0x33))
"""Those that SCP03 has."""
_C_MAC, _C_DECRYPTION = int(Level.C_MAC), int(Level.C_DECRYPTION)


@frozen
class Implementation:
    """
    The i byte of a card of SCP03 (Amendment D, table 5-1).
    """

    value: int

    @property
    def s16(self) -> bool:
        """
        MACs, challenges and cryptograms have 16 bytes (Amendment D 1.2).
        """
        return bool(self.value & 0x01)

    @property
    def pseudo_random(self) -> bool:
        """
        The card challenge can be computed by the host, and the card tells a sequence counter.
        """
        return bool(self.value & 0x10)

    @property
    def most(self) -> Level:
        """
        The highest level.
        """
        most = Level.C_MAC | Level.C_DECRYPTION
        if self.value & 0x20:
            most |= Level.R_MAC
            if self.value & 0x40:
                most |= Level.R_ENCRYPTION
        return most

    def refuse(self, level: Level) -> None:
        """
        @raise LevelNotPossible: this card cannot do that.
        """
        missing = level & ~self.most
        if missing:
            words = "protect its answers" if missing & Level.R_MAC else "encrypt its answers"
            raise LevelNotPossible(
                f"level {level.hexadecimal} is wanted, but the card says with i={self.value:02X} that it does not {words}",
                hint=f"The highest that it has is {self.most.hexadecimal}.",
            )


def parse_level(level: int) -> Level:
    """
    @raise LevelNotPossible: SCP03 has no such level.
    """
    if level not in LEVELS:
        raise LevelNotPossible(f"SCP03 has no level {level:02X}; there are {', '.join(each.hexadecimal for each in LEVELS)}")
    return Level(level)


def most_data(level: int, mac_length: int, limit: int = SHORT_DATA) -> int:
    """
    Most bytes of plain data in one command at a level.

    @param level: a L{Level}, or its value.
    @param mac_length: L{S8} or L{S16}.
    @param limit: most bytes of protected data.
    """
    room = limit - mac_length if level & _C_MAC else limit
    return room // BLOCK * BLOCK - 1 if level & _C_DECRYPTION else room
