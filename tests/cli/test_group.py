"""
Tests of L{cardgw.cli.group}.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli import group
from cardgw.cli.app import App
from cardgw.cli.group import DOCS, Group, run_and_tell
from cardgw.cli.main import root
from cardgw.errors import ParameterError
from tests.cli.case import CliTestCase


def commands(command: click.Command = root, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """
    Every command, and what is typed for it.
    """
    yield path, command
    if isinstance(command, Group):
        for name, each in command.commands.items():
            yield from commands(each, (*path, name))


class HelpTests(CliTestCase):
    """
    The help of every command.
    """

    def test_all(self) -> None:
        """
        It is in lower case without a full stop, fits a terminal, has every option and examples, and ends with where more is.
        """
        for path, command in commands():
            told = self.run_it(*path, "--help").stdout
            self.assertTrue(told.startswith("usage: cardgw"), path)
            self.assertTrue(told.endswith(f"\n\n{DOCS}\n"), path)
            self.assertIn("\nexamples:\n  ", told, path)
            text = command.help or ""
            self.assertEqual((text[:1].lower(), text[-1:] == "."), (text[:1], False), path)
            self.assertLess(max(map(len, told.splitlines())), 131, path)
            for each in command.params:
                if isinstance(each, click.Option):
                    self.assertIn(each.opts[-1], told)
                    self.assertTrue((each.help and not each.help.endswith(".") and each.help[:1].islower()) or each.help, path)

    def test_short(self) -> None:
        """
        C{-h} is enough.
        """
        self.assertEqual(self.run_it("cards", "-h").stdout, self.run_it("cards", "--help").stdout)

    def test_headings(self) -> None:
        """
        Every command is under exactly one heading.
        """
        found = [name for names in (root.headings or {}).values() for name in names]
        self.assertEqual(sorted(found), sorted(root.commands))

    def test_none(self) -> None:
        """
        A group without a command shows its help on standard error, and is wrong usage.
        """
        result = self.run_it("token", status=2)
        self.assertIn("cardgw token add monitoring", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_wrong(self) -> None:
        """
        Wrong usage is told in one line, with where the right one is.
        """
        for typed, told in (
            (("card", "shw"), "See `cardgw card --help`."),
            (("cards", "--jsn"), "no such option"),
            (("enable",), "missing argument 'PROFILE'. See `cardgw enable --help`."),
            (("jobs", "list", "--state", "x"), "is not one of 'queued'"),
            (("crads",), "no such command 'crads'. Did you mean 'card' or 'cards' or 'readers'? See `cardgw --help`."),
            (("completion",), "Choose from: bash, zsh, fish. See `cardgw completion --help`."),
        ):
            result = self.run_it(*typed, status=2)
            self.assertIn(told, result.stderr)
            self.assertTrue(result.stderr.startswith("cardgw: "))
            self.assertEqual(result.stderr.count("\n"), 1)


class StatusTests(SynchronousTestCase):
    """
    L{run_and_tell}.
    """

    def fails(self, error: BaseException) -> int:
        """
        The status of a command that raises this.
        """

        def run() -> Any:
            raise error

        return run_and_tell(App(terminal=True), run)

    def test_other(self) -> None:
        """
        What else is wrong with what was typed is status 2.
        """
        echoed: list[str] = []
        self.patch(click, "echo", lambda text, err=False: echoed.append(text))
        self.assertEqual(self.fails(click.FileError("x", "No such file.")), 2)
        self.assertTrue(echoed[0].startswith("cardgw: could not open file"))

    def test_pipe(self) -> None:
        """
        A broken pipe is status 1, without a word.
        """
        silenced: list[object] = []
        self.patch(group, "_silence", silenced.append)
        self.assertEqual((self.fails(BrokenPipeError()), len(silenced)), (1, 1))

    def test_interrupted(self) -> None:
        """
        Control-C is status 130.
        """
        self.assertEqual(self.fails(KeyboardInterrupt()), 130)
        self.assertEqual(self.fails(click.Abort()), 130)

    def test_returned(self) -> None:
        """
        What a command returns is the status; nothing is 0.
        """
        self.assertEqual(run_and_tell(App(), lambda: None), 0)
        self.assertEqual(run_and_tell(App(), lambda: 4), 4)

    def test_defect(self) -> None:
        """
        A defect of ours is not hidden.
        """
        self.assertRaises(ZeroDivisionError, self.fails, ZeroDivisionError())

    def test_clean(self) -> None:
        """
        What an error quotes cannot control the terminal.
        """
        echoed: list[str] = []
        self.patch(click, "echo", lambda text, err=False: echoed.append(text))
        self.assertEqual(self.fails(ParameterError("a\x1b[2J")), 2)
        self.assertNotIn("\x1b", echoed[0])


class PipeTests(SynchronousTestCase):
    """
    The command as a process.
    """

    def test_broken(self) -> None:
        """
        If whoever reads has gone, nothing is said.
        """
        reading, writing = os.pipe()
        os.close(reading)
        code = "import sys; from cardgw.cli.main import main; sys.exit(main(['init']))"
        done = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        self.assertEqual((done.stderr, done.returncode), (b"", 1))
