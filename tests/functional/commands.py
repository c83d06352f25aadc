"""
Running the gateway as a process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[2]
TWISTD = ("-c", "from twisted.scripts.twistd import run; run()")
"""What the C{twistd} script does; that does not look for plugins in the current directory."""
TWIST = ("-m", "twisted")
JSON = ("-n", "--pidfile=", "--logger", "cardgw.log.json_observer")
TIMEOUT = 60
LOOPBACK = "tcp:0:interface=127.0.0.1"


def environment(**more: str) -> dict[str, str]:
    """
    That of this process, with the checkout on Python's path.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARDGW_", "LISTEN_", "NOTIFY_"))}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), **more}


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """
    Run Python to its end.
    """
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env=environment(XDG_STATE_HOME=str(directory.absolute())),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


class Process:
    """
    A gateway in the foreground that logs JSON.
    """

    def __init__(
        self,
        test: SynchronousTestCase,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        through: Sequence[str] = (),
        inherited: Sequence[int] = (),
    ) -> None:
        """
        @param through: a Python program, with its arguments, that then runs what follows.
        @param inherited: file descriptors that it gets.
        """
        directory = Path(test.mktemp())
        directory.mkdir(parents=True)
        command = [sys.executable, *through, *TWISTD, *JSON, "cardgw", "--web", LOOPBACK, *arguments]
        environ = environment(**{"XDG_STATE_HOME": str(directory.absolute()), **(environ or {})})
        self._errors = directory / "stderr"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                command, cwd=directory, env=environ, stdout=subprocess.PIPE, stderr=errors, text=True, pass_fds=inherited
            )
        test.addCleanup(self._end)

    def wait_for(self, event: str) -> dict[str, Any]:
        """
        The next log event of this name.
        """
        for parsed in self.remaining():
            if parsed["event"] == event:
                return parsed
        raise AssertionError(f"the process ended without the event {event}")

    def remaining(self) -> Iterator[dict[str, Any]]:
        """
        All further log events, until it ends.
        """
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def port(self) -> int:
        """
        Where it listens, as soon as it does.
        """
        return int(self.wait_for("listening")["port"])

    def token(self) -> str:
        """
        The first token, which it has shown when it listens.
        """
        return "cgw_" + self._errors.read_text().split("cgw_", 1)[1].split()[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """
        Send a signal that ends it.

        @return: its exit status.
        """
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
