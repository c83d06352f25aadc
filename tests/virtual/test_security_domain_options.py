# -*- test-case-name: tests.virtual.test_security_domain_options -*-
"""
Tests for L{cardgw.virtual.security_domain_options}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp import families
from cardgw.virtual.security_domain_options import FAMILIES, SecurityDomainOptions


class OptionsTests(SynchronousTestCase):
    """
    The families.
    """

    def test_names(self) -> None:
        """
        They are those that the host knows.
        """
        self.assertEqual(set(FAMILIES), set(families.FAMILIES))
        self.assertTrue(all(each.scp.name == name == each.name for name, each in FAMILIES.items()))

    def test_personal(self) -> None:
        """
        What tells one card from another is not shown.
        """
        self.assertNotIn("cplc", repr(SecurityDomainOptions()))
