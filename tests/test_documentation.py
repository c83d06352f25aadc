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
from cardgw.cli.main import root
from cardgw.errors import CardGatewayError
from cardgw.gateway.registry import load_registry
from cardgw.web.endpoints import all_endpoints
from cardgw.web.faults import ConfirmationNeeded, TokenNeeded
from cardgw.web.problems import STATUSES, status_of

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


def page(name: str) -> str:
    """
    One of C{docs/}.
    """
    return (ROOT / "docs" / name).read_text()


class MessagesTests(SynchronousTestCase):
    """
    C{docs/messages.md}.
    """

    def setUp(self) -> None:
        """
        All errors are there when all modules are.
        """
        for module in pkgutil.walk_packages(cardgw.__path__, "cardgw."):
            if not module.name.startswith(_ASIDE):
                importlib.import_module(module.name)
        self.errors = [each for each in errors() if each.__module__.startswith("cardgw")]
        self.rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.*?) \| (.*?) ?\|$", page("messages.md"), re.MULTILINE)

    def test_errorCodes(self) -> None:
        """
        Every error code is there once, in order, and every code there exists.
        """
        self.assertEqual([code for code, _, _ in self.rows], sorted({each.code for each in self.errors}))

    def test_sentences(self) -> None:
        """
        The sentences are those that people are shown.
        """
        sentences = {each.code: set[str]() for each in self.errors}
        for each in self.errors:
            sentences[each.code].add((each.__doc__ or "").strip().partition("\n")[0])
        self.assertEqual([row for row in self.rows if row[1] not in sentences[row[0]]], [])

    def test_advice(self) -> None:
        """
        So is the advice, where an error has one that is always the same.
        """
        advice = {each.code: each.hint for each in self.errors if isinstance(each.hint, str) and each.hint}
        self.assertEqual([row for row in self.rows if advice.get(row[0], row[2]) != row[2]], [])

    def test_statuses(self) -> None:
        """
        The codes of the API have the statuses with which it answers.
        """
        found = {
            (int(status), code)
            for status, codes in re.findall(r"^\| ([0-9]{3}) \| (.*) \|$", page("messages.md"), re.MULTILINE)
            for code in re.findall(r"`([a-z-]+)`", codes)
        }
        classes = {each.code: each for each in self.errors}
        self.assertEqual(
            [(status, code) for status, code in found if status_of(classes[code].__new__(classes[code])) != status], []
        )
        own: list[type[CardGatewayError]] = [*STATUSES, TokenNeeded, ConfirmationNeeded]
        known = {(status_of(each.__new__(each)), each.code) for each in own}
        self.assertEqual(known - found, set())


class DocumentationTests(SynchronousTestCase):
    """
    C{docs/} and the README.
    """

    def test_links(self) -> None:
        """
        Every link to a file of the repository leads to one.
        """
        for each in PAGES:
            for target in re.findall(r"\]\(([^)#:]+)\)", each.read_text()):
                self.assertTrue((each.parent / target).exists(), f"{each.name}: {target}")

    def test_files(self) -> None:
        """
        The files of the code that docs/architecture.md names exist.
        """
        for name in re.findall(r"`([a-z0-9_/]+\.py)`", page("architecture.md")):
            self.assertTrue((ROOT / name).exists() or (ROOT / "cardgw" / name).exists(), name)

    def test_makeTargets(self) -> None:
        """
        The make targets that the documentation names exist.
        """
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        for each in PAGES:
            named = set(re.findall(r"(?:^    |`)make ([a-z]+)", each.read_text(), re.MULTILINE))
            self.assertEqual(named - targets, set(), each.name)

    def test_commands(self) -> None:
        """
        So do the commands of C{cardgw}.
        """
        for each in PAGES:
            named = set(re.findall(r"(?:^    |`|\(|/bin/)cardgw ([a-z][a-z-]*)", each.read_text(), re.MULTILINE))
            self.assertEqual(named - set(root.commands), set(), each.name)

    def test_operations(self) -> None:
        """
        Every operation that is shipped is in the table of docs/operators.md, as destructive where it is, and no other.
        """
        lines = [line.split("|") for line in page("operators.md").splitlines() if re.match(r"\| `[a-z]+(\.[a-z-]+)+` \|", line)]
        registry = load_registry()
        registry.verify()
        plugins = [each.plugin for each in registry.operations() if "/plugins/cardgw_" in each.source]
        kinds = {True: "**destructive**", False: ""}
        expected = {each.name: "repeatable" if each.repeatable else kinds[each.destructive] for each in plugins}
        self.assertEqual({cells[1].strip(" `"): cells[4].strip() for cells in lines}, expected)

    def test_endpoints(self) -> None:
        """
        Every endpoint of the API is in the table of docs/api.md with the role that it takes, and no other.
        """
        rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \| ([a-z]+)", page("api.md"), re.MULTILINE)
        listed = [each for each in all_endpoints(lambda: b"", "", lambda: 0.0) if each.listed]
        expected = {(each.method, each.path, each.role.value if each.role is not None else "none") for each in listed}
        self.assertEqual({row if row[1] != "/metrics" else (*row[:2], "none") for row in rows}, expected)

    def test_metrics(self) -> None:
        """
        Every metric is in docs/operators.md, and no other.
        """
        from cardgw.metrics import Metrics

        named = set(re.findall(r"^\| `(cardgw_[a-z_]+)", page("operators.md"), re.MULTILINE))
        rendered = Metrics(lambda: 0.0).render().decode()
        self.assertEqual(named, set(re.findall(r"^# TYPE (\S+)", rendered, re.MULTILINE)))
