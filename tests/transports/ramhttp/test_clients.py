# -*- test-case-name: tests.transports.ramhttp.test_clients -*-
"""
Clients of all kinds at the transport, by a clock: how long they wait, and how long they are waited for.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import PeerSilent
from cardgw.interfaces import ICardChannel
from cardgw.transports.ramhttp.service import RamHttpService
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.values import Reset
from cardgw.virtual.ram_client import Manners, Outcome, RamClient
from cardgw.virtual.ram_kinds import OCF13, OCF20, OURS, RAM_CLIENT, Kind
from cardgw.virtual.ram_slot import Slot
from tests.functional.ramhttp import ALL, DAY, GOOD, SELECT, Gateway, Job, Visitors, day, run
from tests.virtual.ram_rig import Wires, advance

T = TypeVar("T")
GENERATE = Command(0, 0x46)
HOUR = 3600.0
CURL = 40.0
"""Seconds that ram-client waits for a reply."""
HOLD = 30.0
"""Seconds after which it may not be said late that there is nothing to do."""


class ClientsTestCase(Visitors, SynchronousTestCase):
    """
    The transport, and clients in memory.
    """

    def start(self, job: Job = day, **settings: Any) -> None:
        """
        Have it serve cards with a job.
        """
        self.clock = MemoryReactorClock()
        self.gateway = Gateway(self.clock, job)
        self.service = RamHttpService(RamHttpSettings(**settings), self.gateway)
        self.wires = Wires(self.clock, self.service.site)
        self.addCleanup(self.stop)

    def stop(self) -> None:
        """
        No session is left, and no timer.
        """
        stopping = self.service.stopService()
        advance(self.clock, 2 * HOUR)
        self.successResultOf(stopping)
        self.assertEqual((self.service.crowd.here, self.gateway.running), (set(), 0))

    def client(self, kind: Kind, slot: Slot | None = None, **manners: Any) -> RamClient:
        """
        A client.
        """
        url = "http://localhost:8080/rt"
        return RamClient(self.clock, self.wires, url, slot or self.slot(), kind, manners=Manners(**manners))

    def begin(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        """
        Begin something.
        """
        return Deferred.fromCoroutine(work)

    def come(self, kind: Kind, slot: Slot | None = None, *, seconds: float = HOUR, **manners: Any) -> Outcome:
        """
        A whole session, which must be over in so many seconds.
        """
        coming = self.begin(self.client(kind, slot, **manners).run())
        advance(self.clock, seconds)
        outcome = self.successResultOf(coming)
        self.assertEqual(self.problems(outcome), [], kind.name)
        return outcome


class PatienceTests(ClientsTestCase):
    """
    What takes long.
    """

    def test_thinking(self) -> None:
        """
        A job that thinks for five minutes: every reply comes in time, with all settings that there may be.
        """

        async def job(channel: ICardChannel) -> None:
            await deferLater(self.clock, 300)
            await run(channel, SELECT)

        for settings, posts in (({}, 12), ({"poll": 35.0}, 9), ({"poll": 1.0}, 300)):
            self.start(job, **settings)
            for kind in ALL:
                outcome = self.come(kind, pause=0.01)
                self.assertEqual((outcome.text, outcome.apdus), (GOOD[kind], 1))
                self.assertLess(abs(outcome.posts - posts), 6, settings)

    def test_slowCard(self) -> None:
        """
        A card that generates a key for four minutes.
        """

        async def job(channel: ICardChannel) -> int:
            (answer,) = await channel.exchange(Script((Step(GENERATE, slow=True),)))
            return answer.status

        self.start(job)
        for kind in ALL:
            outcome = self.come(kind, self.slot(lambda octets: b"\x90\x00", delay=240))
            self.assertEqual((outcome.text, outcome.seconds), (GOOD[kind], 240.0))
        self.assertEqual(self.gateway.results, [0x9000] * len(ALL))

    def test_latency(self) -> None:
        """
        A satellite: each round trip takes two seconds.
        """
        self.start(day)
        for kind in ALL:
            outcome = self.come(kind, latency=2.0)
            self.assertEqual(outcome.text, GOOD[kind])
            self.assertLessEqual(outcome.seconds, 2.0 * (outcome.posts + 2))
        self.assertEqual(self.gateway.results, [DAY] * len(ALL))

    def test_staying(self) -> None:
        """
        A card that stays for an hour is there all the time, and takes a command in the next moment.
        """

        async def job(channel: ICardChannel) -> float:
            await deferLater(self.clock, HOUR + 7)
            began = self.clock.seconds()
            await run(channel, SELECT)
            return float(self.clock.seconds() - began)

        self.start(job)
        for kind in ALL:
            self.assertEqual(self.come(kind, seconds=2 * HOUR).text, GOOD[kind])
        self.assertEqual(self.gateway.results, [0.0] * len(ALL))


class AbsenceTests(ClientsTestCase):
    """
    Clients that do not come back.
    """

    def lost_after(self, kind: Kind, pull_at: int | None = None, **manners: Any) -> float:
        """
        Seconds until the card of a client counts as lost that is silent.
        """
        gone: list[float] = []

        async def job(channel: ICardChannel) -> None:
            began = self.clock.seconds()
            try:
                await channel.exchange(Script((Step(SELECT), Step(GENERATE))))
                await channel.when_gone()
            finally:
                gone.append(self.clock.seconds() - began)

        self.start(job)
        slot = self.slot(lambda octets: b"\x90\x00", pull_at=pull_at)
        coming = self.begin(self.client(kind, slot, **manners).run())
        advance(self.clock, HOUR)
        self.successResultOf(coming)
        return gone[0]

    def test_died(self) -> None:
        """
        The old OpenCard client dies with the card that is pulled out, and says nothing: the job is told within the time that a
        command may take, and a moment.
        """
        seconds = self.lost_after(OCF13, 2)
        self.assertLessEqual(seconds, 60 + HOLD + 5)
        (error,) = self.gateway.results
        self.assertIsInstance(error, PeerSilent)
        self.assertEqual((len(error.responses), error.unanswered), (1, 1))

    def test_told(self) -> None:
        """
        The others say so at once.
        """
        for kind in (RAM_CLIENT, OCF20, OURS):
            self.assertEqual(self.lost_after(kind, 2), 0.0)
            (error,) = self.gateway.results
            self.assertEqual((len(error.responses), error.unanswered <= 1), (1, True), kind.name)
            self.assertEqual(error.code, "ended-by-client" if kind is OCF20 else "card-removed")

    def test_vanished(self) -> None:
        """
        A client that vanishes while it waits is given half a minute to come again.
        """
        for kind in ALL:
            seconds = self.lost_after(kind, vanish_at=3, aside=1)
            self.assertEqual(seconds, 31.0, kind.name)

    def test_cancelled(self) -> None:
        """
        One that says that the card was pulled out while it waited is believed at once; both of its requests are told the end.
        """

        async def job(channel: ICardChannel) -> object:
            await run(channel, SELECT)
            await channel.when_gone()
            return self.clock.seconds()

        for kind in (OCF20, OURS):
            self.start(job)
            client = self.client(kind)
            coming = self.begin(client.run())
            self.clock.callLater(11, client.pull)
            advance(self.clock, 60)
            outcome = self.successResultOf(coming)
            self.assertEqual((outcome.seconds, self.gateway.results), (11.0, [11.0]))
            self.assertEqual([each.reply.status for each in outcome.exchanges[-2:]], [204, 204])

    def test_reset(self) -> None:
        """
        A reset that is never answered.
        """

        async def job(channel: ICardChannel) -> None:
            await channel.reset(Reset.COLD)

        self.start(job)
        self.assertFalse(self.come(OCF13, self.removed()).good)
        self.assertIsInstance(self.gateway.results[0], PeerSilent)

    def removed(self) -> Slot:
        """
        A reader whose card is pulled out right after the first POST.
        """
        slot = self.slot()
        self.clock.callLater(0, setattr, slot, "present", False)
        return slot


class ReplyTests(ClientsTestCase):
    """
    When replies come.
    """

    def test_intervals(self) -> None:
        """
        No reply takes longer than the setting says; none but the last is late for ram-client.
        """

        async def job(channel: ICardChannel) -> None:
            await deferLater(self.clock, 100)

        self.start(job)
        times: list[float] = []
        slot = self.slot()
        client = self.client(RAM_CLIENT, slot)
        coming = self.begin(client.run())
        while not coming.called:
            before = len(client.exchanges)
            advance(self.clock, 0.5)
            times += [self.clock.seconds()] * (len(client.exchanges) - before)
        advance(self.clock, 5)
        gaps = [later - earlier for earlier, later in zip([0.0, *times], times, strict=False)]
        self.assertLessEqual(max(gaps), 25.5)
        self.assertLess(max(gaps), CURL)
        self.assertTrue(self.successResultOf(coming).good)
