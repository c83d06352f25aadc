# -*- test-case-name: tests.bridges.test_touch -*-
"""
A card here becomes the card of a RAMOverHTTP server: what the server asks for is done to the card, and answered, until the server
says that it is over (the dialect of the OpenSCDP clients).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python.failure import Failure

from cardgw.bridges.touch_card import TouchedCard, last_word
from cardgw.bridges.touch_errors import TouchServerLost, TouchServerMisbehaved, TouchServerSilent
from cardgw.bridges.touch_waiting import StoppedError, Waiting
from cardgw.bridges.touch_watcher import Watcher
from cardgw.interfaces import ICardChannel
from cardgw.transports.ramhttp.wire import RequestElement, WireError, decode_request

Prepare: TypeAlias = Callable[[ICardChannel], Awaitable[object]]
"""Does something to a card."""


@frozen
class Session:
    """
    Where the server is, and what it is told besides.  See L{cardgw.bridges.touch_session.parse}.

    @ivar url: C{http://…} or C{https://…}, without user and password.
    @ivar cookie: C{name=value}, as it goes to the server; empty for none.  The server's own replaces it.
    @ivar authorization: the value of that header; empty for none.
    """

    url: str
    cookie: str = field(default="", repr=False)
    authorization: str = field(default="", repr=False)


@frozen
class Outcome:
    """
    How a session ended that the server ended, or whoever began it.

    @ivar commands: how many the card answered.
    @ivar notice: the last notification of the server that told of an error (its number was negative) or of completion (0); empty
        where there was none.
    @ivar failed: the server told of an error.
    @ivar cancelled: it was cancelled here.
    """

    commands: int
    notice: str = ""
    failed: bool = False
    cancelled: bool = False

    @property
    def good(self) -> bool:
        """
        Whether all is well.
        """
        return not (self.failed or self.cancelled)


class Line(Protocol):
    """
    Carries bodies to one server (L{cardgw.bridges.touch_http.HttpLine}).
    """

    def post(self, body: bytes, *, again: bool = True) -> Deferred[bytes | None]:
        """
        Send a body.  Cancelling it closes its connection.

        @param again: whether it is sent once more, on a new connection, where its connection died before an answer came.
        @return: the body of the answer; C{None} where the server has nothing more to ask for (204).
        @raise CardGatewayError: (as failure) one of L{cardgw.bridges.touch_errors}.
        """

    def close(self) -> Deferred[None]:
        """
        Close all connections.
        """


def touch(
    channel: ICardChannel, line: Line, clock: object, watcher: Watcher, prepare: Prepare | None = None
) -> Deferred[Outcome]:
    """
    Be the card's side of one session.  The card is held meanwhile, and not closed in the end; the line is.

    Cancelling it tells the server so, on a second connection while the server thinks; it fires soon after that, with what the
    session came to.  Cancelling it once more does not wait for the server.

    @param clock: C{IReactorTime}.
    @param prepare: is done to the card before the server learns of it; where it fails, the server never does.
    @return: C{Deferred[Outcome]}.
    @raise ChannelError: (as failure) the card was lost; the server has been told.
    @raise CardGatewayError: (as failure) one of L{cardgw.bridges.touch_errors}.
    """
    return Deferred.fromCoroutine(_Touch(channel, line, clock, watcher).run(prepare))


class _Touch:
    """
    One session.
    """

    def __init__(self, channel: ICardChannel, line: Line, clock: object, watcher: Watcher) -> None:
        self._channel = channel
        self._line = line
        self._watcher = watcher
        self._waiting = Waiting(clock)
        self._card = TouchedCard(channel, watcher, self._waiting)
        self._connected = False

    async def run(self, prepare: Prepare | None) -> Outcome:
        cancelled = False
        try:
            await self._channel.hold()
            try:
                await self._held(prepare)
            finally:
                self._channel.release()
        except CancelledError:
            cancelled = True
        finally:
            await self._line.close()
            self._watcher.ended()
        return Outcome(self._card.commands, self._card.notice, self._card.failed, cancelled)

    async def _held(self, prepare: Prepare | None) -> None:
        gone = self._channel.when_gone().addCallbacks(self._waiting.gone, _forgotten)
        try:
            if prepare is not None:
                await self._prepared(Deferred.fromCoroutine(_done(prepare, self._channel)))
            await self._talk()
        finally:
            gone.cancel()

    async def _prepared(self, preparing: Deferred[object]) -> None:
        """
        Nobody is asked for anything any more where the card is gone.
        """
        try:
            await self._waiting.server(preparing)
        except StoppedError:
            preparing.addErrback(lambda _: None)
            preparing.cancel()
            raise self._waiting.lost or CancelledError from None

    async def _talk(self) -> None:
        body = self._card.initiation()
        while (asked := await self._ask(body)) is not None:
            body = await self._card.run(await self._understood(asked))
            if self._card.over:
                await self._waiting.briefly(self._line.post(body))
                raise self._card.problem or CancelledError

    async def _ask(self, body: bytes) -> bytes | None:
        asking = self._line.post(body)
        try:
            asked = await self._waiting.server(asking)
        except StoppedError:
            await self._end_early(asking)
            raise self._waiting.lost or CancelledError from None
        except (TouchServerLost, TouchServerSilent) as problem:
            if self._connected:  # it may be there again, and would wait for the card
                await self._waiting.briefly(self._line.post(last_word(problem), again=False))
            raise
        if not self._connected:
            self._connected = True
            self._watcher.connected(self._card.atr)
        return asked

    async def _end_early(self, asking: Deferred[bytes | None]) -> None:
        """
        Tell the server, which thinks, on another connection; it answers both.
        """
        ending = [asking]
        if self._connected:
            ending.append(self._line.post(last_word(self._waiting.lost), again=False))
        else:
            asking.cancel()
        await self._waiting.briefly(DeferredList(ending, consumeErrors=True))

    async def _understood(self, asked: bytes) -> tuple[RequestElement, ...]:
        try:
            return decode_request(asked)
        except WireError as error:
            problem = TouchServerMisbehaved(str(error))
            await self._waiting.briefly(self._line.post(last_word(problem)))
            raise problem from None


async def _done(prepare: Prepare, channel: ICardChannel) -> object:
    return await prepare(channel)


def _forgotten(failure: Failure) -> None:
    """
    Nobody wants to know any more when the card goes.
    """
    failure.trap(CancelledError)
