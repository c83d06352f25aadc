# -*- test-case-name: tests.cli.test_record -*-
"""
C{cardgw record}: run an operation, and write down what is said to the card.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.completion import complete_operations
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Command, Option
from cardgw.cli.options import DESTRUCTIVE_JOB, PARAMETERS
from cardgw.cli.perform import perform
from cardgw.cli.run import order_of
from cardgw.cli.text import clean, segment
from cardgw.cli.transcripts import INTO, check_path, write_transcript
from cardgw.cli.wait import ENDED
from cardgw.errors import CardGatewayError, ParameterError


@click.command(
    "record",
    cls=Command,
    help="run an operation on a card, and write down what is said to the card",
    examples=(
        "cardgw record lpa.profiles -o transcript.txt               for a report of a problem",
        "cardgw record lpa.profiles --whole -o card.txt             for `cardgw replay`; takes the role admin",
        "cardgw jobs transcript 1a1fe44f…                           of a job that was queued like this",
    ),
    note="A transcript has headers, lengths and status words, and no data, unless --whole is given.\n"
    "Where it goes to standard output, the result goes to standard error.\n\n" + STATUSES,
)
@click.argument("operation", shell_complete=complete_operations)
@PARAMETERS
@click.option("--whole", "everything", cls=Option, is_flag=True, help="with all data, secrets too; otherwise without data")
@INTO
@DESTRUCTIVE_JOB
@click.pass_obj
def record(app: App, operation: str, *, single: tuple[str, ...], whole: str, everything: bool, output: Path | None) -> int:
    """
    See its help.
    """
    check_path(output)
    jobs: list[Mapping[str, Any]] = []
    order = order_of(app, operation, single, whole)
    order = evolve(order, record="whole" if everything else "redacted", queued=jobs.append)
    try:
        with ExitStack() as stack:
            if output is None and not app.flags.dry_run:
                stack.enter_context(redirect_stdout(sys.stderr))  # the transcript alone is for standard output
            status = perform(app, order)
    except (CardGatewayError, click.Abort, KeyboardInterrupt):
        if jobs:
            _try(app, lambda: _fetch(app, jobs[0], output))
        raise
    if jobs and _has_ended(app, jobs[0]):
        _fetch(app, jobs[0], output)
    elif jobs:
        app.say(f"When it is done: `cardgw jobs transcript {clean(jobs[0]['id'])}`.")
    return status


def _has_ended(app: App, job: Mapping[str, Any]) -> bool:
    return app.api.get(f"jobs/{segment(job['id'])}")["state"] in ENDED


def _fetch(app: App, job: Mapping[str, Any], output: Path | None) -> None:
    text = app.api.text(f"jobs/{segment(job['id'])}/transcript")
    try:
        write_transcript(app, text, output)
    except ParameterError as problem:
        raise ParameterError(problem.detail, hint=f"The gateway has it: `cardgw jobs transcript {clean(job['id'])}`.") from None


def _try(app: App, act: Callable[[], None]) -> None:
    """
    Something else has failed, which is told; this is told besides.
    """
    try:
        act()
    except CardGatewayError as problem:
        app.say(f"There is no transcript: {problem}")
