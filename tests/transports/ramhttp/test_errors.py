# -*- test-case-name: tests.transports.ramhttp.test_errors -*-
"""
Tests for L{cardgw.transports.ramhttp.errors}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.transports.ramhttp.errors import AnswersUncertain, CardRemoved, ClientRestarted, EndedByClient, quoted


class ErrorTests(SynchronousTestCase):
    """
    What goes wrong on the card's side.
    """

    def test_lost(self) -> None:
        """
        The card is gone, in each case.
        """
        for each in (AnswersUncertain, CardRemoved, ClientRestarted, EndedByClient):
            self.assertTrue(issubclass(each, PeerLost))
        self.assertIn("not done twice", str(AnswersUncertain()))

    def test_quoted(self) -> None:
        """
        What a stranger says is one line.
        """
        self.assertEqual(quoted("Card\r\nwas  \x1b[31mremoved."), "Card was [31mremoved.")
        self.assertEqual(quoted("a\u202eb\u2028c ✓"), "a b c ✓")
        self.assertEqual(quoted("x" * 1_000_000), "x" * 200 + "...")

    @given(st.text())
    def test_anything(self, text: str) -> None:
        """
        Whatever it is.
        """
        self.assertTrue(all(map(str.isprintable, quoted(text))))
        self.assertLessEqual(len(quoted(text)), 203)
