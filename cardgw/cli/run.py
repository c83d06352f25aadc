# -*- test-case-name: tests.cli.test_run -*-
"""
C{cardgw run}: any operation, on any card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cardgw.apdu.mini_language import parse_script, render
from cardgw.cli.app import App
from cardgw.cli.completion import complete_operations
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Command
from cardgw.cli.options import DESTRUCTIVE_JOB, PARAMETERS
from cardgw.cli.parameters import collect
from cardgw.cli.perform import UNKNOWN, Order, perform, really
from cardgw.cli.text import segment

SCRIPT = "apdu.script"
_FETCHED = "and what 61xx and 6Cxx ask for, where they are not expected."


@click.command(
    "run",
    cls=Command,
    help="run an operation on a card",
    examples=(
        "cardgw run lpa.info                                        on the only card that is here",
        "cardgw run lpa.nickname --card 4321 -p profile=8944… -p nickname=travel",
        "cardgw run lpa.reset --card a1b2c3d4 --parameters '{\"operational\": true}'",
        "cardgw run apdu.script -p script@commands.txt --dry-run    from a file; @- is standard input",
        "cardgw run lpa.profiles --card 89049032…7654 --no-wait     queued, whether the card is here or not",
    ),
    note="`cardgw operations` lists them, `cardgw help NAME` tells their parameters.\n\n" + STATUSES,
)
@click.argument("operation", shell_complete=complete_operations)
@PARAMETERS
@DESTRUCTIVE_JOB
@click.pass_obj
def run(app: App, operation: str, single: tuple[str, ...], whole: str) -> int:
    """
    See its help.
    """
    return perform(app, order_of(app, operation, single, whole))


def order_of(app: App, operation: str, single: tuple[str, ...], whole: str) -> Order:
    """
    What was typed.

    @param single: see L{collect}; so is C{whole}.
    """
    described = app.api.get(f"operations/{segment(operation)}")
    schema = described["parameters"]
    parameters = collect(schema, whole, single)
    secrets = frozenset(name for name, each in schema.get("properties", {}).items() if each.get("writeOnly"))
    confirm = really(f"This runs {operation}: {described['summary']}.") if described["destructive"] else None
    return Order(operation, parameters, secrets, confirm=confirm, preview=_preview(operation, parameters))


def _preview(operation: str, parameters: Mapping[str, Any]) -> str:
    """
    @raise ScriptError: it is a script, and cannot be read.
    """
    if operation != SCRIPT:
        return UNKNOWN
    script = parameters["script"]
    lines = parse_script(script if isinstance(script, str) else "\n".join(script))
    return f"The card would be sent:\n{render(lines)}{'' if parameters.get('raw') else _FETCHED}".rstrip("\n")
