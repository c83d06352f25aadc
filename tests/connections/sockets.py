"""
A TCP connection in memory.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.testing import StringTransport
from zope.interface import alsoProvides


class FakeSocket(StringTransport):
    """
    A TCP transport.

    @ivar half_closed: our stream has been ended.
    """

    producer: Any

    def __init__(self) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", "192.0.2.7", 4711))
        self.half_closed = False
        self.options: list[tuple[str, object]] = []
        alsoProvides(self, ITCPTransport)

    def loseWriteConnection(self) -> None:
        """
        End our stream.
        """
        self.half_closed = True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """
        Note it.
        """
        self.options.append(("nodelay", enabled))

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """
        Note it.
        """
        self.options.append(("keepalive", enabled))

    def getHandle(self) -> FakeSocket:
        """
        The socket.
        """
        return self

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """
        Note it.
        """
        self.options.append(("tcp", value))

    def take(self) -> bytes:
        """
        What was written since the last call.
        """
        written: bytes = self.value()
        self.clear()
        return written
