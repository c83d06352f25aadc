# -*- test-case-name: tests.cli.test_replay -*-
"""
C{cardgw replay}: run an operation against a transcript.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from attrs import define, field

from cardgw.apdu.transcript import Transcript, TranscriptError, parse
from cardgw.cli.app import App
from cardgw.cli.completion import complete_operations
from cardgw.cli.errors import DONE, STATUSES, JobFailed
from cardgw.cli.group import Command, Option
from cardgw.cli.options import LOCAL_JOB, PARAMETERS
from cardgw.cli.parameters import collect, read
from cardgw.cli.perform import check_style, show_result
from cardgw.cli.progress import Reporter, reporter_for
from cardgw.cli.wait import ask
from cardgw.errors import CardGatewayError, NobodyToAsk, ParameterError
from cardgw.gateway.recording import OPERATION, WITHHELD
from cardgw.gateway.records import problem_of
from cardgw.gateway.registry import load_registry
from cardgw.gateway.shown import problem_json, question_json
from cardgw.interfaces import IOperation
from cardgw.schema import json_schema
from cardgw.values import Question


@define
class Audience:
    """
    Tells whoever sits there how the replay goes on: a L{cardgw.replay.Witness}.
    """

    app: App
    reporter: Reporter
    job: dict[str, Any] = field(factory=dict)

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{cardgw.replay.Witness}.
        """
        self.reporter.stage(self.job, name, facts)

    def percent(self, done: int) -> None:
        """
        See L{cardgw.replay.Witness}.
        """
        self.reporter.percent(self.job, done)

    def ask(self, question: Question) -> str:
        """
        See L{cardgw.replay.Witness}.
        """
        if not self.app.may_ask:
            raise NobodyToAsk(question.text)
        with self.reporter.aside():
            return ask(self.app, question_json(question))


@click.command(
    "replay",
    cls=Command,
    help="run an operation on a transcript instead of a card",
    examples=(
        "cardgw record lpa.profiles --whole -o card.txt             where the card is",
        "cardgw replay card.txt                                     anywhere: the same again",
        "cardgw replay card.txt acme.profiles                       another operation",
    ),
    note="FILE is what `cardgw record --whole` has written, or - for standard input. OPERATION and its parameters are\n"
    "those that were recorded, unless others are given; secret parameters are not recorded.\n\n"
    "No gateway is needed; servers are not there. The operation must say to the card what was recorded: at the first\n"
    "command that differs it ends, and both are shown.\n\n" + STATUSES,
)
@click.argument("file", type=click.Path(allow_dash=True))
@click.argument("operation", required=False, default="", shell_complete=complete_operations)
@PARAMETERS
@click.option("--config", cls=Option, metavar="FILE", type=click.Path(path_type=Path), help="the settings of the gateway")
@LOCAL_JOB
@click.pass_obj
def replay(app: App, file: str, operation: str, *, single: tuple[str, ...], whole: str, config: Path | None) -> int:
    """
    See its help.
    """
    from cardgw.config import load_config
    from cardgw.replay import Replay, refuse_empty

    app.acts = True
    check_style(app)
    transcript, registry = refuse_empty(parse(read(file))), load_registry()
    name = operation or _recorded(transcript)
    found, settings = registry.operation(name), load_config(config, registry)
    values = _values(transcript, found, whole, single)
    audience = Audience(app, reporter_for(app))
    job = audience.job = {"id": "replay", "operation": name, "card": None, "result": None, "error": None}
    own = settings.operations.get(name) or found.settings()
    run = Replay(transcript, found, own, audience, app.now(), settings.quirks)
    try:
        job.update(state="done", result=run.run(values))
    except CardGatewayError as error:
        job.update(state="failed", result=run.reached, error=problem_json(problem_of(error)))
    finally:
        audience.reporter.ended(job)
    if job["error"] is not None:
        raise JobFailed(job)
    show_result(app, job)
    return DONE


def _recorded(transcript: Transcript) -> str:
    if OPERATION not in transcript.notes:
        raise TranscriptError("it does not say of which operation it is", hint="Name the operation after the file.")
    return transcript.notes[OPERATION]


def _values(transcript: Transcript, operation: IOperation, whole: str, single: tuple[str, ...]) -> dict[str, Any]:
    """
    The parameters: as they are typed, otherwise as they were recorded.
    """
    from cardgw.gateway.session import parameters_from
    from cardgw.replay import recorded_parameters

    schema = json_schema(operation.parameters)
    same = transcript.notes.get(OPERATION) == operation.name
    values = collect(schema, whole, single, recorded_parameters(transcript) if same else {})
    missing = [name for name in transcript.notes.get(WITHHELD, "").split() if same and name not in values]
    if missing:
        raise ParameterError(f"{missing[0]} is not recorded, since it is secret", hint=f"Give it with -p {missing[0]}=VALUE.")
    parameters_from(operation, values)  # so that what is wrong with them is told first
    return values
