"""
Tests for L{cardgw.touch_readers}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.script import Script
from cardgw.bridges.touch_daemon_desk import Loan
from cardgw.bridges.touch_daemon_errors import NoCardInserted, NoReader, ReaderBusy
from cardgw.bridges.touch_pin import Pin
from cardgw.errors import NotSupported
from cardgw.touch_readers import LINGER, MOMENT, PATIENCE, Readers, on_pad
from cardgw.transports.pcsc.codes import Disposition
from cardgw.transports.pcsc.errors import CardInUse, CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.values import ChannelInfo
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor
from tests.transports.pcsc.lookout import Lookout

LEFT, RIGHT = "ACS ACR39U 01 00", "ACS ACR39U 02 00"
RESET = [Disposition.RESET]


class ReadersTests(SynchronousTestCase):
    """
    L{Readers}.
    """

    selector = "*"

    def setUp(self) -> None:
        self.driver, self.reactor = FakeDriver(), ThreadlessReactor()
        self.lookout = Lookout(self.driver, self.reactor)
        self.readers = Readers(self.driver, self.reactor, self.selector, hand=self.driver.hand, make_calls=self.lookout.make)

    def start(self, *names: str) -> list[SoftCard]:
        """
        Begin, with cards in readers of these names.
        """
        cards = []
        for name in names:
            self.driver.plug(name)
            cards.append(self.driver.insert(name, SoftCard()))
        self.begin()
        return cards

    def begin(self) -> None:
        """
        Begin, and end with the test.
        """
        self.readers.startService()
        self.addCleanup(self.end)

    def end(self) -> None:
        """
        End, unless that has been done.
        """
        if self.readers.running:
            stopped: Deferred[Any] = self.readers.stopService()
            self.lookout.pass_time(1)
            self.successResultOf(stopped)

    def lent(self, whom: str = "Ada") -> Loan:
        """
        Borrow a card that is there.
        """
        return self.successResultOf(self.readers.borrow(whom))

    def connects(self) -> int:
        """
        How often a card was connected to.
        """
        return sum(call[0] == "connect" for call in self.driver.calls)

    def test_untouched(self) -> None:
        """
        A card that nobody wants is not touched.
        """
        self.start(LEFT)
        self.assertEqual(self.connects(), 0)

    def test_borrowed(self) -> None:
        """
        A card is connected to when it is wanted, and can be used.
        """
        (card,) = self.start(LEFT)
        loan = self.lent()
        self.assertEqual((loan.reader, self.connects()), (LEFT, 1))
        self.successResultOf(loan.channel.exchange(Script.of(Command(0, 0x84, expected=8))))
        self.assertEqual(len(card.commands), 1)

    def test_lingers(self) -> None:
        """
        It stays as it is for who had it, for a while; then it is started anew, and left.
        """
        (card,) = self.start(LEFT)
        first = self.lent()
        first.give_back(keep=True)
        again = self.lent()
        self.assertIs(again.channel, first.channel)
        again.give_back(keep=True)
        self.reactor.advance(LINGER - 1)
        self.assertEqual((card.resets, self.connects()), ([], 1))
        self.reactor.advance(1)
        self.assertEqual(card.resets, RESET)
        self.assertEqual((self.driver.handles, self.reactor.getDelayedCalls()[1:]), ({}, []))

    def test_ofOthers(self) -> None:
        """
        Others get it started anew.
        """
        (card,) = self.start(LEFT)
        self.lent("Ada").give_back(keep=True)
        loan = self.lent("Bob")
        self.assertEqual((card.resets, self.connects()), (RESET, 2))
        loan.give_back(keep=True)

    def test_notKept(self) -> None:
        """
        What was not to be kept is not, not even for who had it.
        """
        (card,) = self.start(LEFT)
        self.lent().give_back(keep=False)
        self.lent()
        self.assertEqual((card.resets, self.connects()), (RESET, 2))

    def test_others(self) -> None:
        """
        Two have two cards; each gets its own again.
        """
        self.start(LEFT, RIGHT)
        ada, bob = self.lent("Ada"), self.lent("Bob")
        self.assertEqual((ada.reader, bob.reader), (LEFT, RIGHT))
        for each in (ada, bob):
            each.give_back(keep=True)
        self.assertEqual((self.lent("Bob").reader, self.lent("Ada").reader, self.connects()), (RIGHT, LEFT, 2))

    def test_waits(self) -> None:
        """
        Who comes second waits, and gets the card when it is given back, or may give up.
        """
        self.start(LEFT)
        loan = self.lent("Ada")
        bob, eve = self.readers.borrow("Bob"), self.readers.borrow("Eve")
        bob.cancel()
        self.failureResultOf(bob, CancelledError)
        loan.give_back(keep=True)
        self.successResultOf(eve)

    def test_busy(self) -> None:
        """
        But not for ever.
        """
        self.start(LEFT)
        self.lent("Ada")
        bob = self.readers.borrow("Bob")
        self.reactor.advance(PATIENCE - 1)
        self.assertNoResult(bob)
        self.reactor.advance(1)
        self.failureResultOf(bob, ReaderBusy)

    def test_nothing(self) -> None:
        """
        No reader, or no card: the first moment may bring one, after that it is said at once.
        """
        self.start()
        waiting = self.readers.borrow("Ada")
        self.lookout.pass_time(MOMENT)
        self.failureResultOf(waiting, NoReader)
        self.driver.plug(LEFT)
        self.lookout.pass_time(61)
        self.assertIn(LEFT, str(self.failureResultOf(self.readers.borrow("Ada"), NoCardInserted).value))
        self.driver.insert(LEFT, SoftCard())
        self.lookout.go()
        self.lent()

    def test_early(self) -> None:
        """
        Who comes before the readers have been found gets a card all the same.
        """
        self.driver.plug(LEFT)
        self.begin()
        self.lookout.all[0].hangs = True
        waiting = self.readers.borrow("Ada")
        self.driver.insert(LEFT, SoftCard())
        self.lookout.all[0].hangs = False
        self.lookout.go()
        self.successResultOf(waiting)

    def test_takenOut(self) -> None:
        """
        The card is lost for who has it when it is taken out; the next one is another.
        """
        self.start(LEFT)
        loan = self.lent()
        gone = loan.channel.when_gone()
        self.driver.remove(LEFT)
        self.lookout.go()
        self.assertIsInstance(self.successResultOf(gone), CardTakenOut)
        self.driver.insert(LEFT, SoftCard())
        self.lookout.go()
        loan.give_back(keep=True)
        self.assertIsNot(self.lent().channel, loan.channel)

    def test_unplugged(self) -> None:
        """
        So it is when the reader goes.
        """
        self.start(LEFT)
        gone = self.lent().channel.when_gone()
        self.driver.unplug(LEFT)
        self.lookout.pass_time(61)
        self.assertIsInstance(self.successResultOf(gone), ReaderUnplugged)
        self.failureResultOf(self.readers.borrow("Ada"), NoReader)

    def test_stopped(self) -> None:
        """
        Or pcscd.
        """
        self.start(LEFT)
        gone = self.lent().channel.when_gone()
        self.lookout.pass_time(MOMENT)
        self.driver.stop()
        self.lookout.go()
        self.assertIsInstance(self.successResultOf(gone), PcscStopped)
        told = str(self.failureResultOf(self.readers.borrow("Ada"), NoReader).value)
        self.assertIn("pcscd is not reachable", told)

    def test_inUse(self) -> None:
        """
        Another program has it to itself; nobody has it here then.
        """
        self.start(LEFT)
        self.driver.other_owns(LEFT)
        self.failureResultOf(self.readers.borrow("Ada"), CardInUse)
        self.driver.other_ends(LEFT)
        self.lent()

    def test_mute(self) -> None:
        """
        A card that answered nothing to who had it before keeps nobody waiting for ever.
        """
        (card,) = self.start(LEFT)
        loan = self.lent()
        card.silent = True
        asked = loan.channel.exchange(Script.of(Command(0, 0x84, expected=8)))
        asked.cancel()
        self.failureResultOf(asked, CancelledError)
        loan.give_back(keep=False)
        waiting = self.readers.borrow("Bob")
        for _ in range(3):
            self.lookout.pass_time(PATIENCE)
        self.failureResultOf(waiting, ReaderBusy)
        card.silent = False
        self.driver.go()
        self.lent("Bob")

    def test_end(self) -> None:
        """
        When it ends, cards that lingered are left, and all threads end.
        """
        (card,) = self.start(LEFT)
        self.lent().give_back(keep=True)
        self.end()
        self.assertEqual((card.resets, self.driver.handles), (RESET, {}))
        self.assertTrue(all(each.ended for each in self.driver.hands))
        self.assertTrue(all(each.ended for each in self.lookout.all))


class SelectedTests(ReadersTests):
    """
    Only some readers may be used.
    """

    selector = "ACR39U"

    def test_onlyThese(self) -> None:
        """
        Others are as if they were not there.
        """
        self.start("Other reader 00", RIGHT)
        self.assertEqual(self.lent().reader, RIGHT)

    def test_none(self) -> None:
        """
        There may be none like that.
        """
        self.start("Other reader 00")
        self.lookout.pass_time(MOMENT)
        self.assertIn("ACR39U", str(self.failureResultOf(self.readers.borrow("Ada"), NoReader).value))


class PadTests(SynchronousTestCase):
    """
    L{on_pad}.
    """

    def test_other(self) -> None:
        """
        Cards that are not in a reader have no pad.
        """
        channel = MemoryChannel(ChannelInfo("vpcd"), lambda _: b"\x90\x00")
        self.failureResultOf(Deferred.fromCoroutine(on_pad(channel, Pin())), NotSupported)
