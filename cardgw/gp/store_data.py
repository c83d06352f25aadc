# -*- test-case-name: tests.gp.test_store_data -*-
"""
STORE DATA (GlobalPlatform Card Specification 2.3.1, 11.11), and data groups as personalisation has them (EMV Card Personalization
Specification 2.0, 2.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Self

from attrs import field, frozen

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import ParameterError
from cardgw.gp.commands import CLA, Ins, check_byte, check_data
from cardgw.gp.load_file import LAST_BLOCK, blocks

RESPONSE = 0x01
"""In P1: an answer with data is expected (table 11-89)."""
_ONE_LENGTH = 0xFE
_LONG_LENGTH = 0xFF
_MOST_GROUP = 0xFFFF


class Structure(IntEnum):
    """
    What the data are: bits of P1.
    """

    NONE = 0x00
    DGI = 0x08
    BER = 0x10


class Encryption(IntEnum):
    """
    What of the data is encrypted with the data encryption key: bits of P1.
    """

    NONE = 0x00
    APPLICATION = 0x20
    ALL = 0x60


@frozen
class DataGroup:
    """
    A data grouping.

    @ivar identifier: the DGI, two bytes.
    """

    identifier: int
    value: bytes = field(repr=False)

    def __attrs_post_init__(self) -> None:
        check_byte(self.identifier, "data grouping identifier", 0, 0xFFFF)
        if len(self.value) > _MOST_GROUP:
            raise ParameterError(f"data grouping {self.identifier:04X}: at most {_MOST_GROUP} bytes, got {len(self.value)}")

    def encode(self) -> bytes:
        """
        Identifier, length and value.
        """
        size = len(self.value)
        length = bytes((size,)) if size <= _ONE_LENGTH else bytes((_LONG_LENGTH,)) + size.to_bytes(2, "big")
        return self.identifier.to_bytes(2, "big") + length + self.value

    @classmethod
    def decode_all(cls, octets: bytes) -> tuple[Self, ...]:
        """
        Data groupings one after another.

        @raise ValueError: one is cut short.
        """
        found, at = [], 0
        while at < len(octets):
            long = octets[at + 2 : at + 3] == bytes((_LONG_LENGTH,))
            start = at + (5 if long else 3)
            size = int.from_bytes(octets[at + 3 if long else at + 2 : start], "big")
            if start + size > len(octets):
                raise ValueError("a data grouping is cut short")
            found.append(cls(int.from_bytes(octets[at : at + 2], "big"), octets[start : start + size]))
            at = start + size
        return tuple(found)


def store_data(
    data: bytes,
    size: int,
    structure: Structure = Structure.NONE,
    encryption: Encryption = Encryption.NONE,
    *,
    response: bool = False,
) -> Script:
    """
    STORE DATA for all blocks of what is to be stored.

    @param size: most bytes in a block, of plain data: what the security level, the reader and the card let through.
    @param encryption: what the caller has encrypted already.
    @param response: the card answers with data.
    @raise ParameterError: there are no data, or the size cannot be one.
    @raise TooManyBlocks: there would be more than 256.
    """
    if not data:
        raise ParameterError("STORE DATA: there is nothing to store")
    return _script(blocks(data, size), structure | encryption | (RESPONSE if response else 0), response=response)


def store_parts(
    parts: Sequence[bytes],
    structure: Structure = Structure.NONE,
    encryption: Encryption = Encryption.NONE,
    *,
    response: bool = False,
) -> Script:
    """
    STORE DATA with a block for each part: for applications that want one data grouping at a time.

    @raise ParameterError: there are none, or one is longer than a command can be.
    @raise TooManyBlocks: there are more than 256.
    """
    if not parts or not all(parts):
        raise ParameterError("STORE DATA: there is nothing to store, or nothing in a part of it")
    blocks(bytes(len(parts)), 1)
    for each in parts:
        check_data(each, "STORE DATA")
    return _script(parts, structure | encryption | (RESPONSE if response else 0), response=response)


def _script(parts: Sequence[bytes], p1: int, *, response: bool) -> Script:
    return Script(tuple(_steps(parts, p1, SHORT_LE if response else None)))


def _steps(parts: Sequence[bytes], p1: int, expected: int | None) -> Iterable[Step]:
    for number, part in enumerate(parts):
        last = LAST_BLOCK if number == len(parts) - 1 else 0
        yield Step(Command(CLA, Ins.STORE_DATA, p1 | last, number, part, expected))
