# -*- test-case-name: tests.transports.estk.test_settings -*-
"""
Tests for L{cardgw.transports.estk.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build, options
from cardgw.transports.estk.settings import EstkSettings

WHERE = "cardgw.toml: [transports.estk]"


class SettingsTests(SynchronousTestCase):
    """
    L{EstkSettings} is C{[transports.estk]}.
    """

    def test_defaults(self) -> None:
        """
        Everything has a default: port 1888, no greeting, frames as the vendor's cards send them.
        """
        settings = build(EstkSettings, {}, WHERE)
        self.assertEqual((settings.listen, settings.greeting, settings.frame_limit), (("tcp:1888",), "", 508))
        self.assertEqual((settings.max_sessions, settings.max_sessions_per_address), (10_000, 1_000))
        self.assertEqual((settings.apdu_timeout, settings.slow_timeout, settings.box_timeout), (60, 180, 300))

    def test_help(self) -> None:
        """
        Every option says what it is, without a full stop at its end.
        """
        for each in options(EstkSettings):
            self.assertTrue(each.help and not each.help.endswith("."), each.name)

    def test_listen(self) -> None:
        """
        One endpoint may stand alone.
        """
        self.assertEqual(build(EstkSettings, {"listen": "tcp:1"}, WHERE).listen, ("tcp:1",))

    def test_wrong(self) -> None:
        """
        What cannot work is refused: a frame limit below an answer's length, no seconds, a word that is not known.
        """
        for wrong in ({"frame_limit": 257}, {"grace": 0}, {"idle": 5}, {"max_sessions": "many"}):
            self.assertRaises(SettingsError, build, EstkSettings, wrong, WHERE)
