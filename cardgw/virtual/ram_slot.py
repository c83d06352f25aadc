# -*- test-case-name: tests.virtual.test_ram_slot -*-
"""
The reader of a RAMOverHTTP client with its card, and what lies between: PC/SC alone, or Java's C{javax.smartcardio}, which
completes answers by itself, knows one logical channel, and throws where a command is not to its liking.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from attrs import frozen
from twisted.internet.task import deferLater

from cardgw.apdu.atr import Atr

Card: TypeAlias = Callable[[bytes], bytes | Awaitable[bytes]]
Transmit: TypeAlias = Callable[["Slot", bytes], Awaitable[bytes]]
REMOVED = "Card was removed."
TOO_LONG = "Insufficient buffer."
NO_CARD = "No smart card inserted."
MISMATCH = "Card protocol mismatch."
LONGEST_ANSWER = 4096
"""Bytes that ram-client has for an answer."""
_MANAGE_CHANNEL, _GET_RESPONSE = 0x70, 0xC0
_MORE, _WRONG_LENGTH, _FAILED = 0x61, 0x6C, b"\x6f\x00"
_FIRST_KEPT, _FURTHER, _FURTHER_KEPT = 0xBC, 0x40, 0xB0


class CardGone(Exception):
    """
    The card does not answer any more; the text says why.
    """


class Thrown(Exception):
    """
    An exception of Java's that nobody catches; the text is what is printed.
    """


@frozen
class Wear:
    """
    What happens to the card.  Numbers of commands begin at 1.

    @ivar delay: seconds that each command takes.
    @ivar pull_at: the command at which it is pulled out; it has not got it.
    """

    delay: float = 0.0
    pull_at: int | None = None


class Slot:
    """
    A reader with a card, or without.

    @ivar apdus: how many commands the card has got.
    @ivar resets: how often it was started anew.
    @ivar present: whether the card is in it.
    """

    def __init__(self, clock: Any, card: Card, atr: bytes, reset: Callable[[], object] = bool, wear: Wear | None = None) -> None:
        """
        @param clock: C{IReactorTime}.
        @param card: gives the response APDU to a command APDU, now or later.
        @param atr: its answer to reset; empty where there is no card.
        @param reset: called when it starts anew.
        """
        self.atr = atr
        self.apdus = self.resets = 0
        self.present = bool(atr)
        self._clock, self._card, self._reset, self._wear = clock, card, reset, wear or Wear()

    @property
    def protocols(self) -> tuple[int, ...]:
        """
        The transmission protocols that the card offers.
        """
        return Atr.decode(self.atr).protocols

    async def transmit(self, command: bytes) -> bytes:
        """
        One command, as it is.

        @raise CardGone: there is no card, or none any more.
        """
        self._need()
        if self.apdus + 1 == self._wear.pull_at:
            self.present = False
            self._need()
        self.apdus += 1
        if self._wear.delay:
            await deferLater(self._clock, self._wear.delay)
            self._need()
        answer = self._card(command)
        found = answer if isinstance(answer, bytes) else await answer
        self._need()
        return found

    async def reset(self) -> bytes:
        """
        Power off and on.

        @return: the answer to reset.
        @raise CardGone: there is no card, or none any more.
        """
        self._need()
        self.resets += 1
        self._reset()
        return self.atr

    def _need(self) -> None:
        if not self.present:
            raise CardGone(REMOVED)


async def through_pcsc(slot: Slot, command: bytes) -> bytes:
    """
    One command through ram-client: nothing is done to it.

    @raise CardGone: there is no card any more, or the answer is longer than the program has room for.
    """
    answer = await slot.transmit(command)
    if len(answer) > LONGEST_ANSWER:
        raise CardGone(TOO_LONG)
    return answer


async def through_java(slot: Slot, command: bytes) -> bytes:
    """
    One command through C{javax.smartcardio}: for the basic channel, completed with GET RESPONSE, repeated after a wrong length.

    @raise CardGone: there is no card any more.
    @raise Thrown: Java refuses it.
    """
    command = _for_basic_channel(_checked(command))
    found = b""
    while True:
        answer = await slot.transmit(command)
        if len(answer) >= 2 and answer[-2] == _WRONG_LENGTH:
            command = command[:4] + answer[-1:] if len(command) <= 5 else command[:-1] + answer[-1:]
        elif len(answer) >= 2 and answer[-2] == _MORE:
            found += answer[:-2]
            command = bytes((command[0], _GET_RESPONSE, 0, 0, answer[-1]))
        else:
            return found + answer


async def completed(slot: Slot, command: bytes) -> bytes:
    """
    One command through a program that completes answers, and leaves channels alone.

    @raise CardGone: there is no card any more.
    """
    found = b""
    while True:
        answer = await slot.transmit(command)
        if answer[-2:-1] == b"\x61":
            found += answer[:-2]
            command = bytes((command[0], _GET_RESPONSE, 0, 0, answer[-1]))
        elif answer[-2:-1] == b"\x6c" and len(command) == 5:
            command = command[:4] + answer[-1:]
        else:
            return found + answer


def _checked(command: bytes) -> bytes:
    size = len(command)
    if size < 4:
        raise Thrown("java.lang.IllegalArgumentException: apdu must be at least 4 bytes long")
    if not _well_formed(command[4:]):
        raise Thrown(f"java.lang.IllegalArgumentException: Invalid APDU: length={size}, b1={command[4]}")
    if not command[0] & 0x80 and command[1] == _MANAGE_CHANNEL:
        raise Thrown("java.lang.IllegalArgumentException: Manage channel command not allowed, use openLogicalChannel()")
    return command


def _well_formed(body: bytes) -> bool:
    if len(body) <= 1:
        return True
    if body[0]:
        return len(body) - 1 - body[0] in (0, 1)
    if len(body) < 3:
        return False
    data = len(body) - 3
    return not data or ((size := int.from_bytes(body[1:3], "big")) > 0 and data - size in (0, 2))


def _for_basic_channel(command: bytes) -> bytes:
    cla = command[0]
    if cla & 0x80 or cla & 0xE0 == 0x20:
        return command
    return bytes((cla & _FIRST_KEPT,)) + command[1:]
