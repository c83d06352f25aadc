# -*- test-case-name: tests.bench.test_table -*-
"""
The figures of L{bench.estk} as a table for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def render(report: Mapping[str, Any]) -> str:
    """
    @param report: what L{bench.estk.measure} gives.
    """
    lines = [
        f"{report['downloads_per_second']:8.1f} downloads per second, saturated (1.8 kB packages)",
        f"{report['cpu_ms_per_download']:8.2f} ms CPU of the gateway per download",
        f"{report['pss_kib_per_session']:8.1f} KiB PSS per active session",
        f"{report['tls_handshakes_per_download']:8.3f} TLS handshakes per download",
        "",
        "sessions  delay ms  package   completed  lost   p50 s   p99 s  ideal s  p50/ideal",
    ]
    lines += [_session(each) for each in report["sessions"]]
    sizes = list(next(iter(report["apdus"].values())))
    lines += ["", "APDUs per download, by segment size", "package   " + "".join(f"{size:>7}" for size in sizes)]
    lines += [f"{package:>7}   " + "".join(f"{counts[size]:>7}" for size in sizes) for package, counts in report["apdus"].items()]
    return "\n".join(lines)


def _session(each: Mapping[str, Any]) -> str:
    p50, p99, ideal = each["p50_s"] or 0.0, each["p99_s"] or 0.0, each["ideal_s"]
    return (
        f"{each['count']:>8}  {each['delay_ms']:>8}  {each['package_bytes']:>7}   {each['completed']:>9}  {each['lost']:>4}"
        f"  {p50:>6.2f}  {p99:>6.2f}  {ideal:>7.2f}  {p50 / ideal:>9.2f}"
    )
