# -*- test-case-name: tests.bench.test_table -*-
"""
L{bench.table}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.table import render

SESSIONS = {"count": 100, "delay_ms": 50, "package_bytes": 1800, "completed": 99, "lost": 1, "p50_s": 1.8, "p99_s": 2.0}


class RenderTests(SynchronousTestCase):
    """
    The table for people.
    """

    def test_render(self) -> None:
        """
        It has every figure, and p50 against the ideal.
        """
        report = {
            "downloads_per_second": 100.0,
            "cpu_ms_per_download": 7.5,
            "pss_kib_per_session": 60.0,
            "tls_handshakes_per_download": 0.01,
            "sessions": [{**SESSIONS, "ideal_s": 1.5}],
            "apdus": {"1800": {"120": 45, "240": 32}},
        }
        text = render(report)
        self.assertIn("100.0 downloads per second", text)
        self.assertIn("1.20", text.splitlines()[6])
        self.assertEqual(text.splitlines()[-1].split(), ["1800", "45", "32"])

    def test_allLost(self) -> None:
        """
        A crowd of which nobody came through can be shown too.
        """
        nothing = {**SESSIONS, "p50_s": None, "p99_s": None, "ideal_s": 1.5}
        rows = {"downloads_per_second": 0, "cpu_ms_per_download": 0, "pss_kib_per_session": 0}
        self.assertIn("0.00", render({**rows, "tls_handshakes_per_download": 0, "sessions": [nothing], "apdus": {"1": {}}}))
