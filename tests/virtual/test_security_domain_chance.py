# -*- test-case-name: tests.virtual.test_security_domain_chance -*-
"""
Tests for L{cardgw.virtual.security_domain_chance}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.curves import CURVES
from cardgw.virtual.security_domain_chance import Seeded


class SeededTests(SynchronousTestCase):
    """
    L{Seeded}.
    """

    def test_bytes(self) -> None:
        """
        The same each time, another one each, and others for another seed.
        """
        first, again, other = Seeded("a"), Seeded("a"), Seeded("b")
        found = [first.entropy(16), first.entropy(16), other.entropy(16)]
        self.assertEqual(len(set(found)), 3)
        self.assertEqual([again.entropy(16), again.entropy(16)], found[:2])

    def test_keys(self) -> None:
        """
        On every curve.
        """
        for curve in CURVES.values():
            numbers = [Seeded("a").make_key(curve.group).private_numbers().private_value for _ in range(2)]
            self.assertEqual(numbers[0], numbers[1])
