# -*- test-case-name: tests.cli.test_watch -*-
"""
C{cardgw watch}: what happens, as it happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cardgw.cli.app import App, Style
from cardgw.cli.errors import GatewayUnreachable
from cardgw.cli.event_stream import ServerEvent
from cardgw.cli.group import Command, Option
from cardgw.cli.options import ANSWER
from cardgw.cli.render import STATES
from cardgw.cli.text import flat, stage_text, tail_of
from cardgw.cli.wait import PATIENCE, PAUSES

FAMILIES = ("card", "job", "outbox")
PASSING = "job.percent"


@click.command(
    "watch",
    cls=Command,
    help="follow what happens: cards, jobs, deliveries",
    examples=("cardgw watch", "cardgw watch --only card --only job", "cardgw watch | jq -c 'select(.event == \"job.ended\")'"),
    note="On a pipe, and with --json, each event is a line of JSON. Control-C ends it.",
)
@click.option("--only", cls=Option, multiple=True, type=click.Choice(FAMILIES), help="only what is about these")
@ANSWER
@click.pass_obj
def watch(app: App, only: tuple[str, ...]) -> None:
    """
    See its help.
    """
    app.acts = True
    last, away, failures = "", 0.0, 0
    while True:
        try:
            with app.api.events({"kind": ",".join(only)}, last) as events:
                if away:
                    app.say("The gateway is back.")
                away = 0.0
                for event in events:
                    failures, last = 0, event.id or last
                    tell(app, event)
        except GatewayUnreachable:
            if away >= PATIENCE or not (last or away or failures):
                raise
            if not away:
                app.say("The gateway does not answer; waiting for it to come back.")
            away += PAUSES[min(failures, len(PAUSES) - 1)]
        app.pause(PAUSES[min(failures, len(PAUSES) - 1)])
        failures += 1


def tell(app: App, event: ServerEvent) -> None:
    """
    Print an event.  People are spared what goes by too fast to be read.
    """
    if app.style is not Style.HUMAN:
        app.print_line({"event": event.kind, "id": event.id, **event.data})
        return
    if event.kind == PASSING:
        return
    from datetime import UTC, datetime

    from rich.text import Text

    time = datetime.fromtimestamp(app.now(), UTC).astimezone().strftime("%H:%M:%S")
    style = STATES.get(str(event.data.get("state", "")), "")
    told = Text.assemble((time, "dim"), "  ", (f"{event.kind:<15}", style), "  ", flat(sentence(event)))
    app.out.print(told, soft_wrap=True)


def sentence(event: ServerEvent) -> str:
    """
    What happened, for people.
    """
    data, (family, _, what) = event.data, event.kind.partition(".")
    if family == "card":
        return _card(data)
    if family == "outbox":
        entry = data.get("entry") or {}
        event_of = (entry.get("facts") or {}).get("event") or entry.get("kind")
        return f"{tail_of(entry.get('card'))}  {event_of} for {entry.get('address')}: {entry.get('state')}"
    if family == "job":
        return f"{tail_of(data.get('card') or data.get('channel'))}  {data.get('operation')}{_job(what, data)}"
    return "events are missing here" if event.kind == "gap" else ""


def _card(data: Mapping[str, Any]) -> str:
    card = data.get("card") or {}
    told = f"{tail_of(card.get('identity'))}  {card.get('id')} by {card.get('transport')} {card.get('peer')}"
    return f"{told}: {data['reason']}" if data.get("reason") else told


def _job(what: str, data: Mapping[str, Any]) -> str:
    if what == "stage":
        return f": {stage_text(str(data.get('stage')), data.get('facts') or {})}"
    if what == "percent":
        return f": {data.get('percent')} %"
    error = data.get("error") or {}
    told = [str(error[name]) for name in ("title", "detail") if error.get(name)]
    if what == "waiting":
        told.append(str((data.get("question") or {}).get("text")))
    state = [str(data.get("state"))] if what == "ended" else []
    return ": ".join(["", *state, *told]) + f"  ({data.get('job')})"
