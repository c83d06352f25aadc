# -*- test-case-name: tests.virtual.test_http_line -*-
"""
A client's connections: one that is kept alive, and a new one where it has died, with the same body once more.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from cardgw.virtual.http_lines import Message, MessageReader


class Broken(Exception):
    """
    The connection has ended before the reply.

    @ivar heard: something of the reply had come.
    """

    def __init__(self, *, heard: bool) -> None:
        super().__init__("the connection was closed by the server")
        self.heard = heard


class Line(Protocol):
    """
    One connection; one request at a time.

    @ivar open: whether it may be used.
    @ivar used: how many requests it has carried.
    @ivar most: so many octets of the reply to this request are read, and the connection is lost then; not if that is all of it.
    """

    def __init__(self) -> None:
        self.open = True
        self.used = self._heard = 0
        self.most: int | None = None
        self._reader = MessageReader(replies=True)
        self._waiting: Deferred[Message] | None = None

    def connectionMade(self) -> None:
        """
        Small pieces leave at once.
        """
        transport: Any = self.transport
        tune = getattr(transport, "setTcpNoDelay", None)
        if tune is not None:
            tune(True)

    def ask(self, octets: bytes, most: int | None = None) -> Deferred[Message]:
        """
        Send a request.

        @raise Broken: (as failure) there is no reply.
        """
        transport: Any = self.transport
        self.used += 1
        self._heard, self.most = 0, most
        waiting = self._waiting = Deferred(lambda _: self.drop())
        if most:
            transport.bufferSize = most  # what is not read must stay with the system, which tells the other side
        transport.write(octets)
        if most == 0:
            transport.loseConnection()
        return waiting

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        if self.most is not None:
            data = data[: self.most - self._heard]
        self._heard += len(data)
        try:
            for message in self._reader.feed(data):
                self._finish(message)
        except ValueError:
            self.drop()
        if self.most and self._waiting is not None and self._heard == self.most:
            self.abort()

    def abort(self) -> None:
        """
        The connection is lost, with what was not read.
        """
        transport: Any = self.transport
        self.open = False
        transport.abortConnection()

    def _finish(self, message: Message) -> None:
        waiting, self._waiting = self._waiting, None
        if not message.lasting:
            self.drop()
        if waiting is not None and not waiting.called:
            waiting.callback(message)

    def drop(self) -> None:
        """
        Close it.
        """
        self.open = False
        if self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self.open = False
        with suppress(ValueError):
            last = self._reader.end() if self._waiting is not None else None
            if last is not None:
                self._finish(last)
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.errback(Broken(heard=bool(self._heard)))


class Lines:
    """
    The connections of a client.

    @ivar opened: how many there were.
    @ivar again: how often a body was sent once more.
    """

    def __init__(self, clock: Any, endpoint: IStreamClientEndpoint, *, latency: float = 0.0, retries_new: bool = False) -> None:
        """
        @param clock: C{IReactorTime}.
        @param latency: seconds of a round trip; a connection takes one, and each exchange.
        @param retries_new: see L{cardgw.virtual.ram_kinds.Kind}.
        """
        self.opened = self.again = 0
        self._clock, self._endpoint, self._latency, self._retries_new = clock, endpoint, latency, retries_new
        self._line: Line | None = None
        self._others: set[Line] = set()

    async def ask(self, octets: bytes, most: int | None = None) -> Message:
        """
        Send a request, on the connection that is there, or on a new one.

        @param most: see L{Line}; the request is sent once more after that.  If it is negative, the connection is lost before it
            has left.
        @raise Broken: there is no reply.
        @raise ConnectError: there is no connection.
        """
        line = self._line
        if most is not None and most < 0:
            most = None
            if line is not None:
                line.abort()
                self.again += 1
        if line is None or not line.open:
            line = self._line = await self._connect()
        try:
            return await self._ask(line, octets, most)
        except Broken as broken:
            if most is None and (broken.heard or (line.used == 1 and not self._retries_new)):
                raise
        self.again += 1
        line = self._line = await self._connect()
        return await self._ask(line, octets)

    async def ask_aside(self, octets: bytes) -> Message:
        """
        Send a request on a connection of its own, whatever the other one waits for.

        @raise Broken: there is no reply.
        @raise ConnectError: there is no connection.
        """
        line = await self._connect()
        self._others.add(line)
        try:
            return await self._ask(line, octets)
        finally:
            line.drop()
            self._others.discard(line)

    async def _connect(self) -> Line:
        await self._pause()
        line: Line = await connectProtocol(self._endpoint, Line())
        self.opened += 1
        return line

    async def _ask(self, line: Line, octets: bytes, most: int | None = None) -> Message:
        await self._pause()
        try:
            return await line.ask(octets, most)
        except CancelledError:
            line.drop()
            raise

    async def _pause(self) -> None:
        if self._latency:
            await deferLater(self._clock, self._latency)

    def renew(self) -> None:
        """
        Use another connection next.
        """
        line, self._line = self._line, None
        if line is not None:
            line.drop()

    def drop(self) -> None:
        """
        Close all.
        """
        for each in (self._line, *self._others):
            if each is not None:
                each.drop()


def in_time(clock: Any, work: Deferred[Message], seconds: float | None, late: Callable[[], Exception]) -> Deferred[Message]:
    """
    Cancel what takes too long.

    @param late: makes what it fails with then.
    """
    if seconds is None:
        return work

    def overdue(_: object, __: float) -> Any:
        raise late()

    return work.addTimeout(seconds, clock, onTimeoutCancel=overdue)
