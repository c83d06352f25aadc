# -*- test-case-name: tests.connections.test_deadline -*-
"""
Tests for L{cardgw.connections.deadline}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.deadline import Deadline


class DeadlineTests(SynchronousTestCase):
    """
    L{Deadline} calls when something did not come in time.
    """

    def setUp(self) -> None:
        """
        A deadline on a clock.
        """
        self.clock = Clock()
        self.late: list[tuple[str, float]] = []
        self.deadline = Deadline(self.clock, lambda what, seconds: self.late.append((what, seconds)))

    def test_late(self) -> None:
        """
        It says what was awaited and for how long, once.
        """
        self.deadline.expect(5, "an answer")
        self.clock.advance(4.9)
        self.assertEqual(self.late, [])
        self.clock.advance(0.1)
        self.clock.advance(100)
        self.assertEqual(self.late, [("an answer", 5)])

    def test_renewed(self) -> None:
        """
        Moving it later touches no timer: the one that is set fires early and is set again.
        """
        self.deadline.expect(5, "one")
        (call,) = self.clock.getDelayedCalls()
        self.clock.advance(3)
        self.deadline.expect(5, "two")
        self.assertEqual(self.clock.getDelayedCalls(), [call])
        self.assertEqual(call.getTime(), 5)
        self.clock.advance(2)
        self.assertEqual([each.getTime() for each in self.clock.getDelayedCalls()], [8])
        self.clock.advance(3)
        self.assertEqual(self.late, [("two", 5)])

    def test_sooner(self) -> None:
        """
        A shorter limit after a longer one is kept.
        """
        self.deadline.expect(300, "a human")
        self.deadline.expect(5, "a card")
        self.clock.advance(5)
        self.assertEqual(self.late, [("a card", 5)])

    def test_rest(self) -> None:
        """
        While nothing is awaited nothing happens.
        """
        self.deadline.expect(5, "one")
        self.deadline.rest()
        self.clock.advance(50)
        self.assertEqual((self.late, self.clock.getDelayedCalls()), ([], []))
        self.deadline.expect(5, "two")
        self.clock.advance(5)
        self.assertEqual(self.late, [("two", 5)])

    def test_end(self) -> None:
        """
        Afterwards there is no timer.
        """
        self.deadline.expect(5, "one")
        self.deadline.end()
        self.deadline.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])
