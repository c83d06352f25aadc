# -*- test-case-name: tests.lpa.test_connection -*-
"""
Tests for L{cardgw.lpa.connection}.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.lpa.connection import GOODBYE_TIME, Connection, Post
from cardgw.lpa.server_errors import (
    CertificateExpired,
    TlsFailed,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class FakeTransport(StringTransport):
    """
    Ends a connection as TCP does.
    """

    aborted = False

    def getHandle(self) -> Any:
        """
        There is no TLS below.
        """

    def abortConnection(self) -> None:
        """
        See L{twisted.internet.interfaces.ITCPTransport}.
        """
        self.aborted = True


class ConnectionTestCase(SynchronousTestCase):
    """
    A connection with a fake transport.
    """

    def setUp(self) -> None:
        """
        Make one, verified.
        """
        self.events: list[str] = []
        self.make()

    def make(self, verify: Any = lambda handle: False, max_body: int = 100) -> None:
        """
        Make another one.
        """
        self.connection = Connection(
            "a.example", max_body, verify, lambda _: self.events.append("idle"), lambda _: self.events.append("lost")
        )
        self.transport = FakeTransport()
        self.connection.makeConnection(self.transport)

    def ask(self) -> Deferred[tuple[int, bytes]]:
        """
        Send a request.
        """
        return Deferred.fromCoroutine(self.connection.ask(Post(b"POST / HTTP/1.1\r\n\r\n")))

    def lose(self, error: Exception | None = None) -> None:
        """
        The server hangs up.
        """
        self.connection.connectionLost(Failure(error or ConnectionDone()))

    def receive(self, octets: bytes) -> None:
        """
        The server answers; if this made the connection end, it ends.
        """
        self.connection.dataReceived(octets)
        if (self.transport.aborted or self.transport.disconnecting) and not self.connection.gone:
            self.lose()


class HandshakeTests(ConnectionTestCase):
    """
    Until the server has been verified.
    """

    def test_interface(self) -> None:
        """
        It wants to know when the handshake is complete.
        """
        self.assertTrue(verifyObject(IHandshakeListener, self.connection))

    def test_verified(self) -> None:
        """
        It is ready when the server has been verified, and knows whether only a card vouched for it.
        """
        self.make(lambda handle: True)
        self.assertNoResult(self.connection.ready)
        self.connection.handshakeCompleted()
        self.assertIs(self.successResultOf(self.connection.ready), self.connection)
        self.assertTrue(self.connection.card_only)

    def test_refused(self) -> None:
        """
        A server that is not trusted is hung up on, with nothing sent, and the reason reaches the one who waits.
        """

        def verify(handle: object) -> bool:
            raise CertificateExpired("x")

        self.make(verify)
        self.connection.handshakeCompleted()
        self.assertTrue(self.transport.aborted)
        self.assertEqual(self.transport.value(), b"")
        self.lose()
        self.failureResultOf(self.connection.ready, CertificateExpired)

    def test_alert(self) -> None:
        """
        A handshake that fails tells OpenSSL's word for it.
        """
        self.lose(SSL.Error([("SSL routines", "", "tlsv1 alert protocol version")]))
        error = self.failureResultOf(self.connection.ready, TlsFailed).value
        self.assertIn("a.example: tlsv1 alert protocol version", str(error))

    def test_lost(self) -> None:
        """
        A server that hangs up in the handshake, likewise.
        """
        for error in (ConnectionLost(), ConnectionDone(), SSL.Error([])):
            self.make()
            self.lose(error)
            self.assertIn("a.example", str(self.failureResultOf(self.connection.ready, TlsFailed).value))
        self.assertEqual(self.events, ["lost"] * 3)

    def test_cancelled(self) -> None:
        """
        Who no longer waits hangs up.
        """
        self.connection.ready.cancel()
        self.failureResultOf(self.connection.ready, CancelledError)
        self.assertTrue(self.transport.aborted)
        self.lose()


class CloseTests(ConnectionTestCase):
    """
    L{Connection.close}.
    """

    def test_polite(self) -> None:
        """
        The end is announced; a server that does not answer it is left after some seconds.
        """
        clock = Clock()
        self.connection.close(clock)
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.transport.aborted)
        clock.advance(GOODBYE_TIME)
        self.assertTrue(self.transport.aborted)

    def test_gone(self) -> None:
        """
        Nothing is left to be done when it is gone.
        """
        clock = Clock()
        self.connection.close(clock)
        self.lose()
        self.assertEqual(clock.getDelayedCalls(), [])
        self.failureResultOf(self.connection.ready)
        self.connection.close(clock)
        self.connection.abort_now()
        self.assertEqual(clock.getDelayedCalls(), [])
        self.assertFalse(self.transport.aborted)
