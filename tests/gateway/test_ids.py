# -*- test-case-name: tests.gateway.test_ids -*-
"""
L{cardgw.gateway.ids}.
"""

from __future__ import annotations

import os

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.ids import Ids


class IdsTests(SynchronousTestCase):
    """
    Names of jobs and cards.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.ids = Ids(self.clock.seconds, os.urandom)

    def test_order(self) -> None:
        """
        A later job has a greater name, in the same millisecond, too, and where the clock is set back.
        """
        names = [self.ids.job() for _ in range(5)]
        self.clock.advance(0.5)
        names.append(self.ids.job())
        self.clock.rightNow -= 3600
        names.append(self.ids.job())
        self.assertEqual(names, sorted(set(names)))

    def test_crowd(self) -> None:
        """
        More jobs than fit into one millisecond go into the next.
        """
        names = [self.ids.job() for _ in range(70_000)]
        self.assertEqual(names, sorted(set(names)))
        self.assertEqual({len(name) for name in names}, {21})

    def test_card(self) -> None:
        """
        A card's name is short.
        """
        self.assertRegex(self.ids.card(), "^[0-9a-f]{8}$")
