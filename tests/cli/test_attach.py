# -*- test-case-name: tests.cli.test_attach -*-
"""
Tests of L{cardgw.cli.attach}.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import httpx
from attrs import evolve
from click.testing import Result

from cardgw.bridges.attach_operation import AttachParameters
from cardgw.gateway.records import JobState
from cardgw.schema import build_strictly
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, CARD, done, failed, stage

RESULT = {"reader": "tcp:127.0.0.1:35963", "commands": 146, "resets": 2, "seconds": 63.1, "ended": "cancelled"}


def interrupt() -> None:
    """
    Control-C.
    """
    raise KeyboardInterrupt


class AttachTests(CliTestCase):
    """
    C{cardgw attach}.
    """

    def attach(self, *typed: str, status: int = 0, script: Any = (), **more: Any) -> Result:
        """
        Run it.
        """
        self.api.scripts["card.attach"] = list(script or (BEGUN, done(**RESULT)))
        return self.run_it("attach", *typed, status=status, **more)

    def interrupt(self, how: Callable[[], object], result: Any = RESULT) -> None:
        """
        Something happens when events are asked for; the job that is cancelled then has this result.
        """
        real = self.api.cancelled

        def before(request: httpx.Request) -> None:
            if request.url.path.endswith("/events"):
                self.api.before = lambda _: None
                how()

        def cancelled(api: Any, name: str) -> httpx.Response:
            api.jobs[name] = evolve(api.jobs[name], result=result)
            return real(name)

        self.api.before = before
        self.patch(type(self.api), "cancelled", cancelled)

    def test_parameters(self) -> None:
        """
        The card is named as elsewhere, or with its name alone; the reader is the gateway's own choice unless it is said.
        """
        for typed, parameters in (
            ((CARD.id,), {}),
            (("--card", CARD.id), {}),
            ((), {}),
            ((CARD.identity[-4:], "--vpcd", "tcp:127.0.0.1:35964"), {"vpcd": "tcp:127.0.0.1:35964"}),
        ):
            self.attach(*typed)
            sent = self.api.sent("POST", "jobs")[-1]
            self.assertEqual((sent["operation"], sent["card"], sent["parameters"]), ("card.attach", CARD.id, parameters))
            build_strictly(AttachParameters, sent["parameters"], "test:")
        self.attach(CARD.id, "--card", CARD.id, status=2)

    def test_reader(self) -> None:
        """
        A reader that has closed properly is the ordinary end, too.
        """
        script = [BEGUN, stage("attaching", reader="tcp:1"), stage("attached", reader="tcp:1"), done(**RESULT)]
        result = self.attach(script=script, terminal=True)
        self.assertIn("in the reader until cancelled: tcp:1", result.stderr)
        self.assertIn("146 commands, 2 resets", result.stdout)

    def test_failed(self) -> None:
        """
        A card or a reader that is lost is not.
        """
        self.attach(script=[BEGUN, failed("reader-hung-up", "The reader closed the connection to the card")], status=1)

    def test_controlC(self) -> None:
        """
        Control-C takes the card out: the job is cancelled, and the exit status is 0.
        """
        self.interrupt(interrupt)
        lines = self.lines(self.attach())
        self.assertEqual((lines[-1]["state"], lines[-1]["result"]), ("cancelled", RESULT))
        self.assertIs(self.api.jobs["01JOB1"].state, JobState.CANCELLED)

    def test_terminated(self) -> None:
        """
        So does SIGTERM, as long as it runs.
        """
        before = signal.getsignal(signal.SIGTERM)
        self.interrupt(lambda: os.kill(os.getpid(), signal.SIGTERM))
        self.assertIn("146 commands", self.attach(terminal=True).stdout)
        self.assertIs(signal.getsignal(signal.SIGTERM), before)

    def test_tooEarly(self) -> None:
        """
        Where the card was not in the reader yet, the command was interrupted as any other.
        """
        self.interrupt(interrupt, result=None)
        self.attach(status=130)
