# -*- test-case-name: tests.test_documentation -*-
"""
What the documentation says about the code is true.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import cardgw
from cardgw.errors import CardGatewayError

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "NEWS.md", ROOT / "plugins" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_ASIDE = ("cardgw.testing", "cardgw.virtual", "cardgw.dropins", "tests")


def errors(base: type[CardGatewayError] = CardGatewayError) -> Iterator[type[CardGatewayError]]:
    """
    All errors that an operator can meet.
    """
    for each in base.__subclasses__():
        if not each.__module__.startswith(_ASIDE) and not each.__name__.startswith("_"):
            yield each
        yield from errors(each)


class DocumentationTests(SynchronousTestCase):
    """
    C{docs/} and the README.
    """

    def test_errorCodes(self) -> None:
        """
        Every error code is in docs/messages.md, and every code there exists.
        """
        for module in pkgutil.walk_packages(cardgw.__path__, "cardgw."):
            if not module.name.startswith(_ASIDE):
                importlib.import_module(module.name)
        rows = re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "messages.md").read_text(), re.MULTILINE)
        self.assertEqual(sorted(set(rows)), sorted({each.code for each in errors() if each.__module__.startswith("cardgw")}))

    def test_links(self) -> None:
        """
        Every link to a file of the repository leads to one.
        """
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page.name}: {target}")

    def test_commands(self) -> None:
        """
        The make targets that the documentation names exist.
        """
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        for page in PAGES:
            named = set(re.findall(r"(?:^    |`)make ([a-z]+)", page.read_text(), re.MULTILINE))
            self.assertEqual(named - targets, set(), page.name)
