# -*- test-case-name: tests.web.test_endpoints_operations -*-
"""
Tests for L{cardgw.web.endpoints_operations}.
"""

from __future__ import annotations

from cardgw.lazy import LazyOperation
from cardgw.schema import json_schema
from tests.web.client import WebTestCase
from tests.web.samples import GreetParameters


class OperationsTests(WebTestCase):
    """
    C{/api/v1/operations}.
    """

    def test_list(self) -> None:
        """
        Everything that can be done, in short.
        """
        greet, wipe = self.get("/api/v1/operations", role="viewer").json["items"]
        self.assertEqual(
            greet,
            {
                "name": "card.greet",
                "summary": "say hello to a card",
                "application": "A0000005591010",
                "requires": ["SELECT"],
                "destructive": False,
                "repeatable": True,
            },
        )
        self.assertEqual((wipe["application"], wipe["destructive"]), (None, True))

    def test_one(self) -> None:
        """
        One of them, with its schemas.
        """
        found = self.get("/api/v1/operations/card.greet", role="viewer").json
        self.assertEqual(found["parameters"], json_schema(GreetParameters))
        self.assertEqual((found["help"], found["source"]), ("Says hello.", None))
        self.assertEqual(found["settings"]["properties"], {})

    def test_source(self) -> None:
        """
        Where what implements it is known, it is told.
        """
        self.control.plugins.append(LazyOperation("a.b", "do something", "tests.web.fakes.Wipe"))
        self.assertEqual(self.get("/api/v1/operations/a.b").json["source"], "tests.web.fakes.Wipe")

    def test_unknown(self) -> None:
        """
        What is not there is not found.
        """
        self.assert_problem(self.get("/api/v1/operations/card.dance"), 404, "missing-plugin")
