# -*- test-case-name: tests.cli -*-
"""
Running commands in tests.
"""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli import views
from cardgw.cli.app import App
from cardgw.cli.main import root
from tests.cli.fakes import NOW, TOKEN, FakeApi


class CliTestCase(SynchronousTestCase):
    """
    Runs commands against a L{FakeApi}.

    @ivar pauses: how long commands have paused, in seconds; who pauses too often waits for ever.
    """

    most_pauses = 1000

    def setUp(self) -> None:
        """
        Nothing is kept yet; the token is in the environment.
        """
        self.api = FakeApi()
        self.pauses: list[float] = []
        self.directory = Path(self.mktemp()).resolve()
        self.directory.mkdir()
        self.environ = {"XDG_CONFIG_HOME": str(self.directory), "CARDGW_TOKEN": TOKEN, "HOME": str(self.directory)}

    def app(self, **more: Any) -> App:
        """
        What a command gets.
        """
        transport = httpx.MockTransport(self.api)
        settings: dict[str, Any] = {"interactive": False, "terminal": False, **more}
        return App(
            environ=self.environ,
            transport=transport,
            pause=self.pause,
            now=lambda: NOW,
            new_key=lambda: "key-1",
            **settings,
        )

    def pause(self, seconds: float) -> None:
        """
        Time passes.
        """
        self.pauses.append(seconds)
        self.assertLess(len(self.pauses), self.most_pauses, "it waits for ever")

    def run_it(self, *arguments: str, status: int = 0, input: str = "", **more: Any) -> Result:
        """
        Run a command.

        @param status: the exit status that is expected.
        @param more: for L{App}: C{interactive}, C{terminal}.
        """
        runner = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "160"})
        result = runner.invoke(root, list(arguments), input=input, catch_exceptions=False, obj=self.app(**more))
        self.assertEqual(result.exit_code, status, f"{result.stdout}\n{result.stderr}")
        return result

    def answers(self, *texts: str) -> list[tuple[str, bool]]:
        """
        Answer questions, the first ones first.

        @return: what was asked, and whether the answer was secret.
        """
        asked: list[tuple[str, bool]] = []
        left = list(texts)

        def ask(app: App, text: str, secret: bool = False) -> str:
            asked.append((text, secret))
            return left.pop(0)

        self.patch(App, "ask", ask)
        return asked

    def lines(self, result: Result) -> list[dict[str, Any]]:
        """
        What was printed, as JSON.
        """
        return [json.loads(line) for line in result.stdout.splitlines()]


class ViewsTestCase(SynchronousTestCase):
    """
    What people see.
    """

    def setUp(self) -> None:
        """
        What is printed is kept.
        """
        self.out, self.err = StringIO(), StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)

    def result(self, operation: str, **result: Any) -> str:
        """
        What is printed of a result.
        """
        self.out.truncate(0)
        self.out.seek(0)
        views.result(App(terminal=False, interactive=False), operation, result)
        return self.out.getvalue()
