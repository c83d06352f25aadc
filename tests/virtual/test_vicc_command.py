# -*- test-case-name: tests.virtual.test_vicc_command -*-
"""
Tests for L{cardgw.virtual.vicc_command}.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectError, ConnectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.vpcd.wire import Control, control, encode
from cardgw.virtual import vicc_command
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.pki import make_pki
from cardgw.virtual.vicc import Manners, euicc_atr
from cardgw.virtual.vicc_command import main, make_card, manners_from, parse, run
from tests.connections.sockets import FakeSocket

PKI = make_pki()
START = control(Control.POWER_ON, Control.GET_ATR)


class ParseTests(SynchronousTestCase):
    """
    L{parse} and what is made of it.
    """

    def test_defaults(self) -> None:
        """
        Good manners, one session, vpcd's port.
        """
        options = parse([])
        self.assertEqual((options.connect, options.reconnect, options.atr), ("tcp:127.0.0.1:35963", None, None))
        self.assertEqual(manners_from(options), Manners())

    def test_manners(self) -> None:
        """
        Every bad manner has an option.
        """
        options = parse(["--fragment", "1", "--delay", "2", "--empty", "3", "--pull-at", "4", "--hard", "--silent-at", "5"])
        self.assertEqual(manners_from(options), Manners(1, 2.0, 3, 4, True, 5))

    def test_card(self) -> None:
        """
        The eUICC of a saved PKI wants to be selected.
        """
        directory = Path(self.mktemp())
        PKI.save(directory)
        card = make_card(parse(["--pki", str(directory), "--delivery", "t1"]))
        self.assertEqual((card.eid, card.options.delivery, card.options.pinned), (PKI.eid, Delivery.T1, False))

    def test_noPki(self) -> None:
        """
        A directory that is not there is one line.
        """
        errors = io.StringIO()
        self.patch(vicc_command.sys, "stderr", errors)  # type: ignore[attr-defined]
        error = self.assertRaises(SystemExit, main, ["--pki", "/nowhere"])
        self.assertEqual((error.code, errors.getvalue().count("\n")), (2, 1))


class RunTests(SynchronousTestCase):
    """
    L{run} reports.
    """

    def begin(self, *arguments: str) -> None:
        """
        Dial in.
        """
        self.reactor = MemoryReactorClock()
        self.card = VirtualEuicc.from_pki(PKI)
        self.events: list[dict[str, Any]] = []
        self.running = ensureDeferred(run(self.reactor, parse(arguments), self.card, self.events.append))

    def connect(self) -> None:
        """
        The last attempt succeeds.
        """
        factory: Any = self.reactor.tcpClients[-1][2]
        self.wire = FakeSocket()
        self.protocol: Any = factory.buildProtocol(None)
        self.protocol.makeConnection(self.wire)

    def hang_up(self) -> None:
        """
        The connection ends.
        """
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def test_served(self) -> None:
        """
        Profiles before and after, and how it ended.
        """
        self.begin()
        self.connect()
        self.protocol.dataReceived(START)
        self.assertEqual(self.wire.take(), encode(euicc_atr(self.card.options)))
        self.protocol.dataReceived(encode(bytes.fromhex("00A40400")) + control(Control.POWER_OFF))
        self.hang_up()
        self.assertTrue(self.successResultOf(self.running))
        self.assertEqual([each["event"] for each in self.events], ["profiles", "profiles", "outcome"])
        self.assertEqual((self.events[-1]["apdus"], self.events[-1]["goodbye"]), (1, True))

    def test_notServed(self) -> None:
        """
        Without power off it was not served.  An ATR can be given.
        """
        self.begin("--atr", "3B00")
        self.connect()
        self.protocol.dataReceived(START)
        self.assertEqual(self.wire.take(), encode(b"\x3b\x00"))
        self.hang_up()
        self.assertFalse(self.successResultOf(self.running))

    def test_reconnect(self) -> None:
        """
        It dials in again after the end, and where nobody listens.
        """
        self.begin("--reconnect", "2")
        self.connect()
        self.hang_up()
        self.reactor.advance(2)
        self.assertEqual(len(self.reactor.tcpClients), 2)
        factory: Any = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectError(string="nobody")))
        self.assertEqual(self.events[-1], {"event": "unreachable", "reason": "nobody"})
        self.reactor.advance(2)
        self.assertEqual(len(self.reactor.tcpClients), 3)
        self.assertNoResult(self.running)
        self.running.cancel()
        self.failureResultOf(self.running)
