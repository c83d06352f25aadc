# -*- test-case-name: tests.apdu.test_turns -*-
"""
Tests for L{cardgw.apdu.turns}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.turns import Turns

MANY = 5000


class Order:
    """
    Who had a turn, in order.
    """

    def __init__(self) -> None:
        self.seen: list[int] = []

    def run(self, turns: Turns, number: int) -> Deferred[None]:
        """
        Wait for a turn that ends at once.
        """
        return turns.run(self._came, number)

    def _came(self, number: int) -> Deferred[None]:
        self.seen.append(number)
        return succeed(None)


class TurnsTests(SynchronousTestCase):
    """
    L{Turns}.
    """

    def test_oneAfterAnother(self) -> None:
        """
        Each begins when the one before has ended, in the order in which they came.
        """
        turns, ends = Turns(), [Deferred[None]() for _ in range(3)]
        begun: list[int] = []

        def run(number: int) -> Deferred[None]:
            begun.append(number)
            return ends[number]

        results = [turns.run(run, number) for number in range(3)]
        self.assertEqual(begun, [0])
        ends[0].callback(None)
        self.assertEqual(begun, [0, 1])
        ends[1].errback(ArithmeticError())
        self.assertEqual(begun, [0, 1, 2])
        ends[2].callback(None)
        self.failureResultOf(results[1], ArithmeticError)
        self.assertFalse(turns.locked)

    def test_many(self) -> None:
        """
        Thousands may wait, and end all at once.
        """
        turns, end, order = Turns(), Deferred[None](), Order()
        turns.run(lambda: end)
        for number in range(MANY):
            order.run(turns, number)
        end.callback(None)
        self.assertEqual(order.seen, list(range(MANY)))
        self.assertFalse(turns.locked)

    def test_cancel(self) -> None:
        """
        Who gives up waiting is passed over.
        """
        turns, end, order = Turns(), Deferred[None](), Order()
        turns.run(lambda: end)
        results = [order.run(turns, number) for number in range(3)]
        results[1].cancel()
        self.failureResultOf(results[1], CancelledError)
        end.callback(None)
        self.assertEqual(order.seen, [0, 2])

    def test_newcomers(self) -> None:
        """
        Who comes while turns are being passed on queues behind those who have waited.
        """
        turns, end, order = Turns(), Deferred[None](), Order()
        turns.run(lambda: end)
        order.run(turns, 0).addCallback(lambda _: order.run(turns, 2))
        order.run(turns, 1)
        end.callback(None)
        self.assertEqual(order.seen, [0, 1, 2])
        self.assertFalse(turns.locked)
