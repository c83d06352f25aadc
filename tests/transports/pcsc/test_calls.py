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

    def __init__(self, name: str) -> None:
        self.name = name
        self.errands: list[Iterator[Wait]] = []
        self.ended = False

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
        hands: list[LazyHand] = []
        calls = Calls(ThreadlessReactor(), "one", lambda name: hands.append(LazyHand(name)) or hands[0])
        called: list[int] = []
        first, second, third = calls.run(called.append, 1), calls.run(called.index, 2), calls.run(sum, (1, 2), start=3)
        calls.end()
        self.assertEqual((hands[0].name, hands[0].ended), ("one", True))
        self.assertNoResult(first)
        hands[0].work()
        self.assertEqual((self.successResultOf(third), called), (6, [1]))
        self.assertIsNone(self.successResultOf(first))
        self.failureResultOf(second, ValueError)
