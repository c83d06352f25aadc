"""
Tests for L{cardgw.bridges.touch}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch import Outcome, Session


class ValueTests(SynchronousTestCase):
    """
    L{Session} and L{Outcome}.
    """

    def test_secretsAreNotShown(self) -> None:
        """
        Neither the cookie nor the password is in the representation.
        """
        shown = repr(Session("https://cards.example/rt", "JSESSIONID=4711", "Basic c2VjcmV0"))
        self.assertNotIn("4711", shown)
        self.assertNotIn("c2VjcmV0", shown)

    def test_good(self) -> None:
        """
        A session is good unless the server told of an error, or it was cancelled.
        """
        self.assertTrue(Outcome(3).good)
        self.assertFalse(Outcome(3, "no", failed=True).good)
        self.assertFalse(Outcome(3, cancelled=True).good)
