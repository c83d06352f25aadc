# -*- test-case-name: tests.bench.test_processes -*-
"""
Processes of a benchmark: started, asked line by line, measured from outside, ended.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: the processes find both packages there."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Helper:
    """
    A Python process that answers a JSON line with a JSON line.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)

    def read(self) -> Any:
        """
        Its next line.

        @raise RuntimeError: it ended instead.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a helper process ended with status {self.process.wait()}")
        return json.loads(line)

    def write(self, order: Any) -> None:
        """
        Give it a line.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def ask(self, order: Any) -> Any:
        """
        Give it a line and wait for its answer.
        """
        self.write(order)
        return self.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


class Running:
    """
    A process, measured from outside.
    """

    process: subprocess.Popen[Any]

    def pids(self) -> Sequence[int]:
        """
        The process and its children.
        """
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def cpu(self) -> float:
        """
        CPU seconds used so far, of all its processes.
        """
        total = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def pss_kib(self) -> int:
        """
        Proportional set size in KiB, of all its processes.
        """
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


class Gateway(Running):
    """
    A C{twistd cardgw} of its own.
    """

    def __init__(self, directory: Path, settings: str) -> None:
        self.port = free_port()
        directory.mkdir()
        path = directory / "cardgw.toml"
        listen = (
            f'[transports.estk]\nlisten = "tcp:{self.port}:interface=127.0.0.1:backlog=4096"\nmax_sessions_per_address = 10000\n'
        )
        store = f'[store]\nurl = "sqlite:///{directory}/cardgw.sqlite"\n[web]\nenabled = false\n'
        path.write_text(listen + store + settings)
        command = [sys.executable, "-m", "twisted", "cardgw", "--config", str(path)]
        with (directory / "errors").open("wb") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, cwd=ROOT)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the gateway did not start")


def free_port() -> int:
    """
    A TCP port on loopback that nobody listens on.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
