"""
Tests of L{cardgw.cli.main}: what can be typed.
"""

from __future__ import annotations

import sys
from io import BytesIO, StringIO, TextIOWrapper

from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.main import main
from cardgw.version import VERSION
from tests.cli.case import CliTestCase


class MainTests(SynchronousTestCase):
    """
    L{main}.
    """

    def setUp(self) -> None:
        """
        What it prints is kept.
        """
        self.out, self.err = StringIO(), StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)

    def test_help(self) -> None:
        """
        The help has examples, and ends with where there is more.
        """
        self.assertEqual(main(["--help"]), 0)
        told = self.out.getvalue()
        self.assertIn("examples:\n  cardgw demo", told)
        self.assertTrue(told.rstrip().endswith("More: README.md and docs/ of the distribution."))

    def test_version(self) -> None:
        """
        The version is printed.
        """
        self.assertEqual((main(["--version"]), self.out.getvalue()), (0, f"cardgw {VERSION}\n"))

    def test_usage(self) -> None:
        """
        Wrong usage is status 2.
        """
        for typed in ([], ["nonsense"], ["operation"], ["--nonsense"]):
            self.assertEqual(main(typed), 2)

    def test_arguments(self) -> None:
        """
        By default the arguments are those of the process.
        """
        self.patch(sys, "argv", ["cardgw", "--version"])
        self.assertEqual(main(), 0)

    def test_narrow(self) -> None:
        """
        A stream that cannot show a character shows something else.
        """
        stream = TextIOWrapper(BytesIO(), "latin-1")
        self.patch(sys, "stdout", stream)
        self.assertEqual(main(["run", "--help"]), 0)
        stream.flush()
        self.assertIn(b"8944?", stream.buffer.getvalue())


class AppTests(CliTestCase):
    """
    What commands get.
    """

    def test_app(self) -> None:
        """
        An L{App} can be given.
        """
        out = StringIO()
        self.patch(sys, "stdout", out)
        self.assertEqual(main(["cards"], self.app()), 0)
        self.assertIn("a1b2c3d4", out.getvalue())
