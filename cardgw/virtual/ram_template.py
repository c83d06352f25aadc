# -*- test-case-name: tests.virtual.test_ram_template -*-
"""
Carrying out a template of commands the way each program does it: what it reads, skips and dies of, and how it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from attrs import define, field, frozen

from cardgw.virtual.ram_slot import CardGone, Slot, Thrown, Transmit, completed, through_java, through_pcsc
from cardgw.virtual.ram_tlv import (
    CLOSE,
    COMMAND,
    COMMANDS,
    COUNT,
    NOTIFY,
    NUMBER,
    RESET,
    RESPONSE,
    RESPONSES,
    SECONDS,
    TEXT,
    Malformed,
    NegativeLength,
    close,
    cut_length,
    extent,
    find,
    liberal,
    plain,
    signed,
    tlv,
    unsigned,
)

CARD_ERROR = -6
"""The one negative number of a notification that ram-client does not end with: it has the same number for a card that fails."""
INVALID_REQUEST = "Server request invalid"
INVALID_TLV = "Invalid TLV encoding"
_MOST_TEXT, _MOST_NUMBER = 4095, 4


class Stop(Exception):
    """
    The program ends.

    @ivar text: what it prints last.
    @ivar good: whether it takes this for success.
    """

    def __init__(self, text: str, *, good: bool = False) -> None:
        super().__init__(text)
        self.text, self.good = text, good


@frozen
class Notification:
    """
    What the card holder was shown.

    @ivar seconds: until it is done, as the server thinks.
    """

    number: int
    text: str
    seconds: int | None = None


Show = Callable[[Notification], object]


class Runner(Protocol):
    """
    Carries out templates.
    """

    async def run(self, slot: Slot, octets: bytes, show: Show) -> bytes:
        """
        @return: the template to be posted.
        @raise Stop: nothing is to be posted any more.
        """


@define
class _Answers:
    parts: list[bytes] = field(factory=list)
    count: int = 0

    def add(self, response: bytes) -> None:
        self.parts.append(tlv(RESPONSE, response))
        self.count += 1


class CurlRunner:
    """
    As ram-client does it.
    """

    async def run(self, slot: Slot, octets: bytes, show: Show) -> bytes:
        """
        See L{Runner.run}.
        """
        answers = _Answers()
        try:
            for tag, value in plain(_template(octets)):
                if not await self._element(slot, tag, value, answers, show):
                    break
        except Malformed:
            raise Stop(INVALID_TLV) from None
        body = b"".join(answers.parts) + tlv(COUNT, signed(answers.count))
        return bytes((RESPONSES,)) + cut_length(len(body)) + body

    async def _element(self, slot: Slot, tag: int, value: bytes, answers: _Answers, show: Show) -> bool:
        """
        @return: whether to go on.
        """
        if tag == NOTIFY:
            return self._notify(value, show)
        if tag not in (COMMAND, RESET):
            raise Stop("Error 1")
        try:
            if tag == RESET:
                answers.parts.append(tlv(RESET, await slot.reset()))
            else:
                answers.add(await through_pcsc(slot, value))
        except CardGone as gone:
            if tag == COMMAND:
                answers.add(b"")
            answers.parts.append(close(str(gone)))
            return False
        return True

    def _notify(self, value: bytes, show: Show) -> bool:
        number, text = b"", b""
        for tag, inner in plain(value):
            if tag == NUMBER:
                number = inner
            elif tag == TEXT:
                text = inner
        if len(number) > _MOST_NUMBER:
            raise Malformed("a number of more than four bytes")
        found = int.from_bytes(number, "big", signed=True)
        show(Notification(found, text[:_MOST_TEXT].decode(errors="replace")))
        if found == CARD_ERROR:
            return False
        if found < 0:
            raise Stop(f"Error {found}")
        return True


def _template(octets: bytes) -> bytes:
    try:
        begin, end = extent(octets, 1, 2)
    except Malformed:
        raise Stop(INVALID_REQUEST) from None
    if octets[0] != COMMANDS or end > len(octets):
        raise Stop(INVALID_REQUEST)
    return octets[begin:end]


def always_one(count: int) -> bytes:
    """
    How the OpenCard client of 1.3 counts.
    """
    return b"\x01"


def one_byte(count: int) -> bytes:
    """
    How later ones count.
    """
    return bytes((count & 0xFF,))


@frozen
class JavaRunner:
    """
    As the OpenCard clients do it.

    @ivar count: writes the number of answers.
    @ivar tells_loss: a card that is gone is told to the server; otherwise the program dies of it.
    @ivar empties: where a command gets no answer any more, an empty one stands for it.
    @ivar transmit: what lies between program and card.
    """

    count: Callable[[int], bytes] = unsigned
    tells_loss: bool = True
    empties: bool = False
    transmit: Transmit = through_java

    async def run(self, slot: Slot, octets: bytes, show: Show) -> bytes:
        """
        See L{Runner.run}.
        """
        answers = _Answers()
        try:
            for tag, value in self._elements(octets):
                if tag == RESET:
                    answers.parts.append(tlv(RESET, await slot.reset()))
                elif tag == COMMAND:
                    await self._command(slot, value, answers)
                elif tag == NOTIFY:
                    show(_notification(value))
        except CardGone as gone:
            if not self.tells_loss:
                raise Stop("java.lang.IllegalArgumentException: response apdu must be at least 2 bytes long") from None
            answers.parts.append(close(str(gone)))
        except Thrown as thrown:
            raise Stop(str(thrown)) from None
        except NegativeLength:
            raise Stop("java.lang.NegativeArraySizeException") from None
        except Malformed as malformed:
            raise Stop(f"opencard.opt.util.TLVEncodingException: {malformed}") from None
        return tlv(RESPONSES, *answers.parts, tlv(COUNT, self.count(answers.count)))

    async def _command(self, slot: Slot, octets: bytes, answers: _Answers) -> None:
        try:
            answers.add(await self.transmit(slot, octets))
        except CardGone:
            if self.empties:
                answers.add(b"")
            raise

    def _elements(self, octets: bytes) -> Iterable[tuple[int, bytes]]:
        if octets[0] != COMMANDS:
            raise Stop("Expected tag 'AA'")
        begin, end = extent(octets, 1, 4)
        return liberal(octets[begin:end])


def _notification(value: bytes) -> Notification:
    items = list(liberal(value))
    seconds = find(items, SECONDS)
    return Notification(
        int.from_bytes(find(items, NUMBER) or b"", "big", signed=True),
        (find(items, TEXT) or b"").decode(errors="replace"),
        None if seconds is None else int.from_bytes(seconds, "big"),
    )


OURS = JavaRunner(empties=True, transmit=completed)
"""One that completes answers, tells what happens, and counts."""


def cancelled() -> bytes:
    """
    What an OpenCard client posts on another connection when the card is pulled out, or its reader is changed.
    """
    return tlv(RESPONSES, close("Session canceled"), tlv(COUNT, b"\x00"))


def reasons(octets: bytes) -> list[str]:
    """
    Why a template of answers says that the session ends.
    """
    begin, end = extent(octets, 1, 4)
    return [(find(liberal(value), TEXT) or b"").decode() for tag, value in liberal(octets[begin:end]) if tag == CLOSE]
