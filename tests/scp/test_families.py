# -*- test-case-name: tests.scp.test_families -*-
"""
L{cardgw.scp.families}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.scp.families import FAMILIES, LEGACY, STRICT, YUBIKEY, Chaining, Counting, family


class FamiliesTests(SynchronousTestCase):
    """
    Families by name.
    """

    def test_names(self) -> None:
        """
        There are these.
        """
        self.assertEqual(list(FAMILIES), ["strict", "yubikey", "jcop", "euicc", "legacy"])
        self.assertIs(family("yubikey"), YUBIKEY)
        error = self.assertRaises(ParameterError, family, "nokia")
        self.assertIn("there is no family of cards nokia; there are strict, yubikey", str(error))

    def test_odd(self) -> None:
        """
        What is odd about some.
        """
        self.assertEqual((STRICT.encrypts_empty, STRICT.counting), (False, Counting.EVERY))
        self.assertEqual((YUBIKEY.encrypts_empty, YUBIKEY.chaining), (True, Chaining.CLA))
        self.assertEqual(LEGACY.counting, Counting.WITH_DATA)
