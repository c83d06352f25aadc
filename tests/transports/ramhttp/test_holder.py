# -*- test-case-name: tests.transports.ramhttp.test_holder -*-
"""
Tests for L{cardgw.transports.ramhttp.holder}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.transports.ramhttp.holder import HOLD, TEXT_MAX, WAITING_MAX, Holder
from cardgw.transports.ramhttp.wire import Notify


class HolderTests(SynchronousTestCase):
    """
    L{Holder}.
    """

    def setUp(self) -> None:
        """
        There is nothing to be said.
        """
        self.clock = Clock()
        self.due = 0
        self.holder = Holder(self.clock, self.fell_due)

    def fell_due(self) -> None:
        """
        Texts should go out.
        """
        self.due += 1

    def test_alone(self) -> None:
        """
        A text goes out by itself after a moment.
        """
        self.successResultOf(self.holder.show("one"))
        self.holder.show("two")
        self.assertEqual((self.due, self.holder.is_due), (0, False))
        self.clock.advance(HOLD)
        self.assertEqual((self.due, self.holder.is_due), (1, True))
        self.assertEqual(self.holder.take(), (Notify(1, "one"), Notify(1, "two")))
        self.assertEqual((self.holder.is_due, self.holder.take()), (False, ()))

    def test_along(self) -> None:
        """
        If something else goes out before, it goes along; the last one says how long what follows may take.
        """
        self.holder.show("one")
        self.holder.show("two")
        self.assertEqual(self.holder.take(0.4), (Notify(1, "one"), Notify(1, "two", 1)))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_last(self) -> None:
        """
        Just before the end it is the last word.
        """
        self.assertEqual(self.holder.farewell("", "Done."), (Notify(0, "Done."),))
        self.holder.show("one")
        self.holder.show("two")
        self.assertEqual(self.holder.farewell("", "Done."), (Notify(1, "one"), Notify(0, "two")))

    def test_failure(self) -> None:
        """
        A failure is the last word of all, and not said twice.
        """
        self.holder.show("one")
        self.assertEqual(self.holder.farewell("No.", "Done."), (Notify(1, "one"), Notify(-1, "No.")))
        self.holder.show("Sorry: No.")
        self.assertEqual(self.holder.farewell("No.", "Done."), (Notify(-1, "Sorry: No."),))

    def test_long(self) -> None:
        """
        Very long texts are cut off.
        """
        self.holder.show("x" * 5000)
        self.assertEqual(len(self.holder.take()[0].text), TEXT_MAX + 3)

    def test_full(self) -> None:
        """
        With many texts, the next one waits until the client has taken them.
        """
        for _ in range(WAITING_MAX):
            self.successResultOf(self.holder.show("x"))
        late, given_up = self.holder.show("y"), self.holder.show("z")
        self.assertNoResult(late)
        given_up.addErrback(lambda _: None).cancel()
        self.holder.take()
        self.successResultOf(late)

    def test_end(self) -> None:
        """
        In the end, those who wait are told.
        """
        for _ in range(WAITING_MAX + 1):
            late = self.holder.show("x")
        self.holder.end(PeerLost())
        self.failureResultOf(late, PeerLost)
        self.assertEqual((self.clock.getDelayedCalls(), self.holder.take(), self.due), ([], (), 0))
