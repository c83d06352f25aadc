# -*- test-case-name: tests.functional.test_crash -*-
"""
A gateway whose process may be killed: its directory, its store and its ports outlive it.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.processes import ROOT, Running

DATABASE = "cardgw.sqlite"
PATIENCE = 30.0
"""Seconds within which a gateway is ready."""
_TWISTD = ("-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=", "--logger", "cardgw.log.json_observer")
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000


class KeptGateway(Running):
    """
    C{twistd cardgw} with eSTK.me cards and the HTTP API on loopback, started as often as wanted.

    @ivar port: for cards.
    @ivar web: of the HTTP API.
    @ivar began: when the process that runs was started, by the monotonic clock.
    """

    def __init__(self, directory: Path, settings: str = "") -> None:
        """
        @param directory: made; all that the gateway keeps is in it.
        @param settings: more of them, TOML.
        """
        directory.mkdir()
        self.directory = directory
        self.port, self.web = quiet_port(), quiet_port()
        self.began = 0.0
        self._seen = 0
        (directory / "cardgw.toml").write_text(f"""\
[transports.estk]
listen = "tcp:{self.port}:interface=127.0.0.1:backlog=4096"
max_sessions_per_address = 10000

[web]
listen = "tcp:{self.web}:interface=127.0.0.1"

[store]
url = "sqlite:///{self.database}"

{settings}""")

    @property
    def database(self) -> Path:
        """
        The file of the store.
        """
        return self.directory / DATABASE

    @property
    def token(self) -> str:
        """
        The first token, which the process that was started first has shown.
        """
        return "cgw_" + (self.directory / "errors").read_text().split("cgw_", 1)[1].split()[0]

    def start(self) -> None:
        """
        Start a process; it is not ready yet.
        """
        command = [sys.executable, *_TWISTD, "cardgw", "--config", str(self.directory / "cardgw.toml")]
        log = self.directory / "log"
        self._seen = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out, (self.directory / "errors").open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=out, stderr=errors, cwd=ROOT)
        self.began = time.monotonic()

    def is_ready(self) -> bool:
        """
        Whether the process that was started last has said so.

        @raise RuntimeError: it has ended, or takes too long.
        """
        if any(event["event"] == "ready" for event in self._events(self._seen)):
            return True
        if self.process.poll() is not None or time.monotonic() - self.began > PATIENCE:
            raise RuntimeError(f"the gateway did not start:\n{(self.directory / 'errors').read_text()[-2000:]}")
        return False

    def wait(self) -> float:
        """
        Wait until it is ready.

        @return: seconds since it was started.
        """
        while not self.is_ready():
            time.sleep(0.005)
        return time.monotonic() - self.began

    def kill(self) -> None:
        """
        End it at once: C{kill -9}.
        """
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """
        Ask it to end, and wait for that.

        @return: its exit status.
        """
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def complaints(self) -> list[str]:
        """
        What all its processes have logged that would be a defect: tracebacks, and what is critical.
        """
        found = [event for event in self._events(0) if "traceback" in event or event["level"] == "critical"]
        return [f"{event['message']} {event.get('traceback', '')}".strip() for event in found]

    def _events(self, start: int) -> Iterator[dict[str, Any]]:
        """
        The log from a position on; a process that was killed may have left half a line.
        """
        with (self.directory / "log").open("rb") as log:
            log.seek(start)
            for line in log:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue


def quiet_port() -> int:
    """
    A TCP port on loopback that nobody listens on, and that the system does not give to connections, so that it can be listened
    on again later.
    """
    most = int(_EPHEMERAL.read_text().split()[0]) if _EPHEMERAL.exists() else 32_768
    while True:
        port = random.randrange(_LOWEST, max(most, _LOWEST + 1000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
