# -*- test-case-name: tests.testing.test_declaration -*-
"""
Tests for L{cardgw.testing.declaration}.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.trial.unittest import FailTest, SynchronousTestCase

from cardgw.fields import option, text
from cardgw.testing.declaration import DeclarationMixin


@frozen
class Undeclared:
    """
    A field that nobody has declared.
    """

    name: str = ""


@frozen
class Shouting:
    """
    A help text with a capital.
    """

    name: str = option(text, "The name", default="")


@frozen
class Names:
    """
    Help texts that begin with names.
    """

    address: str = option(text, "IP address to use", default="")
    server: str = option(text, "SM-DP+ to ask", default="")


class DeclarationTests(DeclarationMixin, SynchronousTestCase):
    """
    L{DeclarationMixin}.
    """

    def refused(self, declared: Any) -> str:
        """
        The text with which a declaration is refused.
        """
        return str(self.assertRaises(FailTest, self.check_declared, declared))

    def test_good(self) -> None:
        """
        A help text may begin with a name in capitals.
        """
        self.check_declared(Names, defaults=True)
        self.check_summary("SM-DP+ servers")

    def test_flaws(self) -> None:
        """
        Each flaw is named with its field.
        """
        self.assertIn("name", self.refused(Undeclared))
        self.assertIn("Shouting.name: begins with a capital", self.refused(Shouting))
        self.assertIn("attrs class", self.refused(Names()))
        self.assertRaises(FailTest, self.check_summary, "")
        self.assertRaises(FailTest, self.check_summary, None)
