# -*- test-case-name: tests.gateway.test_door -*-
"""
L{cardgw.gateway.door}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.door import Door


class DoorTests(SynchronousTestCase):
    """
    Those who come too early wait.
    """

    def setUp(self) -> None:
        self.door = Door()

    def test_open(self) -> None:
        """
        At first nobody waits.
        """
        self.successResultOf(self.door.passed())

    def test_shut(self) -> None:
        """
        All wait until it is opened, and go on in the order of their coming; after that nobody waits.
        """
        self.door.shut()
        order: list[int] = []
        for number in range(3):
            self.door.passed().addCallback(lambda _, number: order.append(number), number)
        self.assertEqual(order, [])
        self.door.open()
        self.assertEqual(order, [0, 1, 2])
        self.successResultOf(self.door.passed())

    def test_cancelled(self) -> None:
        """
        Who does not want to wait any more does not keep the others.
        """
        self.door.shut()
        first, second = self.door.passed(), self.door.passed()
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.door.open()
        self.successResultOf(second)
