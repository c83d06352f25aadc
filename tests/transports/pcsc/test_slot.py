"""
Tests for L{cardgw.transports.pcsc.slot}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import ChannelError, GatewayStopping
from cardgw.testing import KnowingCard
from cardgw.transports.pcsc.errors import CardInUse, CardMute, CardReset, CardTakenOut, ProtocolMismatch, ReaderUnplugged
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.slot import FIRST_PAUSE, LONGEST_PAUSE, Hall, Slot
from cardgw.values import ChannelInfo
from tests.logs import captured
from tests.transports.estk.fakes import FakeGateway
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_threads import ThreadlessReactor

READER = "ACS ACR39U 00 00"


class Opened(MemoryChannel):
    """
    A card that was opened.
    """

    def __init__(self) -> None:
        super().__init__(ChannelInfo("pcsc"), KnowingCard({}))

    def gone(self, reason: ChannelError) -> None:
        """
        See L{cardgw.transports.pcsc.channel.PcscChannel.gone}.
        """
        self.lose(reason)


class SlotTestCase(SynchronousTestCase):
    """
    A slot whose cards are opened when a test says so.
    """

    def setUp(self) -> None:
        """
        A reader.
        """
        self.driver = FakeDriver()
        self.driver.plug(READER)
        self.gateway = FakeGateway()
        self.clock = self.gateway.reactor = ThreadlessReactor()
        self.openings: list[Deferred[Any]] = []
        self.places: list[Place] = []
        self.hall = Hall(self.driver, PcscSettings(), self.gateway, self.driver.hand, self.opening)
        self.slot = Slot(self.hall, READER)
        self.events = captured(self)

    def opening(self, place: Place) -> Deferred[Any]:
        """
        See L{cardgw.transports.pcsc.channel.open_card}.
        """
        self.places.append(place)
        self.openings.append(Deferred())
        return self.openings[-1]

    def insert(self) -> Opened:
        """
        A card comes and is opened.
        """
        self.slot.inserted("bench")
        return self.open()

    def open(self) -> Opened:
        """
        The card that is being opened is open.
        """
        channel = Opened()
        self.openings[-1].callback(channel)
        return channel

    def refuse(self, error: ChannelError) -> None:
        """
        It cannot be opened.
        """
        self.openings[-1].errback(error)

    def named(self) -> list[str]:
        """
        The log's events.
        """
        return [each["event"] for each in self.events]

    def over(self) -> None:
        """
        The slot has ended: no thread, no timer.
        """
        self.assertEqual((self.hall.crowd.here, self.clock.getDelayedCalls()), (set(), []))
        self.assertTrue(all(each.ended for each in self.driver.hands))


class SlotTests(SlotTestCase):
    """
    L{Slot}: cards come and go.
    """

    def test_visit(self) -> None:
        """
        A card is opened, handed to the gateway, and let go when the gateway has done with it; then it may stay in the reader.
        """
        channel = self.insert()
        self.assertEqual((self.places[0].reader, self.places[0].peer), (READER, "bench"))
        self.assertEqual((self.gateway.channels, self.slot.busy), ([channel], True))
        self.gateway.jobs[0].callback(None)
        self.assertIsNone(self.successResultOf(channel.when_gone()))
        self.slot.freed()
        self.assertEqual((self.slot.busy, len(self.openings), self.clock.getDelayedCalls()), (False, 1, []))
        self.insert()
        self.assertEqual(len(self.gateway.channels), 2)

    def test_takenOut(self) -> None:
        """
        A card that is taken out is gone, and what is done to it ends.
        """
        channel = self.insert()
        self.slot.removed(CardTakenOut())
        self.assertIsInstance(self.successResultOf(channel.when_gone()), CardTakenOut)
        self.gateway.jobs[0].callback(None)
        self.assertEqual((len(self.openings), self.clock.getDelayedCalls(), self.named()), (1, [], []))

    def test_swapped(self) -> None:
        """
        The next card is opened when the job of the one before it has ended.
        """
        self.insert()
        self.slot.removed(CardTakenOut())
        self.slot.inserted("bench")
        self.assertEqual(len(self.openings), 1)
        self.gateway.jobs[0].callback(None)
        self.assertEqual(len(self.openings), 2)

    def test_takenOutEarly(self) -> None:
        """
        A card that is taken out while it is being opened does not arrive.
        """
        self.slot.inserted("bench")
        self.slot.removed(CardTakenOut())
        self.assertEqual((self.gateway.channels, self.named(), self.clock.getDelayedCalls()), ([], [], []))
        self.insert()
        self.assertEqual(len(self.gateway.channels), 1)

    def test_defect(self) -> None:
        """
        A gateway with a defect does not end the reader.
        """
        self.insert()
        self.gateway.jobs[0].errback(ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.insert()
        self.assertEqual(len(self.gateway.channels), 2)


class NotOpenedTests(SlotTestCase):
    """
    A card that cannot be opened.
    """

    def test_inUse(self) -> None:
        """
        A card that another program holds is opened when it is free; until then, it is tried more and more seldom, and said once.
        """
        self.slot.inserted("bench")
        for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE):
            self.refuse(CardInUse("bench"))
            (timer,) = self.clock.getDelayedCalls()
            self.assertEqual(timer.getTime() - self.clock.seconds(), pause)
            self.clock.advance(pause)
        self.refuse(CardInUse("bench"))
        self.assertEqual((self.named(), len(self.openings)), (["card-not-opened"], 3))
        self.slot.freed()
        self.open()
        self.assertEqual((len(self.gateway.channels), self.clock.getDelayedCalls()), (1, []))

    def test_seldom(self) -> None:
        """
        There is a longest pause.
        """
        self.slot.inserted("bench")
        for _ in range(12):
            self.refuse(CardInUse("bench"))
            (timer,) = self.clock.getDelayedCalls()
            self.clock.advance(timer.getTime() - self.clock.seconds())
        self.refuse(CardInUse("bench"))
        self.assertEqual(self.clock.getDelayedCalls()[0].getTime() - self.clock.seconds(), LONGEST_PAUSE)

    def test_mute(self) -> None:
        """
        A mute card waits to be taken out, or to speak.
        """
        self.slot.inserted("bench")
        self.refuse(CardMute("bench"))
        self.assertEqual((self.named(), self.clock.getDelayedCalls()), (["card-not-opened"], []))
        self.slot.freed()
        self.clock.advance(FIRST_PAUSE)
        self.assertEqual(len(self.openings), 2)

    def test_mismatch(self) -> None:
        """
        A card that does not speak the protocol waits to be taken out.
        """
        self.slot.inserted("bench")
        self.refuse(ProtocolMismatch("bench"))
        self.slot.freed()
        self.assertEqual((len(self.openings), self.clock.getDelayedCalls()), (1, []))
        self.assertIn("[transports.pcsc]", self.events[0]["reason"])

    def test_quiet(self) -> None:
        """
        What is told elsewhere is not told here: that the card is not there any more, for example.
        """
        self.slot.inserted("bench")
        self.refuse(CardTakenOut("bench"))
        self.assertEqual(self.named(), [])
        self.slot.removed(CardTakenOut("bench"))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class LostTests(SlotTestCase):
    """
    A card that is lost though it is still there.
    """

    def lose(self) -> None:
        """
        Another program resets the card; the job ends.
        """
        channel: Any = self.gateway.channels[-1]
        channel.lose(CardReset())
        self.gateway.jobs[-1].callback(None)

    def test_again(self) -> None:
        """
        It arrives anew after a pause, which grows.
        """
        self.insert()
        for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE):
            self.lose()
            self.clock.advance(pause - 0.1)
            seen = len(self.openings)
            self.clock.advance(0.1)
            self.assertEqual(len(self.openings), seen + 1)
            self.open()
        self.assertEqual((len(self.gateway.channels), self.named()), (3, ["card-again"] * 2))

    def test_longAgo(self) -> None:
        """
        The pause is short again after a card was well for long.
        """
        self.insert()
        self.lose()
        self.clock.advance(FIRST_PAUSE)
        self.open()
        self.clock.advance(LONGEST_PAUSE + 1)
        self.lose()
        self.assertEqual(self.clock.getDelayedCalls()[0].getTime() - self.clock.seconds(), FIRST_PAUSE)

    def test_takenOut(self) -> None:
        """
        If it is taken out in the pause, it was that.
        """
        self.insert()
        self.lose()
        self.slot.removed(CardTakenOut())
        self.assertEqual((self.clock.getDelayedCalls(), self.named()), ([], []))


class EndTests(SlotTestCase):
    """
    A slot ends.
    """

    def test_unplugged(self) -> None:
        """
        With the reader goes its card, and the thread when the job has ended.
        """
        channel = self.insert()
        self.slot.gone(ReaderUnplugged())
        self.assertIsInstance(self.successResultOf(channel.when_gone()), ReaderUnplugged)
        self.assertEqual(self.hall.crowd.here, {self.slot})
        self.gateway.jobs[0].callback(None)
        self.over()

    def test_empty(self) -> None:
        """
        A reader without a card ends at once.
        """
        self.successResultOf(self.hall.crowd.drain())
        self.over()

    def test_opening(self) -> None:
        """
        A card that is being opened when the gateway is stopped does not arrive; nor does the next.
        """
        self.slot.inserted("bench")
        self.successResultOf(self.hall.crowd.drain())
        self.over()
        self.slot.removed(CardTakenOut())
        self.slot.inserted("bench")
        self.assertEqual(len(self.openings), 1)

    def test_pause(self) -> None:
        """
        Nor does one that would be opened anew.
        """
        self.slot.inserted("bench")
        self.refuse(CardInUse())
        self.successResultOf(self.hall.crowd.drain())
        self.over()

    def test_drain(self) -> None:
        """
        A card that is busy when the gateway is stopped is let go when its job has ended.
        """
        channel = self.insert()
        drained = self.hall.crowd.drain()
        self.assertNoResult(drained)
        self.slot.wind_up()
        self.assertEqual(self.gateway.cancelled, 1)
        self.successResultOf(drained)
        self.assertIsNone(self.successResultOf(channel.when_gone()))
        self.over()

    def test_lostThen(self) -> None:
        """
        One that is lost while the gateway is being stopped is not opened anew.
        """
        channel = self.insert()
        drained = self.hall.crowd.drain()
        channel.lose()
        self.gateway.jobs[0].callback(None)
        self.successResultOf(drained)
        self.over()

    def test_forced(self) -> None:
        """
        In the end, nobody waits for a job, nor for a reader.
        """
        channel = self.insert()
        drained = self.hall.crowd.drain()
        self.hall.crowd.end()
        self.assertIsInstance(self.successResultOf(channel.when_gone()), GatewayStopping)
        self.successResultOf(drained)
        self.over()
        self.gateway.jobs[0].callback(None)
        self.over()
