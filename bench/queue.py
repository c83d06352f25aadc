# -*- test-case-name: tests.bench.test_queue -*-
"""
What jobs cost that wait for cards that are not here: memory, time at start, and time of those that are here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define

from bench.canned import host_of, prepare
from bench.estk import SMALL, WARMING
from bench.kept import KeptGateway
from bench.processes import Helper
from bench.truth import read_store
from cardgw.gateway.records import JobState
from cardgw.virtual.pki import eid_digits

JOBS = 10_000
CONNECTIONS = 8
STARTS = 5
"""Of several starts the middle one counts."""
_FIRST = 1_000_000
"""The number of the first card; that of the cards that download is 1."""
_SEPARATOR = b"\r\n\r\n"


async def submit(port: int, token: str, count: int, *, operation: str = "lpa.profiles", connections: int = CONNECTIONS) -> int:
    """
    Queue jobs, each for another card.

    @param port: of the HTTP API.
    @param operation: one that needs no parameters.
    @param connections: that are kept, each with one request at a time.
    @return: how many were accepted.
    """
    numbers = iter(range(_FIRST, _FIRST + count))

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        accepted = 0
        for number in numbers:
            writer.write(request(port, token, operation, number))
            accepted += await _status(reader) == 202
        writer.close()
        return accepted

    return sum(await asyncio.gather(*(client() for _ in range(connections))))


def request(port: int, token: str, operation: str, number: int) -> bytes:
    """
    One request for one job.

    @param number: of the card, see L{eid_digits}.
    """
    wish = {"operation": operation, "card": f"eid:{eid_digits(number)}", "parameters": {}}
    body = json.dumps(wish).encode()
    head = (
        f"POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(_SEPARATOR)).lower()
    size = int(head.partition(b"content-length:")[2].split(b"\r", 1)[0] or b"0")
    await reader.readexactly(size)
    return int(head.split(b" ", 2)[1])


@define
class Rig:
    """
    The processes.

    @ivar answers: what the cards answer, see L{bench.load}.
    """

    gateway: KeptGateway
    load: Helper
    answers: Path

    def downloads(self, count: int, at_once: int) -> Any:
        """
        Downloads of cards for which nothing waits.
        """
        order = {"answers": str(self.answers), "port": self.gateway.port, "delay_ms": 0, "count": count, "at_once": at_once}
        return self.load.ask(order)

    def start(self) -> float:
        """
        Start the gateway, several times.

        @return: milliseconds until it was ready.
        """
        times = []
        for number in range(STARTS):
            if number:
                self.gateway.stop()
            self.gateway.start()
            times.append(self.gateway.wait())
        return round(sorted(times)[STARTS // 2] * 1000, 1)

    def figures(self, count: int) -> dict[str, float]:
        """
        What downloads cost on a gateway that was just started.
        """
        self.downloads(WARMING, 50)
        alone = self.downloads(20, 1)
        cpu = self.gateway.cpu()
        many = self.downloads(count, 50)
        return {
            "download_alone_ms": round(alone["p50_s"] * 1000, 1),
            "downloads_per_second": round(many["completed"] / many["wall_s"], 1),
            "cpu_ms_per_download": round((self.gateway.cpu() - cpu) * 1000 / count, 2),
            "downloads_lost": alone["lost"] + many["lost"],
            "pss_kib": self.gateway.pss_kib(),
        }


def measure(rig: Rig, jobs: int, downloads: int) -> dict[str, Any]:
    """
    Empty, then full, then full after a start.
    """
    gateway = rig.gateway
    gateway.start()
    gateway.wait()
    gateway.stop()
    _say("empty")
    report: dict[str, Any] = {"jobs": jobs, "start_empty_ms": rig.start(), "empty": rig.figures(downloads)}
    _say(f"{jobs} jobs")
    began, cpu = time.monotonic(), gateway.cpu()
    accepted = asyncio.run(submit(gateway.web, gateway.token, jobs))
    report["jobs_per_second"] = round(jobs / (time.monotonic() - began), 1)
    report["cpu_ms_per_job"] = round((gateway.cpu() - cpu) * 1000 / jobs, 2)
    report["pss_bytes_per_job"] = round((gateway.pss_kib() - report["empty"]["pss_kib"]) * 1024 / jobs, 1)
    report["full"] = rig.figures(downloads)
    gateway.stop()
    _say("full, started anew")
    report["start_full_ms"] = rig.start()
    report["full_anew"] = rig.figures(downloads)
    gateway.stop()
    queued = [job for job in read_store(gateway.database).jobs.values() if job.state is JobState.QUEUED]
    report["lost"] = jobs - min(accepted, len(queued))
    return report


def render(report: dict[str, Any]) -> str:
    """
    The report for people.
    """
    tables = ("empty", "full", "full_anew")
    lines = [f"{name.replace('_', ' '):<24}{value}" for name, value in report.items() if name not in tables]
    lines += ["", " " * 24 + "".join(f"{name.replace('_', ', '):>14}" for name in tables)]
    lines += [f"{key.replace('_', ' '):<24}" + "".join(f"{report[name][key]:>14}" for name in tables) for key in report["empty"]]
    return "\n".join(lines)


def run(directory: Path, jobs: int, downloads: int) -> dict[str, Any]:
    """
    The whole, with a gateway, cards and an SM-DP+ of its own.
    """
    material = directory / "material"
    prepare(material, [SMALL])
    with Helper("bench.server", str(material)) as server, Helper("bench.load") as load:
        roots, port = json.dumps(str(material / str(SMALL) / "roots")), server.read()[str(SMALL)]
        host = f'[https.hosts."{host_of(SMALL)}"]\naddress = "127.0.0.1"\nport = {port}\nroots = {roots}\n'
        with KeptGateway(directory / "gateway", host) as gateway:
            return measure(Rig(gateway, load, material / str(SMALL) / "card.json"), jobs, downloads)


def _say(text: str) -> None:
    print(f"bench: {text} …", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    The command line.

    @raise SystemExit: with 1 if a job or a download was lost.
    """
    parser = argparse.ArgumentParser(prog="python -m bench.queue", description="what jobs cost that wait for absent cards")
    parser.add_argument("--jobs", type=int, default=JOBS, help="how many (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        report = run(Path(temporary), chosen.jobs, 300)
    print(json.dumps(report, indent=2) if chosen.json else render(report))
    if report["lost"] or any(report[each]["downloads_lost"] for each in ("empty", "full", "full_anew")):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
