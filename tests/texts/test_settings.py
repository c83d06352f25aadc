# -*- test-case-name: tests.texts.test_settings -*-
"""
Tests for L{cardgw.texts.settings}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.texts.settings import TextSettings


class TextSettingsTests(SynchronousTestCase):
    """
    L{TextSettings}.
    """

    def test_default(self) -> None:
        """
        Card holders read English.
        """
        self.assertEqual(TextSettings().language, "en")

    def test_language(self) -> None:
        """
        Or another language that there is.
        """
        self.assertEqual(build(TextSettings, {"language": "fr"}, "[texts]").language, "fr")
        error = self.assertRaises(SettingsError, build, TextSettings, {"language": "tlh"}, "cardgw.toml: [texts]")
        self.assertIn('cardgw.toml: [texts] language: expected one of "en", "de", "es"', str(error))
