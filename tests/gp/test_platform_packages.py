"""
Tests of L{cardgw.gp.platform_packages}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.commands import LEAST_AID, MOST_AID
from cardgw.gp.platform_packages import PLATFORM


class PlatformPackagesTests(SynchronousTestCase):
    """
    L{PLATFORM}.
    """

    def test_names(self) -> None:
        """
        Each is an AID, and has a name of its own.
        """
        self.assertEqual(PLATFORM[bytes.fromhex("A0000000620101")], "javacard.framework")
        self.assertTrue(all(LEAST_AID <= len(each) <= MOST_AID for each in PLATFORM))
        self.assertEqual(len(set(PLATFORM.values())), len(PLATFORM))
