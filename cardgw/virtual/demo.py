# -*- test-case-name: tests.functional.test_demo -*-
"""
The main job on embedded defaults: C{twistd cardgw}, an SM-DP+ and an eSTK.me terminal with its eUICC, each a process of its
own, over real TCP and TLS on loopback.  C{python -m cardgw.virtual.demo}, or C{cardgw demo}.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from attrs import define, field

from cardgw.virtual.demo_view import View, box, profiles
from cardgw.virtual.pki import make_pki

HOST = "smdp.example.test"
"""The SM-DP+'s name; the gateway's settings lead it to loopback."""
MATCHING_ID = "DEMO-PROFILE"
PATIENCE = 60.0
"""Seconds without any sign of life after which the demo gives up."""
_TWISTD = ("-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=", "--logger", "cardgw.log.json_observer")


class DemoFailed(Exception):
    """
    The demo did not reach its end.
    """


@define
class Processes:
    """
    The three processes; what they print, line by line, in the order of its arrival.
    """

    stack: ExitStack
    lines: queue.Queue[tuple[str, dict[str, Any] | None]] = field(factory=queue.Queue)
    errors: dict[str, IO[bytes]] = field(factory=dict)

    def start(self, name: str, *arguments: str) -> None:
        """
        Start a Python process whose standard output is one JSON object a line.
        """
        words = self.errors[name] = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
        self.stack.enter_context(words)
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, stderr=words)
        self.stack.callback(_end, process)
        threading.Thread(target=self._read, args=(name, process), daemon=True).start()

    def _read(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                self.lines.put((name, json.loads(line)))
            except ValueError:
                continue
        self.lines.put((name, None))

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """
        Who said what.

        @raise DemoFailed: a process ended before its time, or nothing was heard for long.
        """
        while True:
            try:
                name, event = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise DemoFailed(f"nothing happened for {PATIENCE:.0f} s") from None
            if event is None:
                raise DemoFailed(f"the {name} process ended: {self._last_words(name)}")
            yield name, event

    def wait_for(self, process: str, key: str) -> Any:
        """
        The value of a key in the next event of a process that has it.
        """
        for name, event in self.events():
            if name == process and key in event:
                return event[key]
        raise AssertionError

    def _last_words(self, name: str) -> str:
        self.errors[name].seek(0)
        return self.errors[name].read().decode(errors="replace").strip()[-2000:] or "without a word"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def settings(directory: Path, port: int, ci: str) -> str:
    """
    The gateway's settings: a free port, a store that ends with the demonstration, and who the SM-DP+ is.
    """
    return f"""\
[transports.estk]
listen = ["tcp:0:interface=127.0.0.1"]

[log]
level = "debug"

[store]
url = "sqlite:///{directory}/cardgw.sqlite"

[web]
enabled = false

[https]
trusted_ci = ["{ci}"]

[https.hosts."{HOST}"]
address = "127.0.0.1"
port = {port}
"""


def run(view: View, directory: Path, processes: Processes) -> str:
    """
    The whole demo.

    @return: the last line.
    @raise DemoFailed: it did not work; the text says why.
    """
    make_pki(host=HOST).save(directory / "pki")
    view.line("starting an SM-DP+, twistd cardgw, and a phone with an eSTK.me card in it")
    pki = ("--pki", str(directory / "pki"))
    profile = ("--matching-id", MATCHING_ID, "--provider", "Example Mobile", "--name", "Demo")
    processes.start("SM-DP+", "-m", "cardgw.virtual.smdp_server", "--listen", "tcp:0:interface=127.0.0.1", *pki, *profile)
    ready = next(event for name, event in processes.events() if event.get("event") == "ready")
    config = directory / "cardgw.toml"
    config.write_text(settings(directory, ready["port"], ready["ci"]))
    processes.start("gateway", *_TWISTD, "cardgw", "--config", str(config))
    port = processes.wait_for("gateway", "port")
    code = f"LPA:1${HOST}${MATCHING_ID}"
    view.line(f"the card holder types {code}")
    started = time.monotonic()
    connect = ("--connect", f"tcp:127.0.0.1:{port}")
    processes.start("terminal", "-m", "cardgw.virtual.terminal", *connect, "--activation-code", code, *pki)
    outcome = _follow(view, processes)
    seconds = time.monotonic() - started
    if not outcome.get("installed"):
        raise DemoFailed("the profile was not installed")
    return f"installed {outcome['installed']} on {outcome['eid']}: {outcome['apdus']} APDUs, {seconds:.1f} s"


def _follow(view: View, processes: Processes) -> Mapping[str, Any]:
    for name, event in processes.events():
        what = event.get("event")
        if name == "gateway":
            _draw(view, event)
        elif name == "terminal" and what == "box":
            view.line(box(event["text"]))
        elif name == "terminal" and what == "profiles":
            view.line(profiles(f"profiles on the eUICC, {event['when']}:", event["profiles"]))
        elif name == "terminal" and what == "outcome":
            return event
    raise AssertionError


def _draw(view: View, event: Mapping[str, Any]) -> None:
    what = event.get("event")
    if what == "job-stage":
        facts = {key: event[key] for key in ("provider", "name", "iccid") if key in event}
        view.stage(event["stage"], facts)
    elif what == "job-percent":
        view.percent(event["percent"])
    elif what == "job-ended" and event.get("outcome") == "failed":
        view.line(f"  failed: {event['reason']}")


def main(arguments: Sequence[str] | None = None) -> int:
    """
    The command line.

    @return: the exit status: 0 when the profile was installed.
    """
    description = "download a profile: an SM-DP+, the gateway and an eSTK.me card, all in software, on loopback"
    argparse.ArgumentParser(prog="cardgw demo", description=description).parse_args(arguments)
    view = View(sys.stdout, sys.stdout.isatty())
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        try:
            view.line(run(view, Path(directory), Processes(stack)))
        except DemoFailed as reason:
            print(f"demo failed: {reason}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("demo interrupted", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
