# -*- test-case-name: tests.functional.test_demo -*-
"""
The demo: L{cardgw.virtual.demo}, its processes and all.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from cardgw.virtual.demo import DemoFailed, Processes, settings

ROOT = Path(__file__).resolve().parent.parent.parent


class DemoTests(TestCase):
    """
    What C{make demo} runs.
    """

    timeout = 60

    async def test_installs(self) -> None:
        """
        It downloads a profile, and says so in one line at the end.
        """
        from twisted.internet import reactor

        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = ("-m", "cardgw.virtual.demo")
        out, error, status = await getProcessOutputAndValue(sys.executable, command, environment, self.mktemp_dir(), reactor)
        lines = out.decode().splitlines()
        self.assertEqual((status, error), (0, b""))
        self.assertRegex(lines[-1], r"^installed 89\d{16,18} on \d{32}: \d+ APDUs, \d+\.\d s$")
        self.assertIn("    none", lines)
        self.assertTrue(any("Installed: Example Mobile Demo." in line for line in lines))

    def mktemp_dir(self) -> str:
        """
        An empty directory.
        """
        directory = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, directory)
        return directory

    async def test_failure(self) -> None:
        """
        A process that ends before its time ends the demo, with its last words.
        """

        def attempt() -> None:
            with ExitStack() as stack:
                processes = Processes(stack)
                processes.start("SM-DP+", "-c", "raise SystemExit('no server today')")
                with self.assertRaisesRegex(DemoFailed, r"SM-DP\+ process ended: no server today"):
                    processes.wait_for("SM-DP+", "port")

        await deferToThread(attempt)

    def test_settings(self) -> None:
        """
        The gateway's settings lead the SM-DP+'s name to its port on loopback, and trust its CI.
        """
        text = settings(Path("/x"), 8443, "00" * 20)
        self.assertIn("port = 8443", text)
        self.assertIn(f'trusted_ci = ["{"00" * 20}"]', text)
