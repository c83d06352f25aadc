"""
Tests for L{cardgw.transports.pcsc.service}.
"""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.interfaces import IGateway
from cardgw.testing import TransportTestsMixin
from cardgw.transports.pcsc.errors import CardMute, CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.transports.pcsc.place import Place
from cardgw.transports.pcsc.service import PcscService, PcscTransport
from cardgw.transports.pcsc.settings import PcscSettings
from cardgw.transports.pcsc.slot import FIRST_PAUSE, Hall
from tests.logs import captured
from tests.transports.estk.fakes import FakeGateway
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor
from tests.transports.pcsc.lookout import Lookout
from tests.transports.pcsc.test_slot import Opened

LEFT, RIGHT = "ACS ACR39U 01 00", "ACS ACR39U 02 00"


class Threadless(PcscTransport):
    """
    The transport without threads.
    """

    def __init__(self) -> None:
        self.driver = FakeDriver()
        super().__init__(lambda: self.driver)

    def make_service(self, settings: PcscSettings, gateway: IGateway) -> PcscService:
        """
        See L{PcscTransport.make_service}.
        """
        lookout = Lookout(self.driver, gateway.reactor)
        return PcscService(Hall(self.driver, settings, gateway, self.driver.hand), lookout.make)


class TransportTests(TransportTestsMixin, SynchronousTestCase):
    """
    L{PcscTransport} is a plugin.
    """

    def make_transport(self) -> PcscTransport:
        """
        See L{TransportTestsMixin}.
        """
        return Threadless()

    def test_made(self) -> None:
        """
        Without more, threads are used.
        """
        driver, gateway = FakeDriver(), FakeGateway()
        gateway.reactor = MemoryReactorClock()
        service: Any = PcscTransport(lambda: driver).make_service(PcscSettings(), gateway)
        self.assertEqual((service.name, service.running, service.problem), ("pcsc", 0, ""))

    def test_notInstalled(self) -> None:
        """
        Without pyscard there is a line that says what to install.
        """
        with patch.dict(sys.modules, {"smartcard": None}):
            error = self.assertRaises(SettingsError, PcscTransport().make_service, PcscSettings(), FakeGateway())
        self.assertIn("cardgw[pcsc]", str(error))
        self.assertNotIn("\n", str(error))


class ServiceTestCase(SynchronousTestCase):
    """
    A service on a machine with two readers; cards are opened at once.

    @ivar mute: they are not, because they do not answer.
    """

    mute = False

    def start(self, **settings: Any) -> None:
        """
        Begin.
        """
        self.events = captured(self)
        self.driver = FakeDriver()
        for name in (LEFT, RIGHT):
            self.driver.plug(name)
        self.gateway = FakeGateway()
        self.clock = self.gateway.reactor = ThreadlessReactor()
        self.lookout = Lookout(self.driver, self.clock)
        self.peers: list[str] = []
        hall = Hall(self.driver, PcscSettings(**settings), self.gateway, self.driver.hand, self.opening)
        self.service = PcscService(hall, self.lookout.make)
        self.service.startService()

    def opening(self, place: Place) -> Deferred[Any]:
        """
        See L{cardgw.transports.pcsc.channel.open_card}.
        """
        self.peers.append(place.peer)
        return fail(CardMute()) if self.mute else succeed(Opened())

    def insert(self, name: str, atr: str = "3B00") -> Any:
        """
        A card is put in.

        @return: its channel, or that of the last one.
        """
        self.driver.insert(name, SoftCard(atr=bytes.fromhex(atr)))
        self.lookout.go()
        return self.gateway.channels[-1] if self.gateway.channels else None

    def named(self) -> list[str]:
        """
        The log's events since the last call.
        """
        names = [each["event"] for each in self.events]
        self.events.clear()
        return names


class ServiceTests(ServiceTestCase):
    """
    L{PcscService}: which readers are used, and what happens at each.
    """

    def test_selected(self) -> None:
        """
        Readers that settings do not select are left alone, whatever is put into them.
        """
        self.start(readers=("*02 00",))
        self.assertEqual(self.named(), ["reader-here"] * 2)
        self.insert(LEFT)
        self.insert(RIGHT)
        self.assertEqual((self.peers, self.named()), ([RIGHT], ["card-left-alone"]))

    def test_byCard(self) -> None:
        """
        The card may select the reader, and name it.
        """
        self.start(readers=("euicc",), names={"euicc": "atr:3B9F*"})
        self.insert(LEFT)
        self.insert(RIGHT, "3B9F95")
        self.driver.remove(RIGHT)
        self.lookout.go()
        self.gateway.jobs[0].callback(None)
        self.insert(LEFT, "3B9F96")
        self.assertEqual(self.peers, ["euicc", "euicc"])

    def test_byCardLater(self) -> None:
        """
        A card that was mute selects the reader as soon as it speaks, or keeps it out.
        """
        for lists, expected in (({"readers": ("sim",)}, ["sim"]), ({"ignore": ("sim",)}, [RIGHT])):
            self.start(names={"sim": "atr:3B9F*"}, **lists)
            self.mute = True
            card = self.driver.insert(RIGHT, SoftCard(atr=bytes.fromhex("3B9F95"), mute=True))
            self.lookout.go()
            card.mute = self.mute = False
            self.lookout.go()
            self.lookout.pass_time(FIRST_PAUSE)
            self.assertEqual(self.peers, expected)

    def test_alias(self) -> None:
        """
        A reader is called by its alias, in the log, too.
        """
        self.start(names={"bench": "*01 00"})
        self.assertEqual([each["reader"] for each in self.events], ["bench", RIGHT])
        self.insert(LEFT)
        self.assertEqual(self.peers, ["bench"])

    def test_gone(self) -> None:
        """
        A card's end has the right name: it was taken out, its reader was unplugged, or pcscd has stopped.
        """
        self.start(names={"bench": "*01 00"})
        ends = (
            (lambda: self.driver.remove(LEFT), CardTakenOut),
            (lambda: self.driver.unplug(LEFT), ReaderUnplugged),
            (self.driver.stop, PcscStopped),
        )
        for end, expected in ends:
            self.driver.plugged.setdefault(LEFT, self.driver.plug("spare"))
            self.lookout.go()
            channel = self.insert(LEFT)
            end()
            self.lookout.go()
            reason = self.successResultOf(channel.when_gone())
            self.assertIs(type(reason), expected)
            self.gateway.jobs[-1].callback(None)

    def test_restart(self) -> None:
        """
        While pcscd is not there, the service has a problem; when it is back, all cards come again.
        """
        self.start()
        self.insert(LEFT)
        self.driver.stop()
        self.lookout.go()
        self.gateway.jobs[0].callback(None)
        self.assertIn("pcscd is not reachable since", self.service.problem)
        self.driver.start()
        self.lookout.pass_time(3)
        self.assertEqual((self.service.problem, len(self.gateway.channels)), ("", 2))

    def test_unplugged(self) -> None:
        """
        A reader that is plugged in again is as good as new.
        """
        self.start()
        self.insert(LEFT)
        self.driver.unplug(LEFT)
        self.lookout.go()
        self.driver.plug(LEFT)
        self.lookout.go()
        self.insert(LEFT)
        self.assertEqual(len(self.gateway.channels), 2)
        self.assertIn("reader-gone", self.named())


class StopTests(ServiceTestCase):
    """
    L{PcscService.stopService}.
    """

    def stop(self) -> Deferred[None]:
        """
        Stop.
        """
        stopped = self.service.stopService()
        self.lookout.go()
        return stopped

    def over(self) -> None:
        """
        No thread, no timer and no context is left.
        """
        self.assertEqual((self.driver.contexts, self.clock.getDelayedCalls()), (set(), []))
        self.assertTrue(all(each.ended for each in self.lookout.all) and all(each.ended for each in self.driver.hands))

    def test_idle(self) -> None:
        """
        At once where nothing is done.
        """
        self.start()
        self.successResultOf(self.stop())
        self.over()

    def test_absent(self) -> None:
        """
        Where pcscd is not there, too.
        """
        self.start()
        self.driver.stop()
        self.lookout.go()
        self.successResultOf(self.stop())
        self.over()

    def test_grace(self) -> None:
        """
        A job has its grace, and then is cancelled; a card that is taken out meanwhile is noticed.
        """
        self.start(grace=5.0)
        self.insert(LEFT)
        right = self.insert(RIGHT)
        stopped = self.stop()
        self.assertNoResult(stopped)
        self.driver.remove(RIGHT)
        self.lookout.go()
        self.assertIsInstance(self.successResultOf(right.when_gone()), CardTakenOut)
        self.gateway.jobs[1].callback(None)
        self.assertEqual(self.gateway.cancelled, 0)
        self.lookout.pass_time(5)
        self.assertEqual(self.gateway.cancelled, 1)
        self.lookout.go()
        self.successResultOf(stopped)
        self.over()

    def test_newCard(self) -> None:
        """
        A card that comes meanwhile is not taken.
        """
        self.start()
        self.insert(LEFT)
        stopped = self.stop()
        self.insert(RIGHT)
        self.driver.plug("Third 00")
        self.insert("Third 00")
        self.assertEqual(len(self.gateway.channels), 1)
        self.gateway.jobs[0].callback(None)
        self.lookout.go()
        self.successResultOf(stopped)
