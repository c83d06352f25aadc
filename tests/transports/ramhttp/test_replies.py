# -*- test-case-name: tests.transports.ramhttp.test_replies -*-
"""
Tests for L{cardgw.transports.ramhttp.replies}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.replies import KEEP_ALIVE, NO_SESSION, NOTHING_MORE, SUPERSEDED, session_cookie, template, turn


class ReplyTests(SynchronousTestCase):
    """
    What is answered.
    """

    def test_constants(self) -> None:
        """
        Nothing to do is a template, the end has no body, and each error has one.
        """
        self.assertEqual((KEEP_ALIVE, NOTHING_MORE.status, NOTHING_MORE.body), (b"\xaa\x00", 204, b""))
        self.assertTrue(SUPERSEDED.body)
        self.assertIn(b"cookie", NO_SESSION.body)

    def test_template(self) -> None:
        """
        A template has its type, and a cookie only where it is given.
        """
        self.assertNotIn("Set-Cookie", template(b"\xaa\x00").headers)
        headers = template(b"\xaa\x00", session_cookie("x")).headers
        self.assertEqual(headers["Set-Cookie"], "cardgw=x; Path=/; HttpOnly; SameSite=Strict")
        self.assertTrue(turn(7).startswith("cardgw-turn=7; "))
        self.assertIn("openscdp", headers["Content-Type"])
