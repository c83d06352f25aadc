# -*- test-case-name: tests.scp.test_scp11_card_data -*-
"""
L{cardgw.scp.scp11_card_data}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.errors import LevelNotPossible
from cardgw.scp.scp11_card_data import Scp11Implementation
from cardgw.scp.scp11_terms import Variant


class ImplementationTests(SynchronousTestCase):
    """
    The parameter i.
    """

    def test_twoBytes(self) -> None:
        """
        0D86, as cards have it: SCP11b and nothing else, in two bytes.
        """
        found = Scp11Implementation.of(0x0D86)
        self.assertEqual(found.variants, (Variant.B,))
        self.assertEqual(found.mac_length, 8)

    def test_oneByte(self) -> None:
        """
        All three, in one byte.
        """
        found = Scp11Implementation.of(0x1B)
        self.assertEqual(found.variants, (Variant.A, Variant.B, Variant.C))
        self.assertEqual(found.mac_length, 8)

    def test_s16(self) -> None:
        """
        MACs may have 16 bytes.
        """
        self.assertEqual(Scp11Implementation.of(0x41).mac_length, 16)

    def test_refuse(self) -> None:
        """
        What the card does not do is refused by name.
        """
        found = Scp11Implementation.of(0x03)
        found.refuse(Variant.A)
        problem = self.assertRaises(LevelNotPossible, found.refuse, Variant.C)
        self.assertIn("SCP11c is wanted, and the card says that it does SCP11a, SCP11b", str(problem))
        self.assertIn("none", str(self.assertRaises(LevelNotPossible, Scp11Implementation(0).refuse, Variant.A)))
