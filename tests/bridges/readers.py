"""
A virtual reader in this process, without sockets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from cardgw.transports.vpcd.wire import Control
from cardgw.virtual.vpcd_reader import Manners, Reader

READ = bytes.fromhex("80CA005A00")


async def use_politely(reader: Reader) -> None:
    """
    What a local program does to a card, and then the reader is closed.
    """
    reader.control(Control.POWER_ON)
    await reader.atr()
    await reader.transmit(READ)
    reader.control(Control.POWER_OFF)
    reader.drop()


class _Wire(StringTransport):
    """
    One end of a connection.
    """

    def __init__(self, pipe: _Pipe) -> None:
        super().__init__()
        self.pipe = pipe
        self.receiver: Any = None

    def write(self, data: bytes) -> None:
        """
        It arrives at the other end.
        """
        self.pipe.post(lambda: self.receiver.dataReceived(data))

    def loseConnection(self) -> None:
        """
        What was written arrives before.
        """
        self.pipe.post(lambda: self.pipe.close(ConnectionDone()))

    def abortConnection(self) -> None:
        """
        At once.
        """
        self.pipe.close(ConnectionLost())


class _Pipe:
    """
    A connection.
    """

    def __init__(self, card: Any, reader: Any) -> None:
        self._ends = (card, reader)
        self._posts: deque[Callable[[], object]] = deque()
        self._delivering = self._closed = False
        wires = _Wire(self), _Wire(self)
        for wire, end, other in zip(wires, (card, reader), (reader, card), strict=True):
            wire.receiver = other
            end.makeConnection(wire)

    def post(self, delivery: Callable[[], object]) -> None:
        """
        Deliver something, after what is on its way.
        """
        self._posts.append(delivery)
        if self._delivering:
            return
        self._delivering = True
        while self._posts and not self._closed:
            self._posts.popleft()()
        self._delivering = False

    def close(self, reason: Exception) -> None:
        """
        It is gone, for both.
        """
        if not self._closed:
            self._closed = True
            for end in self._ends:
                end.connectionLost(Failure(reason))


@implementer(IStreamClientEndpoint)
class ReaderEndpoint:
    """
    Where a reader is.

    @ivar readers: those that cards were put into, one after another.
    """

    def __init__(self, use: Callable[[Reader], Coroutine[Any, Any, None]] | None = None, error: Exception | None = None) -> None:
        """
        @param use: what is done with a card.
        @param error: what connecting fails with.
        """
        self.readers: list[Reader] = []
        self._use = use
        self._error = error

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        See L{IStreamClientEndpoint.connect}.
        """
        if self._error is not None:
            return fail(self._error)
        side: Any = factory.buildProtocol(None)  # type: ignore[arg-type]
        reader = Reader(Clock(), Manners(split=False))
        self.readers.append(reader)
        _Pipe(side, reader)
        connected: Deferred[IProtocol] = succeed(side)
        if self._use is not None:
            ensureDeferred(self._use(reader)).addErrback(lambda failure: failure.trap(ConnectionDone))
        return connected
