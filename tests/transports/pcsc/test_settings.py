"""
Tests for L{cardgw.transports.pcsc.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build, options
from cardgw.transports.pcsc.settings import PcscSettings

WHERE = "cardgw.toml: [transports.pcsc]"


class SettingsTests(SynchronousTestCase):
    """
    L{PcscSettings} is C{[transports.pcsc]}.
    """

    def test_defaults(self) -> None:
        """
        All readers are used, and shared with other programs.
        """
        settings = build(PcscSettings, {}, WHERE)
        self.assertEqual((settings.readers, settings.ignore, settings.names), (("*",), (), {}))
        self.assertEqual((settings.share, settings.protocol, settings.extended_length), ("shared", "auto", "auto"))
        self.assertEqual((settings.apdu_timeout, settings.slow_timeout, settings.busy_timeout), (60, 180, 30))
        self.assertEqual((settings.retry, settings.close, settings.grace), (3, "reset", 30))

    def test_readers(self) -> None:
        """
        Readers are a list or a single one; names are a table.
        """
        given = {"readers": "bench", "names": {"bench": "atr:3B9F*"}}
        settings = build(PcscSettings, given, WHERE)
        self.assertEqual((settings.readers, settings.names), (("bench",), {"bench": "atr:3B9F*"}))

    def test_help(self) -> None:
        """
        Every option says what it is, without a full stop at its end.
        """
        for each in options(PcscSettings):
            self.assertTrue(each.help and not each.help.endswith("."), each.name)

    def test_wrong(self) -> None:
        """
        What cannot work is refused, in one line that names the setting.
        """
        wrong = {"readers": ["atr:xx"], "ignore": "", "names": {"a": " "}, "share": "no", "protocol": "t2", "close": "eject"}
        for name, value in wrong.items():
            error = self.assertRaises(SettingsError, build, PcscSettings, {name: value}, WHERE)
            self.assertIn(f"[transports.pcsc] {name}: ", str(error))
            self.assertNotIn("\n", str(error))
