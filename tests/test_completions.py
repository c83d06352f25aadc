# -*- test-case-name: tests.test_completions -*-
"""
Tests of C{etc/completions}.
"""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from cardgw.cli.completion import SHELLS
from cardgw.cli.main import root

_DIRECTORY = Path(__file__).parents[1] / "etc" / "completions"


class CompletionsTests(SynchronousTestCase):
    """
    The files for distributions.
    """

    def test_current(self) -> None:
        """
        Each is what C{cardgw completion} prints.
        """
        for shell in SHELLS:
            text = (_DIRECTORY / f"cardgw.{shell}").read_text()
            printed = CliRunner().invoke(root, ["completion", shell]).stdout
            self.assertEqual(text, printed, f"run: cardgw completion {shell} > etc/completions/cardgw.{shell}")

    def test_all(self) -> None:
        """
        There are no others.
        """
        self.assertEqual(sorted(path.suffix[1:] for path in _DIRECTORY.iterdir()), sorted(SHELLS))
