# -*- test-case-name: tests.testing.test_declaration -*-
"""
What declared parameters and settings, and the texts about them, are like.
"""

from __future__ import annotations

from typing import Any

import attrs
from attrs import NOTHING

from cardgw.fields import build, options
from cardgw.testing.contract import ContractMixin


class DeclarationMixin(ContractMixin):
    """
    Checks that several contracts share.
    """

    def check_summary(self, summary: object) -> None:
        """
        A summary is one line, begins in lower case (unless with a name in capitals), and has no full stop.
        """
        if not isinstance(summary, str):
            self.fail(f"summary: expected a text, got {summary!r}")
        self.assertTrue(summary.strip(), "summary: it is empty")
        self.assertEqual(summary, summary.strip(), "summary: spaces around it")
        self.assertEqual(len(summary.splitlines()), 1, "summary: more than one line")
        self.assertFalse(summary.endswith("."), f"summary: a full stop: {summary}")
        self.assertFalse(_capitalised(summary), f"summary: begins with a capital: {summary}")

    def check_declared(self, declared: Any, *, defaults: bool = False) -> None:
        """
        A declaration is an attrs class of options only; each says what it is for.

        @param defaults: each must have a default, too.
        """
        if not isinstance(declared, type) or not attrs.has(declared):
            self.fail(f"expected an attrs class, got {declared!r}")
        known = {each.name: each for each in options(declared)}
        undeclared = [each.name for each in attrs.fields(declared) if each.init and each.name not in known]
        self.assertEqual(undeclared, [], f"{declared.__name__}: not declared with cardgw.fields.option")
        for each in known.values():
            self.assertTrue(each.help, f"{declared.__name__}.{each.name}: no help")
            self.assertFalse(each.help.endswith("."), f"{declared.__name__}.{each.name}: a full stop: {each.help}")
            self.assertFalse(_capitalised(each.help), f"{declared.__name__}.{each.name}: begins with a capital: {each.help}")
        if defaults:
            self.assertEqual([name for name, each in known.items() if each.default is NOTHING], [], "no default")
            self.assertIsInstance(build(declared, {}, declared.__name__), declared)


def _capitalised(text: str) -> bool:
    """
    Whether the first word is an ordinary word with a capital; C{IP}, C{SM-DP+} and C{eUICC} are none.
    """
    word = text.split(maxsplit=1)[0].rstrip(",:;")
    return word[:1].isupper() and word[1:].islower()
