"""
Tests for L{cardgw.bridges.touch_errors}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_errors import MAX_FOREIGN_TEXT, TouchDenied, TouchMoved, TouchServerError, of_status, shown


class StatusTests(SynchronousTestCase):
    """
    L{of_status}.
    """

    def test_named(self) -> None:
        """
        What is known has a name, with the server's own words.
        """
        denied = of_status(401, "no such\ntoken")
        self.assertIsInstance(denied, TouchDenied)
        self.assertIn("HTTP status 401: no such token. --token", str(denied))
        self.assertIsInstance(of_status(302, "https://elsewhere.example/"), TouchMoved)

    def test_unnamed(self) -> None:
        """
        The rest has its number.
        """
        self.assertIs(type(of_status(503, "")), TouchServerError)
        self.assertTrue(str(of_status(503, "")).endswith("HTTP status 503"))


class ShownTests(SynchronousTestCase):
    """
    L{shown}.
    """

    def test_controls(self) -> None:
        """
        Nothing of it controls a terminal.
        """
        self.assertEqual(shown("a\x1b[2Jb\r\n\tc "), "a [2Jb c")

    def test_long(self) -> None:
        """
        What is long is cut.
        """
        self.assertEqual(len(shown("a" * 10_000)), MAX_FOREIGN_TEXT)
