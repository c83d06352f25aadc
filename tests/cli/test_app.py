"""
Tests of L{cardgw.cli.app}.
"""

from __future__ import annotations

import sys
from io import StringIO

import click
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.app import App, Style


class AppTests(SynchronousTestCase):
    """
    L{App}.
    """

    def setUp(self) -> None:
        """
        What it prints is kept.
        """
        self.out, self.err = StringIO(), StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)

    def test_style(self) -> None:
        """
        What was typed decides; else what acts tells programs how far it has come, and people see text.
        """
        for terminal, acts, style in (
            (True, True, Style.HUMAN),
            (True, False, Style.HUMAN),
            (False, False, Style.HUMAN),
            (False, True, Style.LINES),
        ):
            app = App(terminal=terminal, acts=acts)
            self.assertEqual(app.style, style)
            app.flags.lpac = True
            self.assertEqual(app.style, Style.LPAC)
            app.flags.json = True
            self.assertEqual(app.style, Style.JSON)

    def test_looks(self) -> None:
        """
        Unless it is told, it looks whether there are terminals: here there are none.
        """
        self.patch(sys, "stdin", StringIO())
        app = App()
        self.assertFalse(app.on_terminal or app.may_ask or app.out.is_terminal or app.err.is_terminal)

    def test_noInput(self) -> None:
        """
        With --no-input nobody is asked.
        """
        app = App(interactive=True)
        self.assertTrue(app.may_ask)
        app.flags.no_input = True
        self.assertFalse(app.may_ask)

    def test_ask(self) -> None:
        """
        A question is written to standard error alone; the answer is the next line.
        """
        self.patch(sys, "stdin", StringIO(" yes \nno\n"))
        app = App(interactive=True)
        self.assertEqual((app.ask("Sure?"), app.ask("sure:")), (" yes ", "no"))
        self.assertEqual((self.out.getvalue(), self.err.getvalue()), ("", "Sure? sure: "))

    def test_noAnswer(self) -> None:
        """
        Where standard input ends, there is no answer.
        """
        self.patch(sys, "stdin", StringIO())
        self.assertRaises(click.Abort, App().ask, "Sure?")

    def test_say(self) -> None:
        """
        What is said is clean, on standard error, and not said with --quiet; nothing in it is markup.
        """
        app = App(interactive=False)
        app.say("[bold]a\x1b[2J :key:")
        app.flags.quiet = True
        app.say("b")
        self.assertEqual((self.out.getvalue(), self.err.getvalue()), ("", "[bold]a\ufffd[2J :key:\n"))

    def test_colours(self) -> None:
        """
        There is no colour on a pipe, whatever the environment says.
        """
        app = App(terminal=False)
        app.out.print("x", style="red")
        self.assertEqual(self.out.getvalue(), "x\n")

    def test_json(self) -> None:
        """
        Documents are indented, lines are not; other alphabets stay as they are.
        """
        app = App()
        app.print_json({"a": "ä"})
        app.print_line({"a": "ä"})
        self.assertEqual(self.out.getvalue(), '{\n  "a": "ä"\n}\n{"a":"ä"}\n')
