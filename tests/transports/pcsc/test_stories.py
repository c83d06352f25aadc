"""
Whole stories: the service, its readers and channels, on a machine without threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.connections.service import WIND_UP
from cardgw.errors import ChannelError, PeerSilent
from cardgw.transports.pcsc.errors import CardReset, CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.transports.pcsc.service import PcscService
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.slot import FIRST_PAUSE, MOMENT, Hall
from tests.logs import captured
from tests.transports.estk.fakes import FakeGateway
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor
from tests.transports.pcsc.lookout import Lookout

READER = "ACS ACR39U 01 00"
SELECT = Command.decode(bytes.fromhex("00A4040000"))
LIST = Command.decode(bytes.fromhex("80E2910003BF2800"))


class StoryTestCase(SynchronousTestCase):
    """
    A machine with a reader, and a gateway that uses it.
    """

    def setUp(self) -> None:
        """
        Begin.
        """
        self.events = captured(self)
        self.driver = FakeDriver()
        self.driver.plug(READER)
        self.gateway = FakeGateway()
        self.clock = self.gateway.reactor = ThreadlessReactor()
        self.lookout = Lookout(self.driver, self.clock)
        settings = PcscSettings(names={"bench": READER}, apdu_timeout=10.0, slow_timeout=1000.0, busy_timeout=5.0)
        self.service = PcscService(Hall(self.driver, settings, self.gateway, self.driver.hand), self.lookout.make)
        self.service.startService()

    def tearDown(self) -> None:
        """
        Whatever happened, nothing is left when the service has stopped.
        """
        stopped = self.service.stopService()
        for job in self.gateway.jobs:
            if not job.called:
                job.callback(None)
        self.go()
        self.successResultOf(stopped)
        self.assertEqual((self.driver.contexts, self.driver.handles, self.clock.getDelayedCalls()), (set(), {}, []))

    def go(self, seconds: float = 0) -> None:
        """
        Let everything go on that can; time goes by.
        """
        for _ in range(3):
            self.lookout.go()
            self.driver.go()
        for _ in range(round(seconds)):
            self.clock.advance(1)
            self.lookout.go()
            self.driver.go()

    def insert(self, answer: Callable[[bytes], bytes] = lambda _: b"\x90\x00") -> SoftCard:
        """
        A card is put in.
        """
        card = self.driver.insert(READER, SoftCard(answer))
        self.go()
        return card

    @property
    def channel(self) -> Any:
        """
        That of the last card which came.
        """
        return self.gateway.channels[-1]

    def job(self) -> Deferred[Any]:
        """
        Something is done to this card.
        """
        running: Deferred[Any] = self.channel.exchange(Script.of(SELECT, LIST, LIST))
        running.addCallback(lambda answers: [each.status for each in answers])
        self.go()
        return running

    def done(self) -> None:
        """
        The gateway has done with the card.
        """
        self.gateway.jobs[-1].callback(None)
        self.go()

    def named(self) -> list[str]:
        """
        The log's events.
        """
        return [each["event"] for each in self.events]


class StoryTests(StoryTestCase):
    """
    What people do to cards and readers.
    """

    def test_visit(self) -> None:
        """
        A card comes, something is done, and it is reset and left; it may stay where it is, and comes anew when it is put in anew.
        """
        card = self.insert()
        self.assertEqual((self.channel.info.transport, self.channel.info.peer), ("pcsc", "bench"))
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)
        self.done()
        self.assertEqual((len(card.resets), self.driver.handles), (1, {}))
        self.go(100)
        self.assertEqual(len(self.gateway.channels), 1)
        self.driver.remove(READER)
        self.insert()
        self.assertEqual(len(self.gateway.channels), 2)

    def test_swapped(self) -> None:
        """
        A card that is exchanged for another one between two looks is gone, and the other one comes.
        """
        self.insert()
        first = self.channel
        self.driver.remove(READER)
        self.insert()
        self.assertIsInstance(self.successResultOf(first.when_gone()), CardTakenOut)
        self.done()
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)

    def test_pulledOut(self) -> None:
        """
        Pulled out in mid-script: what was answered is told, and what may have reached the card.
        """

        def answer(octets: bytes) -> bytes:
            if octets[1] == 0xE2:
                self.driver.remove(READER)
            return b"\x90\x00"

        self.insert(answer)
        failure = self.failureResultOf(self.job(), CardTakenOut)
        error: Any = failure.value
        self.assertEqual([each.status for each in error.responses], [0x9000] * 2)
        self.done()
        self.go(100)
        self.assertEqual(len(self.gateway.channels), 1)

    def test_unplugged(self) -> None:
        """
        A reader that is unplugged takes its card along; plugged in again, it is used again.
        """
        self.insert()
        self.driver.unplug(READER)
        self.go()
        self.assertIsInstance(self.successResultOf(self.channel.when_gone()), ReaderUnplugged)
        self.done()
        self.driver.plug(READER)
        self.insert()
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)


class TroubleTests(StoryTestCase):
    """
    What goes wrong.
    """

    def test_restart(self) -> None:
        """
        When pcscd is stopped, the card is gone by that name; when it is started, it comes again.
        """
        self.insert()
        self.driver.stop()
        self.go()
        self.assertIsInstance(self.successResultOf(self.channel.when_gone()), PcscStopped)
        self.assertIn("not reachable", self.service.problem)
        self.done()
        self.driver.start()
        self.go(3)
        self.assertEqual((self.service.problem, len(self.gateway.channels)), ("", 2))
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)

    def test_owned(self) -> None:
        """
        A card that another program has to itself comes when it is free; what is wrong is said once.
        """
        self.driver.other_owns(READER)
        self.insert()
        self.go(10)
        self.assertEqual((self.gateway.channels, self.named().count("card-not-opened")), ([], 1))
        told = next(each for each in self.events if each["event"] == "card-not-opened")
        self.assertIn("Another program holds the card", told["reason"])
        self.driver.other_ends(READER)
        self.go()
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)

    def test_busy(self) -> None:
        """
        Nor can it be had while another program has a transaction; the thread waits, and the card comes afterwards.
        """
        self.driver.other_begins(READER)
        self.insert()
        self.go(20)
        self.assertEqual((self.gateway.channels, self.named().count("card-not-opened")), ([], 1))
        self.driver.other_ends(READER)
        self.go(10)
        self.assertEqual(len(self.gateway.channels), 1)

    def test_reset(self) -> None:
        """
        A card that another program resets while a job holds it is lost, and comes anew after a pause.
        """
        self.insert()
        self.successResultOf(self.channel.hold())
        self.driver.other_resets(READER)
        self.failureResultOf(self.job(), CardReset)
        self.done()
        self.go(FIRST_PAUSE)
        self.assertEqual((len(self.gateway.channels), self.named().count("card-again")), (2, 1))
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)

    def test_silent(self) -> None:
        """
        A card that never answers is lost; it comes anew when the reader has let go of it.
        """
        card = self.insert()
        card.silent = True
        running = self.job()
        self.go(12)
        self.failureResultOf(running, PeerSilent)
        self.done()
        self.go(30)
        self.assertEqual(len(self.gateway.channels), 1)
        card.silent = False
        self.go(2)
        self.assertEqual(self.successResultOf(self.job()), [0x9000] * 3)

    def test_mute(self) -> None:
        """
        A card that is put in the wrong way round is told, and not tried again by itself.
        """
        self.driver.insert(READER, SoftCard(mute=True))
        self.go(100)
        self.assertEqual((self.gateway.channels, self.named().count("card-not-opened")), ([], 1))
        tries = [call for call in self.driver.calls if call[0] == "connect"]
        self.assertEqual(len(tries), 1)
        self.driver.remove(READER)
        self.insert()
        self.assertEqual(len(self.gateway.channels), 1)


class StopTests(StoryTestCase):
    """
    The gateway is stopped at any time: see L{StoryTestCase.tearDown}.
    """

    def test_working(self) -> None:
        """
        While the card is at work.
        """
        self.insert()
        self.job()

    def test_opening(self) -> None:
        """
        While a card is being waited for that another program has; in the end nobody waits for that.
        """
        self.driver.other_begins(READER)
        self.insert()
        self.service.stopService()
        self.go(100)
        self.assertEqual(self.service.hall.crowd.here, set())
        self.driver.other_ends(READER)
        self.go()

    def test_stuck(self) -> None:
        """
        While a card does not answer.
        """
        card = self.insert()
        card.silent = True
        running = self.job()
        stopped = self.service.stopService()
        self.go(12)
        self.failureResultOf(running, ChannelError)
        self.gateway.jobs[-1].callback(None)
        self.go()
        self.successResultOf(stopped)
        card.silent = False
        self.go()

    def test_patient(self) -> None:
        """
        While a card may still be silent for long: in the end that is not waited for.
        """
        card = self.insert()
        card.silent = True
        running: Deferred[Any] = self.channel.exchange(Script((Step(SELECT, slow=True),)))
        stopped = self.service.stopService()
        self.go(PcscSettings().grace)
        self.assertNoResult(stopped)
        self.go(WIND_UP + MOMENT)
        self.failureResultOf(running, ChannelError)
        self.successResultOf(stopped)
        card.silent = False
        self.go()
