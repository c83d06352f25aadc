# -*- test-case-name: tests.test_version -*-
"""
Tests for L{cardgw.version}.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from cardgw.version import VERSION

ROOT = Path(__file__).parent.parent


class VersionTests(SynchronousTestCase):
    """
    L{VERSION}.
    """

    def test_form(self) -> None:
        """
        It is a version as PEP 440 has them.
        """
        self.assertRegex(VERSION, r"^[0-9]+\.[0-9]+(\.[0-9]+)?((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?$")

    def test_setup(self) -> None:
        """
        The distribution gets its version from here, and nowhere else.
        """
        if not (ROOT / "setup.cfg").exists():
            raise SkipTest("only in a checkout")
        self.assertIn("version = attr: cardgw.version.VERSION\n", (ROOT / "setup.cfg").read_text())

    def test_news(self) -> None:
        """
        NEWS.md has an entry for it.
        """
        if not (ROOT / "NEWS.md").exists():
            raise SkipTest("only in a checkout")
        self.assertIn(VERSION, (ROOT / "NEWS.md").read_text())
