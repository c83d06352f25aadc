# -*- test-case-name: tests.bench.test_estk -*-
"""
L{bench.estk}.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from bench.canned import prepare
from bench.estk import SMALL, Crowd, Rig, apdus, crowd, main, memory, saturated
from bench.processes import Helper


class CommandLineTests(SynchronousTestCase):
    """
    C{python -m bench.estk}.
    """

    def test_help(self) -> None:
        """
        It says what it does.
        """
        self.assertRaises(SystemExit, main, ["--help"])


class RigTests(TestCase):
    """
    The real thing, small: a gateway process, one of cards, one with the SM-DP+.
    """

    timeout = 120

    async def test_figures(self) -> None:
        """
        Every figure is there, and no download is lost.
        """
        figures = await deferToThread(self.measure)
        self.assertEqual(figures["saturated"]["saturated_lost"], 0)
        self.assertGreater(figures["saturated"]["downloads_per_second"], 0)
        self.assertLessEqual(figures["saturated"]["tls_handshakes_per_download"], 16 / 105)
        self.assertEqual((figures["crowd"]["completed"], figures["crowd"]["lost"]), (5, 0))
        self.assertGreater(figures["crowd"]["p50_s"], figures["crowd"]["ideal_s"] * 0.9)
        self.assertEqual(set(figures["apdus"][str(SMALL)]), {"240"})
        self.assertIsInstance(figures["memory"], float)

    def measure(self) -> dict[str, Any]:
        """
        All kinds of measurement once.
        """
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary)
            material = directory / "material"
            prepare(material, [SMALL])
            with Helper("bench.server", str(material)) as server, Helper("bench.load") as load:
                rig = Rig(directory, material, server, load, server.read())
                return {
                    "saturated": saturated(rig, 5),
                    "crowd": crowd(rig, Crowd(5, 5, SMALL)),
                    "apdus": apdus(rig, (SMALL,), (240,)),
                    "memory": memory(rig, Crowd(20, 20, SMALL)),
                }
