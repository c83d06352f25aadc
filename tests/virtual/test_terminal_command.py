# -*- test-case-name: tests.virtual.test_terminal_command -*-
"""
Tests for L{cardgw.virtual.terminal_command}.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual import terminal_command
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import make_pki
from cardgw.virtual.terminal import Manners
from cardgw.virtual.terminal_command import main, make_card, manners_from, parse, request_from, run

CODE = "LPA:1$h$m"
CHALLENGE = bytes.fromhex("fe0800 80e2910003bf2e00")
PKI = make_pki()


class ParseTests(SynchronousTestCase):
    """
    L{parse} and what is made of it.
    """

    def test_defaults(self) -> None:
        """
        Good manners, a download.
        """
        options = parse(["--activation-code", CODE])
        self.assertEqual(manners_from(options), Manners())
        self.assertEqual(request_from(options), b"\x02\x09\x00LPA:1\x02h\x02m")
        self.assertEqual(options.connect, "tcp:127.0.0.1:1888")

    def test_manners(self) -> None:
        """
        Every bad manner has an option.
        """
        options = parse(
            [
                "--fragment",
                "1",
                "--delay",
                "2",
                "--box-delay",
                "3",
                "--hang-up-at",
                "4",
                "--hard",
                "--silent-at",
                "5",
                "--never-close",
                "--vanish-on-refresh",
                "before",
                "--half-open",
            ]
        )
        expected = Manners(1, 2.0, 3.0, 4, True, True, 5, vanish_on_refresh="before", half_open=True)
        self.assertEqual(manners_from(options), expected)

    def test_requests(self) -> None:
        """
        Other requests, and any text.
        """
        self.assertEqual(request_from(parse(["--request", "notifications"])), b"\x03\x00\x00")
        self.assertEqual(request_from(parse(["--request", "remote-management"])), b"\x01\x00\x00")
        self.assertEqual(request_from(parse(["--notify"])), b"\x03\x00\x00")
        self.assertEqual(request_from(parse(["--manage"])), b"\x01\x00\x00")
        for option in ("--text", "--type"):
            self.assertEqual(request_from(parse([option, "/x"])), b"\x02\x02\x00/x")

    def test_oneRequest(self) -> None:
        """
        A card asks for one thing.
        """
        self.patch(terminal_command.sys, "stderr", io.StringIO())  # type: ignore[attr-defined]
        self.assertRaises(SystemExit, parse, ["--manage", "--type", "/x"])
        self.assertRaises(SystemExit, parse, ["--notify", "--activation-code", CODE])

    def test_card(self) -> None:
        """
        The eUICC of a saved PKI answers on the basic channel without SELECT, and refuses SELECT.
        """
        directory = Path(self.mktemp())
        PKI.save(directory)
        card = make_card(parse(["--pki", str(directory), "--delivery", "t1"]))
        self.assertEqual(card.eid, PKI.eid)
        self.assertEqual(card.transmit(CHALLENGE[3:])[:2], b"\xbf\x2e")

    def test_noPki(self) -> None:
        """
        A directory that is not there is one line.
        """
        errors = io.StringIO()
        self.patch(terminal_command.sys, "stderr", errors)  # type: ignore[attr-defined]
        error = self.assertRaises(SystemExit, main, ["--pki", "/nowhere"])
        self.assertEqual(error.code, 2)
        self.assertEqual(errors.getvalue().count("\n"), 1)


class RunTests(SynchronousTestCase):
    """
    L{run} reports a session.
    """

    def begin(self, *arguments: str) -> None:
        """
        Connect.
        """
        self.reactor = MemoryReactorClock()
        self.card = VirtualEuicc.from_pki(PKI, options=Options(pinned=True))
        self.card.add_profile("8944000000000000001", "Old", "Op", "enabled")
        self.events: list[dict[str, Any]] = []
        self.running = ensureDeferred(run(self.reactor, parse(arguments), self.card, self.events.append))
        factory: Any = self.reactor.tcpClients[0][2]
        self.wire = StringTransport()
        self.protocol: Any = factory.buildProtocol(None)
        self.protocol.makeConnection(self.wire)

    def test_notInstalled(self) -> None:
        """
        Profiles before and after, boxes, the outcome; without a new profile a download was not served.
        """
        self.begin("--activation-code", CODE)
        self.protocol.dataReceived(CHALLENGE + b"\x00\x02\x00No" + b"\xfc\x00\x00")
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertFalse(self.successResultOf(self.running))
        self.assertEqual([event["event"] for event in self.events], ["profiles", "box", "profiles", "outcome"])
        old = {"iccid": "8944000000000000001", "provider": "Op", "name": "Old", "nickname": "", "state": "enabled"}
        self.assertEqual(self.events[0], {"event": "profiles", "when": "before", "profiles": [old]})
        self.assertEqual(self.events[1], {"event": "box", "text": "No"})
        outcome = self.events[3]
        self.assertEqual((outcome["installed"], outcome["apdus"], outcome["goodbye"]), (None, 1, True))
        self.assertEqual(outcome["eid"], PKI.eid.hex())

    def test_installed(self) -> None:
        """
        A new profile is named by its ICCID.
        """
        self.begin("--activation-code", CODE)
        self.card.add_profile("8944000000000000002", "New", "Op")
        self.protocol.dataReceived(b"\xfc\x00\x00")
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertTrue(self.successResultOf(self.running))
        self.assertEqual(self.events[-1]["installed"], "8944000000000000002")

    def test_otherRequests(self) -> None:
        """
        Other requests are served when the server says goodbye.
        """
        self.begin("--request", "notifications")
        self.protocol.dataReceived(b"\xfc\x00\x00")
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertTrue(self.successResultOf(self.running))

    def test_typed(self) -> None:
        """
        A command that was typed is served without a new profile; a code that was typed is not.
        """
        for text, served in (("/help", True), (CODE, False)):
            self.begin("--type", text)
            self.protocol.dataReceived(b"\xfc\x00\x00")
            self.protocol.connectionLost(Failure(ConnectionDone()))
            self.assertEqual(self.successResultOf(self.running), served)

    def test_rebooted(self) -> None:
        """
        A card that the server has restarted was served; it is as after power-up.
        """
        self.begin("--manage")
        self.protocol.dataReceived(CHALLENGE + b"\xfb\x00\x00")
        self.assertTrue(self.wire.disconnected)
        self.protocol.connectionLost(Failure(ConnectionLost()))
        self.assertTrue(self.successResultOf(self.running))
        self.assertTrue(self.events[-1]["rebooted"])
        self.assertIsNone(self.card._isdr.rsp.session)

    def test_hungUp(self) -> None:
        """
        Without a goodbye nothing was served.
        """
        self.begin("--request", "notifications")
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertFalse(self.successResultOf(self.running))
