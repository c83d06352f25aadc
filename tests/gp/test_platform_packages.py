"""
Tests of L{cardgw.gp.platform_packages}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.cap_components import Package
from cardgw.gp.commands import LEAST_AID, MOST_AID
from cardgw.gp.platform_packages import PLATFORM, foreign

FRAMEWORK, OWN = Package(bytes.fromhex("A0000000620101"), (1, 5)), Package(bytes.fromhex("F000000001"), (1, 0))


class PlatformPackagesTests(SynchronousTestCase):
    """
    L{PLATFORM} and L{foreign}.
    """

    def test_names(self) -> None:
        """
        Each is an AID, and has a name of its own.
        """
        self.assertEqual(PLATFORM[FRAMEWORK.aid], "javacard.framework")
        self.assertTrue(all(LEAST_AID <= len(each) <= MOST_AID for each in PLATFORM))
        self.assertEqual(len(set(PLATFORM.values())), len(PLATFORM))

    def test_foreign(self) -> None:
        """
        What comes with the card need not be loaded.
        """
        self.assertEqual(foreign((FRAMEWORK, OWN)), (OWN,))
