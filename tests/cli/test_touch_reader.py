"""
Tests of L{cardgw.cli.touch_reader}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.errors import EmptyReader, NoCard
from cardgw.cli.touch_reader import LocalReader, chosen, meant
from cardgw.errors import ChannelError, ParameterError
from cardgw.transports.pcsc.channel import PcscChannel
from cardgw.transports.pcsc.codes import Disposition
from cardgw.transports.pcsc.errors import CardInUse, CardTakenOut, PcscStopped, ReaderUnplugged
from cardgw.transports.pcsc.inquiry import CARD, EMPTY, EXCLUSIVE, Found
from cardgw.transports.pcsc.selectors import Seen
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.fake_threads import ThreadlessReactor
from tests.transports.pcsc.lookout import Lookout

ONE, TEN, OTHER = "Reader 1", "Reader 10", "ACS [CCID] Reader 1"


def found(*states: tuple[str, str]) -> list[Found]:
    """
    Readers.
    """
    return [Found(Seen(name, index, b"\x3b\x9f" if state == CARD else b""), state) for index, (name, state) in enumerate(states)]


class ChosenTests(SynchronousTestCase):
    """
    L{meant} and L{chosen}.
    """

    def test_names(self) -> None:
        """
        A whole name counts before its beginning, that before selectors.
        """
        readers = found((OTHER, EMPTY), (ONE, CARD), (TEN, CARD))
        for selector, names in (
            (ONE, [ONE]),
            ("Reader", [ONE, TEN]),
            ("ACS [CCID]", [OTHER]),
            ("reader 1", [OTHER, ONE, TEN]),
            ("1", [ONE]),
            ("atr:3B*", [ONE, TEN]),
            ("nothing", []),
        ):
            self.assertEqual([each.reader.name for each in meant(readers, selector)], names, selector)
        self.assertRaises(ParameterError, meant, readers, "atr:xyz")

    def test_onlyCard(self) -> None:
        """
        Where there is one card it need not be named.
        """
        self.assertEqual(chosen(found((OTHER, EMPTY), (ONE, EXCLUSIVE)), ""), ONE)

    def test_refused(self) -> None:
        """
        No reader, no card, and more than one.
        """
        self.assertIn("there is no reader", str(self.assertRaises(EmptyReader, chosen, [], "")))
        self.assertIn("no reader is x", str(self.assertRaises(EmptyReader, chosen, found((ONE, CARD)), "x")))
        self.assertIn(ONE, str(self.assertRaises(EmptyReader, chosen, found((ONE, EMPTY)), "")))
        error = self.assertRaises(NoCard, chosen, found((ONE, CARD), (TEN, CARD)), "")
        self.assertIn(f"there are cards in {ONE} and {TEN}. -r says", str(error))


class ReaderTests(SynchronousTestCase):
    """
    L{LocalReader}.
    """

    def begin(self, *, reset: bool = True) -> Deferred[PcscChannel]:
        """
        Open a card.
        """
        self.driver = FakeDriver()
        self.driver.plug(ONE)
        self.card = self.driver.insert(ONE, SoftCard())
        reactor = ThreadlessReactor()
        self.lookout = Lookout(self.driver, reactor)
        self.reader = LocalReader(self.driver, reactor, ONE, reset=reset, hand=self.driver.hand, make_calls=self.lookout.make)
        return Deferred.fromCoroutine(self.reader.open())

    def gone(self, channel: PcscChannel) -> ChannelError | None:
        """
        Why it is.
        """
        self.lookout.pass_time(60)
        return self.successResultOf(channel.when_gone())

    def test_left(self) -> None:
        """
        In the end the card is reset, or left as it is; nothing of it is kept in pcscd.
        """
        for reset, resets in ((True, [Disposition.RESET]), (False, [])):
            self.successResultOf(self.begin(reset=reset))
            closing = Deferred.fromCoroutine(self.reader.close())
            self.lookout.pass_time(1)
            self.successResultOf(closing)
            self.assertEqual((self.card.resets, self.driver.contexts, self.driver.handles), (resets, set(), {}))

    def test_takenOut(self) -> None:
        """
        It is noticed though nobody asks anything of the card.
        """
        channel = self.successResultOf(self.begin())
        self.driver.remove(ONE)
        self.assertIsInstance(self.gone(channel), CardTakenOut)

    def test_unplugged(self) -> None:
        """
        So it is when the reader is.
        """
        channel = self.successResultOf(self.begin())
        self.driver.unplug(ONE)
        self.assertIsInstance(self.gone(channel), ReaderUnplugged)

    def test_stopped(self) -> None:
        """
        And when pcscd is.
        """
        channel = self.successResultOf(self.begin())
        self.driver.stop()
        self.assertIsInstance(self.gone(channel), PcscStopped)

    def test_inUse(self) -> None:
        """
        A card that another program has to itself is not opened, and nothing is left behind.
        """
        opening = self.begin()
        self.successResultOf(opening)
        other = LocalReader(self.driver, ThreadlessReactor(), ONE, hand=self.driver.hand, make_calls=self.lookout.make)
        closing = Deferred.fromCoroutine(self.reader.close())
        self.lookout.pass_time(1)
        self.successResultOf(closing)
        self.driver.other_owns(ONE)
        self.failureResultOf(Deferred.fromCoroutine(other.open()), CardInUse)
        self.successResultOf(Deferred.fromCoroutine(other.close()))
        self.assertEqual((self.driver.contexts, self.driver.handles), (set(), {}))
