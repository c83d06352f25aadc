"""
Tests of L{cardgw.cli.options}.
"""

from __future__ import annotations

from pathlib import Path

import click
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.app import App, Flags
from cardgw.cli.group import Command
from cardgw.cli.options import DESTRUCTIVE_JOB, JOB, limit
from tests.cli.case import CliTestCase
from tests.cli.fakes import TOKEN


@click.command("x", cls=Command)
@DESTRUCTIVE_JOB
@limit("things")
def command(limit: int) -> None:
    """
    Nothing.
    """


class OptionsTests(SynchronousTestCase):
    """
    Options that go to L{Flags}.
    """

    def flags(self, *typed: str) -> Flags:
        """
        What was typed.
        """
        app = App()
        result = CliRunner().invoke(command, typed, obj=app, catch_exceptions=False)
        self.assertEqual(result.exit_code, 0, result.output)
        return app.flags

    def test_none(self) -> None:
        """
        What is not typed stays as it is.
        """
        self.assertEqual(self.flags(), Flags())

    def test_all(self) -> None:
        """
        What is typed is kept.
        """
        typed = "--url http://h --token-file t --card c --json --lpac --quiet --yes --dry-run --no-input --no-wait"
        expected = Flags("http://h", Path("t"), "c", True, True, True, True, True, True, False)
        self.assertEqual(self.flags(*typed.split()), expected)
        self.assertIs(self.flags("--wait").wait, True)

    def test_yes(self) -> None:
        """
        Only what can destroy something has --yes.
        """

        @click.command("y", cls=Command)
        @JOB
        def harmless() -> None:
            pass

        self.assertEqual(CliRunner().invoke(harmless, ["--yes"], obj=App()).exit_code, 2)


class PlaceTests(CliTestCase):
    """
    Where options about the gateway may stand.
    """

    def test_anywhere(self) -> None:
        """
        They may stand before the command and behind it; the one behind counts.
        """
        path = self.directory / "token"
        path.write_text(TOKEN)
        del self.environ["CARDGW_TOKEN"]
        self.run_it("--url", "http://one", "--token-file", str(path), "cards")
        self.run_it("--url", "http://one", "cards", "--url", "http://two", "--token-file", str(path))
        self.assertEqual([each.url.host for each in self.api.requests], ["one", "two"])
