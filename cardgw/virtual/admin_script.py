# -*- test-case-name: tests.virtual.test_admin_script -*-
"""
Remote commands of the expanded format (ETSI TS 102 226, 5.2) as a card carries them out: with and without lengths, and with its
words for what is malformed.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from attrs import define, field, frozen

from cardgw.virtual.ram_slot import Slot, completed
from cardgw.virtual.ram_tlv import COMMAND, COMMANDS, COUNT, RESPONSE, RESPONSES, Malformed, extent, tlv, unsigned

OPEN_COMMANDS, OPEN_RESPONSES = 0xAE, 0xAF
"""The same templates of indefinite length."""
IMMEDIATE_ACTION, ERROR_ACTION, CHAINING, BAD_FORMAT = 0x81, 0x82, 0x83, 0x90
INDEFINITE, END = b"\x80", b"\0\0"
NO_CHAINING = tlv(CHAINING, b"\x02")
TRUNCATED = b"\x62\xf1"
_GOOD = (0x61, 0x62, 0x63, 0x90, 0x91, 0x92, 0x9F)
"""First bytes of statuses that are no errors."""


class Bad(IntEnum):
    """
    Why a script cannot be read (5.2.2, bad format TLV).
    """

    UNKNOWN_TAG = 1
    WRONG_LENGTH = 2
    NO_LENGTH = 3


@frozen
class Habits:
    """
    How the card carries out scripts.

    @ivar stops: at the first command that fails.
    @ivar counts_openly: the number of commands stands in templates of indefinite length, too, where it does not belong.
    @ivar counts_last: the number stands last.
    @ivar room: most bytes of all answers; a longer one is cut, and is the last.
    """

    stops: bool = True
    counts_openly: bool = False
    counts_last: bool = False
    room: int | None = None


class BadFormat(Exception):
    """
    The script cannot be read on.
    """

    def __init__(self, why: Bad) -> None:
        super().__init__(why.name)
        self.why = why


@define
class _Answers:
    parts: list[bytes] = field(factory=list)
    count: int = 0


async def carry_out(slot: Slot, script: bytes, habits: Habits) -> bytes:
    """
    Have the card carry out a script.

    @param script: a template, of definite or indefinite length.
    @return: the template of the answers, likewise.
    @raise CardGone: the card does not answer any more.
    """
    answers = _Answers()
    try:
        for tag, value in _elements(script):
            if not await _element(slot, tag, value, habits, answers):
                break
    except BadFormat as bad:
        answers.parts.append(tlv(BAD_FORMAT, bytes((bad.why,))))
    return _template(script, answers, habits)


async def _element(slot: Slot, tag: int, value: bytes, habits: Habits, answers: _Answers) -> bool:
    """
    @return: whether to go on.
    """
    if tag in (IMMEDIATE_ACTION, ERROR_ACTION):
        answers.count += 1
        return True
    if tag == CHAINING:
        answers.parts.append(NO_CHAINING)
        return False
    if tag != COMMAND:
        raise BadFormat(Bad.UNKNOWN_TAG)
    response = await completed(slot, value)
    answers.count += 1
    room = None if habits.room is None else habits.room - sum(map(len, answers.parts))
    if room is not None and len(tlv(RESPONSE, response)) > room:
        answers.parts.append(tlv(RESPONSE, response[: max(0, room - 8)], TRUNCATED))
        return False
    answers.parts.append(tlv(RESPONSE, response))
    return not habits.stops or response[-2] in _GOOD


def _template(script: bytes, answers: _Answers, habits: Habits) -> bytes:
    count = [tlv(COUNT, unsigned(answers.count))]
    if script[:1] == bytes((OPEN_COMMANDS,)):
        parts = answers.parts if not habits.counts_openly else count + answers.parts
        return bytes((OPEN_RESPONSES,)) + INDEFINITE + b"".join(parts) + END
    return tlv(RESPONSES, *(answers.parts + count if habits.counts_last else count + answers.parts))


def _elements(script: bytes) -> Iterator[tuple[int, bytes]]:
    octets, last = _inside(script)
    at = 0
    while at < len(octets):
        if last and octets[at : at + 2] == END:
            return
        tag, at = octets[at], at + 1
        if at >= len(octets):
            raise BadFormat(Bad.NO_LENGTH)
        try:
            begin, end = extent(octets, at, 2)
        except Malformed:
            raise BadFormat(Bad.WRONG_LENGTH) from None
        if end > len(octets):
            raise BadFormat(Bad.WRONG_LENGTH)
        yield tag, octets[begin:end]
        at = end
    if last:
        raise BadFormat(Bad.WRONG_LENGTH)


def _inside(script: bytes) -> tuple[bytes, bool]:
    """
    @return: what is in the template, and whether two zero bytes end it.
    """
    if script[:1] == bytes((OPEN_COMMANDS,)):
        if script[1:2] != INDEFINITE:
            raise BadFormat(Bad.WRONG_LENGTH if script[1:] else Bad.NO_LENGTH)
        return script[2:], True
    if script[:1] != bytes((COMMANDS,)):
        raise BadFormat(Bad.UNKNOWN_TAG)
    try:
        begin, end = extent(script, 1, 2)
    except Malformed:
        raise BadFormat(Bad.WRONG_LENGTH if script[1:] else Bad.NO_LENGTH) from None
    if end > len(script):
        raise BadFormat(Bad.WRONG_LENGTH)
    return script[begin:end], False
