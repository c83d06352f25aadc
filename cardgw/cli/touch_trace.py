# -*- test-case-name: tests.cli.test_touch_trace -*-
"""
What is done to a card that is lent, on a terminal: as users of the OpenCard Framework and of the SmartCard Shell know it.

    C: 00 A4 04 04 - SELECT Lc=11
          0000  E8 2B 06 01 04 01 81 C3 1F 02 01                 .+.........
          Le=256
    R: SW1/SW2=9000 (Normal: No error) Lr=9
          0000  62 07 82 01 78 85 02 01 02                       b...x....
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import Any

from attrs import define, field

from cardgw.apdu import command_names, status
from cardgw.apdu.command import Command
from cardgw.cli.app import App
from cardgw.cli.text import flat

QUIET, TRACE, TIMES = 0, 1, 2
"""How much is shown: what the server says; commands and answers, too; and how long each took."""
_ROW = 16
_INDENT = " " * 6
_WIDTH = 80
_CLASSES = {
    **dict.fromkeys((0x61, 0x90, 0x91, 0x92, 0x9F), "Normal"),
    **dict.fromkeys((0x62, 0x63), "Warning"),
    **dict.fromkeys((0x64, 0x65, 0x66), "Execution error"),
    **dict.fromkeys(range(0x67, 0x70), "Checking error"),
}
"""By SW1 (ISO/IEC 7816-4, 5.6)."""
_STYLES = {"Normal": "green", "Warning": "yellow"}
_OK = 0x9000
_ERASE = "\r\x1b[K"


def hexdump(octets: bytes) -> Iterator[str]:
    """
    Lines of 16 bytes: where they are, the bytes, and as ASCII what can be shown so.
    """
    for start in range(0, len(octets), _ROW):
        row = octets[start : start + _ROW]
        shown = "".join(chr(each) if 0x20 <= each < 0x7F else "." for each in row)
        yield f"{_INDENT}{start:04X}  {row.hex(' ').upper():<{3 * _ROW - 1}}  {shown}"


def status_text(word: int) -> str:
    """
    A status word with the class it is in: C{SW1/SW2=6A82 (Checking error: File or application not found)}.
    """
    name = "no error" if word == _OK else status.name(word)
    return f"SW1/SW2={word:04X} ({status_class(word)}: {name[:1].upper()}{name[1:]})"


def status_class(word: int) -> str:
    """
    What kind of status it is (ISO/IEC 7816-4, 5.6).
    """
    return _CLASSES.get(word >> 8, "Unknown")


def command_lines(octets: bytes) -> Iterator[str]:
    """
    A command as lines.
    """
    try:
        command = Command.decode(octets)
    except ValueError:
        yield f"C: {len(octets)} {'byte that is' if len(octets) == 1 else 'bytes that are'} no command"
        yield from hexdump(octets)
        return
    head = f"C: {octets[:4].hex(' ').upper()} - {command_names.name(command.cla, command.ins, command.p1)}"
    wanted = "" if command.expected is None else f"Le={command.expected}"
    if not command.data:
        yield f"{head} {wanted}".rstrip()
        return
    yield f"{head} Lc={len(command.data)}{' Extended' if command.is_extended else ''}"
    yield from hexdump(command.data)
    if wanted:
        yield f"{_INDENT}{wanted}"


def answer_lines(octets: bytes) -> Iterator[str]:
    """
    An answer as lines.
    """
    if len(octets) < 2:
        yield "R: no answer"
        return
    data = octets[:-2]
    head = f"R: {status_text(int.from_bytes(octets[-2:]))}{f' Lr={len(data)}' if data else ''}"
    yield from wrap(head, _WIDTH, subsequent_indent=_INDENT)
    yield from hexdump(data)


@define(eq=False)
class Screen:
    """
    Shows a session.  See L{cardgw.bridges.touch_watcher.Watcher}.

    @ivar server: what it is called.
    @ivar level: how much is shown.
    @ivar out: where: a C{rich.console.Console}.
    @ivar seconds: the time.
    """

    app: App
    server: str
    level: int
    out: Any
    seconds: Callable[[], float]
    _commands: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _counting: bool = field(default=False, init=False)

    def connected(self, atr: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.connected}.
        """
        self._say(f"connected to {self.server}")
        if self.level >= TRACE:
            self._print(f"ATR: {atr.hex(' ').upper()}", "bold")

    def command(self, octets: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.command}.
        """
        self._since = self.seconds()
        if self.level >= TRACE:
            self._print_all(command_lines(octets), "cyan")

    def answer(self, octets: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.answer}.
        """
        self._commands += 1
        if self.level < TRACE:
            self._count()
            return
        first, *rest = answer_lines(octets)
        if self.level >= TIMES:
            first += f" {1000 * (self.seconds() - self._since):.0f} ms"
        self._print_all([first, *rest], _STYLES.get(status_class(int.from_bytes(octets[-2:])), "red"))

    def reset(self, atr: bytes) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.reset}.
        """
        if self.level >= TRACE:
            self._print(f"Reset - ATR: {atr.hex(' ').upper()}", "bold")

    def notified(self, id: int, text: str, seconds: int | None) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.notified}.
        """
        takes = f" (about {seconds} s)" if seconds else ""
        self._print(f"Server: [{id}] {flat(text)}{takes}", "bold red" if id < 0 else "bold green" if id == 0 else "bold")

    def warned(self, text: str) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.warned}.
        """
        self._print(f"WARNING: {flat(text)}", "yellow")

    def ended(self) -> None:
        """
        See L{cardgw.bridges.touch_watcher.Watcher.ended}.
        """
        self._erase()

    def _count(self) -> None:
        if self.app.err.is_terminal and not self.app.flags.quiet:
            self._counting = True
            self._raw(f"{_ERASE}{self._commands} commands")

    def _erase(self) -> None:
        if self._counting:
            self._counting = False
            self._raw(_ERASE)

    def _raw(self, text: str) -> None:
        self.app.err.file.write(text)
        self.app.err.file.flush()

    def _say(self, text: str) -> None:
        self._erase()
        self.app.say(text)

    def _print_all(self, lines: Any, style: str) -> None:
        for number, line in enumerate(lines):
            self._print(line, style if not number else "")

    def _print(self, text: str, style: str) -> None:
        self._erase()
        self.out.print(text, style=style or None, soft_wrap=True)
