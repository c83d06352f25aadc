# -*- test-case-name: tests.bridges.test_touch_daemon_terminal -*-
"""
Asks on the terminal that the daemon was started from.
"""

from __future__ import annotations

import os
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer

from cardgw.bridges.touch_daemon_ask import Choice

_LINE = 1024
_FLAGS = 3
"""Where the local modes are in what C{termios.tcgetattr} gives."""


@implementer(IReadDescriptor)
class Terminal:
    """
    See L{cardgw.bridges.touch_daemon_ask.Asker}.

    @param reactor: C{IReactorFDSet}.
    @param descriptor: of the terminal.
    """

    def __init__(self, reactor: Any, descriptor: int) -> None:
        self._reactor = reactor
        self._descriptor = descriptor
        self._asked: Deferred[str] | None = None
        self._typed = b""
        self._modes: Any = None

    def choose(self, lines: Sequence[str], choices: Sequence[Choice]) -> Deferred[Choice]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Asker.choose}.
        """
        return Deferred.fromCoroutine(self._choose(lines, choices))

    async def _choose(self, lines: Sequence[str], choices: Sequence[Choice]) -> Choice:
        words = {each.value: each for each in choices}
        shown = ", ".join(f"[{word[0]}]{word[1:]}" for word in words)
        text = "\n".join(("", *lines, f"May it? {shown}: "))
        while True:
            typed = (await self._line(text)).strip().lower()
            found = [each for word, each in words.items() if typed and word.startswith(typed)]
            if found or not typed:
                return found[0] if found else Choice.NO
            text = f"Please type one of {shown}: "

    def secret(self, lines: Sequence[str]) -> Deferred[str]:
        """
        See L{cardgw.bridges.touch_daemon_ask.Asker.secret}.
        """
        return self._line("\n".join(("", *lines, "PIN (nothing: leave it): ")), echo=False)

    def _line(self, text: str, *, echo: bool = True) -> Deferred[str]:
        """
        Ask for a line; what was typed before does not count.  The end of input is an empty line.
        """
        asked = self._asked = Deferred(self._cancelled)
        self._typed = b""
        with suppress(termios.error):
            if not echo:
                self._hide()
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        self._write(text)
        if not _is_ours(self._descriptor):  # reading would stop the process
            self._done(b"")
        else:
            self._reactor.addReader(self)
        return asked

    def _hide(self) -> None:
        modes = termios.tcgetattr(self._descriptor)
        self._modes = list(modes)
        modes[_FLAGS] = modes[_FLAGS] & ~termios.ECHO | termios.ECHONL
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, modes)

    def _write(self, text: str) -> None:
        with suppress(OSError):
            os.write(self._descriptor, text.encode("ascii", "replace"))

    def doRead(self) -> None:  # noqa: N802
        """
        See L{IReadDescriptor}.
        """
        try:
            octets = os.read(self._descriptor, _LINE)
        except OSError:
            octets = b""
        self._typed += octets
        if not octets or b"\n" in self._typed or len(self._typed) > _LINE:
            self._done(self._typed.partition(b"\n")[0])

    def _cancelled(self, asked: Deferred[str]) -> None:
        self._asked = None
        self._done(b"")
        self._write("\n(nobody waits for the answer any more)\n")

    def _done(self, typed: bytes) -> None:
        self._reactor.removeReader(self)
        asked, self._asked, self._typed = self._asked, None, b""
        if self._modes is not None:
            with suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._modes)
            self._modes = None
        if asked is not None:
            asked.callback(typed.decode("utf-8", "replace"))

    def fileno(self) -> int:
        """
        See L{IReadDescriptor}.
        """
        return self._descriptor

    def logPrefix(self) -> str:  # noqa: N802
        """
        See L{IReadDescriptor}.
        """
        return "terminal"

    def connectionLost(self, reason: Any) -> None:
        """
        See L{IReadDescriptor}.
        """
        self._done(b"")


def open_terminal(reactor: Any, standard: int = 0) -> Terminal | None:
    """
    The terminal that the process was started from, where it is one and the process may use it.

    @param standard: the descriptor of standard input.
    """
    try:
        if not os.isatty(standard) or not _is_ours(standard):
            return None
        descriptor = os.open(os.ttyname(standard), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    return Terminal(reactor, descriptor)


def _is_ours(descriptor: int) -> bool:
    """
    Whether the process is in the foreground of this terminal.
    """
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # it is gone, or the process has left it
        return False
