# -*- test-case-name: tests.transports.ramhttp.test_settings -*-
"""
Tests for L{cardgw.transports.ramhttp.settings}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.wire import TEMPLATE_MAX


class SettingsTests(SynchronousTestCase):
    """
    L{RamHttpSettings}.
    """

    def built(self, **values: Any) -> RamHttpSettings:
        """
        Of a table.
        """
        return build(RamHttpSettings, values, "x")

    def test_defaults(self) -> None:
        """
        This machine alone, and no reply later than the most impatient client waits.
        """
        settings = self.built()
        self.assertEqual((settings.listen, settings.prefix), (("tcp:8080:interface=127.0.0.1",), "/rt"))
        self.assertLess(settings.poll, 40)

    def test_body(self) -> None:
        """
        The largest template that a client can send is no larger than a body may be.
        """
        self.assertGreater(self.built().max_body, TEMPLATE_MAX)

    def test_poll(self) -> None:
        """
        Nor can it be set so.
        """
        self.assertEqual(self.built(poll=35).poll, 35)
        for wrong in (35.1, 0, -1, "x", True, float("nan"), float("inf")):
            self.assertRaises(SettingsError, self.built, poll=wrong)

    def test_prefix(self) -> None:
        """
        The beginning of a path, or nothing; a slash at its end does not count.
        """
        for given, expected in (("/rt", "/rt"), ("/a/b/", "/a/b"), ("", ""), ("/", "")):
            self.assertEqual(self.built(prefix=given).prefix, expected)
        for wrong in ("rt", "/r t", "/rt?x", "/rt#x", "/r%74", "//rt", "/a//b", "/ä", "/a\r\nb"):
            self.assertRaises(SettingsError, self.built, prefix=wrong)

    def test_url(self) -> None:
        """
        A URL without a slash at its end, or nothing.
        """
        for given in ("https://cards.example.com/rt", "http://[::1]:8080", ""):
            self.assertEqual(self.built(url=given).url, given)
        for wrong in ("cards.example.com", "https://", "https://x/rt/", "ftp://x", "https://a b", "https://a\n", "https://a/ä"):
            self.assertRaises(SettingsError, self.built, url=wrong)

    def test_secrets(self) -> None:
        """
        Tokens and passwords are named, not written.
        """
        settings = self.built(tokens=["ram"], users={"anna": "anna-password"})
        self.assertEqual((settings.tokens, settings.users), (("ram",), {"anna": "anna-password"}))
