"""
Tests of L{cardgw.cli.wait}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.errors import AnswerNeeded, CardLeft, GatewayUnreachable, RequestRefused
from cardgw.cli.event_stream import ServerEvent
from cardgw.cli.progress import Reporter
from cardgw.cli.wait import PATIENCE, Waiting
from cardgw.gateway.records import JobState, Problem
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, BROKEN, Step, done, failed, percent, problem, question, stage

REQUEUED = Step(
    "job.queued", {"state": JobState.QUEUED, "error": Problem("peer-lost", "The card's side closed the connection"), "stage": ""}
)


class Notes(Reporter):
    """
    Notes what it is told.
    """

    def __init__(self) -> None:
        self.told: list[Any] = []

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        self.told.append(name)

    def percent(self, job: Mapping[str, Any], done: int) -> None:
        """
        See L{Reporter}.
        """
        self.told.append(done)

    def other(self, kind: str, job: Mapping[str, Any], **more: Any) -> None:
        """
        See L{Reporter}.
        """
        self.told.append(kind)

    def ended(self, job: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        self.told.append(job["state"])


class WaitingTests(CliTestCase):
    """
    L{Waiting}.
    """

    def setUp(self) -> None:
        """
        Nothing is told yet.
        """
        super().setUp()
        self.notes = Notes()
        self.said: list[str] = []
        self.patch(App, "say", lambda app, text: self.said.append(text))

    def waiting(self, *script: Step, stays: bool = False, app: App | None = None) -> Waiting:
        """
        For a job that goes like this.
        """
        self.api.scripts["test.it"] = list(script)
        used = app or self.app()
        job = used.api.post("jobs", {"operation": "test.it", "card": "a1b2c3d4", "parameters": {}})
        return Waiting(used, job, self.notes, stays)

    def test_events(self) -> None:
        """
        A job is followed to its end, which is looked at.
        """
        job = self.waiting(BEGUN, stage("one", host="h"), percent(50), stage("two"), done(x=1)).wait()
        self.assertEqual(job["result"], {"x": 1})
        self.assertEqual(self.notes.told, ["one", 50, "two", "done"])
        self.assertEqual(self.pauses, [])

    def test_fast(self) -> None:
        """
        One that has ended before anybody listened is told with its last stage.
        """
        waiting = self.waiting(BEGUN, stage("one"), done())
        while self.api._step("01JOB1"):
            pass
        self.assertEqual((waiting.wait()["state"], self.notes.told), ("done", ["one", "done"]))

    def test_since(self) -> None:
        """
        Where it is known after which event all comes, nothing is missed, however fast it is.
        """
        self.api.scripts["test.it"] = [BEGUN, stage("one"), percent(50), stage("two"), done()]
        job, since = self.app().api.submit({"operation": "test.it", "card": "a1b2c3d4", "parameters": {}}, "key")
        while self.api._step(job["id"]):
            pass
        Waiting(self.app(), job, self.notes, last=since).wait()
        self.assertEqual((since, self.notes.told), ("e-0", ["one", 50, "two", "done"]))

    def test_broken(self) -> None:
        """
        Where the stream breaks, it is taken up after the last event that is known, and nothing is told twice.
        """
        self.waiting(BEGUN, stage("one"), BROKEN, percent(10), BROKEN, stage("two"), failed()).wait()
        self.assertEqual(self.notes.told, ["one", 10, "two", "failed"])
        streams = [each for each in self.api.requests if each.url.path.endswith("/events")]
        self.assertEqual([each.headers.get("Last-Event-ID") for each in streams], ["e-0", "e-2", "e-3"])
        self.assertEqual(len(self.pauses), 2)

    def test_inBetween(self) -> None:
        """
        What happens between looking and listening is told once, and in its order.
        """
        waiting = self.waiting(BEGUN, stage("one"), stage("two"), stage("three"), done())

        def before(request: httpx.Request) -> None:
            if request.url.path.endswith("/events"):
                self.api._step("01JOB1")
                self.api._step("01JOB1")

        self.api._step("01JOB1")
        self.api.before = before
        waiting.wait()
        self.assertEqual(self.notes.told, ["one", "two", "three", "done"])

    def test_emptyStreams(self) -> None:
        """
        Where streams end at once, it is looked less and less often: a gateway that is out of order is not asked without pause.
        """
        waiting = self.waiting(BEGUN, *[BROKEN] * 6, done())
        waiting.wait()
        self.assertEqual(self.pauses, [0.2, 0.5, 1.0, 2.0, 3.0, 3.0])

    def test_shortStreams(self) -> None:
        """
        Likewise there is a pause where each of them has something to tell.
        """
        waiting = self.waiting(BEGUN, *[step for at in range(9) for step in (percent(at), BROKEN)], done())
        waiting.wait()
        self.assertEqual(self.pauses, [0.2] * 9)

    def test_withoutIds(self) -> None:
        """
        A gateway that does not tell up to which event a job is told is looked at after listening has begun.
        """
        self.api.tells_events = False
        job = self.waiting(BEGUN, stage("one"), done(x=1)).wait()
        self.assertEqual((job["result"], self.notes.told), ({"x": 1}, ["one", "done"]))

    def test_deafStream(self) -> None:
        """
        A stream that ends without anything is no reason to believe that nothing has happened.
        """
        waiting, real = self.waiting(BEGUN, done()), self.api.get_events
        counts = [2]

        def deaf(request: httpx.Request) -> httpx.Response:
            if counts[0]:
                counts[0] -= 1
                return httpx.Response(200, content=b": hello\n\n")
            return real(request)

        self.patch(type(self.api), "get_events", lambda api, request: deaf(request))
        self.assertEqual(waiting.wait()["state"], "done")

    def test_polling(self) -> None:
        """
        Where there are no events, the job is looked at again and again.
        """
        waiting = self.waiting(BEGUN, stage("one"), percent(50), done(x=1))
        self.api.streams = False
        self.assertEqual(waiting.wait()["result"], {"x": 1})
        self.assertEqual(self.notes.told, ["one", 50, "done"])
        self.assertEqual(self.pauses, sorted(self.pauses))

    def test_restart(self) -> None:
        """
        A gateway that is being restarted is waited for, and that is said once.
        """
        waiting = self.waiting(BEGUN, stage("one"), BROKEN, done())
        self.away(4, after=3)
        self.assertEqual(waiting.wait()["state"], "done")
        self.assertEqual(self.said, ["The gateway does not answer; waiting for it to come back.", "The gateway is back."])

    def away(self, times: int, after: int = 0) -> None:
        """
        Let requests fail.
        """
        counts = [after, times]

        def before(_: httpx.Request) -> None:
            if counts[0]:
                counts[0] -= 1
            elif counts[1]:
                counts[1] -= 1
                raise httpx.ConnectError("refused")

        self.api.before = before

    def test_awayForLong(self) -> None:
        """
        Not for ever; then it is said how to see the job again.
        """
        waiting = self.waiting(BEGUN)
        self.away(10_000)
        error = self.assertRaises(GatewayUnreachable, waiting.wait)
        self.assertIn("`cardgw jobs watch 01JOB1`", str(error))
        self.assertGreaterEqual(sum(self.pauses), PATIENCE)

    def test_busy(self) -> None:
        """
        A gateway that is stopping says so, and is waited for too.
        """
        waiting, real, times = self.waiting(BEGUN, done()), self.api.get_jobs, [0, 0]

        def stopping(request: httpx.Request, name: str = "") -> httpx.Response:
            if times:
                times.pop()
                return problem(503, "gateway-stopping", "The gateway is being shut down")
            return real(request, name)

        self.patch(type(self.api), "get_jobs", lambda api, request, name="": stopping(request, name))
        self.assertEqual(waiting.wait()["state"], "done")

    def test_revoked(self) -> None:
        """
        A token that is not valid any more, or a job that is gone, ends it.
        """
        waiting = self.waiting(BEGUN, BROKEN, done())
        self.api.jobs.clear()
        self.assertRaises(RequestRefused, waiting.wait)

    def test_gap(self) -> None:
        """
        Where events are missing, the job is looked at.
        """
        waiting = self.waiting(BEGUN, stage("one"), Step("gap", {"stage": "two"}), done())
        self.assertEqual(waiting.wait()["state"], "done")
        self.assertEqual(self.notes.told, ["one", "two", "done"])

    def test_foreign(self) -> None:
        """
        Events of another job, should they come, are not ours.
        """
        waiting = self.waiting(BEGUN, done())
        self.assertFalse(waiting._heard(ServerEvent("e-9", "job.ended", {"job": "other", "state": "done"})))

    def test_cardLost(self) -> None:
        """
        A job that waits for the next visit of its card is not waited for, unless that is wanted.
        """
        error = self.assertRaises(CardLeft, self.waiting(BEGUN, stage("one"), REQUEUED).wait)
        self.assertIn("`cardgw jobs watch 01JOB1` waits for it.", str(error))
        job = self.waiting(BEGUN, stage("one"), REQUEUED, BEGUN, stage("one"), done(), stays=True).wait()
        self.assertEqual(job["state"], "done")
        self.assertEqual(self.notes.told[-4:], ["one", "job.queued", "one", "done"])

    def test_answered(self) -> None:
        """
        A question is asked on the terminal, and the answer sent; once, though it is seen twice.
        """
        asked = self.answers("1234")
        self.waiting(BEGUN, question(), done(), app=self.app(interactive=True)).wait()
        self.assertEqual(self.api.answers, ["1234"])
        self.assertEqual(asked, [("Confirmation code for Example Mobile Demo?", True)])
        self.assertIn("job.waiting", self.notes.told)

    def test_consent(self) -> None:
        """
        Consent is yes or no, and asked for until it is one of them.
        """
        self.answers("maybe", "", "Y")
        self.waiting(BEGUN, question("consent", "Lose the card?", secret=False), done(), app=self.app(interactive=True)).wait()
        self.assertEqual(self.api.answers, ["yes"])

    def test_answeredElsewhere(self) -> None:
        """
        An answer that comes too late is no error.
        """

        def ask(app: App, text: str, secret: bool = False) -> str:
            self.api.jobs["01JOB1"] = evolve(self.api.jobs["01JOB1"], state=JobState.RUNNING, question=None)
            return "x"

        self.patch(App, "ask", ask)
        self.assertEqual(self.waiting(BEGUN, question(), done(), app=self.app(interactive=True)).wait()["state"], "done")

    def test_nobodyToAsk(self) -> None:
        """
        Without a terminal it is said how to answer, and waited on.
        """
        self.waiting(BEGUN, question(), BROKEN, done()).wait()
        self.assertEqual(
            self.said, ["The job asks: Confirmation code for Example Mobile Demo? Answer it: cardgw jobs answer 01JOB1"]
        )

    def test_noInput(self) -> None:
        """
        With --no-input the job is cancelled.
        """
        app = self.app(interactive=True)
        app.flags.no_input = True
        error = self.assertRaises(AnswerNeeded, self.waiting(BEGUN, question(), done(), app=app).wait)
        self.assertIn("Example Mobile Demo? Give the answer", str(error))
        self.assertEqual(self.api.jobs["01JOB1"].state, JobState.CANCELLED)
