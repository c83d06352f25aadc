# -*- test-case-name: tests.web.test_endpoints_jobs -*-
"""
Tests for L{cardgw.web.endpoints_jobs} and L{cardgw.web.paging}.
"""

from __future__ import annotations

from typing import Any

from cardgw.gateway.records import JobState
from cardgw.gateway.shown import job_json
from cardgw.web.answer import LPAC
from tests.web.client import Response, WebTestCase
from tests.web.fakes import TRANSCRIPT
from tests.web.samples import EID, GUEST

JOBS = "/api/v1/jobs"


class JobsTestCase(WebTestCase):
    """
    Tests that need jobs.
    """

    def submit(self, operation: str = "card.greet", card: str = EID, key: str = "", **more: Any) -> Response:
        """
        Queue a job.
        """
        body = {"operation": operation, "card": card, **more}
        if operation == "card.greet":
            body.setdefault("parameters", {"name": "Ada"})
        return self.post(JOBS, body, role="operator", **({"Idempotency-Key": key} if key else {}))

    def queued(self, count: int = 1) -> list[str]:
        """
        The ids of new jobs.
        """
        return [self.submit().json["id"] for _ in range(count)]


class SubmitTests(JobsTestCase):
    """
    C{POST /api/v1/jobs}.
    """

    def test_accepted(self) -> None:
        """
        A job is queued, and the answer says where it is; what is secret is not shown.
        """
        found = self.submit(parameters={"name": "Ada", "pin": "geheim"})
        self.assertEqual((found.status, found.headers["Location"]), (202, f"{JOBS}/j0001"))
        self.assertEqual(found.headers["Last-Event-Id"], self.control.events.last)
        self.assertEqual(found.json["parameters"], {"name": "Ada", "pin": "***"})
        self.assertEqual(self.control.stored["j0001"].parameters, {"name": "Ada", "pin": "geheim"})
        self.assertNotIn(b"geheim", found.body)

    def test_replayed(self) -> None:
        """
        The same request with the same key is the same job; another one with it is refused.
        """
        first, second = self.submit(key="my key"), self.submit(key="my key")
        self.assertEqual((first.status, second.status, second.headers["Idempotent-Replayed"]), (202, 200, "true"))
        self.assertEqual((first.json, first.headers["Location"]), (second.json, second.headers["Location"]))
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assert_problem(self.submit(key="my key", parameters={"name": "Bob"}), 409, "conflict")
        self.assertEqual(len(self.control.stored), 1)

    def test_keys(self) -> None:
        """
        A key is 1 to 200 printable characters.
        """
        self.assertEqual(self.submit(key="k" * 200).status, 202)
        for wrong in ("k" * 201, "\xe9"):
            self.assert_problem(self.submit(key=wrong), 400, "malformed-request")
        self.assert_problem(self.post(JOBS, {}, **{"Idempotency-Key": ""}), 400, "malformed-request")

    def test_destructive(self) -> None:
        """
        What destroys something must be confirmed, in so many words.
        """
        self.assert_problem(self.submit("card.wipe"), 409, "confirmation-needed")
        self.assert_problem(self.submit("card.wipe", confirm=False), 409, "confirmation-needed")
        self.assert_problem(self.submit("card.wipe", confirm="yes"), 422, "parameter")
        self.assertEqual(self.control.stored, {})
        self.assertEqual(self.submit("card.wipe", confirm=True).status, 202)

    def test_unknown(self) -> None:
        """
        Operations and cards that there are not are not found.
        """
        self.assert_problem(self.submit("card.dance"), 404, "missing-plugin")
        self.assert_problem(self.submit(card="00000009"), 404, "unknown-card")

    def test_strict(self) -> None:
        """
        Bodies and parameters are exactly as described.
        """
        wrong: dict[str, Any]
        for wrong in (
            {"parameters": {}},
            {"parameters": {"name": 7}},
            {"parameters": {"name": "Ada", "times": "3"}},
            {"parameters": {"name": "Ada", "times": 10}},
            {"parameters": {"name": "Ada", "numbers": 3}},
            {"parameters": {"name": "Ada", "nome": "x"}},
            {"parameters": ["name"]},
            {"parameters": None},
            {"card": ""},
            {"card": "a b"},
            {"operation": None},
            {"surprise": 1},
        ):
            body = {"operation": "card.greet", "card": EID, "parameters": {"name": "Ada"}, **wrong}
            self.assert_problem(self.post(JOBS, body), 422, "parameter")
        self.assert_problem(self.post(JOBS, []), 422, "parameter")
        self.assertEqual(self.control.stored, {})

    def test_secretNotRepeated(self) -> None:
        """
        A wrong secret does not come back in the error.
        """
        self.assertNotIn(b"98765", self.submit(parameters={"name": "Ada", "pin": [98765]}).body)

    def test_foreign(self) -> None:
        """
        Whoever may manage one card alone cannot queue for another.
        """
        body = {"operation": "card.wipe", "card": "00000002", "confirm": True}
        self.assert_problem(self.post(JOBS, body, role=GUEST), 404, "unknown-card")


class ListTests(JobsTestCase):
    """
    C{GET /api/v1/jobs}.
    """

    def test_pages(self) -> None:
        """
        The latest first; the link leads on until there is nothing more.
        """
        ids = self.queued(5)
        path, seen, pages = f"{JOBS}?limit=2&operation=card.greet", [], 0
        while path:
            found = self.get(path, role="viewer").json
            seen += [each["id"] for each in found["items"]]
            path, pages = found["next"], pages + 1
        self.assertEqual((seen, pages), (ids[::-1], 3))

    def test_filters(self) -> None:
        """
        By state, card and operation.
        """
        first, second = self.queued(2)
        self.control.change(first, state=JobState.DONE)
        self.control.change(second, card="00000002")
        for query, expected in (
            ("state=done", [first]),
            ("state=queued", [second]),
            (f"card={EID}", [first]),
            ("card=00000002", [second]),
            ("operation=card.wipe", []),
            (f"before={second}", [first]),
        ):
            self.assertEqual([each["id"] for each in self.get(f"{JOBS}?{query}").json["items"]], expected, query)

    def test_wrong(self) -> None:
        """
        What is no filter is refused.
        """
        for query in ("state=maybe", "limit=0", "limit=501", "limit=x", "stat=done", "card=%00", "state="):
            self.assert_problem(self.get(f"{JOBS}?{query}"), 422, "parameter")


class JobTests(JobsTestCase):
    """
    C{/api/v1/jobs/{job}}.
    """

    def test_get(self) -> None:
        """
        A job as it is now.
        """
        (job,) = self.queued()
        self.control.ask(job)
        found = self.get(f"{JOBS}/{job}", role="viewer").json
        self.assertEqual(found, job_json(self.control.stored[job]))
        self.assertEqual(found["question"]["kind"], "confirmation-code")

    def test_event(self) -> None:
        """
        It is told after which event one has to listen to miss nothing.
        """
        (job,) = self.queued()
        for accept in ("application/json", LPAC):
            self.control.events.publish("job.stage", {"job": job})
            found = self.get(f"{JOBS}/{job}", Accept=accept)
            self.assertEqual(found.headers["Last-Event-Id"], self.control.events.last)

    def test_lpac(self) -> None:
        """
        Programs that read lpac's output get it so.
        """
        (job,) = self.queued()
        self.control.change(job, state=JobState.DONE, result={"iccid": "8949"})
        found = self.get(f"{JOBS}/{job}", Accept=LPAC)
        self.assertEqual(found.headers["Content-Type"], LPAC)
        self.assertEqual(found.json, {"type": "lpa", "payload": {"code": 0, "message": "success", "data": {"iccid": "8949"}}})

    def test_cancel(self) -> None:
        """
        A job is cancelled, once.
        """
        (job,) = self.queued()
        found = self.post(f"{JOBS}/{job}/cancel", role="operator")
        self.assertEqual((found.status, found.json["state"]), (200, "cancelled"))
        again = self.post(f"{JOBS}/{job}/cancel")
        self.assert_problem(again, 409, "conflict")
        self.assertEqual(again.json["job"], job)

    def test_cancelBody(self) -> None:
        """
        It takes nothing; an empty object is nothing.
        """
        (job,) = self.queued()
        self.assert_problem(self.post(f"{JOBS}/{job}/cancel", {"force": True}), 422, "parameter")
        self.assertEqual(self.post(f"{JOBS}/{job}/cancel", {}).status, 200)

    def test_answer(self) -> None:
        """
        A question is answered, once; the answer is not shown.
        """
        (job,) = self.queued()
        self.assert_problem(self.post(f"{JOBS}/{job}/answer", {"answer": "geheim"}), 409, "not-asking")
        self.control.ask(job)
        found = self.post(f"{JOBS}/{job}/answer", {"answer": "geheim"}, role="operator")
        self.assertEqual((found.status, found.json["question"]), (200, None))
        self.assertIn(("job.answer", "geheim"), self.control.done)
        self.assertNotIn(b"geheim", found.body)
        replayed = self.post(f"{JOBS}/{job}/answer", {"answer": "geheim"})
        self.assert_problem(replayed, 409, "not-asking")
        self.assertNotIn(b"geheim", replayed.body)

    def test_answerWrong(self) -> None:
        """
        An answer is text.
        """
        (job,) = self.queued()
        self.control.ask(job)
        for wrong in ({}, {"answer": 4711}, {"answer": None}, {"answers": "x"}):
            found = self.post(f"{JOBS}/{job}/answer", wrong)
            self.assert_problem(found, 422, "parameter")
            self.assertNotIn(b"4711", found.body)

    def test_unknown(self) -> None:
        """
        A job that there is not.
        """
        found = self.get(f"{JOBS}/j9")
        self.assert_problem(found, 404, "unknown-job")
        self.assertEqual(found.json["job"], "j9")
        self.assert_problem(self.post(f"{JOBS}/j9/cancel"), 404, "unknown-job")


class TranscriptTests(JobsTestCase):
    """
    C{GET /api/v1/jobs/{job}/transcript}.
    """

    def test_redacted(self) -> None:
        """
        It is text, for operators.
        """
        job = self.submit(record="redacted").json
        self.assertEqual(job["record"], "redacted")
        found = self.get(f"{JOBS}/{job['id']}/transcript", role="operator")
        self.assertEqual((found.status, found.headers["Content-Type"]), (200, "text/plain; charset=utf-8"))
        self.assertEqual(found.body.decode(), TRANSCRIPT)
        self.assert_problem(self.get(f"{JOBS}/{job['id']}/transcript", role="viewer"), 403, "forbidden")

    def test_whole(self) -> None:
        """
        What has secrets in it is recorded and given for administrators only.
        """
        self.assert_problem(self.submit(record="whole"), 403, "forbidden")
        self.assertEqual(self.control.stored, {})
        body = {"operation": "card.greet", "card": EID, "parameters": {"name": "Ada"}, "record": "whole"}
        job = self.post(JOBS, body, role="admin").json["id"]
        self.assert_problem(self.get(f"{JOBS}/{job}/transcript", role="operator"), 403, "forbidden")
        self.assertEqual(self.get(f"{JOBS}/{job}/transcript", role="admin").status, 200)

    def test_none(self) -> None:
        """
        Where nothing was recorded, there is none; other words are not known.
        """
        (job,) = self.queued()
        self.assertIsNone(self.get(f"{JOBS}/{job}").json["record"])
        self.assert_problem(self.get(f"{JOBS}/{job}/transcript"), 404, "no-transcript")
        self.assert_problem(self.get(f"{JOBS}/j9/transcript"), 404, "unknown-job")
        self.assert_problem(self.submit(record="everything"), 422, "parameter")
