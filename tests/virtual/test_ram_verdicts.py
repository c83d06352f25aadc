# -*- test-case-name: tests.virtual.test_ram_verdicts -*-
"""
Tests for L{cardgw.virtual.ram_verdicts}; what real programs do is in L{tests.virtual.test_ram_matrix}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual import ram_verdicts
from cardgw.virtual.http_lines import Framing, Message
from cardgw.virtual.ram_template import Stop
from cardgw.virtual.ram_verdicts import Verdict


class VerdictTests(SynchronousTestCase):
    """
    What is left.
    """

    def words(self, verdict: Verdict, status: str, body: bytes = b"", *, first: bool = False) -> tuple[str, bool]:
        """
        What a program says last.
        """
        reply = Message(f"HTTP/1.1 {status}", body=body, framing=Framing.LENGTH)
        stop = self.assertRaises(Stop, verdict, reply, first, "http://x/")
        return stop.text, stop.good

    def test_plain(self) -> None:
        """
        A program without quirks says what the server says.
        """
        self.assertEqual(self.words(ram_verdicts.plain, "409 Conflict", b"in use\n"), ("409 Conflict: in use", False))
        self.assertEqual(self.words(ram_verdicts.plain, "500 Oops"), ("500 Oops", False))
        self.assertEqual(self.words(ram_verdicts.plain, "204 No Content", first=True), ("Completed", True))

    def test_old(self) -> None:
        """
        The old client is content with any end without a body, and with one that is no error.
        """
        self.assertTrue(self.words(ram_verdicts.opencard_13, "410 Gone")[1])
        self.assertTrue(self.words(ram_verdicts.opencard_13, "201 Created", b"x")[1])
        self.assertFalse(self.words(ram_verdicts.opencard_13, "410 Gone", b"x")[1])

    def test_later(self) -> None:
        """
        A later one is not.
        """
        self.assertEqual(self.words(ram_verdicts.opencard_20, "410 Gone"), ("Update failed with HTTP code 410", False))
