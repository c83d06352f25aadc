# -*- test-case-name: tests.gateway.test_faults -*-
"""
L{cardgw.gateway.faults}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway import faults


class FaultsTests(SynchronousTestCase):
    """
    What those who ask can be told.
    """

    def test_codes(self) -> None:
        """
        Programs know them by their codes.
        """
        self.assertEqual(faults.UnknownCard.code, "unknown-card")
        self.assertEqual(faults.StoreInUse("/x").code, "store-in-use")
        self.assertIsInstance(faults.NotAsking("1"), faults.Conflict)

    def test_texts(self) -> None:
        """
        People read what and why.
        """
        self.assertEqual(str(faults.WrongCode()), "This code is not valid, or not any more")
        self.assertIn("cardgw cards", str(faults.UnknownCard("1")))
