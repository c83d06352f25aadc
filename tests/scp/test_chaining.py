# -*- test-case-name: tests.scp.test_chaining -*-
"""
L{cardgw.scp.chaining}, and L{cardgw.scp.card_chaining} behind it.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_chaining import MORE_TO_COME, Segments
from cardgw.scp.chaining import segments
from cardgw.scp.errors import CommandNotProtectable
from cardgw.scp.families import Chaining

INSTALL, LOAD = 0xE6, 0xE8


class ChainingTests(SynchronousTestCase):
    """
    L{segments}.
    """

    def test_marks(self) -> None:
        """
        All segments but the last one are marked; P1 only where that says so.
        """
        for chaining, ins, cla, p1 in (
            (Chaining.CLA, INSTALL, 0x94, 0x20),
            (Chaining.P1, INSTALL, 0x84, 0xA0),
            (Chaining.BOTH, INSTALL, 0x94, 0xA0),
            (Chaining.BOTH, LOAD, 0x94, 0x20),
            (Chaining.CLA, LOAD, 0x94, 0x20),
        ):
            first, middle, last = segments(Command(0x84, ins, 0x20, 0x01, bytes(600), 65536), chaining)
            self.assertEqual(first, Command(0x84 if cla == 0x84 else 0x94, ins, p1, 0x01, bytes(255)))
            self.assertEqual(middle, first)
            self.assertEqual(last, Command(0x84, ins, 0x20, 0x01, bytes(90), 256))

    def test_short(self) -> None:
        """
        What fits is not cut, but made short.
        """
        for chaining in Chaining:
            command = Command(0x84, LOAD, 0, 0, bytes(255), 65536, extended=True)
            self.assertEqual(segments(command, chaining), (Command(0x84, LOAD, 0, 0, bytes(255), 256),))

    def test_refused(self) -> None:
        """
        Bit 8 of P1 is not set in commands where it says something else: LOAD, STORE DATA, GET STATUS.
        """
        for ins in (LOAD, 0xE2, 0xF2):
            self.assertRaises(CommandNotProtectable, segments, Command(0x84, ins, 0, 0, bytes(256)), Chaining.P1)
        self.assertRaises(CommandNotProtectable, segments, Command(0x84, INSTALL, 0, 0, bytes(256)), Chaining.NONE)

    def test_marked(self) -> None:
        """
        Nor is a command cut so whose last segment would say that more follows; the class does not care.
        """
        command = Command(0x84, INSTALL, 0x90, 0, bytes(256))
        for chaining in (Chaining.P1, Chaining.BOTH):
            self.assertRaises(CommandNotProtectable, segments, command, chaining)
        self.assertEqual([each.p1 for each in segments(command, Chaining.CLA)], [0x90, 0x90])

    @given(
        st.sampled_from((Chaining.CLA, Chaining.P1, Chaining.BOTH)), st.integers(1, 3000), st.integers(1, 255), st.integers(0, 19)
    )
    def test_together(self, chaining: Chaining, length: int, size: int, number: int) -> None:
        """
        The card puts together what the host has cut.
        """
        cla = 0x84 | number if number < 4 else 0xE0 | (number - 4)
        whole = Command(cla, INSTALL, 0x20, 0x00, bytes(at & 0xFF for at in range(length)), 256)
        card = Segments()
        *first, last = [card.take(Command.decode(each.encode())) for each in segments(whole, chaining, size)]
        self.assertEqual([each for each in first if each is not MORE_TO_COME], [])
        assert isinstance(last, Command)
        self.assertEqual(last, whole)
        self.assertNotIsInstance(card.take(whole), Response)
