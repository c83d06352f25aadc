# -*- test-case-name: tests.cli.test_own_reader -*-
"""
C{--reader}: a command that needs a gateway, where there is none but a reader of this machine.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Protocol

from cardgw.cli.app import App
from cardgw.cli.errors import EmptyReader, GatewayUnreachable, OtherCommandRuns, OwnGatewayFailed, RequestRefused
from cardgw.cli.settings import SOCKET, Access
from cardgw.errors import CardGatewayError, ParameterError

MODULE = "cardgw.cli.reader_gateway"
API = "api.sock"
PAUSE, MOST_PAUSES = 0.2, 50
"""Seconds between two looks whether the card is there, and how many of them."""
SOON = 5
"""After so many of them it is said what is waited for, or that it is of no use."""
_PATIENCE = 30.0


class Child(Protocol):
    """
    A process.
    """

    stdin: IO[str] | None
    stdout: IO[str] | None
    stderr: IO[str] | None

    def wait(self, timeout: float | None = None) -> int:
        """
        See L{subprocess.Popen.wait}.
        """

    def kill(self) -> None:
        """
        See L{subprocess.Popen.kill}.
        """


def start(arguments: Sequence[str]) -> Child:
    """
    Start the gateway.  Control-C is for the command alone.
    """
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", MODULE, *arguments]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


@contextmanager
def own_reader(app: App, selector: str, config: Path | None, begin: Callable[[Sequence[str]], Child] = start) -> Iterator[None]:
    """
    Meanwhile C{app} uses a gateway of its own.

    @param selector: of the reader.
    @param config: the settings of it.
    @raise EmptyReader: no card is in such a reader.
    @raise OtherCommandRuns: one has a gateway of its own just now.
    @raise OwnGatewayFailed: it did not start; the settings cannot be used, for example.
    """
    if app.flags.wait is False:
        raise ParameterError("--no-wait and --reader cannot be had together")
    with TemporaryDirectory(prefix="cardgw-") as directory:
        child = begin((selector, str(config or ""), directory))
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        try:
            token = child.stdout.readline().strip()
            if not token:
                raise _told(child.stderr.read().strip().splitlines())
            app.use(Access(f"{SOCKET}{directory}/{API}", token))
            _wait_for_card(app, selector)
            yield
        finally:
            child.stdin.close()
            _end(child)


def _told(lines: Sequence[str]) -> CardGatewayError:
    """
    Why the gateway did not start, by what it has written.
    """
    busy = OtherCommandRuns()
    return busy if str(busy) in lines else OwnGatewayFailed(lines[-1] if lines else "")


def _end(child: Child) -> None:
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _wait_for_card(app: App, selector: str) -> None:
    for number in range(MOST_PAUSES):
        if number == SOON:
            _refuse_without_readers(app, selector)
            app.say(f"waiting for a card in the reader {selector}")
        try:
            if app.api.get("cards")["items"]:
                return
        except (GatewayUnreachable, RequestRefused):  # it is starting
            pass
        app.pause(PAUSE)
    raise EmptyReader(selector)


def _refuse_without_readers(app: App, selector: str) -> None:
    try:
        told = app.api.probe("/readyz?verbose=true")[1]
    except GatewayUnreachable:  # it is starting
        return
    for line in told.splitlines():
        what, _, trouble = line.partition(" transport:pcsc: ")
        if what == "[-]":
            raise EmptyReader(f"{selector}: {trouble.partition(' since ')[0]}", hint="Is pcscd running?")
