# -*- test-case-name: tests.virtual.test_demo_view -*-
"""
L{cardgw.virtual.demo_view}.
"""

from __future__ import annotations

import io

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.demo_view import View, bar, box, profiles


class DrawingTests(SynchronousTestCase):
    """
    The pieces.
    """

    def test_bar(self) -> None:
        """
        The bar is as long as the work that is done.
        """
        self.assertEqual(bar(0), "[" + "." * 30 + "]   0 %")
        self.assertEqual(bar(50), "[" + "#" * 15 + "." * 15 + "]  50 %")
        self.assertEqual(bar(100), "[" + "#" * 30 + "] 100 %")

    def test_box(self) -> None:
        """
        A text is wrapped to the phone's width, and its own line breaks are kept.
        """
        lines = box("one\n" + "word " * 12).splitlines()
        self.assertEqual({len(line) for line in lines}, {42})
        self.assertIn("| one ", lines[1])
        self.assertIn("[ OK ]", lines[-2])

    def test_profiles(self) -> None:
        """
        One line a profile, or the word none.
        """
        item = {"iccid": "8944", "state": "disabled", "provider": "P", "name": "N"}
        self.assertEqual(profiles("before:", []), "before:\n    none")
        self.assertEqual(profiles("after:", [item]).splitlines()[1].split(), ["8944", "disabled", "P", "N"])


class ViewTests(SynchronousTestCase):
    """
    On a terminal and elsewhere.
    """

    def test_terminal(self) -> None:
        """
        On a terminal the bar is redrawn in place, and the next line begins below it.
        """
        out = io.StringIO()
        view = View(out, live=True)
        view.percent(10)
        view.percent(20)
        view.stage("es8p_metadata_parse", {"name": "N"})
        self.assertEqual(out.getvalue().count("\r"), 2)
        self.assertTrue(out.getvalue().endswith("20 %\n  the profile on offer: name N\n"))

    def test_pipe(self) -> None:
        """
        Elsewhere only the whole bar is a line, and no control characters are written.
        """
        out = io.StringIO()
        view = View(out, live=False)
        view.percent(10)
        view.percent(100)
        view.stage("something new", {})
        self.assertEqual(out.getvalue(), f"    {bar(100)}\n  something new\n")
