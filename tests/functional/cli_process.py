# -*- test-case-name: tests.functional.test_command -*-
"""
The C{cardgw} command as a process: its arguments, what it prints, what is typed, signals, and its exit status.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import zxingcpp
from PIL import Image
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from tests.functional.commands import environment
from tests.functional.operators import OperatorsTestCase, reactor

Environ: TypeAlias = Mapping[str, str]
NOTHING: Environ = {}
T = TypeVar("T")
DONE = 0

MAIN = "import sys; from cardgw.cli.main import main; sys.exit(main())"
"""What the C{cardgw} script does."""


class Running(ProcessProtocol):
    """
    A command that runs.

    @ivar out: what it has written to standard output so far; on a terminal, also what to standard error.
    @ivar err: what to standard error.
    @ivar done: C{Deferred[int]}: the exit status, negative for a signal.
    """

    def __init__(self, stdin: str | None) -> None:
        self.out = ""
        self.err = ""
        self.done: Deferred[int] = Deferred()
        self._stdin = stdin

    def connectionMade(self) -> None:
        """
        See L{ProcessProtocol}.
        """
        if self._stdin is not None:
            self.type(self._stdin)
            self._process.closeStdin()

    @property
    def _process(self) -> Any:
        return self.transport

    def type(self, text: str) -> None:
        """
        Type something.
        """
        self._process.write(text.encode())

    def outReceived(self, data: bytes) -> None:
        """
        See L{ProcessProtocol}.
        """
        self.out += data.decode()

    def errReceived(self, data: bytes) -> None:
        """
        See L{ProcessProtocol}.
        """
        self.err += data.decode()

    def processEnded(self, reason: Failure) -> None:
        """
        See L{ProcessProtocol}.
        """
        ended: Any = reason.value
        self.done.callback(-ended.signal if ended.signal else ended.exitCode)

    def send(self, number: int) -> None:
        """
        Send a signal.
        """
        self._process.signalProcess(number)

    def end(self) -> None:
        """
        Should it still run, kill it.
        """
        try:
            self._process.signalProcess("KILL")
        except ProcessExitedAlready:
            return

    @property
    def json(self) -> Any:
        """
        Standard output as one JSON document.
        """
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """
        Standard output as a JSON document a line.
        """
        return [json.loads(line) for line in self.out.splitlines()]


def start(home: Path, *arguments: str, stdin: str | None = "", terminal: bool = False, environ: Environ = NOTHING) -> Running:
    """
    Start it.

    @param home: where it keeps its file.
    @param stdin: what it reads; C{None} to leave it open.
    @param terminal: give it a terminal instead of pipes.
    """
    running = Running(None if terminal else stdin)
    kept = {
        **environment(XDG_CONFIG_HOME=str(home), HOME=str(home), TERM="xterm", COLUMNS="200", PYTHONIOENCODING="utf-8"),
        **environ,
    }
    command = [sys.executable, "-c", MAIN, *arguments]
    reactor.spawnProcess(running, sys.executable, command, kept, os.fspath(home), usePTY=terminal)
    return running


def draw_qr_code(text: str, path: Path) -> None:
    """
    A picture of a QR code.
    """
    drawn: Any = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode), scale=4)
    pixels = memoryview(drawn)
    assert pixels.shape is not None
    height, width = pixels.shape
    Image.frombytes("L", (width, height), pixels.tobytes()).save(path)


async def together(*commands: Coroutine[Any, Any, T]) -> list[T]:
    """
    Have several commands done at once.
    """
    return list(await gatherResults([Deferred.fromCoroutine(each) for each in commands], consumeErrors=True))


class CommandTestCase(OperatorsTestCase):
    """
    Somebody at a shell.

    @ivar environ: variables that commands get.
    """

    environ: Environ = NOTHING

    def begin(self, *arguments: str, stdin: str | None = "", terminal: bool = False, environ: Environ = NOTHING) -> Running:
        """
        Start a command.
        """
        running = start(self.directory, *arguments, stdin=stdin, terminal=terminal, environ={**self.environ, **environ})
        self.addCleanup(running.end)
        return running

    async def cardgw(self, *arguments: str, status: int = DONE, stdin: str = "", environ: Environ = NOTHING) -> Running:
        """
        Have a command done.
        """
        running = self.begin(*arguments, stdin=stdin, environ=environ)
        self.assertEqual(await running.done, status, running.out + running.err)
        self.assertNotIn("Traceback", running.err)
        return running

    async def ready(self) -> None:
        """
        Start the service; commands find it, and have its first token.
        """
        await self.start()
        self.environ = {"CARDGW_URL": self.gateway.url, "CARDGW_TOKEN": self.api.token}

    async def log_in(self) -> None:
        """
        Keep the first token.
        """
        said = await self.cardgw("login", self.gateway.url, stdin=self.api.token + "\n")
        self.assertIn("You are token:admin", said.err)
        self.assertNotIn(self.api.token, said.out + said.err)
