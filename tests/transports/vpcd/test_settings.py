# -*- test-case-name: tests.transports.vpcd.test_settings -*-
"""
Tests for L{cardgw.transports.vpcd.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build, options
from cardgw.transports.vpcd.settings import VpcdSettings

WHERE = "cardgw.toml: [transports.vpcd]"


class SettingsTests(SynchronousTestCase):
    """
    L{VpcdSettings} is C{[transports.vpcd]}.
    """

    def test_defaults(self) -> None:
        """
        Everything has a default: vpcd's port, for this machine alone.
        """
        settings = build(VpcdSettings, {}, WHERE)
        self.assertEqual((settings.listen, settings.extended_length), (("tcp:35963:interface=127.0.0.1",), "auto"))
        self.assertEqual((settings.max_sessions, settings.max_sessions_per_address), (1_000, 100))
        self.assertEqual((settings.idle_timeout, settings.poll, settings.apdu_timeout, settings.slow_timeout), (60, 5, 60, 180))

    def test_help(self) -> None:
        """
        Every option says what it is, without a full stop at its end.
        """
        for each in options(VpcdSettings):
            self.assertTrue(each.help and not each.help.endswith("."), each.name)

    def test_wrong(self) -> None:
        """
        What cannot work is refused.
        """
        for wrong in ({"poll": 0}, {"extended_length": "maybe"}, {"idle": 5}, {"max_sessions": 0}):
            self.assertRaises(SettingsError, build, VpcdSettings, wrong, WHERE)
