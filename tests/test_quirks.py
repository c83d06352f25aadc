# -*- test-case-name: tests.test_quirks -*-
"""
Tests for L{cardgw.quirks}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build, options
from cardgw.quirks import Quirks, quirks_of
from cardgw.values import ChannelInfo

WHERE = "cardgw.toml: [[quirks]]"
ESTK = ChannelInfo("estk", atr=bytes.fromhex("3B9F96C00A31FE45"))


class QuirksTests(SynchronousTestCase):
    """
    L{Quirks}.
    """

    def test_settings(self) -> None:
        """
        An entry of the settings: what it matches, and what it says.
        """
        entry = build(Quirks, {"atr": "3B 9F 96", "segment_size": 120, "isd_r": "A000000559", "refresh": False}, WHERE)
        self.assertEqual(entry, Quirks(atr=b"\x3b\x9f\x96", segment_size=120, isd_r=bytes.fromhex("A000000559"), refresh=False))

    def test_wrong(self) -> None:
        """
        A wrong value is named with what was expected.
        """
        error = self.assertRaises(SettingsError, build, Quirks, {"segment_size": 300}, WHERE)
        self.assertIn("[[quirks]] segment_size: expected bytes from 16 to 255, got 300", str(error))

    def test_matches(self) -> None:
        """
        All that an entry asks for must fit; an ATR fits by its beginning. An entry that asks for nothing fits all.
        """
        self.assertTrue(Quirks().matches(ESTK))
        self.assertTrue(Quirks(transport="estk", atr=b"\x3b\x9f").matches(ESTK))
        self.assertFalse(Quirks(transport="pcsc", atr=b"\x3b\x9f").matches(ESTK))
        self.assertFalse(Quirks(atr=b"\x3b\x00").matches(ESTK))
        self.assertFalse(Quirks(atr=b"\x3b").matches(ChannelInfo("estk")))

    def test_merged(self) -> None:
        """
        Where two entries speak of the same thing, the later one counts; what only one speaks of, stays.
        """
        merged = quirks_of(
            ESTK,
            [
                Quirks(segment_size=120, refresh=True),
                Quirks(transport="pcsc", segment_size=16),
                Quirks(transport="estk", segment_size=200),
            ],
        )
        self.assertEqual(merged, Quirks(segment_size=200, refresh=True))
        self.assertEqual(quirks_of(ESTK, []), Quirks())

    def test_falseCounts(self) -> None:
        """
        C{false} is said, and not the same as silence.
        """
        self.assertIs(quirks_of(ESTK, [Quirks(refresh=True), Quirks(refresh=False)]).refresh, False)

    def test_nothingForgotten(self) -> None:
        """
        Whatever can be said is merged.
        """
        said: dict[str, Any] = {"segment_size": 17, "isd_r": b"12345", "refresh": True}
        self.assertEqual({each.name for each in options(Quirks)} - {"transport", "atr"}, set(said))
        self.assertEqual(quirks_of(ESTK, [Quirks(**said)]), Quirks(**said))
