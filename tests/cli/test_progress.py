"""
Tests of L{cardgw.cli.progress}.
"""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.app import App
from cardgw.cli.progress import Bars, Both, Lines, LpacLines, Reporter, Sentences, Warnings, ended_as_meant, reporter_for
from cardgw.gateway.records import Job, JobState, Problem
from cardgw.gateway.shown import job_json
from cardgw.web.lpac import lpac_envelope

JOB = Job("01J", "lpa.profiles", state=JobState.RUNNING)
DONE = Job("01J", "lpa.profiles", state=JobState.DONE, result={"profiles": [{"iccid": "1"}]})
FAILED = Job("01J", "profile.download", state=JobState.FAILED, error=Problem("x", "It failed", "in the midst"))


def tell(reporter: Reporter, end: Job = DONE) -> None:
    """
    A whole job.
    """
    job = job_json(JOB)
    reporter.stage(job, "es9p_initiate_authentication", {"host": "smdp.example.com"})
    reporter.percent(job, 50)
    reporter.stage(job, "es10b_prepare_download", {})
    reporter.other("job.waiting", job, question={"text": "Why?"})
    with reporter.aside():
        pass
    reporter.ended(job_json(end))
    reporter.close()


class ReporterTests(SynchronousTestCase):
    """
    The ways of telling how far a job has come.
    """

    def test_nothing(self) -> None:
        """
        L{Reporter} itself says nothing.
        """
        tell(Reporter())

    def test_sentences(self) -> None:
        """
        L{Sentences} has a sentence for each stage.
        """
        told: list[str] = []
        tell(Sentences(told.append))
        self.assertEqual(told, ["the server answers the challenge: smdp.example.com", "the eUICC agrees to the download"])

    def test_bars(self) -> None:
        """
        L{Bars} leaves what is done on the terminal, and the bar while it moves.
        """
        for end, mark in ((DONE, "✓"), (FAILED, "✗")):
            out = StringIO()
            console = Console(file=out, force_terminal=True, width=100, no_color=True)
            bars = Bars(console)
            bars.percent({}, 3)
            self.patch(type(console), "encoding", property(lambda _: "utf-8"))
            tell(Bars(console), end)
            self.assertIn("50 %", out.getvalue())
            self.assertIn(f"{mark} the eUICC agrees to the download", out.getvalue())

    def test_barsGoOn(self) -> None:
        """
        What becomes known of the present stage takes the place of what was known before.  What is new is seen in 80 columns.
        """
        out, job = StringIO(), {"operation": "card.attach", "state": "cancelled", "result": {"commands": 7}}
        console = Console(file=out, force_terminal=True, width=80, no_color=True)
        self.patch(type(console), "encoding", property(lambda _: "utf-8"))
        bars = Bars(console)
        for commands in (0, 3, 10_000):
            bars.stage(job, "attached", {"reader": "tcp:127.0.0.1:35963", "commands": commands, "atr": 16 * "3B"})
        bars._progress.refresh()
        told = "in the reader until cancelled: tcp:127.0.0.1:35963, commands 10000, "
        self.assertRegex(out.getvalue(), rf"{told}.*…")
        bars.ended(job)
        self.assertEqual(out.getvalue().count("✓"), 1)
        self.assertIn(f"✓ {told}", out.getvalue())

    def test_endedAsMeant(self) -> None:
        """
        What goes on until it is cancelled has ended as it was meant to, if it had begun.
        """
        attached = {"operation": "card.attach", "state": "cancelled", "result": {"commands": 7}}
        self.assertTrue(ended_as_meant(attached))
        for change in ({"operation": "lpa.info"}, {"state": "failed"}, {"result": None}):
            self.assertFalse(ended_as_meant({**attached, **change}))

    def test_ascii(self) -> None:
        """
        Where the terminal has nothing but ASCII, nothing else is drawn as a mark.
        """
        console = Console(file=StringIO(), force_terminal=True, width=100, no_color=True)
        self.patch(type(console), "encoding", property(lambda _: "ascii"))
        tell(Bars(console))
        self.assertIn("+ the eUICC agrees", console.file.getvalue())  # type: ignore[attr-defined]

    def test_lines(self) -> None:
        """
        L{Lines} has an object for each event; the last one is the end with the result.
        """
        told: list[Any] = []
        tell(Lines(told.append))
        self.assertEqual([each["event"] for each in told], ["job.stage", "job.percent", "job.stage", "job.waiting", "job.ended"])
        self.assertEqual({each["job"] for each in told}, {"01J"})
        self.assertEqual((told[-1]["state"], told[-1]["result"]), ("done", DONE.result))

    def test_lpac(self) -> None:
        """
        L{LpacLines} has lpac's envelopes; of some results lpac prints a part.
        """
        told: list[Any] = []
        tell(LpacLines(told.append))
        self.assertEqual([each["payload"]["data"] for each in told], ["smdp.example.com", None, [{"iccid": "1"}]])
        self.assertEqual(told[-1]["type"], "lpa")
        tell(LpacLines(told.append), FAILED)
        self.assertEqual(told[-1]["payload"], {"code": -1, "message": "es10b_prepare_download", "data": "in the midst"})
        self.assertEqual(set(told[-1]["payload"]), set(lpac_envelope(FAILED)["payload"]))

    def test_warnings(self) -> None:
        """
        L{Warnings} tells each warning once, and nothing else.
        """
        told: list[str] = []
        reporter = Warnings(told.append)
        tell(reporter)
        for warnings in (["the keys are bad"], ["the keys are bad", "the card\x1b is odd"]):
            reporter.stage(job_json(JOB), "gp_authenticate", {"warnings": warnings})
        self.assertEqual(told, ["WARNING: the keys are bad", "WARNING: the card\ufffd is odd"])

    def test_both(self) -> None:
        """
        L{Both} tells all of them.
        """
        one: list[Any] = []
        other: list[Any] = []
        tell(Both(Lines(one.append), LpacLines(other.append)))
        self.assertEqual((len(one), len(other)), (5, 3))

    def test_chosen(self) -> None:
        """
        What is used depends on where the output goes.
        """
        for settings, kinds in (
            ({"terminal": True, "interactive": True}, [Warnings, Bars]),
            ({"terminal": True, "interactive": False}, [Warnings, Sentences]),
            ({"terminal": False, "interactive": False}, [Lines, Warnings]),
            ({"terminal": False, "interactive": True}, [Lines, Warnings, Bars]),
        ):
            app = App(acts=True, **settings)  # type: ignore[arg-type]
            self.assertEqual([type(each) for each in reporter_for(app)._all], kinds)  # type: ignore[attr-defined]
            app.flags.quiet = True
            self.assertNotIn(Bars, [type(each) for each in reporter_for(app)._all])  # type: ignore[attr-defined]
