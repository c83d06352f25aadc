# -*- test-case-name: tests.bench.test_ramhttp -*-
"""
What cards cost the gateway that are reached over HTTP, and wait: memory, CPU time, file descriptors and threads.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from attrs import frozen

from bench.client import Client, until
from bench.kept import KeptGateway, quiet_port
from bench.processes import Helper

WARMING = 100
"""Clients that come and go before the measured ones."""
POLL = 25.0
_SETTINGS = """\
[transports.ramhttp]
listen = "tcp:{port}:interface=127.0.0.1:backlog=4096"
max_sessions_per_address = 100000
poll = {poll}
"""


@frozen
class Crowd:
    """
    Clients at once.

    @ivar seconds: for which the CPU time is taken; longer than L{poll}, so that each of them asks again.
    @ivar poll: seconds after which each is told that there is nothing to do.
    """

    count: int
    seconds: float
    poll: float = POLL


def waiting(directory: Path, crowd: Crowd) -> dict[str, Any]:
    """
    Have clients come that wait.

    @param directory: made.
    """
    port = quiet_port()
    settings = _SETTINGS.format(port=port, poll=crowd.poll)
    with KeptGateway(directory, settings) as gateway, Helper("bench.polling") as pollers:
        gateway.start()
        gateway.wait()
        client = Client(gateway)
        pollers.ask({"do": "come", "port": port, "count": WARMING})
        pollers.ask({"do": "leave"})
        until(lambda: None if client.ask("cards")["items"] else True)
        idle, before = gateway.pss_kib(), _things(gateway)
        pollers.ask({"do": "come", "port": port, "count": crowd.count})
        busy, after = gateway.pss_kib(), _things(gateway)
        asked, cpu = pollers.ask({"do": "look"}), gateway.cpu()
        time.sleep(crowd.seconds)
        found, cpu = pollers.ask({"do": "look"}), gateway.cpu() - cpu
        if found["here"] != crowd.count:
            raise RuntimeError(f"{found['here']} of {crowd.count} clients are still there")
        files, threads = (now - then for now, then in zip(after, before, strict=True))
        each = cpu / max(1, found["polls"] - asked["polls"])
        return {
            "count": crowd.count,
            "poll_s": crowd.poll,
            "pss_kib_per_session": (busy - idle) / crowd.count,
            "cpu_ms_per_poll": each * 1000,
            "cpu_percent": 100 * each * crowd.count / crowd.poll,
            "files_per_session": files / crowd.count,
            "threads": threads,
        }


def _things(gateway: KeptGateway) -> tuple[int, int]:
    """
    File descriptors and threads.
    """
    place = Path("/proc") / str(gateway.process.pid)
    return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))
