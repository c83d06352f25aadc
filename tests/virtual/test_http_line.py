# -*- test-case-name: tests.virtual.test_http_line -*-
"""
Tests for L{cardgw.virtual.http_line}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.http_line import Broken, Line, in_time
from cardgw.virtual.http_lines import Message
from tests.connections.sockets import FakeSocket

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"


class LineTests(SynchronousTestCase):
    """
    L{Line}.
    """

    def setUp(self) -> None:
        self.wire, self.line = FakeSocket(), Line()
        self.line.makeConnection(self.wire)

    def test_exchange(self) -> None:
        """
        One request after another, each in one write.
        """
        for used in (1, 2):
            asking = self.line.ask(b"question")
            self.assertEqual((self.wire.take(), self.line.used), (b"question", used))
            self.line.dataReceived(REPLY[:20])
            self.line.dataReceived(REPLY[20:])
            reply = self.successResultOf(asking)
            self.assertEqual((reply.body, reply.pieces), (b"ab", 2))
        self.assertIn(("nodelay", True), self.wire.options)

    def test_broken(self) -> None:
        """
        The connection ends, with something of the reply or without.
        """
        for octets, heard in ((b"", False), (REPLY[:5], True)):
            self.setUp()
            asking = self.line.ask(b"q")
            if octets:
                self.line.dataReceived(octets)
            self.line.connectionLost(Failure(ConnectionDone()))
            self.assertEqual((self.failureResultOf(asking, Broken).value.heard, self.line.open), (heard, False))

    def test_untilClose(self) -> None:
        """
        A reply may end with the connection.
        """
        asking = self.line.ask(b"q")
        self.line.dataReceived(b"HTTP/1.0 200 OK\r\n\r\nab")
        self.assertNoResult(asking)
        self.line.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.successResultOf(asking).body, b"ab")

    def test_most(self) -> None:
        """
        It may read so much, and go.
        """
        self.line.ask(b"q", 10).addErrback(lambda failure: failure.trap(Broken))
        self.line.dataReceived(REPLY)
        self.assertTrue(self.wire.disconnecting)

    def test_garbage(self) -> None:
        """
        What is no HTTP ends it; so does being cancelled.
        """
        asking = self.line.ask(b"q")
        self.line.dataReceived(b"SSH-2.0\r\n\r\n")
        self.assertTrue(self.wire.disconnecting)
        self.line.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(asking, Broken)
        self.setUp()
        asking = self.line.ask(b"q")
        asking.cancel()
        self.assertTrue(self.wire.disconnecting)
        self.line.dataReceived(REPLY)
        self.line.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(asking)

    def test_inTime(self) -> None:
        """
        L{in_time} cancels what takes too long.
        """
        clock = Clock()
        waiting: Deferred[Message] = Deferred()
        timed = in_time(clock, waiting, 3, lambda: ValueError("late"))
        clock.advance(3)
        self.failureResultOf(timed, ValueError)
        self.assertIs(in_time(clock, waiting, None, ValueError), waiting)
