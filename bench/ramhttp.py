# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
What work on cards costs that are reached over HTTP: exchanges and seconds for a profile and for a CAP file, with clients of both
kinds, near and far, beside one command per exchange; and what many cards cost that wait.

A C{twistd cardgw} process serves other processes: whoever lends cards (L{bench.lender}), through a relay that makes the way long
(L{bench.distance}); and many clients that wait for something to do (L{bench.polling}).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from bench.cap import make_package
from bench.client import Client
from bench.kept import KeptGateway, quiet_port
from bench.lender import WAYS
from bench.lending import BOUND, DOMAIN, EUICC, HOST, OURS, Lending
from bench.processes import Helper
from bench.ramhttp_waiting import Crowd, waiting
from bench.wear import AT_ONCE, SLOW, USUAL
from cardgw.virtual.pki import make_pki
from cardgw.virtual.security_domain import DEFAULT_KEY
from cardgw.virtual.security_domain_options import STRICT

LOAD_FILE = 30_000
"""Bytes of a load file."""
ROUND_TRIPS = (20, 200)
MOST_COMPLETING, MOST_TRANSPARENT = 12, 20
"""Exchanges that the download of a profile may take: with a client that completes answers, with one that passes 61xx through."""
MOST_KIB = 100.0
"""PSS in KiB that a card may cost that waits: as much as a session of eSTK.me."""
CROWD, QUICK_CROWD = Crowd(2_000, 30.0), Crowd(500, 10.0)
_USUAL, _ONE = 5.0, 1e-6
"""Seconds of a template: as by default; so many that no second command has room."""
_KEYS = "issuer"
_SETTINGS = """\
[https]
system_roots = false

[https.hosts."{host}"]
address = "127.0.0.1"
port = {smdp}
roots = "{roots}"

[keys."{keys}"]
version = {version}
master = "file:{key}"

[transports.ramhttp]
listen = "tcp:{port}:interface=127.0.0.1"
template_seconds = {seconds}
"""


@frozen
class Task:
    """
    What is measured.

    @ivar what: L{EUICC} for the profile, L{DOMAIN} for the CAP file.
    @ivar way: see L{bench.lender.WAYS}.
    @ivar speed: see L{bench.wear.SPEEDS}.
    """

    what: str
    way: str
    round_trip_ms: int
    speed: str = AT_ONCE

    @property
    def most(self) -> int | None:
        """
        Exchanges that it may take; C{None} where nobody has promised anything.
        """
        if self.what == DOMAIN or self.speed == SLOW:
            return None
        return MOST_COMPLETING if self.way == OURS else MOST_TRANSPARENT


TASKS = (
    *(Task(what, way, trip) for what in (EUICC, DOMAIN) for way in WAYS for trip in ROUND_TRIPS),
    *(Task(what, OURS, ROUND_TRIPS[1], speed) for what in (EUICC, DOMAIN) for speed in (USUAL, SLOW)),
)


@contextmanager
def lending(directory: Path, lender: Helper, smdp: int, seconds: float) -> Iterator[Lending]:
    """
    Start a gateway.

    @param directory: made.
    @param smdp: the port of the SM-DP+.
    @param seconds: that a template may take.
    """
    port, key = quiet_port(), directory.parent / "key"
    key.touch(0o600)
    key.write_text(DEFAULT_KEY.hex())
    settings = _SETTINGS.format(
        host=HOST, smdp=smdp, roots=directory.parent / "pki" / "roots", keys=_KEYS, version=STRICT.version, key=key, port=port,
        seconds=seconds,
    )  # fmt: skip
    with KeptGateway(directory, settings) as gateway:
        gateway.start()
        gateway.wait()
        yield Lending(Client(gateway), lender, port)


def run(task: Task, through: Lending) -> dict[str, Any]:
    """
    Do it once.
    """
    operation, parameters = "gp.install", dict[str, Any](keys=_KEYS, cap=make_package(LOAD_FILE).hex(), load_only=True)
    if task.what == EUICC:
        operation, parameters = "profile.download", {"activation_code": through.code()}
    return through.run(operation, parameters, card=task.what, way=task.way, round_trip_ms=task.round_trip_ms, speed=task.speed)


def exchanges(directory: Path, tasks: Sequence[Task], beside: Sequence[Task]) -> list[dict[str, Any]]:
    """
    Do all tasks.

    @param beside: those that are done with one command per exchange, too.
    """
    make_pki(host=HOST).save(directory / "pki")
    with Helper("bench.lender", str(directory / "pki"), str(BOUND)) as lender:
        smdp = lender.read()["smdp"]
        with (
            lending(directory / "together", lender, smdp, _USUAL) as together,
            lending(directory / "one", lender, smdp, _ONE) as one,
        ):
            for each in (together, one):  # what is imported at its first use is imported now
                for what in (EUICC, DOMAIN):
                    run(Task(what, OURS, 0), each)
            return [_report(task, run(task, together), run(task, one) if task in beside else None) for task in tasks]


def _report(task: Task, found: Mapping[str, Any], one: Mapping[str, Any] | None) -> dict[str, Any]:
    report = {
        "what": "profile" if task.what == EUICC else "cap",
        "client": task.way,
        "round_trip_ms": task.round_trip_ms,
        "card": task.speed,
        "card_s": found["card_s"],
        "commands": found["commands"],
        "exchanges": found["exchanges"],
        "seconds": found["seconds"],
        "most": task.most,
        "holds": task.most is None or found["exchanges"] <= task.most,
    }
    return report | ({} if one is None else {"one_exchanges": one["exchanges"], "one_seconds": one["seconds"]})


def render(report: Mapping[str, Any]) -> str:
    """
    The report for people.
    """
    lines = [
        f"A profile package of {BOUND} B, a load file of {LOAD_FILE} B",
        "",
        "                                                                     one command per exchange",
        "what     client       ms  card      commands  exchanges  at most        s  exchanges        s",
    ]
    lines += [_line(each) for each in report["exchanges"]]
    crowd = report["waiting"]
    lines += [
        "",
        f"{crowd['count']:8} clients wait, each asks every {crowd['poll_s']:g} s",
        f"{crowd['pss_kib_per_session']:8.1f} KiB PSS per client (at most {MOST_KIB:g})",
        f"{crowd['cpu_percent']:8.2f} % of a core; {crowd['cpu_ms_per_poll']:.2f} ms per poll",
        f"{crowd['files_per_session']:8.2f} files, {crowd['threads']} threads more than before",
        "",
        *(report["broken"] or ["all of that holds"]),
    ]
    return "\n".join(lines)


def _line(each: Mapping[str, Any]) -> str:
    most = "" if each["most"] is None else str(each["most"])
    one = f"{each['one_exchanges']:>9}  {each['one_seconds']:>7.2f}" if "one_seconds" in each else ""
    head = f"{each['what']:<8} {each['client']:<11} {each['round_trip_ms']:>3}  {each['card']:<8}  {each['commands']:>8}"
    return f"{head}  {each['exchanges']:>9}  {most:>7}  {each['seconds']:>7.2f}  {one}".rstrip()


def broken(report: Mapping[str, Any]) -> list[str]:
    """
    What does not hold.
    """
    found = [
        f"{each['what']}, {each['client']}, {each['round_trip_ms']} ms: {each['exchanges']} exchanges, more than {each['most']}"
        for each in report["exchanges"]
        if not each["holds"]
    ]
    kib = report["waiting"]["pss_kib_per_session"]
    return found + ([f"{kib:.0f} KiB per client that waits, more than {MOST_KIB:g}"] if kib > MOST_KIB else [])


def measure(directory: Path, *, quick: bool) -> dict[str, Any]:
    """
    Everything.
    """
    tasks = TASKS if not quick else tuple(each for each in TASKS if each.speed == AT_ONCE)
    beside = [each for each in tasks if not quick or each.round_trip_ms == ROUND_TRIPS[0]]
    report: dict[str, Any] = {"exchanges": exchanges(directory, tasks, [each for each in beside if each.speed != SLOW])}
    report["waiting"] = waiting(directory / "waiting", QUICK_CROWD if quick else CROWD)
    return {**report, "broken": broken(report)}


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.

    @raise SystemExit: with 1 where something does not hold.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.ramhttp", description="what cards cost that are reached over HTTP")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="a minute: no slow cards, fewer clients that wait")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        report = measure(Path(temporary), quick=chosen.quick)
    print(json.dumps(report, indent=2) if chosen.json else render(report))
    if report["broken"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
