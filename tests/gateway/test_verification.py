"""
Tests of L{cardgw.gateway.verification}.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen
from twisted.trial.unittest import SynchronousTestCase

from cardgw.fields import option, text
from cardgw.gateway.verification import flaw_at_first_sight, flaw_in_depth
from cardgw.interfaces import IOperation, ITransport
from cardgw.lazy import LazyOperation, LazyTransport
from tests.dropins import Operation
from tests.test_lazy import PigeonTransport


@frozen
class Undeclared:
    """
    A field without C{option}.
    """

    size: int = field(default=1)


@define
class Required:
    """
    A field without a default.
    """

    name: str = option(text, "what it is called")


class FirstSightTests(SynchronousTestCase):
    """
    Name and summary.
    """

    def test_sound(self) -> None:
        """
        An operation is called C{area.verb}, a transport by one word; nothing else is looked at.
        """
        self.assertIsNone(flaw_at_first_sight(Operation()))
        self.assertIsNone(flaw_at_first_sight(LazyTransport("pigeon", "cards that pigeons carry", "no.such.Thing")))

    def test_names(self) -> None:
        """
        Other names are refused, since they are keys of settings and of addresses.
        """
        for name in ("download", "Profile.download", "a.", "a b.c", "", None, 3):
            self.assertIn("name: expected", str(flaw_at_first_sight(Operation(name=name))), name)  # type: ignore[arg-type]
        self.assertIn("'estk'", str(flaw_at_first_sight(LazyTransport("a.b", "x", "no.such.Thing"))))

    def test_summaries(self) -> None:
        """
        A summary is one line.
        """
        for summary in ("", " ", "two\nlines", None):
            self.assertIn("summary: expected", str(flaw_at_first_sight(Operation(summary=summary))))  # type: ignore[arg-type]


class DepthTests(SynchronousTestCase):
    """
    Everything else.
    """

    def flaw(self, **different: Any) -> str:
        """
        What is wrong with an otherwise sound operation.
        """
        return str(flaw_in_depth(IOperation, Operation(**different)))

    def test_sound(self) -> None:
        """
        What keeps the interface has no flaw.
        """
        self.assertIsNone(flaw_in_depth(IOperation, Operation()))

    def test_types(self) -> None:
        """
        Each attribute has the type that the interface says; the text names it.
        """
        self.assertEqual(self.flaw(requires={1}), "requires: expected a frozenset of cardgw.values.Feature, got {1}")
        self.assertIn("requires: expected", self.flaw(requires=frozenset({"SELECT"})))
        self.assertIn("application: expected bytes or None", self.flaw(application="A0"))
        self.assertIn("destructive: expected True or False", self.flaw(destructive=0))
        self.assertIn("help: expected text", self.flaw(help=""))

    def test_declarations(self) -> None:
        """
        Parameters and settings are declared with C{option}; settings have defaults, parameters need none.
        """
        self.assertIn("parameters: expected an attrs class", self.flaw(parameters=dict))
        self.assertIn("parameters: expected an attrs class", self.flaw(parameters=Undeclared))
        self.assertEqual(self.flaw(parameters=Required), "None")
        self.assertIn("each with a default", self.flaw(settings=Required))

    def test_interface(self) -> None:
        """
        What does not have the interface's methods is told in zope's words, on one line.
        """
        told = str(flaw_in_depth(IOperation, object()))
        self.assertIn("IOperation", told)
        self.assertNotIn("\n", told)

    def test_requests(self) -> None:
        """
        The requests of a transport are words; what answers them is an operation, C{stay}, or nothing.
        """

        def flaw(requests: Any) -> str | None:
            transport = PigeonTransport()
            transport.requests = requests
            return flaw_in_depth(ITransport, transport)

        self.assertIsNone(flaw({"post": "card.audit", "wait": "stay", "other": "", "*": "stay"}))
        for wrong in (None, ["post"], {"a post": "card.audit"}, {"post": "audit"}, {1: ""}, {"post": None}, {"link": ""}):
            self.assertIn("requests: expected a mapping of words", str(flaw(wrong)))

    def test_lazy(self) -> None:
        """
        A lazy plugin is as good as its implementation: that is imported, and verified too.
        """
        missing = LazyOperation("a.b", "x", "no.such.Thing")
        self.assertIn("No module named 'no'", str(flaw_in_depth(IOperation, missing)))
        absent = LazyOperation("a.b", "x", "tests.dropins.NoSuchClass")
        self.assertIn("no attribute 'NoSuchClass'", str(flaw_in_depth(IOperation, absent)))
        self.assertIsNone(flaw_in_depth(IOperation, LazyOperation("a.b", "x", "tests.dropins.Operation")))
        self.assertIn("ITransport", str(flaw_in_depth(ITransport, LazyTransport("a", "x", "tests.dropins.Operation"))))
