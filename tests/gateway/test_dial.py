# -*- test-case-name: tests.gateway.test_dial -*-
"""
Tests for L{cardgw.gateway.dial}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import Unreachable
from cardgw.gateway.dial import dial

READER = "tcp:127.0.0.1:35963"


class DialTests(SynchronousTestCase):
    """
    L{dial}.
    """

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.dialling = dial(self.reactor, READER, Factory.forProtocol(Protocol))
        host, port, factory, *_ = self.reactor.tcpClients[0]
        self.assertEqual((host, port), ("127.0.0.1", 35963))
        self.factory: ClientFactory = factory

    def test_connected(self) -> None:
        """
        It gives what the factory has made.
        """
        protocol: Any = self.factory.buildProtocol(None)
        protocol.makeConnection(StringTransport())
        self.assertIsInstance(self.successResultOf(self.dialling), Protocol)

    def test_refused(self) -> None:
        """
        Where nobody answers, the reason is told in words.
        """
        self.factory.clientConnectionFailed(None, Failure(error.ConnectionRefusedError(111, "Connection refused")))  # type: ignore[arg-type]
        found = self.failureResultOf(self.dialling, Unreachable).value
        self.assertEqual(str(found), f"No connection could be made: {READER}: connection refused")

    def test_cancelled(self) -> None:
        """
        An attempt that is cancelled is that, and not a failure of its own kind.
        """
        self.dialling.cancel()
        self.failureResultOf(self.dialling, CancelledError)

    def test_nonsense(self) -> None:
        """
        What is no endpoint is told so, with an example.
        """
        for text in ("", "nonsense", "tcp:127.0.0.1", "tcp:127.0.0.1:host=192.0.2.1", "no-such-plugin:1"):
            found = self.failureResultOf(dial(self.reactor, text, Factory()), Unreachable).value
            self.assertIn(f'"{text}" is no endpoint. Write it like "tcp:', str(found))
        self.assertEqual(len(self.reactor.tcpClients), 1)
