"""
Tests for L{cardgw.transports.pcsc.calls}.
"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.pcsc.calls import Calls
from cardgw.transports.pcsc.worker import Wait
from tests.transports.pcsc.fake_threads import ThreadlessReactor


class LazyHand:
    """
    A thread that does nothing until it is told to.
    """

    def __init__(self) -> None:
        self.name = ""
        self.errands: list[Iterator[Wait]] = []
        self.ended = False

    def named(self, name: str) -> LazyHand:
        """
        Start it.
        """
        self.name = name
        return self

    def give(self, errand: Iterator[Wait]) -> None:
        """
        See L{cardgw.transports.pcsc.worker.Hand}.
        """
        self.errands.append(errand)

    def end(self) -> None:
        """
        See L{cardgw.transports.pcsc.worker.Hand}.
        """
        self.ended = True

    def work(self) -> None:
        """
        Do everything.
        """
        for errand in self.errands:
            for _ in errand:
                raise AssertionError("nothing is to be looked after")


class CallsTests(SynchronousTestCase):
    """
    L{Calls}.
    """

    def test_order(self) -> None:
        """
        What is given is called in its order, in the thread; what it returns or raises comes back.
        """
        hand = LazyHand()
        calls = Calls(ThreadlessReactor(), "one", hand.named)
        called: list[int] = []
        first, second, third = calls.run(called.append, 1), calls.run(called.index, 2), calls.run(sum, (1, 2), start=3)
        calls.end()
        self.assertEqual((hand.name, hand.ended), ("one", True))
        self.assertNoResult(first)
        hand.work()
        self.assertEqual((self.successResultOf(third), called), (6, [1]))
        self.assertIsNone(self.successResultOf(first))
        self.failureResultOf(second, ValueError)
