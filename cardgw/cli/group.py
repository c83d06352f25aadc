# -*- test-case-name: tests.cli.test_group -*-
"""
Commands and groups of them: help in the house's style, and errors that end in one line and an exit status.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import click

from cardgw import listing
from cardgw.cli.app import App, Style
from cardgw.cli.errors import FAILED, INTERRUPTED, USAGE, JobFailed, described, exit_status
from cardgw.cli.text import clean
from cardgw.errors import CardGatewayError

NAME = "cardgw"
DOCS = "More: README.md and docs/ of the distribution."
_HELP = "show this, and leave"
_WIDTH = 100
_SUGGESTED = re.compile(r"\(Did you mean one of: (.*)\?\)")
_SECTIONS = ("options", "secure channel", "job options", "output", "gateway")


class Formatter(click.HelpFormatter):
    """
    In lower case.
    """

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """
        See L{click.HelpFormatter}.
        """
        super().write_usage(prog, args, prefix or "usage: ")

    def write_heading(self, heading: str) -> None:
        """
        See L{click.HelpFormatter}.
        """
        super().write_heading(heading.lower())


class Context(click.Context):
    """
    With our formatter.
    """

    formatter_class = Formatter


class Option(click.Option):
    """
    An option that is listed under a heading.
    """

    def __init__(self, *args: Any, section: str = "options", **more: Any) -> None:
        super().__init__(*args, **more)
        self.section = section


class _Helpful(click.Command):
    """
    What commands and groups have in common.

    @ivar examples: each a line and what it does, or a line alone.
    @ivar note: what stands below them, as it is.
    """

    context_class = Context

    def __init__(self, *args: Any, examples: Sequence[str] = (), note: str = "", **more: Any) -> None:
        more["context_settings"] = {"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH}
        super().__init__(*args, **more)
        self.examples = tuple(examples)
        self.note = note

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """
        See L{click.Command}.
        """
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _HELP
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        See L{click.Command}.
        """
        _write_options(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        See L{click.Command}.
        """
        if self.examples:
            formatter.write("\nexamples:\n" + "".join(f"  {each}\n" for each in self.examples))
        formatter.write("".join(f"\n{each}\n" for each in (*self.note.split("\n\n"), DOCS) if each))


def _write_options(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    found: dict[str, list[tuple[str, str]]] = {}
    for each in command.get_params(context):
        record = each.get_help_record(context) if isinstance(each, click.Option) else None
        if record is not None:
            found.setdefault(getattr(each, "section", "options"), []).append(record)
    for section in _SECTIONS:
        if section in found:
            with formatter.section(section):
                formatter.write_dl(found[section])


class Command(_Helpful):
    """
    A command.
    """


class Group(_Helpful, click.Group):
    """
    A command with commands of its own.

    @ivar headings: the commands under each heading; C{None} for one heading for all.
    """

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, headings: Mapping[str, Sequence[str]] | None = None, **more: Any) -> None:
        more.setdefault("subcommand_metavar", "COMMAND ...")
        super().__init__(*args, **more)
        self.headings = headings

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        See L{click.Command}.
        """
        self.format_commands(ctx, formatter)
        _write_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        See L{click.Group}.
        """
        for heading, names in (self.headings or {"commands": self.list_commands(ctx)}).items():
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(heading):
                formatter.write_dl([(name, each.get_short_help_str(_WIDTH)) for name, each in found if each is not None])


class Root(Group):
    """
    The whole.
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **more: Any,
    ) -> NoReturn:
        """
        See L{click.Command}.  Always exits.
        """
        app = more.setdefault("obj", App())
        more.pop("windows_expand_args", None)

        def run() -> Any:
            return super(Root, self).main(args, prog_name or NAME, complete_var, False, **more)

        try:
            status = run_and_tell(app, run)
        finally:
            app.close()
        sys.exit(status)


def run_and_tell(app: App, run: Callable[[], Any]) -> int:
    """
    Run a command, and tell in one line why it failed.

    @return: the exit status.
    """
    try:
        return int(run() or 0)
    except CardGatewayError as mistake:
        _tell(app, mistake)
        return exit_status(mistake)
    except click.UsageError as mistake:
        _tell_usage(mistake)
        return USAGE
    except click.ClickException as mistake:
        click.echo(f"{NAME}: {_lower(mistake.format_message())}", err=True)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        _silence(sys.stdout)
        return FAILED


def _tell(app: App, mistake: CardGatewayError) -> None:
    click.echo(f"{NAME}: {clean(listing.one_line(mistake))}", err=True)
    if app.style is Style.HUMAN or (app.style in {Style.LINES, Style.LPAC} and isinstance(mistake, JobFailed)):
        return
    error = described(mistake)
    if app.style is Style.LPAC:
        payload = {"code": -1, "message": error.get("code"), "data": error.get("detail") or error.get("title")}
        app.print_line({"type": "lpa", "payload": payload})
    elif app.style is Style.LINES:
        app.print_line({"event": "error", "error": error})
    else:
        job = {"job": mistake.job.get("id"), "result": mistake.job.get("result")} if isinstance(mistake, JobFailed) else {}
        app.print_json({"error": error, **job})


def _tell_usage(mistake: click.UsageError) -> None:
    if isinstance(mistake, click.exceptions.NoArgsIsHelpError):
        click.echo(mistake.format_message().rstrip(), err=True)
        return
    path = mistake.ctx.command_path if mistake.ctx is not None else NAME
    message = clean(_lower(_SUGGESTED.sub(_suggested, " ".join(mistake.format_message().split()))))
    click.echo(f"{NAME}: {message}{'' if message.endswith('?') else '.'} See `{path} --help`.", err=True)


def _suggested(found: re.Match[str]) -> str:
    return f"Did you mean {found[1].replace(', ', ' or ')}?"


def _lower(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")


def _silence(stream: Any) -> None:
    """
    Whoever read this has gone; the interpreter must not complain about it when it ends.
    """
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
