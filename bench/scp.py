# -*- test-case-name: tests.bench.test_scp -*-
"""
What secure channels cost: commands wrapped per second, the CPU time of a load beside that of the ciphers alone, what opening
takes, and how many exchanges a load is over each transport.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import scp_opening, scp_wrapping
from bench.pcscd import NAMESPACES, missing
from bench.processes import ROOT
from bench.scp_loading import LEVELS, LIMITS, at_once, over_transports, refusal
from bench.scp_opening import OPENINGS
from bench.scp_wrapping import KINDS, LOAD_FILE
from cardgw.scp.level import Level

INSIDE = "--inside"
MOST_RATIO = 3.0
"""So many times the CPU time of the ciphers alone, at most, does a session take for a load."""
COUNT, LOADS, ROUNDS = 4_000, 20, 9
QUICK_COUNT, QUICK_LOADS, QUICK_ROUNDS = 200, 2, 3


def measure(directory: Path, count: int, loads: int, rounds: int, cannot: str = "") -> dict[str, Any]:
    """
    Everything.

    @param directory: made.
    @param count: commands in a turn of L{scp_wrapping.rates}.
    @param loads: in a turn of L{scp_wrapping.cost}.
    @param cannot: why no card is reached in a reader; empty if one is, from a process in namespaces of its own.
    """
    exchanges: dict[str, Any] = {each.name: {level: at_once(each, level) for level in LEVELS} for each in LIMITS}
    exchanges |= over_transports(directory, reader=not cannot)
    exchanges |= {"pcsc": cannot} if cannot else {}
    return {
        "rates": {each.name: scp_wrapping.rates(each, count, rounds) for each in KINDS},
        "loads": {each.name: scp_wrapping.cost(each, loads, rounds) for each in KINDS if each.level == Level.FULL},
        "openings": {name: scp_opening.cost(make(), rounds) for name, make in OPENINGS.items()},
        "exchanges": {**exchanges, "estk": refusal()},
    }


def render(report: Mapping[str, Any]) -> str:
    """
    The report for people.
    """
    lines = ["commands wrapped per second  8 B case 3  8 B case 4  239 B"]
    for name, each in report["rates"].items():
        lines.append(f"{name:<29}{each['case_3']:>10.0f}  {each['case_4']:>10.0f}  {each['long']:>5.0f}")
    lines += ["", f"CPU ms per load of {LOAD_FILE} B  ciphers alone  session  ratio  channel  ratio"]
    for name, each in report["loads"].items():
        session = f"{each['session_ms']:>7.2f}  {each['session_ratio']:>5.2f}"
        channel = f"{each['channel_ms']:>7.2f}  {each['channel_ratio']:>5.2f}"
        lines.append(f"{name:<29}{each['alone_ms']:>13.2f}  {session}  {channel}")
    lines += ["", "to open                      CPU ms  commands"]
    lines += [f"{name:<29}{each['ms']:>6.2f}  {each['commands']:>8}" for name, each in report["openings"].items()]
    lines += ["", f"exchanges of a load of {LOAD_FILE} B  level  blocks  exchanges  with all else"]
    for name, each in report["exchanges"].items():
        lines += [f"{name:<29}cannot: {each}"] if isinstance(each, str) else _exchanges(name, each)
    return "\n".join(lines)


def _exchanges(name: str, levels: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"{name:<32}{level:>5}  {each['blocks']:>6}  {each['exchanges']:>9}  {each['all']:>13}" for level, each in levels.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.

    @raise SystemExit: with 1 where a session takes more than L{MOST_RATIO}.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m bench.scp", description="what secure channels to cards cost")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="short turns, and few of them")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(given)
    cannot = missing()
    if not cannot and not chosen.inside:
        command = [*NAMESPACES, sys.executable, "-m", "bench.scp", INSIDE, *given]
        raise SystemExit(subprocess.run(command, cwd=ROOT, check=False).returncode)
    amount = (QUICK_COUNT, QUICK_LOADS, QUICK_ROUNDS) if chosen.quick else (COUNT, LOADS, ROUNDS)
    with tempfile.TemporaryDirectory() as temporary:
        report = measure(Path(temporary) / "scp", *amount, cannot or "")
    print(json.dumps(report, indent=2) if chosen.json else render(report))
    if max(each["session_ratio"] for each in report["loads"].values()) > MOST_RATIO:
        raise SystemExit(f"bench: a session takes more than {MOST_RATIO:g} times what the ciphers take")


if __name__ == "__main__":
    main()
