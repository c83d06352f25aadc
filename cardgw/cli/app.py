# -*- test-case-name: tests.cli.test_app -*-
"""
What every command gets: what was typed for all of them, the gateway, and where to write.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import define, field

from cardgw.cli.settings import ClientFile, client_path, find_access, read_client
from cardgw.cli.text import clean

if TYPE_CHECKING:
    import httpx
    from rich.console import Console

    from cardgw.cli.client import Api

WIDE = 130
"""Columns of a terminal that has room for identities beside other things."""
PIPE_WIDTH = 100_000
"""Columns where nobody looks: nothing is wrapped for programs."""


class Style(Enum):
    """
    How results are written to standard output.
    """

    HUMAN = "human"
    JSON = "json"
    LINES = "lines"
    LPAC = "lpac"


@define
class Flags:
    """
    What was typed, whichever command it was typed for.  C{wait} is C{None} where nothing was said.
    """

    url: str = ""
    token_file: Path | None = None
    card: str = ""
    json: bool = False
    lpac: bool = False
    quiet: bool = False
    yes: bool = False
    dry_run: bool = False
    no_input: bool = False
    wait: bool | None = None


@define(eq=False)
class App:
    """
    See the module's docstring.

    @ivar transport: in place of the network.
    @ivar interactive: whether somebody can be asked; C{None} to look whether standard input and error are terminals.
    @ivar terminal: whether standard output is a terminal; likewise.
    @ivar acts: whether the command does something that takes its time, so that a program is told how far it has come.
    """

    environ: Mapping[str, str] = field(factory=lambda: os.environ)
    transport: httpx.BaseTransport | None = None
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    new_key: Callable[[], str] = lambda: uuid.uuid4().hex
    interactive: bool | None = None
    terminal: bool | None = None
    flags: Flags = field(factory=Flags)
    acts: bool = False
    _api: Api | None = None
    _out: Console | None = None
    _err: Console | None = None

    @property
    def client_path(self) -> Path:
        """
        The file in which tokens are kept.
        """
        return client_path(self.environ)

    @property
    def kept(self) -> ClientFile:
        """
        What is in it.
        """
        return read_client(self.client_path)

    @property
    def api(self) -> Api:
        """
        The gateway.
        """
        if self._api is None:
            flags = self.flags
            self._api = self.api_at(find_access(flags.url, flags.token_file, self.environ, self.kept, flags.card))
        return self._api

    def api_at(self, access: Any) -> Api:
        """
        @param access: L{cardgw.cli.settings.Access}: another gateway or token than those that were typed.
        """
        from cardgw.cli.client import Api

        return Api(access, self.transport)

    def use(self, access: Any) -> None:
        """
        From now on use another gateway than the one that was typed.

        @param access: as for L{api_at}.
        """
        self.close()
        self._api = self.api_at(access)

    def close(self) -> None:
        """
        The command has ended.
        """
        if self._api is not None:
            self._api.close()

    @property
    def style(self) -> Style:
        """
        How results are written.
        """
        if self.flags.json:
            return Style.JSON
        if self.flags.lpac:
            return Style.LPAC
        return Style.LINES if self.acts and not self.on_terminal else Style.HUMAN

    @property
    def on_terminal(self) -> bool:
        """
        Whether standard output is a terminal.
        """
        return sys.stdout.isatty() if self.terminal is None else self.terminal

    @property
    def narrow(self) -> bool:
        """
        Whether long names do not fit beside each other.
        """
        return self.out.width < WIDE

    @property
    def may_ask(self) -> bool:
        """
        Whether there is somebody to ask.
        """
        if self.flags.no_input:
            return False
        return sys.stdin.isatty() and sys.stderr.isatty() if self.interactive is None else self.interactive

    @property
    def out(self) -> Console:
        """
        Standard output.
        """
        if self._out is None:
            self._out = _console(sys.stdout, self.terminal)
        return self._out

    @property
    def err(self) -> Console:
        """
        Standard error.
        """
        if self._err is None:
            self._err = _console(sys.stderr, self.interactive)
        return self._err

    def say(self, text: str) -> None:
        """
        Tell people something, on standard error.
        """
        if not self.flags.quiet:
            self.err.print(clean(text), markup=False, highlight=False, soft_wrap=True)

    def print(self, text: str) -> None:
        """
        A line of the result.
        """
        click.echo(text)

    def print_json(self, value: Any) -> None:
        """
        The result as a JSON document.
        """
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))

    def print_line(self, value: Any) -> None:
        """
        One of several JSON documents, on a line of its own.
        """
        click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def ask(self, text: str, *, secret: bool = False) -> str:
        """
        Ask whoever sits there.

        @param secret: what is typed is not to be seen.
        @return: the answer; it may be empty.
        @raise click.Abort: there will be none.
        """
        asked, suffix = clean(text).rstrip(": "), " " if text.rstrip().endswith("?") else ": "
        if secret:
            return str(click.prompt(asked, hide_input=True, err=True, default="", show_default=False, prompt_suffix=suffix))
        click.echo(asked + suffix, nl=False, err=True)  # click would write a part of it to standard output
        answer = sys.stdin.readline()
        if not answer:
            raise click.Abort
        return answer.rstrip("\r\n")


def _console(file: Any, terminal: bool | None) -> Console:
    from rich.console import Console

    shown = file.isatty() if terminal is None else terminal
    # colour only where it is seen: rich would also believe FORCE_COLOR and TTY_COMPATIBLE on a pipe
    return Console(
        file=file, force_terminal=shown, width=None if shown else PIPE_WIDTH, highlight=False, markup=False, emoji=False
    )
