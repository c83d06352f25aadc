# -*- test-case-name: tests.bridges.test_touch_daemon_pinentry -*-
"""
Asks for a PIN in a window, with the pinentry of GnuPG.

It speaks the Assuan protocol (the manuals of libassuan and pinentry): we send a line, it answers with C{OK} or C{ERR}, and before
that with C{D} and the PIN, in which percent signs and line breaks are encoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from cardgw.bridges.touch_daemon_child import Child

_GET = "GETPIN"


def encoded(text: str) -> str:
    """
    A text as part of a line.
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


class Pinentry(Child):
    """
    One question.

    @ivar pin: what was typed; empty where that was nothing, or it was cancelled.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self.pin = ""
        described = encoded("\n".join(lines))
        self._commands = ["SETTITLE cardgw", f"SETDESC {described}", "SETPROMPT PIN:", _GET]
        self._sent = ""

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """
        See L{Child.outReceived}.
        """
        super().outReceived(data)
        *lines, self.said = self.said.split(b"\n")
        for line in lines:
            self._heard(line.decode("utf-8", "replace").rstrip("\r"))

    def _heard(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if kind == "D" and self._sent == _GET:
            self.pin += unquote(rest)
        elif kind == "ERR" and self._sent == _GET:
            self.pin = ""
            self._say("BYE")
        elif kind in ("OK", "ERR"):  # of titles and the like it need not know anything
            self._say(self._commands.pop(0) if self._commands else "BYE")

    def _say(self, command: str) -> None:
        self._sent = command
        self.transport.write(command.encode() + b"\n")
        if command == "BYE":
            self.transport.closeStdin()
