# -*- test-case-name: tests.cli.test_transcripts -*-
"""
Transcripts as files.
"""

from __future__ import annotations

import os
from errno import EACCES, EISDIR
from pathlib import Path
from typing import Any

import click

from cardgw.apdu.transcript import TranscriptError, parse
from cardgw.cli.app import App
from cardgw.cli.group import Option
from cardgw.cli.options import Decorator
from cardgw.cli.text import clean
from cardgw.errors import ParameterError

_OUT = Path("-")
INTO: Decorator[Any] = click.option(
    "-o",
    "--output",
    cls=Option,
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="write the transcript there; otherwise, or for -, to standard output",
    callback=lambda context, parameter, path: None if path == _OUT else path,
)
_PRIVATE = 0o600
_REDACTED = "It has headers, lengths and status words, no data. Send it with what `cardgw diagnose` prints."
_WHOLE = (
    "It has all that was said to the card, secrets too: show it only to those you trust.\n"
    "`cardgw replay FILE` does once more what was done with the card."
)


def write_transcript(app: App, text: str, path: Path | None) -> None:
    """
    Write a transcript into a file that nobody else may read, or to standard output; say what it is good for.

    @raise ParameterError: the file cannot be written.
    """
    if path is None:
        app.print(text.rstrip("\n"))
    else:
        _write(path, text)
        app.say(f"The transcript is in {clean(path)}.")
    app.say(_REDACTED if is_redacted(text) else _WHOLE)


def check_path(path: Path | None) -> None:
    """
    See beforehand whether a transcript could be written there, as far as that can be seen.

    @raise ParameterError: it could not.
    """
    if path is None:
        return
    if path.is_dir():
        raise _unwritable(path, os.strerror(EISDIR))
    try:
        path.parent.resolve(strict=True)
    except OSError as problem:
        raise _unwritable(path, str(problem.strerror)) from None
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise _unwritable(path, os.strerror(EACCES))


def _unwritable(path: Path, reason: str) -> ParameterError:
    return ParameterError(f"{clean(path)} cannot be written: {reason}")


def is_redacted(text: str) -> bool:
    """
    Whether data were left out of a transcript.
    """
    try:
        return any(each.redacted for each in parse(text).exchanges)
    except TranscriptError:
        return False


def _write(path: Path, text: str) -> None:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(number, "w", encoding="utf-8") as file:
            if path.is_file():
                os.fchmod(number, _PRIVATE)
            file.write(text)
    except OSError as problem:
        raise _unwritable(path, str(problem.strerror or problem)) from None
