# -*- test-case-name: tests.web.test_schemas -*-
"""
Tests for L{cardgw.web.schemas}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.records import AuditEntry, Job, JobState, Link, Role, Token
from cardgw.gateway.shown import audit_json, card_json, entry_json, job_json, link_json, token_json
from cardgw.web.endpoints_operations import described_json
from cardgw.web.lpac import lpac_envelope
from cardgw.web.schemas import COMPONENTS, page, reference
from tests.web.fakes import FakeControl
from tests.web.samples import NOW, Greet, cards, entry


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """
    Validates against a schema that refers to components.
    """
    return Draft202012Validator({**schema, "components": {"schemas": COMPONENTS}})


class SchemasTests(SynchronousTestCase):
    """
    What is shown is as it is described.
    """

    def check(self, name: str, value: Any) -> None:
        """
        A value is as a component says.
        """
        validator(reference(name)).validate(value)

    def test_schemas(self) -> None:
        """
        They are schemas.
        """
        for schema in COMPONENTS.values():
            Draft202012Validator.check_schema(schema)

    def test_cards(self) -> None:
        """
        Cards, and a page of them.
        """
        shown = [card_json(each) for each in cards()]
        validator(page("Card")).validate({"items": shown, "next": None})
        self.assertFalse(validator(page("Card")).is_valid({"items": [{}], "next": None}))

    def test_jobs(self) -> None:
        """
        Jobs in every state.
        """
        control = FakeControl()
        control.stored["1"] = Job("1", "x", created=NOW)
        for job in (control.stored["1"], control.ask("1"), control.fail("1")):
            self.check("Job", job_json(job))
            self.check("LpacEnvelope", lpac_envelope(job))
        done = evolve(control.stored["1"], state=JobState.DONE, result={"a": 1}, percent=100)
        self.check("Job", job_json(done))

    def test_others(self) -> None:
        """
        Everything else.
        """
        self.check("Entry", entry_json(entry(1)))
        self.check("Token", token_json(Token("a", Role.ADMIN, NOW, NOW)))
        self.check("AuditEntry", audit_json(AuditEntry(1, NOW, "token:a", "job.submit")))
        self.check("Link", link_json(Link("0badcafe", "token:a", NOW, NOW), here=True))
        self.check("DescribedOperation", described_json(Greet()))
