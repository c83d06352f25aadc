# -*- test-case-name: tests.bridges.test_touch_daemon_child -*-
"""
Programs of the desktop that ask somebody something: they run as children, without a shell, and see no more of our environment
than they need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

_KEPT = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "HOME", "USER", "PATH", "LANG", "LANGUAGE")
_KEPT_TOO = ("XDG_", "LC_")
_MOST = 4096
"""Bytes that a child may say."""


def surroundings(environ: Mapping[str, str]) -> dict[str, str]:
    """
    What a child gets of an environment: a PIN may be in the rest.
    """
    return {name: value for name, value in environ.items() if name in _KEPT or name.startswith(_KEPT_TOO)}


class Child(ProcessProtocol):
    """
    A program that runs.

    @ivar done: C{Deferred[str]}: what it has said, when it has ended, however; or the failure C{OSError}.  Cancelling it ends it.
    """

    transport: Any

    def __init__(self, stop: str = "TERM") -> None:
        """
        @param stop: the signal that ends it.
        """
        self.said = b""
        self._stop = stop
        self.done: Deferred[str] = Deferred(lambda _: self.kill())
        self._running = False

    def start(self, reactor: Any, arguments: Sequence[str], environ: Mapping[str, str]) -> Deferred[str]:
        """
        Start it.

        @param reactor: C{IReactorProcess}.
        @param arguments: the first is the path of the program.
        @return: L{done}.
        """
        try:
            reactor.spawnProcess(self, arguments[0], list(arguments), env=surroundings(environ))
        except OSError:
            self.done.errback(Failure())
        return self.done

    def connectionMade(self) -> None:
        """
        See L{ProcessProtocol}.
        """
        self._running = True

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """
        See L{ProcessProtocol}.
        """
        self.said += data
        if len(self.said) > _MOST:
            self.kill()

    def errReceived(self, data: bytes) -> None:  # noqa: N802
        """
        What it complains of is of no use to us.
        """

    def kill(self) -> None:
        """
        End it.
        """
        if self._running:
            with suppress(ProcessExitedAlready):
                self.transport.signalProcess(self._stop)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """
        See L{ProcessProtocol}.
        """
        self._running = False
        if not self.done.called:
            self.done.callback(self.said[:_MOST].decode("utf-8", "replace"))
