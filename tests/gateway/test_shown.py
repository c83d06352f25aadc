# -*- test-case-name: tests.gateway.test_shown -*-
"""
L{cardgw.gateway.shown}.
"""

from __future__ import annotations

import json

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway import shown
from cardgw.gateway.records import AuditEntry, Card, Health, Job, JobState, Principal, Problem, Role, Token
from cardgw.values import Feature, OutboxEntry, Parcel, ParcelState, Question, Reset

JOB = Job(
    "1",
    "profile.download",
    {"activation_code": "LPA:1$host$secret", "imei": "35"},
    frozenset({"activation_code"}),
    "eid:89",
    requester="token:anna",
    created=1_800_000_000.25,
)


class ShownTests(SynchronousTestCase):
    """
    Records as JSON.
    """

    def test_time(self) -> None:
        """
        Times are those of RFC 3339, in UTC.
        """
        self.assertEqual(shown.time_text(1_800_000_000.25), "2027-01-15T08:00:00.250Z")
        self.assertIsNone(shown.time_text(None))

    def test_job(self) -> None:
        """
        A job's secret parameters are named and not shown, whatever else there is.
        """
        job = evolve(
            JOB,
            state=JobState.WAITING,
            question=Question("confirmation-code", "Code?", {"name": "P"}, secret=True),
            error=Problem("peer-lost", "Lost", "why"),
            result={"iccid": "89"},
        )
        found = shown.job_json(job)
        self.assertEqual(found["parameters"], {"activation_code": "***", "imei": "35"})
        self.assertEqual((found["state"], found["question"]["secret"], found["error"]["code"]), ("waiting", True, "peer-lost"))
        self.assertEqual((found["channel"], found["ended"], found["result"]), (None, None, {"iccid": "89"}))
        self.assertNotIn("secret$", json.dumps(found) + repr(job))

    def test_dryRun(self) -> None:
        """
        Of the commands of a dry run that have secret parameters in them, only whoever asked for it and administrators see more
        than the headers.
        """
        result = {"dry_run": True, "commands": ["80E29000020102"], "keys": []}
        job = evolve(JOB, state=JobState.DONE, result=result)
        for name, role in (("token:ben", Role.OPERATOR), ("token:ben", Role.VIEWER)):
            found = shown.job_json(job, Principal(name, role))["result"]
            self.assertEqual(found, {**result, "commands": ["80E29000***"]})
        self.assertEqual(shown.job_json(job)["result"]["commands"], ["80E29000***"])
        for name, role in (("token:anna", Role.OPERATOR), ("token:ben", Role.ADMIN)):
            self.assertEqual(shown.job_json(job, Principal(name, role))["result"], result)
        plain = evolve(job, parameters={"imei": "35"})
        self.assertEqual(shown.job_json(plain)["result"], result)

    def test_statusWord(self) -> None:
        """
        Where the card refused, its status word is there.
        """
        self.assertEqual(shown.problem_json(Problem("c", "t", status="6A82"))["status_word"], "6A82")
        self.assertNotIn("status_word", shown.problem_json(Problem("c", "t")))

    def test_card(self) -> None:
        """
        What is not known of a card is C{null}.
        """
        card = Card("0a", "", "estk", "1.2.3.4:5", 0.0, offers=frozenset({Feature.SHOW}), resets=frozenset({Reset.REBOOT}))
        found = shown.card_json(card)
        self.assertEqual((found["identity"], found["atr"], found["job"]), (None, None, None))
        self.assertEqual((found["offers"], found["resets"]), (["messages to the card holder"], ["reboot"]))

    def test_entry(self) -> None:
        """
        The next attempt counts while something waits; the payload is not shown.
        """
        entry = OutboxEntry("1", Parcel("notification", "eid:89", 5, "h", b"payload", {"event": "install"}), next_attempt=1.0)
        found = shown.entry_json(entry)
        self.assertEqual((found["state"], found["next_attempt"]), ("waiting", "1970-01-01T00:00:01.000Z"))
        self.assertIsNone(shown.entry_json(evolve(entry, state=ParcelState.DELIVERED))["next_attempt"])
        self.assertNotIn("payload", json.dumps(found) + repr(entry))

    def test_rest(self) -> None:
        """
        Tokens, the audit journal and health.
        """
        self.assertEqual(shown.token_json(Token("anna", Role.ADMIN, 0.0))["role"], "admin")
        self.assertEqual(shown.audit_json(AuditEntry(1, 0.0, "token:anna", "job.submit", "1"))["who"], "token:anna")
        self.assertEqual(shown.health_json(Health("store", True)), {"part": "store", "ready": True, "reason": ""})
