# -*- test-case-name: tests.virtual.test_security_domain_command -*-
"""
Tests for L{cardgw.virtual.security_domain_command}.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.card_data import parse_cplc
from cardgw.transports.vpcd.wire import Control, control, encode
from cardgw.virtual.security_domain_command import add_scp11, main, make_card, parse, run
from tests.connections.sockets import FakeSocket
from tests.virtual.security_domain_rig import Administrator


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

    def test_names(self) -> None:
        """
        Cards can be told apart; with a seed, each run is the same.
        """
        arguments = ["--iin", "112233", "--cin", "44", "--cplc-serial", "01020304", "--seed", "x", "--block", "100"]
        first, second = make_card(parse(arguments)), make_card(parse(arguments))
        self.assertEqual((first.options.iin, first.options.cin, first.options.block), (b"\x11\x22\x33", b"\x44", 100))
        self.assertEqual(parse_cplc(b"\x9f\x7f\x2a" + first.options.cplc).ic_serial_number, b"\x01\x02\x03\x04")
        begun = bytes.fromhex("8050000008") + bytes(8)
        self.assertEqual(first(begun), second(begun))

    def test_scp11(self) -> None:
        """
        Keys for SCP11 are made once; what a host needs is told.
        """
        directory = Path(self.mktemp())
        authority = directory / "oce-ca.pem"
        for arguments in (["--scp11", str(directory)], ["--scp11", str(directory), "--host-authority", str(authority)]):
            options = parse(arguments)
            card = make_card(options)
            told = add_scp11(options, card)
            assert told is not None
            self.assertTrue(all(Path(told[each]).exists() for each in ("card_root", "host_certificate", "host_key")))
            self.assertEqual((told["version"], told["authority"], card.versions), ("03", "10", (0x30, 3)))
        self.assertEqual(card(bytes.fromhex("80CAFF3300"))[-2:], b"\x90\x00")
        self.assertIs(add_scp11(parse(["--host-authority", str(authority)]), card), None)

    def test_wrong(self) -> None:
        """
        What cannot be is told in one line, without keys.
        """
        missing = self.mktemp()
        for arguments in (
            ["--key", "ABCD"],
            ["--key", "AB" * 16, "--key", "CD" * 16],
            ["--key", "AB" * 15 + "XY"],
            ["--key-version", "123"],
            ["--block", "0"],
            ["--cplc-serial", "01"],
            ["--host-authority", missing],
            ["--host-authority", __file__],
            ["--state", __file__],
            ["--nothing"],
        ):
            errors = io.StringIO()
            self.patch(sys, "stderr", errors)
            error = self.assertRaises(SystemExit, main, arguments)
            self.assertEqual((error.code, errors.getvalue().count("\n")), (2, 1), arguments)
            self.assertNotIn("AB", errors.getvalue())


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

    def test_cut(self) -> None:
        """
        It goes away after so many commands, each time.
        """
        self.begin("--cut", "1", "--reconnect", "2")
        for _ in range(2):
            self.connect()
            self.protocol.dataReceived(control(Control.POWER_ON) + encode(bytes.fromhex("00A4040C")))
            self.assertEqual(self.wire.take(), encode(bytes.fromhex("9000")))
            self.protocol.dataReceived(encode(bytes.fromhex("00A4040C")))
            self.assertEqual(self.wire.take(), b"")
            self.protocol.connectionLost(Failure(ConnectionDone()))
            self.reactor.advance(2)
        self.running.cancel()
        self.failureResultOf(self.running)

    def test_state(self) -> None:
        """
        What is on the card is there in the next run.
        """
        path = self.mktemp()
        self.begin("--state", path)
        self.connect()
        Administrator(self.card).put(0x31, b"n" * 16)
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertFalse(self.successResultOf(self.running))
        self.assertEqual(make_card(parse(["--state", path])).versions, (0x30, 0x31))

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
