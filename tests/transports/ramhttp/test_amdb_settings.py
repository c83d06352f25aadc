"""
Tests of L{cardgw.transports.ramhttp.amdb_settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.transports.ramhttp.amdb_settings import AmdbSettings


class SettingsTests(SynchronousTestCase):
    """
    What can be set.
    """

    def test_linger(self) -> None:
        """
        A card is held for some seconds, or not at all.
        """
        for given, expected in ((0, 0.0), (2, 2.0), ("0", 0.0), ("1.5", 1.5)):
            self.assertEqual(build(AmdbSettings, {"amdb_linger": given}, "here").amdb_linger, expected)
        for wrong in (-1, "x", False, True):
            self.assertRaises(SettingsError, build, AmdbSettings, {"amdb_linger": wrong}, "here")

    def test_defaults(self) -> None:
        """
        By default nobody is believed without a key.
        """
        self.assertFalse(AmdbSettings().amdb_plain)
