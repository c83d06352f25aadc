"""
Tests for L{cardgw.connections.http_limits}.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.http_limits import GRACE, Connections, Unreadable, unreadable
from tests.connections.sockets import FakeSocket
from tests.logs import captured

PEER = IPv4Address("TCP", "192.0.2.7", 4711)


class Connection:
    """
    A connection that leaves when the test says so.

    @ivar asked: how often it was asked to.
    """

    def __init__(self, here: Connections[Connection]) -> None:
        self.transport = FakeSocket()
        self.asked = 0
        here.here.add(self)

    def leave(self) -> None:
        """
        Note it.
        """
        self.asked += 1


class HeaderTests(SynchronousTestCase):
    """
    L{unreadable}.
    """

    def test_headers(self) -> None:
        """
        Bodies are told by their length, or in chunks; nothing is said of other headers.
        """
        for line, expected in (
            (b"Transfer-Encoding: chunked", None),
            (b"transfer-encoding:\t CHUNKED ", None),
            (b"Transfer-Encoding: gzip, chunked", Unreadable.TRANSFER_ENCODING),
            (b"Transfer-Encoding:", Unreadable.TRANSFER_ENCODING),
            (b"Content-Length: " + b"9" * 20, None),
            (b"Content-Length: " + b"0" * 21, Unreadable.CONTENT_LENGTH),
            (b"X-Length: " + b"9" * 99, None),
            (b"", None),
        ):
            self.assertIs(unreadable(line), expected, line)


class ConnectionsTests(SynchronousTestCase):
    """
    L{Connections}.
    """

    def setUp(self) -> None:
        """
        Room for two.
        """
        self.clock = Clock()
        self.connections: Connections[Connection] = Connections(self.clock, 2)

    def test_full(self) -> None:
        """
        There are so many and no more; the first refusal is logged, and again when there was room.
        """
        events = captured(self)
        for _ in range(2):
            self.assertFalse(self.connections.full(PEER))
            last = Connection(self.connections)
            Connection(self.connections)
            self.assertEqual([self.connections.full(PEER) for _ in range(3)], [True] * 3)
            self.connections.forget(last)
            self.assertFalse(self.connections.full(PEER))
            self.connections.here.clear()
        self.assertEqual([(each["event"], each["peer"]) for each in events], [("connection-refused", "192.0.2.7:4711")] * 2)

    def test_close(self) -> None:
        """
        All are asked to leave; it is over when the last one has left.
        """
        self.successResultOf(self.connections.close())
        here = [Connection(self.connections) for _ in range(2)]
        closed = self.connections.close()
        for each in here:
            self.assertNoResult(closed)
            self.assertEqual(each.asked, 1)
            self.connections.forget(each)
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_grace(self) -> None:
        """
        Who does not leave is cut off.
        """
        slow = Connection(self.connections)
        closed = self.connections.close()
        self.clock.advance(GRACE)
        self.assertTrue(slow.transport.disconnected)
        self.connections.forget(slow)
        self.successResultOf(closed)
