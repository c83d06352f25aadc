"""
Tests of L{cardgw.cli.render}.
"""

from __future__ import annotations

import sys
from io import StringIO
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.app import App
from cardgw.cli.render import Column, facts, key, listing, shown, table, tree

COLUMNS = (Column("name", key("name")), Column("what", key("what"), wide=True), Column("count", key("count"), right=True))


class RenderTests(SynchronousTestCase):
    """
    Tables and values.
    """

    def setUp(self) -> None:
        """
        What is printed is kept.
        """
        self.out, self.err = StringIO(), StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)

    def test_table(self) -> None:
        """
        On a pipe nothing is cut, and no line ends with blanks.
        """
        rows: list[dict[str, Any]] = [{"name": "a", "what": "x" * 300, "count": 1}, {"name": "bc", "what": None, "count": 12}]
        table(App(terminal=False), COLUMNS, rows, "none")
        header, first, second = self.out.getvalue().splitlines()
        self.assertEqual(header.split(), ["name", "what", "count"])
        self.assertEqual(first.split(), ["a", "x" * 300, "1"])
        self.assertEqual(second.split(), ["bc", "-", "12"])

    def test_terminal(self) -> None:
        """
        On a terminal, columns without anything are left out; minor ones where there is no room.
        """
        columns = (*COLUMNS, Column("minor", key("minor"), minor=True))
        app = App(terminal=True)
        app.out.width, app.out.no_color = 60, True
        rows = [{"name": "a", "what": "x" * 80, "minor": 1}, {"name": "b", "what": "y", "minor": 2}]
        table(app, columns, rows, "none")
        lines = self.out.getvalue().splitlines()
        self.assertIn("what", lines[0])
        self.assertNotIn("count", lines[0])
        self.assertNotIn("minor", lines[0])
        self.assertTrue(all(len(line) <= 100 for line in lines))
        self.assertEqual(self.out.getvalue().count("x"), 80)

    def test_markup(self) -> None:
        """
        What cards and servers have named is text, and stays in its line.
        """
        table(App(terminal=False), COLUMNS, [{"name": "[red]x[/red]", "what": "a\nb\x1b[1m"}], "none")
        self.assertIn("[red]x[/red]  a b\ufffd[1m", self.out.getvalue())

    def test_empty(self) -> None:
        """
        People are told that there is nothing; standard output stays empty.
        """
        table(App(terminal=False), COLUMNS, [], "There is nothing.")
        self.assertEqual((self.out.getvalue(), self.err.getvalue()), ("", "There is nothing.\n"))

    def test_more(self) -> None:
        """
        Where there are more, that is said; as JSON it is in the document.
        """
        found = {"items": [{"name": "a"}], "next": "/api/v1/x?before=1"}
        listing(App(terminal=False), COLUMNS, found, "")
        self.assertEqual(self.err.getvalue(), "There are more: see --limit.\n")
        app = App(terminal=False)
        app.flags.json = True
        listing(app, COLUMNS, found, "")
        self.assertIn('"next": "/api/v1/x?before=1"', self.out.getvalue())

    def test_shown(self) -> None:
        """
        Every value is one line.
        """
        for value, text in (
            (None, "-"),
            ("", "-"),
            (0, "0"),
            (True, "yes"),
            (False, "no"),
            (["a", 1], "a, 1"),
            ([], "-"),
            ({"a": 1, "b": None}, "a 1, b -"),
            ("a\nb", "a b"),
        ):
            self.assertEqual(shown(value), text)

    def test_facts(self) -> None:
        """
        Names and values are below each other; a text may have lines.
        """
        facts(App(terminal=False), [("one", 1), ("another", "a\nb"), ("none", "")])
        self.assertEqual(self.out.getvalue(), "one      1\nanother  a\n         b\nnone     -\n")

    def test_tree(self) -> None:
        """
        Any result can be shown.
        """
        tree(App(), {"a": 1, "b": {"c": [1, 2], "d": {}}, "e": [{"x": 1, "y": "z"}], "f": []})
        self.assertEqual(self.out.getvalue(), "a: 1\nb:\n  c: 1, 2\n  d: -\ne:\n  - x 1, y z\nf: -\n")
