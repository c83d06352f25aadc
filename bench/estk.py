# -*- test-case-name: tests.bench.test_estk -*-
"""
What a download over eSTK.me costs the gateway.

A C{twistd cardgw} process is driven by other processes: many cards that cost little (L{bench.load}) and an SM-DP+ that costs
little (L{bench.server}); the gateway does all its work, cryptography included.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from bench.canned import host_of, prepare
from bench.processes import Gateway, Helper
from bench.table import render

SMALL, USUAL = 1_800, 12_900
PACKAGES = (1_800, 8_100, 12_900, 51_000)
"""Bytes of the bound profile packages: a travel profile, a large one, the generic test profile, the largest seen."""
SEGMENT_SIZES = (120, 240, 255)
DEFAULT_SEGMENT = 240


@frozen
class Crowd:
    """
    Sessions at once.

    @ivar runs: how often; a run of two seconds is at the mercy of whatever else the machine does in them.
    """

    count: int
    delay_ms: int
    package: int
    runs: int = 1


CROWDS = (Crowd(100, 50, SMALL, 3), Crowd(300, 50, SMALL, 3), Crowd(1_000, 1_000, USUAL), Crowd(5_000, 1_000, USUAL))
QUICK_CROWDS = CROWDS[:2]
WARMING = 100
"""Downloads before the measured ones."""
MEMORY_CROWD = Crowd(1_000, 1_000, USUAL)


@define
class Rig:
    """
    The processes around the gateway.

    @ivar material: the folder with what was recorded, one folder a package.
    @ivar ports: package to the port of its SM-DP+.
    """

    directory: Path
    material: Path
    server: Helper
    load: Helper
    ports: dict[str, int]
    gateways: int = field(default=0, init=False)

    def gateway(self, segment_size: int = DEFAULT_SEGMENT) -> Gateway:
        """
        A new gateway that knows the servers.
        """
        self.gateways += 1
        settings = f'[operations."profile.download"]\nsegment_size = {segment_size}\n'
        for name, port in self.ports.items():
            roots = json.dumps(str(self.material / name / "roots"))
            settings += f'[https.hosts."{host_of(int(name))}"]\naddress = "127.0.0.1"\nport = {port}\nroots = {roots}\n'
        return Gateway(self.directory / f"gateway-{self.gateways}", settings)

    def run(self, gateway: Gateway, package: int, count: int, at_once: int, delay_ms: int = 0) -> Any:
        """
        Downloads of one package.
        """
        answers = str(self.material / str(package) / "card.json")
        return self.load.ask({"answers": answers, "port": gateway.port, "delay_ms": delay_ms, "count": count, "at_once": at_once})

    def handshakes(self) -> int:
        """
        TLS handshakes that the SM-DP+ has seen so far.
        """
        seen: int = self.server.ask({})["handshakes"]
        return seen


def saturated(rig: Rig, count: int) -> dict[str, float]:
    """
    As many downloads as go, 50 at a time.  The TLS handshakes are those of the gateway's whole life, warming up included.
    """
    handshakes = rig.handshakes()
    with rig.gateway() as gateway:
        rig.run(gateway, SMALL, WARMING, 50)
        cpu = gateway.cpu()
        result = rig.run(gateway, SMALL, count, 50)
        return {
            "downloads_per_second": result["completed"] / result["wall_s"],
            "cpu_ms_per_download": (gateway.cpu() - cpu) * 1000 / count,
            "tls_handshakes_per_download": (rig.handshakes() - handshakes) / (WARMING + count),
            "saturated_lost": result["lost"],
        }


def crowd(rig: Rig, each: Crowd) -> dict[str, Any]:
    """
    Sessions that all begin at once, on a gateway that is warm.  Of several runs the middle one counts; one that lost a session
    counts before all others.

    C{ideal_s} is the APDUs of the download times the delay, and the wall time of one download alone without delay.
    """
    with rig.gateway() as gateway:
        rig.run(gateway, each.package, WARMING, 50)
        alone = rig.run(gateway, each.package, 1, 1)
        results = [rig.run(gateway, each.package, each.count, each.count, each.delay_ms) for _ in range(each.runs)]
    result = _middle(results)
    kept = {name: result[name] for name in ("completed", "lost", "p50_s", "p99_s", "problem")}
    ideal = alone["apdus"] * each.delay_ms / 1000 + alone["wall_s"]
    head = {"count": each.count, "delay_ms": each.delay_ms, "package_bytes": each.package}
    return {**head, **kept, "ideal_s": ideal}


def _middle(results: Sequence[Any]) -> Any:
    worst = max(results, key=lambda result: result["lost"])
    ordered = sorted(results, key=lambda result: result["p50_s"] or 0.0)
    return worst if worst["lost"] else ordered[len(ordered) // 2]


def memory(rig: Rig, each: Crowd = MEMORY_CROWD) -> float:
    """
    PSS in KiB per session in the middle of a download, beyond that of the warm idle gateway.
    """
    with rig.gateway() as gateway:
        rig.run(gateway, each.package, WARMING, 50)
        alone = rig.run(gateway, each.package, 1, 1)
        idle = gateway.pss_kib()
        order = (gateway, each.package, each.count, each.count, each.delay_ms)
        running = threading.Thread(target=rig.run, args=order)
        running.start()
        time.sleep(alone["apdus"] * each.delay_ms / 1000 / 2)
        busy = gateway.pss_kib()
        running.join()
    return (busy - idle) / each.count


def apdus(rig: Rig, packages: Sequence[int] = PACKAGES, sizes: Sequence[int] = SEGMENT_SIZES) -> dict[str, dict[str, int]]:
    """
    Commands per download: package bytes to segment size to count.
    """
    counts: dict[str, dict[str, int]] = {str(package): {} for package in packages}
    for size in sizes:
        with rig.gateway(size) as gateway:
            for package in packages:
                counts[str(package)][str(size)] = rig.run(gateway, package, 1, 1)["apdus"]
    return counts


def measure(rig: Rig, quick: bool) -> dict[str, Any]:
    """
    Everything, or what takes a minute.
    """
    _say("saturated")
    report: dict[str, Any] = saturated(rig, 300 if quick else 1_500)
    _say("memory")
    report["pss_kib_per_session"] = memory(rig, Crowd(300, 100, USUAL) if quick else MEMORY_CROWD)
    report["sessions"] = []
    for each in QUICK_CROWDS if quick else CROWDS:
        _say(f"{each.count} sessions at {each.delay_ms} ms")
        report["sessions"].append(crowd(rig, each))
    _say("APDUs")
    report["apdus"] = apdus(rig)
    return report


def _say(text: str) -> None:
    print(f"bench: {text} …", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.estk", description="what a download over eSTK.me costs the gateway")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON, and the table on standard error")
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten: fewer downloads, smaller crowds")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        material = directory / "material"
        prepare(material, PACKAGES)
        with Helper("bench.server", str(material)) as server, Helper("bench.load") as load:
            report = measure(Rig(directory, material, server, load, server.read()), chosen.quick)
    if chosen.json:
        print(json.dumps(report, indent=2))
    print(render(report), file=sys.stderr if chosen.json else sys.stdout)


if __name__ == "__main__":
    main()
