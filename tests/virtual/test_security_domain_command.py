# -*- test-case-name: tests.virtual.test_security_domain_command -*-
"""
Tests for L{cardgw.virtual.security_domain_command}.
"""

from __future__ import annotations

import io
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.vpcd.wire import Control, control, encode
from cardgw.virtual import security_domain_command
from cardgw.virtual.security_domain_command import main, make_card, parse, run
from tests.connections.sockets import FakeSocket


class ParseTests(SynchronousTestCase):
    """
    L{parse} and what is made of it.
    """

    def test_card(self) -> None:
        """
        Every option is one of the card.
        """
        arguments = ["--family", "jcop", "--key-version", "42", "--aid", "A000000151000009", "--i", "71", "--memory", "999"]
        card = make_card(parse(arguments))
        self.assertEqual((card.versions, card.aid.hex().upper()), ((0x42,), "A000000151000009"))
        self.assertEqual((card.options.implementation, card.options.memory), (0x71, 999))
        legacy = make_card(parse(["--scp02", "--i", "75", "--extended", "--delivery", "t0"]))
        self.assertEqual((legacy.options.scp02, legacy.options.extended, legacy.atr[:1]), (0x75, True, b"\x3b"))

    def test_keys(self) -> None:
        """
        Keys that cannot be are one line, without the key.
        """
        for arguments in (["--key", "ABCD"], ["--key", "AB" * 16, "--key", "CD" * 16]):
            errors = io.StringIO()
            self.patch(security_domain_command.sys, "stderr", errors)  # type: ignore[attr-defined]
            error = self.assertRaises(SystemExit, main, arguments)
            self.assertEqual((error.code, errors.getvalue().count("\n"), "AB" in errors.getvalue()), (2, 1, False))


class RunTests(SynchronousTestCase):
    """
    L{run} reports.
    """

    def begin(self, *arguments: str) -> None:
        """
        Dial in.
        """
        self.reactor = MemoryReactorClock()
        options = parse(arguments)
        self.card = make_card(options)
        self.events: list[dict[str, Any]] = []
        self.running = ensureDeferred(run(self.reactor, options, self.card, self.events.append))

    def connect(self) -> None:
        """
        The attempt succeeds.
        """
        factory: Any = self.reactor.tcpClients[-1][2]
        self.wire = FakeSocket()
        self.protocol: Any = factory.buildProtocol(None)
        self.protocol.makeConnection(self.wire)

    def test_served(self) -> None:
        """
        What is on the card before and after, and how it ended.
        """
        self.begin()
        self.connect()
        self.protocol.dataReceived(control(Control.POWER_ON, Control.GET_ATR))
        self.assertEqual(self.wire.take(), encode(self.card.atr))
        self.protocol.dataReceived(encode(bytes.fromhex("00A4040C")))
        self.assertEqual(self.wire.take(), encode(bytes.fromhex("9000")))
        self.protocol.dataReceived(control(Control.POWER_OFF))
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertTrue(self.successResultOf(self.running))
        self.assertEqual([each["event"] for each in self.events], ["card", "card", "outcome"])
        self.assertEqual(self.events[0]["entries"][0], {"kind": "ISD", "aid": "A000000151000000", "state": "OP_READY"})

    def test_reconnect(self) -> None:
        """
        It dials in again after the end, and where nobody listens.
        """
        self.begin("--reconnect", "2")
        self.connect()
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.reactor.advance(2)
        factory: Any = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectError(string="nobody")))
        self.assertEqual(self.events[-1], {"event": "unreachable", "reason": "nobody"})
        self.running.cancel()
        self.failureResultOf(self.running)
