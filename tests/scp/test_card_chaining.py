# -*- test-case-name: tests.scp.test_card_chaining -*-
"""
L{cardgw.scp.card_chaining}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.scp.card_chaining import LAST_EXPECTED, MORE_TO_COME, TOO_LONG, Segments

FIRST = Command(0x90, 0xE2, 0x00, 0x00, b"ab")
LAST = Command(0x80, 0xE2, 0x00, 0x00, b"c", 256)


class SegmentsTests(SynchronousTestCase):
    """
    L{Segments}.
    """

    def test_together(self) -> None:
        """
        The whole has the header and Le of the last one.
        """
        card = Segments()
        self.assertEqual(card.take(FIRST), MORE_TO_COME)
        self.assertEqual(card.take(LAST), evolve(LAST, data=b"abc"))
        self.assertEqual(card.take(LAST), LAST)

    def test_another(self) -> None:
        """
        Another command in the midst of it is refused, and what was begun is gone.
        """
        for other in (Command(0x80, 0xF2), evolve(LAST, p2=1), evolve(LAST, cla=0x81)):
            card = Segments()
            card.take(FIRST)
            self.assertEqual(card.take(other), LAST_EXPECTED)
            self.assertEqual(card.take(LAST), LAST)

    def test_parameter(self) -> None:
        """
        Bit 8 of P1 says more only where GlobalPlatform has it so, and only for cards that know it.
        """
        install = Command(0x80, 0xE6, 0xA0, 0x00, b"ab")
        self.assertEqual(Segments().take(install), MORE_TO_COME)
        self.assertEqual(Segments(p1=False).take(install), install)
        store = Command(0x80, 0xE2, 0x80, 0x00, b"ab")
        self.assertEqual(Segments().take(store), store)

    def test_forget(self) -> None:
        """
        A reset begins anew.
        """
        card = Segments()
        card.take(FIRST)
        card.forget()
        self.assertEqual(card.take(LAST), LAST)

    def test_long(self) -> None:
        """
        There is an end to it.
        """
        card = Segments()
        self.assertEqual(card.take(evolve(FIRST, data=bytes(65535))), MORE_TO_COME)
        self.assertEqual(card.take(LAST), TOO_LONG)
        self.assertEqual(card.take(LAST), LAST)
