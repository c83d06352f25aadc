# -*- test-case-name: tests.bridges.test_touch_daemon_trace -*-
"""
What servers did to cards, as lines for people: headers, lengths and status words of commands, and what servers said.  No data.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from attrs import define, field
from twisted.logger import Logger

from cardgw.apdu.command import Command
from cardgw.apdu.command_names import name
from cardgw.apdu.record import redact
from cardgw.apdu.status import describe
from cardgw.bridges.touch_errors import shown

MOST_LINES = 2000
"""Lines that are kept."""
MOST_BYTES = 1024 * 1024
"""Bytes of the file, after which it begins anew with the lines that are kept."""
_MODE = 0o600
_log = Logger()


@define(eq=False)
class Trace:
    """
    The lines.

    @ivar seconds: gives the time, since 1970.
    @ivar file: they are written there, too; C{None} for nowhere.
    """

    seconds: Callable[[], float]
    file: Path | None = None
    lines: deque[str] = field(factory=lambda: deque(maxlen=MOST_LINES), init=False)
    _written: int = field(default=MOST_BYTES, init=False)

    def add(self, text: str) -> None:
        """
        One more line.
        """
        moment = datetime.fromtimestamp(self.seconds()).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        line = f"{moment}  {text}"
        self.lines.append(line)
        if self.file is not None:
            anew = self._written >= MOST_BYTES
            self._write(self.file, self.lines if anew else [line], anew=anew)

    def clear(self) -> None:
        """
        Forget all, in the file as well.
        """
        self.lines.clear()
        if self.file is not None:
            self._write(self.file, [], anew=True)

    def save(self, path: Path) -> None:
        """
        Write all to another file, that only its owner can read.

        @raise OSError: it cannot be written.
        """
        _store(path, self.lines, anew=True)

    def _write(self, path: Path, lines: deque[str] | list[str], *, anew: bool) -> None:
        try:
            size = _store(path, lines, anew=anew)
        except OSError as problem:
            fmt = "{file}: the trace is not written there any more: {reason}"
            _log.warn(fmt, event="trace-lost", file=str(path), reason=problem.strerror)
            self.file = None
        else:
            self._written = size if anew else self._written + size


def _store(path: Path, lines: deque[str] | list[str], *, anew: bool) -> int:
    octets = "".join(f"{each}\n" for each in lines).encode("utf-8", "replace")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if anew else os.O_APPEND), _MODE)
    with os.fdopen(descriptor, "wb") as out:
        os.fchmod(descriptor, _MODE)
        out.write(octets)
    return len(octets)


@define(eq=False)
class Tracing:
    """
    Writes what happens in one session.  See L{cardgw.bridges.touch_watcher.Watcher}.

    @ivar server: scheme, host and port.
    """

    trace: Trace
    server: str

    def connected(self, atr: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.connected}.
        """
        self.trace.add(f"== {self.server}: the card is there, its answer to reset is {atr.hex().upper()}")

    def command(self, octets: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.command}.
        """
        try:
            command = Command.decode(octets)
            told = f"{redact(command)} ({name(command.cla, command.ins, command.p1)})"
        except ValueError:
            told = f"{octets[:4].hex().upper()}, {len(octets)} bytes that are no command"
        self.trace.add(f"   > {told}")

    def answer(self, octets: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.answer}.
        """
        size = len(octets) - 2
        told = f"{describe(int.from_bytes(octets[-2:]))}{f', {size} bytes' if size else ''}" if size >= 0 else "no answer"
        self.trace.add(f"   < {told}")

    def reset(self, atr: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.reset}.
        """
        self.trace.add(f"   the card is started anew: {atr.hex().upper()}")

    def notified(self, id: int, text: str, seconds: int | None) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.notified}.
        """
        self.trace.add(f"   the server says ({id}): {shown(text)}")

    def warned(self, text: str) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.warned}.
        """
        self.trace.add(f"   {shown(text)}")

    def ended(self) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.ended}.
        """
        self.trace.add(f"== {self.server}: over")
