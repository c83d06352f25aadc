# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
A server that is far away: a relay on loopback that lets octets take their time.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure


class _End(Protocol):
    """
    One end of a connection.

    @ivar other: the other one.
    """

    other: _End
    transport: Any

    def __init__(self, factory: Distance) -> None:
        self._factory = factory
        self._early: list[bytes] = []

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    def dataReceived(self, data: bytes) -> None:
        self._factory.later(self._factory.seconds / 2, self.other.write, data)

    def write(self, data: bytes) -> None:
        """
        Pass on what has arrived from the other end.
        """
        if self.transport is not None and self.connected:
            self.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.connected = 0
        if self.other.connected:
            self._factory.later(self._factory.seconds / 2, self.other.leave)

    def leave(self) -> None:
        """
        The other end is closed.
        """
        if self.transport is not None and self.connected:
            self.transport.loseConnection()


class _Near(_End):
    """
    The client's end.  What it sends waits until a connection over that distance would have been made.
    """

    def connectionMade(self) -> None:
        super().connectionMade()
        self._waiting: list[bytes] | None = []
        self.other = _End(self._factory)
        self.other.other = self
        endpoint = TCP4ClientEndpoint(self._factory.reactor, "127.0.0.1", self._factory.port)
        connecting = connectProtocol(endpoint, self.other)
        connecting.addCallbacks(lambda _: self._factory.later(self._factory.seconds, self._connected), lambda _: self.leave())

    def _connected(self) -> None:
        waiting, self._waiting = self._waiting, None
        for each in waiting or ():
            super().dataReceived(each)

    def dataReceived(self, data: bytes) -> None:
        if self._waiting is None:
            super().dataReceived(data)
        else:
            self._waiting.append(data)


@define(eq=False)
class Distance(ServerFactory):
    """
    See the module's docstring.

    @ivar port: of the server, on loopback.
    @ivar seconds: of a round trip; a new connection costs one more.
    """

    noisy = False
    reactor: Any
    port: int
    seconds: float = 0.0
    numPorts: int = field(default=0, init=False)  # noqa: N815

    def buildProtocol(self, addr: object) -> _Near:
        """
        See L{ServerFactory}.
        """
        return _Near(self)

    def later(self, seconds: float, do: Any, *arguments: Any) -> None:
        """
        Calls of the same delay are made in their order.
        """
        self.reactor.callLater(seconds, do, *arguments)
