# -*- test-case-name: tests.virtual.test_ram_session -*-
"""
A session of a Scripting Server: a script that speaks to a card far away, one unit at a time, and a client that comes for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall

from cardgw.virtual.ram_tlv import (
    CLOSE,
    COMMAND,
    COMMANDS,
    INITIATION,
    MOST_COMMAND,
    MOST_RESPONSE,
    RESET,
    RESPONSE,
    RESPONSES,
    TEXT,
    Items,
    Malformed,
    extent,
    find,
    liberal,
    notification,
    tlv,
)

OK, DONE, BAD, NO_SCRIPT = 200, 204, 400, 504
POLL = 30.0
"""Seconds after which a client is sent away to come again."""


@frozen
class Reply:
    """
    What goes back over HTTP.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = ()


class CardLost(Exception):
    """
    The client has said that the session ends; the text says why.
    """


class RamSession:
    """
    The server's side of one card.

    @ivar name: the session id.
    @ivar path: what follows the prefix in the path.
    @ivar atr: the answer to reset that the initiation told.
    @ivar limits: the most bytes of a command and an answer, where it told them.
    @ivar initiations: how often it was begun.
    @ivar posts: how many there were.
    @ivar heard: the data objects of each template of answers.
    """

    def __init__(self, clock: Any, name: str, path: str, *, poll: float = POLL, impatient: bool = False) -> None:
        """
        @param clock: C{IReactorTime}.
        @param poll: see L{POLL}.
        @param impatient: a script that says nothing for so long is an error each time, as in old servers; else only at first.
        """
        self.name, self.path = name, path
        self.atr = b""
        self.limits: tuple[int, int] | None = None
        self.initiations = self.posts = 0
        self.heard: list[Items] = []
        self.lost = ""
        self._clock, self._poll, self._impatient = clock, poll, impatient
        self._queue: deque[tuple[bytes, Deferred[Items]]] = deque()
        self._out: Deferred[Items] | None = None
        self._waiting: list[Deferred[Reply]] = []
        self._timer: IDelayedCall | None = None
        self._ending: int | None = None
        self._fresh = True

    def ask(self, *elements: bytes) -> Deferred[Items]:
        """
        Have the client carry out a template.

        @return: C{Deferred}: the data objects of its answer.
        @raise CardLost: (as failure) it says that the session ends.
        """
        answer: Deferred[Items] = Deferred()
        if self.lost:
            answer.errback(CardLost(self.lost))
            return answer
        self._queue.append((b"".join(elements), answer))
        self._serve()
        return answer

    async def transmit(self, command: bytes) -> bytes:
        """
        One command.

        @return: the response APDU.
        @raise CardLost: see L{ask}.
        """
        return find(await self.ask(tlv(COMMAND, command)), RESPONSE) or b""

    async def reset(self) -> bytes:
        """
        @return: the answer to reset.
        @raise CardLost: see L{ask}.
        """
        return find(await self.ask(tlv(RESET)), RESET) or b""

    async def notify(self, number: int, text: str, seconds: int | None = None) -> None:
        """
        Show the card holder something.

        @raise CardLost: see L{ask}.
        """
        await self.ask(notification(number, text, seconds))

    def end(self, status: int = DONE) -> None:
        """
        Nothing follows.
        """
        self._ending = status
        self._serve()

    def post(self, body: bytes) -> Deferred[Reply]:
        """
        One POST.

        @return: may take as long as L{POLL}; cancelled when nobody waits for it any more.
        """
        self.posts += 1
        try:
            self._take(body)
        except Malformed:
            return succeed(Reply(BAD))
        waiting: Deferred[Reply] = Deferred(self._left)
        if len(self._waiting) > 0 and not self.lost:
            self._waiting.pop(0).callback(Reply(OK, template()))
        self._waiting.append(waiting)
        if self._timer is None:
            self._timer = self._clock.callLater(self._poll, self._overdue)
        self._serve()
        return waiting

    def _take(self, body: bytes) -> None:
        begin, end = extent(body, 1, 4)
        items = list(liberal(body[begin:end]))
        if body[0] == INITIATION:
            self.initiations += 1
            self.atr = find(items, RESET) or b""
            most, longest = find(items, MOST_COMMAND), find(items, MOST_RESPONSE)
            self.limits = (int.from_bytes(most, "big"), int.from_bytes(longest, "big")) if most and longest else None
            self._fresh = True
        elif body[0] == RESPONSES:
            self._answered(items)
        else:
            raise Malformed("neither an initiation nor answers")

    def _answered(self, items: Items) -> None:
        self.heard.append(items)
        out, self._out = self._out, None
        ended = find(items, CLOSE)
        if ended is not None:
            self.lost = (find(liberal(ended), TEXT) or b"").decode()
            self._ending = DONE
            for answer in (out, *(each for _, each in self._queue)):
                if answer is not None:
                    answer.errback(CardLost(self.lost))
            self._queue.clear()
        elif out is not None:
            out.callback(items)

    def _left(self, waiting: Deferred[Reply]) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def _serve(self) -> None:
        if self._waiting and self._queue:
            octets, self._out = self._queue.popleft()
            self._fresh = False
            self._reply(Reply(OK, template(octets)))
        elif self._ending is not None:
            while self._waiting:
                self._reply(Reply(self._ending))

    def _reply(self, reply: Reply) -> None:
        waiting = self._waiting.pop(0)
        if not self._waiting and self._timer is not None:
            timer, self._timer = self._timer, None
            if timer.active():
                timer.cancel()
        waiting.callback(reply)

    def _overdue(self) -> None:
        self._timer = None
        if self._waiting:
            silent = self._fresh or self._impatient
            self._reply(Reply(NO_SCRIPT) if silent else Reply(OK, template()))

    def stop(self) -> None:
        """
        Forget all.
        """
        self._ending = DONE
        self._serve()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


Script: TypeAlias = Callable[[RamSession], Awaitable[object]]


def template(*elements: bytes) -> bytes:
    """
    A template of commands.
    """
    return tlv(COMMANDS, *elements)


def command(octets: bytes) -> bytes:
    """
    A command in a template.
    """
    return tlv(COMMAND, octets)


RESET_CARD = tlv(RESET)
"""A reset in a template."""


def play(*units: bytes) -> Script:
    """
    A script of units, one in each template.  Whatever the card answers, the next one follows.

    @param units: data objects; several joined are a batch.
    """

    async def script(session: RamSession) -> Sequence[Items]:
        return [await session.ask(unit) for unit in units]

    return script


async def run_script(session: RamSession, script: Script) -> None:
    """
    Have a script speak to a card, and end the session after it.
    """
    with suppress(CardLost, CancelledError):
        await script(session)
    session.end()
