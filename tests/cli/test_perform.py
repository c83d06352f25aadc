"""
Tests of L{cardgw.cli.perform}: exit statuses, and what is written where.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
from attrs import evolve

from cardgw.cli.app import App
from cardgw.gateway.records import JobState
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, CARD, EID, OTHER_CARD, PROFILE, Step, done, failed, question, stage

ABSENT = "89049032123451234512345678901136"


class PerformTests(CliTestCase):
    """
    L{cardgw.cli.perform.perform}, by C{cardgw enable} and others.
    """

    def enable(self, *more: str, script: list[Step] | None = None, status: int = 0, **settings: Any) -> Any:
        """
        Run C{cardgw enable}.
        """
        self.api.scripts["lpa.enable"] = script or [BEGUN, stage("es10c_enable_profile"), done(iccid="1", profileState="enabled")]
        return self.run_it("enable", "travel", *more, status=status, **settings)

    def test_request(self) -> None:
        """
        The job is asked for with the card, the parameters and a key of its own.
        """
        self.enable()
        self.assertEqual(
            self.api.sent("POST", "jobs"), [{"operation": "lpa.enable", "card": "a1b2c3d4", "parameters": {"profile": "travel"}}]
        )
        (request,) = [each for each in self.api.requests if each.method == "POST"]
        self.assertEqual(request.headers["Idempotency-Key"], "key-1")

    def test_terminal(self) -> None:
        """
        On a terminal, people see a sentence on standard output, and the stages on standard error.
        """
        result = self.enable(terminal=True)
        self.assertEqual(result.stdout, "enabled 1\n")
        self.assertEqual(result.stderr, "the eUICC enables the profile\n")

    def test_pipe(self) -> None:
        """
        On a pipe there is a line of JSON for each event; the last one has the result.
        """
        lines = self.lines(self.enable())
        self.assertEqual([each["event"] for each in lines], ["job.stage", "job.ended"])
        self.assertEqual(lines[-1]["result"], {"iccid": "1", "profileState": "enabled"})

    def test_json(self) -> None:
        """
        With --json there is the result, and nothing else, wherever it goes.
        """
        for terminal in (True, False):
            result = self.enable("--json", terminal=terminal)
            self.assertEqual(json.loads(result.stdout), {"iccid": "1", "profileState": "enabled"})

    def test_lpac(self) -> None:
        """
        With --lpac there are lpac's lines.
        """
        lines = self.lines(self.enable("--lpac", terminal=True))
        self.assertEqual(lines[0], {"type": "progress", "payload": {"code": 0, "message": "es10c_enable_profile", "data": None}})
        self.assertEqual(lines[-1]["type"], "lpa")
        self.assertEqual(lines[-1]["payload"]["message"], "success")

    def test_bothStyles(self) -> None:
        """
        Not both.
        """
        self.assertIn("cannot be had together", self.enable("--json", "--lpac", status=2).stderr)

    def test_quiet(self) -> None:
        """
        With --quiet, standard error is empty.
        """
        self.assertEqual(self.enable("--quiet", terminal=True).stderr, "")

    def test_failed(self) -> None:
        """
        A job that fails is status 1, and the reason is on standard error; programs have it on standard output too.
        """
        script = [BEGUN, failed(detail="in the midst", hint="Try again.")]
        told = "cardgw: lpa.enable failed: the card's side closed the connection: in the midst. Try again.\n"
        result = self.enable(script=list(script), status=1, terminal=True)
        self.assertEqual((result.stdout, result.stderr), ("", told))
        result = self.enable(script=list(script), status=1)
        self.assertEqual((self.lines(result)[-1]["error"]["code"], result.stderr), ("peer-lost", told))
        result = self.enable("--json", script=list(script), status=1)
        self.assertEqual(json.loads(result.stdout)["error"]["code"], "peer-lost")
        result = self.enable("--lpac", script=list(script), status=1)
        self.assertEqual(self.lines(result)[-1]["payload"], {"code": -1, "message": "peer-lost", "data": "in the midst"})

    def test_refusedByCard(self) -> None:
        """
        A card that refuses is status 4, and the status word is in the JSON.
        """
        result = self.enable("--json", script=[BEGUN, failed("card", "The card refused", status="6A88")], status=4)
        self.assertEqual(json.loads(result.stdout)["error"]["status_word"], "6A88")
        self.enable(script=[BEGUN, failed("es10", "The eUICC refused")], status=4)

    def test_reached(self) -> None:
        """
        What a job that failed has reached is told.
        """
        script = [BEGUN, Step("job.ended", {**failed().changes, "result": {"iccid": "1"}})]
        self.assertIn("It had come so far: iccid 1", self.enable(script=script, status=1, terminal=True).stderr)

    def test_noCard(self) -> None:
        """
        Without a card, or with several, it is status 3; several are listed.
        """
        self.api.cards = []
        self.assertIn("no card is here", self.enable(status=3).stderr)
        self.api.cards = [CARD, OTHER_CARD]
        self.assertIn("0badcafe", self.enable(status=3).stderr)
        self.assertEqual(self.api.sent("POST", "jobs"), [])

    def test_noCardJson(self) -> None:
        """
        A program gets errors of all kinds in the form that it has asked for.
        """
        self.api.cards = []
        self.assertEqual(json.loads(self.enable("--json", status=3).stdout)["error"]["code"], "no-card")
        self.assertEqual(self.lines(self.enable(status=3))[0]["event"], "error")
        self.assertEqual(self.lines(self.enable("--lpac", status=3))[0]["payload"]["code"], -1)

    def test_unreachable(self) -> None:
        """
        A gateway that cannot be reached is status 5.
        """

        def refuse(_: httpx.Request) -> None:
            raise httpx.ConnectError("Connection refused")

        self.api.before = refuse
        self.assertIn("Is `twistd cardgw` running there?", self.enable(status=5).stderr)

    def test_absent(self) -> None:
        """
        For a card that is not here the job is queued, which is said; its id is the result.
        """
        result = self.enable("--card", ABSENT, terminal=True)
        self.assertEqual(result.stdout, "01JOB1\n")
        self.assertIn(f"{ABSENT} is not here: the job runs when it comes. `cardgw jobs watch 01JOB1`", result.stderr)
        self.assertEqual(self.api.sent("POST", "jobs")[0]["card"], f"eid:{ABSENT}")
        self.assertEqual(self.lines(self.enable("--card", ABSENT))[0]["event"], "job.queued")
        self.assertEqual(json.loads(self.enable("--card", ABSENT, "--json").stdout)["state"], "queued")
        self.assertEqual(self.lines(self.enable("--card", ABSENT, "--lpac"))[0]["payload"]["message"], "queued")

    def test_absentWait(self) -> None:
        """
        With --wait it is waited for.
        """
        result = self.enable("--card", ABSENT, "--wait", terminal=True)
        self.assertIn("waiting for it to come", result.stderr)
        self.assertEqual(result.stdout, "enabled 1\n")

    def test_noWait(self) -> None:
        """
        With --no-wait the id comes at once, on a pipe too.
        """
        self.assertEqual(self.enable("--no-wait").stdout, "01JOB1\n")

    def test_busy(self) -> None:
        """
        It is said that a card is busy.
        """
        self.api.cards = [evolve(CARD, job="01X")]
        self.assertIn("The card is busy", self.enable(terminal=True).stderr)

    def test_interrupted(self) -> None:
        """
        Control-C cancels the job, waits for its end, and is status 130.
        """
        self.interrupt_at("/events")
        result = self.enable(status=130)
        self.assertEqual(self.api.jobs["01JOB1"].state, JobState.CANCELLED)
        self.assertIn("Cancelling the job.", result.stderr)
        self.assertEqual(self.lines(result)[-1]["state"], "cancelled")

    def interrupt_at(self, *ends: str) -> None:
        """
        Press Control-C when a request is made, once for each.
        """
        left = list(ends)

        def before(request: httpx.Request) -> None:
            if left and request.url.path.endswith(left[0]):
                left.pop(0)
                raise KeyboardInterrupt

        self.api.before = before

    def test_interruptedTwice(self) -> None:
        """
        The second Control-C leaves at once, and says how to see what became of it.
        """
        self.interrupt_at("/events", "/cancel")
        self.assertIn("`cardgw jobs show 01JOB1`", self.enable(status=130).stderr)
        self.assertEqual(self.api.jobs["01JOB1"].state, JobState.QUEUED)

    def test_interruptedTooLate(self) -> None:
        """
        A job that was done by then has its result.
        """
        self.interrupt_at("/events")
        real = self.api.cancelled

        def done_by_then(name: str) -> httpx.Response:
            self.api.jobs[name] = evolve(self.api.jobs[name], state=JobState.DONE, result={"iccid": "1"})
            return real(name)

        self.patch(type(self.api), "cancelled", lambda api, name: done_by_then(name))
        self.assertEqual(self.lines(self.enable())[-1]["result"], {"iccid": "1"})

    def test_interruptedAtQuestion(self) -> None:
        """
        Control-C at a question cancels the job too.
        """

        def interrupt(app: App, text: str, secret: bool = False) -> str:
            raise KeyboardInterrupt

        self.patch(App, "ask", interrupt)
        self.enable(script=[BEGUN, question(), done()], status=130, interactive=True, terminal=True)
        self.assertEqual(self.api.jobs["01JOB1"].state, JobState.CANCELLED)

    def test_uncancellable(self) -> None:
        """
        A job that cannot be cancelled just now is left alone.
        """
        self.interrupt_at("/events")
        self.patch(type(self.api), "cancelled", lambda api, name: api.get_jobs(None, name))
        self.assertIn("It cannot be cancelled now", self.enable(status=130).stderr)

    def test_dryRun(self) -> None:
        """
        With --dry-run it is shown what would be sent, and what cannot be known; nothing is.
        """
        result = self.enable("--dry-run", "--card", ABSENT)
        shown = json.loads(result.stdout)
        self.assertEqual(shown["body"]["card"], f"eid:{ABSENT}")
        self.assertIn("known only while it runs", result.stderr)
        self.assertIn("this would wait for it", result.stderr)
        self.assertEqual(self.api.sent("POST", "jobs"), [])

    def test_query(self) -> None:
        """
        What is a question has a table on a pipe too.
        """
        self.api.scripts["lpa.profiles"] = [BEGUN, stage("es10c_get_profiles_info"), done(eidValue=EID, profiles=[PROFILE])]
        self.assertTrue(self.run_it("profiles").stdout.startswith("state     ICCID"))
