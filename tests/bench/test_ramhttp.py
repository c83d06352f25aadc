# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
L{bench.ramhttp}.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from bench.distance import Distance
from bench.lending import DOMAIN, EUICC, OURS
from bench.polling import Card
from bench.ramhttp import MOST_COMPLETING, MOST_TRANSPARENT, Task, broken, exchanges, main, render
from bench.ramhttp_waiting import Crowd, waiting
from bench.wear import AT_ONCE, SLOW, Clockwork, Speed
from cardgw.gp.card_data import parse_cplc
from tests.functional.operators import reactor

ROW: dict[str, Any] = {
    "what": "profile", "client": OURS, "round_trip_ms": 20, "card": AT_ONCE, "card_s": 0.0, "commands": 92, "exchanges": 10,
    "seconds": 0.5, "most": 12, "holds": True, "one_exchanges": 82, "one_seconds": 2.25,
}  # fmt: skip
WAITING = {
    "count": 2000, "poll_s": 25.0, "pss_kib_per_session": 18.0, "cpu_ms_per_poll": 0.4, "cpu_percent": 3.0,
    "files_per_session": 1.0, "threads": 0,
}  # fmt: skip


class ReportTests(SynchronousTestCase):
    """
    What is promised, and printed.
    """

    def test_most(self) -> None:
        """
        How many exchanges a profile may take depends on the client; nothing is promised of slow cards and of CAP files.
        """
        found = [Task(EUICC, OURS, 20), Task(EUICC, "ram-client", 20), Task(EUICC, OURS, 20, SLOW), Task(DOMAIN, OURS, 20)]
        self.assertEqual([each.most for each in found], [MOST_COMPLETING, MOST_TRANSPARENT, None, None])

    def test_render(self) -> None:
        """
        A line for each figure, and what does not hold.
        """
        slow = {key: value for key, value in ROW.items() if not key.startswith("one_")} | {"card": SLOW, "most": None}
        report: dict[str, Any] = {"exchanges": [ROW, slow], "waiting": WAITING, "broken": []}
        lines = [each.split() for each in render(report).splitlines()]
        self.assertIn(["profile", OURS, "20", "at", "once", "92", "10", "12", "0.50", "82", "2.25"], lines)
        self.assertIn(["profile", OURS, "20", "slow", "92", "10", "0.50"], lines)
        self.assertEqual((lines[-1], broken(report)), (["all", "of", "that", "holds"], []))
        report = {"exchanges": [ROW | {"exchanges": 13, "holds": False}], "waiting": WAITING | {"pss_kib_per_session": 101.0}}
        wrong = broken(report)
        self.assertEqual([each.partition(":")[0] for each in wrong], ["profile, ours, 20 ms", wrong[1]])
        self.assertEqual(render({**report, "broken": wrong}).splitlines()[-2:], wrong)

    def test_help(self) -> None:
        """
        It says what it does.
        """
        self.assertRaises(SystemExit, main, ["--help"])


class CardTests(SynchronousTestCase):
    """
    Cards that wait, and cards that take their time.
    """

    def test_names(self) -> None:
        """
        Each tells another serial number.
        """
        command = bytes.fromhex("80CA9F7F00")
        found = {parse_cplc(Card()(command)[:-2]).ic_serial_number for _ in range(3)}
        self.assertEqual(len(found), 3)

    def test_speed(self) -> None:
        """
        Signatures and the ends of segments take long; so do octets.
        """
        clockwork = Clockwork(Speed(1.0, 0.5, 10.0, 100.0))
        for command, expected in (
            ("80E2910003BF2E00", 6.0),
            ("80E2110002BF38", 5.5),
            ("80E2910102AAAA", 105.5),
            ("80E2910002BF36", 15.5),
            ("80E2110002A000", 5.5),
            ("80E29101020000", 15.5),
            ("80E2910002BF30", 5.5),
            ("80E60200", 104.0),
        ):
            octets = bytes.fromhex(command)
            self.assertEqual(clockwork.seconds(octets, b"\x90\x00"), expected, command)


class _Echo(Protocol):
    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)
        if data == b"end":
            self.transport.loseConnection()


class _Asking(Protocol):
    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.done: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard.append((reactor.seconds(), data))
        if len(self.heard) == 1:
            assert self.transport is not None
            self.transport.write(b"end")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.done.callback(None)


class DistanceTests(TestCase):
    """
    L{Distance}.
    """

    timeout = 30

    async def test_roundTrips(self) -> None:
        """
        A connection costs a round trip, and so does each exchange; the end arrives as well.
        """
        server = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(Factory.forProtocol(_Echo))
        relay = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(Distance(reactor, server.getHost().port, 0.1))
        for each in (server, relay):
            self.addCleanup(each.stopListening)
        began, asking = reactor.seconds(), _Asking()
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", relay.getHost().port), asking)
        assert asking.transport is not None
        asking.transport.write(b"first")
        await asking.done
        times = [at - began for at, _ in asking.heard]
        self.assertEqual([data for _, data in asking.heard], [b"first", b"end"])
        self.assertGreaterEqual(times[0], 0.2 - 0.01)
        self.assertGreaterEqual(times[1], 0.3 - 0.01)


class RigTests(TestCase):
    """
    The real thing, small.
    """

    timeout = 120

    async def test_exchanges(self) -> None:
        """
        What is promised of profiles holds with each client; with one command per exchange there are many more.
        """
        tasks = (Task(EUICC, OURS, 0), Task(EUICC, "ram-client", 0), Task(EUICC, "transparent", 0), Task(DOMAIN, OURS, 0))
        with tempfile.TemporaryDirectory() as temporary:
            found = await deferToThread(exchanges, Path(temporary), tasks, tasks[:1])
        self.assertEqual([each["holds"] for each in found], [True] * 4, found)
        self.assertLessEqual(found[0]["exchanges"], 10)
        self.assertLessEqual(found[3]["exchanges"], 18)
        self.assertGreater(found[0]["one_exchanges"], 60)

    async def test_waiting(self) -> None:
        """
        A few clients that wait.
        """
        with tempfile.TemporaryDirectory() as temporary:
            found = await deferToThread(waiting, Path(temporary) / "waiting", Crowd(20, 1.5, 0.5))
        self.assertEqual((found["count"], found["threads"]), (20, 0))
        self.assertLess(abs(found["files_per_session"] - 1.0), 0.1)  # a client of the API may have one, too
        self.assertGreater(found["cpu_ms_per_poll"], 0)
