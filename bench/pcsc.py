# -*- test-case-name: tests.bench.test_pcsc -*-
"""
What relaying costs: APDUs per second through the gateway to a card in a reader, beside a program that uses the card by pyscard;
and through a card that is attached as a reader, beside such a card in the reader itself.

All of it runs in mount and network namespaces of its own, with a private pcscd and the virtual readers of vsmartcard.  What is
compared runs by turns, on the same card; of several turns the median counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from attrs import define

from bench.client import Client, environment, until
from bench.kept import KeptGateway, quiet_port
from bench.pcscd import FIRST_PORT, NAMESPACES, VARIABLE, Pcscd, missing
from bench.processes import ROOT, Helper
from bench.relay import DROPIN

LONG = 100
"""Commands in a long script."""
COUNT, ROUNDS = 4_000, 9
QUICK_COUNT, QUICK_ROUNDS = 1_000, 3
INSIDE = "--inside"
_SETTINGS = """\
[transports.vpcd]
listen = "tcp:{vpcd}:interface=127.0.0.1"

[transports.pcsc]
readers = ["{reader}"]
"""
Figures: TypeAlias = Mapping[str, float]


@define
class Rig(Client):
    """
    The processes.  In the first slot of a reader is a card of the gateway's, another one has dialled in.

    @ivar raw: the program that uses pyscard.
    @ivar count: commands in one turn.
    """

    raw: Helper
    count: int

    def attached(self, reader: str) -> Figures:
        """
        The same, where the gateway's card is in that reader.

        @return: the CPU time is that of the gateway.
        """
        before = self.gateway.cpu()
        figures = self.straight(reader)
        return {**figures, "cpu_us": (self.gateway.cpu() - before) * 1e6 / self.count}

    def attach(self, card: str, port: int) -> None:
        """
        Put a card of the gateway into a slot of a reader.
        """
        job = self.submit(card, "card.attach", vpcd=f"tcp:127.0.0.1:{port}")
        until(lambda: self.look(job)["stage"] == "attached" or None)

    def relayed(self, card: str, commands: int) -> Figures:
        """
        Commands through the gateway.

        @param commands: in each script.
        """
        result = self.run(card, "bench.relay", scripts=self.count // commands, commands=commands)
        return _figures(result, self.count)

    def straight(self, reader: str, at_once: int = LONG) -> Figures:
        """
        Commands by pyscard.

        @param at_once: how many are asked of its thread at a time.
        """
        return _figures(self.raw.ask({"reader": reader, "count": self.count, "at_once": at_once}), self.count)


def _figures(result: Mapping[str, float], count: int) -> Figures:
    return {"per_second": count / result["seconds"], "cpu_us": result["cpu"] * 1e6 / count}


def compare(ways: Mapping[str, Callable[[], Figures]], rounds: int) -> dict[str, dict[str, float]]:
    """
    Go each way by turns, after a turn that does not count.

    @return: the medians of each, and C{ratio}: how fast it is in comparison with the first; each turn with the one beside it.
    """
    for go in ways.values():
        go()
    turns = [{name: go() for name, go in ways.items()} for _ in range(rounds)]
    first = next(iter(ways))
    found = {}
    for name in ways:
        medians = {key: median(turn[name][key] for turn in turns) for key in turns[0][name]}
        ratio = median(turn[name]["per_second"] / turn[first]["per_second"] for turn in turns)
        found[name] = {**medians, "ratio": ratio}
    return found


@contextmanager
def rig(directory: Path, count: int) -> Iterator[tuple[Rig, Sequence[str]]]:
    """
    Start everything, in namespaces that are not shared with others.

    @return: with the names of the reader's slots.
    """
    plugins = directory / "plugins"
    plugins.mkdir()
    (plugins / "relay.py").write_text(DROPIN)
    with Pcscd(directory / "pcscd", through=()) as pcscd, ExitStack() as stack:
        stack.enter_context(environment({VARIABLE: str(pcscd.socket), "CARDGW_PLUGIN_PATH": str(plugins)}))
        stack.enter_context(_card(FIRST_PORT))
        vpcd = quiet_port()
        settings = _SETTINGS.format(vpcd=vpcd, reader=pcscd.names[0])
        with KeptGateway(directory / "gateway", settings) as gateway:
            gateway.start()
            gateway.wait()
            with _card(vpcd), Helper("bench.raw") as raw:
                yield Rig(gateway, raw, count), pcscd.names


@contextmanager
def _card(port: int) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", "bench.card", str(port)], cwd=ROOT) as process:
        try:
            yield
        finally:
            process.kill()


def measure(directory: Path, count: int, rounds: int) -> dict[str, Any]:
    """
    Everything.

    @param count: commands in a turn.
    @param rounds: turns of each.
    """
    with rig(directory, count) as (everything, (slot, other)):
        card, remote = everything.card("pcsc"), everything.card("vpcd")
        report: dict[str, Any] = {"commands": count, "rounds": rounds}
        for each in (LONG, 1):
            reader = {
                f"pyscard, {each} at once": lambda each=each: everything.straight(slot, each),
                f"gateway, scripts of {each}": lambda each=each: everything.relayed(card, each),
            }
            report[f"reader_{each}"] = compare(reader, rounds)
        everything.attach(remote, FIRST_PORT + 1)
        attached = {
            "pyscard, the reader": lambda: everything.straight(slot),
            "pyscard, attached": lambda: everything.attached(other),
        }
        report["attach"] = compare(attached, rounds)
    return report


def render(report: Mapping[str, Any]) -> str:
    """
    The report for people.
    """
    lines = [f"{report['rounds']} turns of {report['commands']} commands each", "", f"{'':<28}APDUs/s  CPU us/APDU  ratio"]
    for part in [each for each in report.values() if isinstance(each, Mapping)]:
        for name, each in part.items():
            lines.append(f"{name:<28}{each['per_second']:>7.0f}  {each['cpu_us']:>11.1f}  {each['ratio']:>5.2f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m bench.pcsc", description="what relaying APDUs to and from readers costs")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_COUNT} commands, {QUICK_ROUNDS} turns")
    parser.add_argument("--commands", type=int, default=COUNT, help="of each turn (default: %(default)s)")
    parser.add_argument("--turns", type=int, default=ROUNDS, help="each way (default: %(default)s)")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(given)
    if reason := missing():
        raise SystemExit(f"bench: {reason}")
    if not chosen.inside:
        command = [*NAMESPACES, sys.executable, "-m", "bench.pcsc", INSIDE, *given]
        raise SystemExit(subprocess.run(command, cwd=ROOT, check=False).returncode)
    with tempfile.TemporaryDirectory() as temporary:
        amount = (QUICK_COUNT, QUICK_ROUNDS) if chosen.quick else (chosen.commands, chosen.turns)
        report = measure(Path(temporary), *amount)
    print(json.dumps(report, indent=2) if chosen.json else render(report))


if __name__ == "__main__":
    main()
