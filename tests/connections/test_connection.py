# -*- test-case-name: tests.connections.test_connection -*-
"""
Tests for L{cardgw.connections.connection}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.connection import KEEPALIVE_PROBES, Connection, tune
from tests.connections.sockets import FakeSocket


class ConnectionTests(SynchronousTestCase):
    """
    L{Connection} writes, waits, and ends politely.
    """

    def setUp(self) -> None:
        """
        A connection on a clock.
        """
        self.clock = Clock()
        self.wire = FakeSocket()
        self.silences: list[str] = []
        self.connection = Connection(self.wire, self.clock, 5, lambda what, seconds: self.silences.append(what))

    def test_silence(self) -> None:
        """
        Its owner hears of what did not come.
        """
        self.connection.expect(60, "a request")
        self.clock.advance(60)
        self.assertEqual(self.silences, ["a request"])

    def test_depart(self) -> None:
        """
        The last words go out, our stream ends, and nothing is written after that; a second goodbye does nothing.
        """
        self.connection.depart(b"bye")
        self.connection.write(b"more")
        self.connection.depart(b"bye")
        self.assertEqual((self.wire.take(), self.wire.half_closed, self.wire.disconnecting), (b"bye", True, False))

    def test_neverCloses(self) -> None:
        """
        A peer that does not close is closed; if even that cannot be delivered, dropped.  Its owner hears no more.
        """
        self.connection.depart(b"")
        self.clock.advance(5)
        self.assertEqual((self.wire.disconnecting, self.wire.disconnected), (True, False))
        self.clock.advance(5)
        self.assertEqual((self.wire.disconnected, self.silences, self.clock.getDelayedCalls()), (True, [], []))

    def test_drained(self) -> None:
        """
        Who wants to know hears when all that was written has left; several may wait.
        """
        self.connection.write(b"much")
        waiting = [self.connection.drained(), self.connection.drained()]
        self.wire.producer.resumeProducing()  # as transports do when a producer comes
        self.assertNoResult(waiting[0])
        self.wire.producer.resumeProducing()
        self.assertEqual([self.successResultOf(each) for each in waiting], [None, None])
        self.assertIsNone(self.wire.producer)

    def test_drainedAtTheEnd(self) -> None:
        """
        Nobody waits longer than the connection: not for a goodbye, nor after it.
        """
        drained = self.connection.drained()
        self.connection.depart(b"bye")
        self.successResultOf(drained)
        self.assertIsNone(self.wire.producer)
        self.successResultOf(self.connection.drained())

    def test_drainedWhenLost(self) -> None:
        """
        Nor when it is lost, and who gives up waiting does not hear of it.
        """
        drained, given_up = self.connection.drained(), self.connection.drained()
        given_up.cancel()
        self.failureResultOf(given_up, CancelledError)
        self.wire.producer.stopProducing()
        self.successResultOf(drained)
        self.connection.lost()

    def test_wholeClose(self) -> None:
        """
        Without a half close the stream stays open until patience is at its end.
        """
        self.connection.depart(b"boot", half_close=False)
        self.assertEqual((self.wire.half_closed, self.wire.disconnecting), (False, False))
        self.clock.advance(5)
        self.assertTrue(self.wire.disconnecting)

    def test_otherTransports(self) -> None:
        """
        What cannot be closed by halves is closed as a whole.
        """
        wire = StringTransport()
        Connection(wire, self.clock, 5, lambda what, seconds: None).depart(b"bye")
        self.assertEqual((wire.value(), wire.disconnecting), (b"bye", True))

    def test_lost(self) -> None:
        """
        A lost connection writes nothing and leaves no timer.
        """
        self.connection.expect(60, "a request")
        self.connection.lost()
        self.connection.write(b"x")
        self.connection.depart(b"x")
        self.assertEqual((self.wire.value(), self.clock.getDelayedCalls(), self.connection.leaving), (b"", [], True))


class TuneTests(SynchronousTestCase):
    """
    L{tune} sets socket options.
    """

    def test_tcp(self) -> None:
        """
        Small frames leave at once, and a dead peer is noticed.
        """
        wire = FakeSocket()
        tune(wire, 30.4)
        expected = [("nodelay", True), ("keepalive", True), ("tcp", 30), ("tcp", 30), ("tcp", KEEPALIVE_PROBES)]
        self.assertEqual(wire.options, expected)

    def test_others(self) -> None:
        """
        Other transports have no such options.
        """
        tune(StringTransport(), 30)
