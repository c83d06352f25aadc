# -*- test-case-name: tests.testing.test_trust -*-
"""
Tests for L{cardgw.testing.trust}.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from cardgw.testing.trust import FakeTrust, NotBelieved, TrustTestsMixin


class FakeTrustTests(TrustTestsMixin, SynchronousTestCase):
    """
    L{FakeTrust} keeps the contract.
    """

    def make_trust(self) -> FakeTrust:
        """
        A trust in one certificate.
        """
        return FakeTrust({b"a certificate": "believed"})

    def good(self) -> tuple[Sequence[bytes], str]:
        """
        See L{TrustTestsMixin}.
        """
        return [b"a certificate", b"its issuer"], "smdp.example.test"

    def test_asked(self) -> None:
        """
        It keeps what it was asked, and believes nobody unless told to.
        """
        trust = FakeTrust()
        self.assertRaises(NotBelieved, trust.check, [b"x"], "a role", "a.example", frozenset({b"ci"}))
        self.assertEqual(trust.asked, [((b"x",), "a role", "a.example", frozenset({b"ci"}))])
