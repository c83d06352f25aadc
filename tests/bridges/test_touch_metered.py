"""
Tests for L{cardgw.bridges.touch_metered}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import URI

from cardgw.bridges.touch_metered import Endpoints, TooMuchError
from cardgw.bridges.touch_tls import policy

MOST = 100


class End(Protocol):
    """
    What is connected.

    @ivar data: what came.
    @ivar reason: why it ended.
    """

    data = b""
    reason: object = None

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol}.
        """
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol}.
        """
        self.reason = reason.value


class MeteredTests(SynchronousTestCase):
    """
    L{Endpoints}.
    """

    def setUp(self) -> None:
        """
        A connection.
        """
        self.reactor: Any = MemoryReactorClock()
        self.endpoints = Endpoints(self.reactor, policy(), 30.0, MOST)
        connecting: Any = self.endpoints.endpointForURI(URI.fromBytes(b"http://127.0.0.1:8080/rt")).connect(
            Factory.forProtocol(End)
        )
        self.wire: Any = StringTransport()
        meter: Any = self.reactor.tcpClients[0][2].buildProtocol(None)
        self.meter = meter
        self.meter.makeConnection(self.wire)
        self.end: Any = self.successResultOf(connecting)

    def test_passes(self) -> None:
        """
        What comes for one request after another goes through, as long as it is not too much for one.
        """
        self.assertIsInstance(self.end, End)
        for _ in range(3):
            self.end.transport.write(b"a request")
            self.meter.dataReceived(bytes(MOST))
        self.assertEqual((len(self.end.data), self.wire.disconnecting), (3 * MOST, False))
        self.meter.connectionLost(Failure(ConnectionLost()))
        self.assertIsInstance(self.end.reason, ConnectionLost)

    def test_tooMuch(self) -> None:
        """
        More than that ends the connection, and is told as the reason.
        """
        self.end.transport.write(b"a request")
        for _ in range(3):
            self.meter.dataReceived(bytes(MOST // 2 + 1))
        self.assertEqual((len(self.end.data), self.wire.disconnected), (MOST // 2 + 1, True))
        self.meter.connectionLost(Failure(ConnectionLost()))
        self.assertIsInstance(self.end.reason, TooMuchError)

    def test_tls(self) -> None:
        """
        Over TLS it is counted what was in it.
        """
        connecting: Any = self.endpoints.endpointForURI(URI.fromBytes(b"https://127.0.0.1/rt")).connect(Factory())
        self.assertEqual(self.reactor.tcpClients[-1][:2], ("127.0.0.1", 443))
        self.assertNoResult(connecting)
        connecting.addErrback(lambda _: None).cancel()
