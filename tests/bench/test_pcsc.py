# -*- test-case-name: tests.bench.test_pcsc -*-
"""
L{bench.pcsc}.
"""

from __future__ import annotations

import json
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from bench.card import ATR, answer
from bench.command import COMMAND
from bench.pcsc import compare, main, render
from bench.pcscd import missing
from cardgw.apdu.atr import Atr
from tests.functional.commands import ROOT, environment


class CardTests(SynchronousTestCase):
    """
    L{bench.card}.
    """

    def test_answer(self) -> None:
        """
        It has no application, and does what it is told.
        """
        self.assertEqual((answer(b"\x00\xa4\x04\x00\x00"), answer(COMMAND)), (b"\x6a\x82", b"\x90\x00"))

    def test_atr(self) -> None:
        """
        It speaks T=1.
        """
        self.assertEqual(Atr.decode(ATR).protocols, (1,))


class CompareTests(SynchronousTestCase):
    """
    L{compare} and what is printed.
    """

    def test_medians(self) -> None:
        """
        A turn that does not count, then turns; each is compared with what went beside it.
        """
        turns = {"one": iter((9.0, 100.0, 400.0, 200.0)), "two": iter((9.0, 50.0, 400.0, 100.0))}
        ways = {name: lambda rates=rates: {"per_second": next(rates), "cpu_us": 1.0} for name, rates in turns.items()}
        self.assertEqual(
            compare(ways, 3),
            {
                "one": {"per_second": 200.0, "cpu_us": 1.0, "ratio": 1.0},
                "two": {"per_second": 100.0, "cpu_us": 1.0, "ratio": 0.5},
            },
        )

    def test_render(self) -> None:
        """
        A line for each way.
        """
        figures = {"pyscard": {"per_second": 5000.4, "cpu_us": 20.04, "ratio": 1.0}}
        text = render({"commands": 10, "rounds": 3, "reader_1": figures})
        self.assertEqual(text.splitlines()[-1].split(), ["pyscard", "5000", "20.0", "1.00"])


class CommandLineTests(SynchronousTestCase):
    """
    C{python -m bench.pcsc}.
    """

    def test_help(self) -> None:
        """
        It says what it does.
        """
        self.assertRaises(SystemExit, main, ["--help"])

    def test_measure(self) -> None:
        """
        The real thing, small.
        """
        command = [sys.executable, "-m", "bench.pcsc", "--json", "--commands", "100", "--turns", "1"]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        for part in ("reader_100", "reader_1", "attach"):
            self.assertEqual(len(report[part]), 2)
            self.assertGreater(min(min(each.values()) for each in report[part].values()), 0)

    test_measure.skip = missing()  # type: ignore[attr-defined]
