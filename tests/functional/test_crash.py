# -*- test-case-name: tests.functional.test_crash -*-
"""
C{kill -9}: see L{bench.crash}.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from bench.crash import besiege, main, render

KILLS = 10


class CrashTests(TestCase):
    """
    The real thing: C{twistd cardgw} with a store in a file, phones, an SM-DP+, and jobs over the HTTP API.
    """

    timeout = 240

    def test_killed(self) -> Deferred[None]:
        """
        The gateway is killed ten times at random moments.  No notification is lost, sent again after it was confirmed, or
        forgotten on a card; no job that was accepted is lost, and the state of each is true; and nothing has a defect.
        """
        seed = random.randrange(1_000_000)
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()

        async def test() -> None:
            report: dict[str, Any] = await besiege(reactor, directory, KILLS, seed)
            self.assertEqual(report["wrong"], [], f"seed {seed}\n{render(report)}")
            self.assertEqual(report["kills"], KILLS)
            for what in ("visits", "downloads", "notifications", "jobs_accepted"):
                self.assertGreater(report[what], 0, what)

        return Deferred.fromCoroutine(test())


class CommandLineTests(SynchronousTestCase):
    """
    C{python -m bench.crash}.
    """

    def test_help(self) -> None:
        """
        It says what it does.
        """
        self.assertRaises(SystemExit, main, ["--help"])
