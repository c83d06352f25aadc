# -*- test-case-name: tests.bench.test_queue -*-
"""
L{bench.queue}; see L{tests.functional.test_absent} for what becomes of the jobs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from bench import queue
from bench.queue import main, render, run


class CommandLineTests(SynchronousTestCase):
    """
    C{python -m bench.queue}.
    """

    def test_help(self) -> None:
        """
        It says what it does.
        """
        self.assertRaises(SystemExit, main, ["--help"])


class FiguresTests(TestCase):
    """
    The real thing, small.
    """

    timeout = 120

    async def test_figures(self) -> None:
        """
        Every figure is there, and nothing is lost.
        """
        self.patch(queue, "STARTS", 1)
        self.patch(queue, "WARMING", 1)
        report: dict[str, Any] = await deferToThread(self.measure, Path(self.mktemp()))
        self.assertEqual((report["jobs"], report["lost"]), (20, 0))
        for each in ("empty", "full", "full_anew"):
            self.assertEqual(report[each]["downloads_lost"], 0)
            self.assertGreater(report[each]["downloads_per_second"], 0)
        for each in ("start_empty_ms", "start_full_ms", "jobs_per_second"):
            self.assertGreater(report[each], 0)
        self.assertIn("jobs per second", render(report))

    def measure(self, directory: Path) -> Any:
        """
        All of it.
        """
        directory.mkdir()
        return run(directory.absolute(), 20, 5)
