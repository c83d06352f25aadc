# -*- test-case-name: tests.cli.test_jobs -*-
"""
C{cardgw jobs}: what was asked for, runs, or is done.
"""

from __future__ import annotations

from pathlib import Path

import click

from cardgw.cli import render, views
from cardgw.cli.app import App, Style
from cardgw.cli.choose import filter_for
from cardgw.cli.completion import complete_cards, complete_jobs, complete_operations
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Group, Option
from cardgw.cli.options import ANSWER, FOLLOWED, limit
from cardgw.cli.parameters import read
from cardgw.cli.perform import check_style, follow
from cardgw.cli.text import clean, segment
from cardgw.cli.transcripts import INTO, write_transcript
from cardgw.cli.wait import ask
from cardgw.gateway.faults import NotAsking

_STATES = ("queued", "running", "waiting", "done", "failed", "cancelled")
_JOB = click.argument("job", shell_complete=complete_jobs)


@click.group(
    "jobs",
    cls=Group,
    help="what was asked for, runs, or is done",
    examples=(
        "cardgw jobs list --state queued",
        "cardgw jobs watch 1a1fe44f…",
        "cardgw jobs answer 1a1fe44f… yes",
    ),
)
def jobs() -> None:
    """
    See its help.
    """


@jobs.command(
    "list",
    help="list jobs, the latest first",
    examples=("cardgw jobs list --state queued", "cardgw jobs list --card 4321 --operation lpa.enable --limit 5"),
)
@click.option("--state", cls=Option, type=click.Choice(_STATES), help="only those in this state")
@click.option("--card", "which", cls=Option, metavar="CARD", shell_complete=complete_cards, help="only those of this card")
@click.option("--operation", cls=Option, metavar="NAME", shell_complete=complete_operations, help="only those of this operation")
@limit("jobs")
@ANSWER
@click.pass_obj
def list_(app: App, state: str | None, which: str | None, operation: str | None, limit: int) -> None:
    """
    See its help.
    """
    query = {"state": state, "card": filter_for(app, which), "operation": operation, "limit": min(limit, 500)}
    render.listing(app, views.jobs(app.now(), narrow=app.narrow), app.api.listed("jobs", query, limit), "There are no such jobs.")


@jobs.command(
    "show", help="show all about a job", examples=("cardgw jobs show 1a1fe44f…", "cardgw jobs show 1a1fe44f… --json | jq .result")
)
@_JOB
@ANSWER
@click.pass_obj
def show(app: App, job: str) -> None:
    """
    See its help.
    """
    found = app.api.get(f"jobs/{segment(job)}")
    if app.style is Style.JSON:
        app.print_json(found)
    else:
        views.job(app, found)


@jobs.command("cancel", help="cancel a job, and wait until it has wound up", examples=("cardgw jobs cancel 1a1fe44f…",))
@_JOB
@ANSWER
@click.pass_obj
def cancel(app: App, job: str) -> None:
    """
    See its help.
    """
    found = app.api.post(f"jobs/{segment(job)}/cancel", patient=True)
    if app.style is Style.JSON:
        app.print_json(found)
    else:
        app.print(render.shown(f"{found['id']} {found['state']}"))


@jobs.command(
    "answer",
    help="answer the question of a job",
    examples=("cardgw jobs answer 1a1fe44f…", "cardgw jobs answer 1a1fe44f… yes"),
    note="Without ANSWER you are asked for it; where there is no terminal it is read from standard input.\n"
    "A secret one is better not typed as an argument.",
)
@_JOB
@click.argument("answer", required=False)
@ANSWER
@click.pass_obj
def answer(app: App, job: str, answer: str | None) -> None:
    """
    See its help.
    """
    path = f"jobs/{segment(job)}"
    if answer is None or answer == "-":
        question = app.api.get(path).get("question")
        if not question:
            raise NotAsking(clean(job))
        answer = ask(app, question) if app.may_ask else read("-").rstrip("\n")
    found = app.api.post(f"{path}/answer", {"answer": answer})
    if app.style is Style.JSON:
        app.print_json(found)
    else:
        app.say(f"Answered. `cardgw jobs watch {clean(job)}` shows how it goes on.")


@jobs.command(
    "transcript",
    help="print what was said to the card, of a job that was recorded",
    examples=("cardgw jobs transcript 1a1fe44f… -o transcript.txt",),
    note="`cardgw record` is for jobs that are recorded.",
)
@_JOB
@INTO
@ANSWER
@click.pass_obj
def transcript(app: App, job: str, output: Path | None) -> None:
    """
    See its help.
    """
    write_transcript(app, app.api.text(f"jobs/{segment(job)}/transcript"), output)


@jobs.command(
    "watch",
    help="follow a job until it ends, and print its result",
    examples=("cardgw jobs watch 1a1fe44f…",),
    note=STATUSES,
)
@_JOB
@FOLLOWED
@click.pass_obj
def watch(app: App, job: str) -> int:
    """
    See its help.
    """
    app.acts, app.flags.wait = True, True
    check_style(app)
    return follow(app, app.api.get(f"jobs/{segment(job)}"), cancels=False)
