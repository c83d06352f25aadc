"""
Tests of L{cardgw.cli.jobs}.
"""

from __future__ import annotations

import json

import httpx

from cardgw.gateway.records import JobState
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, done, failed, question, stage


class JobsTests(CliTestCase):
    """
    C{cardgw jobs}.
    """

    def queue(self, *script: object) -> None:
        """
        A job is there.
        """
        self.api.scripts["lpa.enable"] = list(script)  # type: ignore[arg-type]
        self.run_it("enable", "travel", "--no-wait")

    def test_list(self) -> None:
        """
        Jobs are listed, the latest first, and no more than is wanted.
        """
        self.assertEqual(self.run_it("jobs", "list").stderr, "There are no such jobs.\n")
        for _ in range(3):
            self.queue()
        rows = self.run_it("jobs", "list", "--state", "queued", "--limit", "2").stdout.splitlines()
        self.assertEqual([each.split()[0] for each in rows], ["id", "01JOB3", "01JOB2"])
        found = json.loads(self.run_it("jobs", "list", "--json").stdout)
        self.assertEqual(len(found["items"]), 3)

    def test_show(self) -> None:
        """
        One is shown, also as the API has it.
        """
        self.queue()
        self.assertIn("profile travel", self.run_it("jobs", "show", "01JOB1").stdout)
        self.assertEqual(json.loads(self.run_it("jobs", "show", "01JOB1", "--json").stdout)["id"], "01JOB1")
        self.assertIn("no such job", self.run_it("jobs", "show", "nothing", status=1).stderr)

    def test_cancel(self) -> None:
        """
        One is cancelled.
        """
        self.queue()
        self.assertEqual(self.run_it("jobs", "cancel", "01JOB1").stdout, "01JOB1 cancelled\n")
        self.assertEqual(json.loads(self.run_it("jobs", "cancel", "01JOB1", "--json").stdout)["state"], "cancelled")

    def asking(self) -> None:
        """
        A job asks.
        """
        self.queue(question())
        self.api._step("01JOB1")

    def test_answer(self) -> None:
        """
        An answer is typed, or comes from standard input.
        """
        self.asking()
        self.assertIn("cardgw jobs watch 01JOB1", self.run_it("jobs", "answer", "01JOB1", "1234").stderr)
        self.api.jobs.clear()
        self.asking()
        self.run_it("jobs", "answer", "01JOB1", input="4321\n")
        self.assertEqual(self.api.answers, ["1234", "4321"])

    def test_asked(self) -> None:
        """
        On a terminal the question is asked, and what is secret not shown.
        """
        self.asking()
        asked = self.answers("1")
        self.assertEqual(
            json.loads(self.run_it("jobs", "answer", "01JOB1", "--json", interactive=True).stdout)["state"], "running"
        )
        self.assertEqual(asked, [("Confirmation code for Example Mobile Demo?", True)])

    def test_nothingAsked(self) -> None:
        """
        Where there is no question, none is answered.
        """
        self.queue()
        self.assertIn("has no question", self.run_it("jobs", "answer", "01JOB1", status=1).stderr)
        self.run_it("jobs", "answer", "01JOB1", "x", status=1)

    def test_watch(self) -> None:
        """
        A job is followed to its end, with its result and exit status.
        """
        self.queue(BEGUN, stage("es10c_enable_profile"), done(iccid="1", profileState="enabled"))
        self.assertEqual(self.run_it("jobs", "watch", "01JOB1", terminal=True).stdout, "enabled 1\n")
        self.assertEqual(self.lines(self.run_it("jobs", "watch", "01JOB1"))[-1]["state"], "done")
        self.api.jobs.clear()
        self.queue(BEGUN, failed("es10", "The eUICC refused"))
        self.run_it("jobs", "watch", "01JOB1", status=4)

    def test_watchInterrupted(self) -> None:
        """
        Control-C leaves the job alone.
        """
        self.queue(BEGUN, done())

        def interrupt(request: httpx.Request) -> None:
            if request.url.path.endswith("/events"):
                raise KeyboardInterrupt

        self.api.before = interrupt
        self.assertIn("The job goes on", self.run_it("jobs", "watch", "01JOB1", status=130).stderr)
        self.assertEqual(self.api.jobs["01JOB1"].state, JobState.QUEUED)
