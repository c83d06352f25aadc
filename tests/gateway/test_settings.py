# -*- test-case-name: tests.gateway.test_settings -*-
"""
L{cardgw.gateway.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.gateway.settings import JobSettings, ManagementSettings, StoreSettings


class SettingsTests(SynchronousTestCase):
    """
    C{[store]}, C{[jobs]} and C{[management]}.
    """

    def test_defaults(self) -> None:
        """
        Without a word, secrets are encrypted and jobs begun at most three times.
        """
        self.assertTrue(StoreSettings().encrypt)
        self.assertEqual(JobSettings().runs, 3)
        self.assertEqual(ManagementSettings().code_lifetime, 600.0)

    def test_wrong(self) -> None:
        """
        A mistake is told.
        """
        for cls, values in (
            (JobSettings, {"runs": 0}),
            (ManagementSettings, {"idle-timeout": -1}),
            (StoreSettings, {"uri": "x"}),
        ):
            self.assertRaises(SettingsError, build, cls, values, "[x]")
