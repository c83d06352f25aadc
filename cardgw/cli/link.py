# -*- test-case-name: tests.cli.test_link -*-
"""
C{cardgw link} and C{cardgw links}: ways by which cards come whose holders sit elsewhere.
"""

from __future__ import annotations

from typing import Any

import click

from cardgw.cli import render, views
from cardgw.cli.app import App, Style
from cardgw.cli.choose import Target
from cardgw.cli.completion import complete_links, complete_operations
from cardgw.cli.errors import DONE, STATUSES, NotConfirmed
from cardgw.cli.group import Command, Option
from cardgw.cli.options import ANSWER, LINKED, PARAMETERS
from cardgw.cli.perform import Order, check_style, follow
from cardgw.cli.run import order_of
from cardgw.cli.text import clean, lifetime, moment, segment

_ANY = Target("whichever comes")


@click.command(
    "link",
    cls=Command,
    help="make an address by which one card may come, to have something done to it",
    examples=(
        "cardgw link lpa.profiles                          prints the address, a command, and HTML for a web page",
        "cardgw link gp.install -p cap@applet.cap --wait   and follows the job from there",
        "cardgw link --expires 1h                          the card stays for jobs: --card and the id that is printed",
    ),
    note="Whoever has the address can bring a card, once. It is shown only now.\n\n" + STATUSES,
)
@click.argument("operation", required=False, default="", shell_complete=complete_operations)
@PARAMETERS
@click.option("--expires", cls=Option, metavar="TIME", help="until when the card may come: 10min, 12h")
@LINKED
@click.pass_obj
def link(app: App, operation: str, single: tuple[str, ...], whole: str, expires: str | None) -> int:
    """
    See its help.
    """
    if not operation and (single or whole):
        raise click.UsageError("Parameters are for an operation: say which.")
    if not operation and app.flags.wait:
        raise click.UsageError("Without an operation there is nothing to wait for.")
    app.acts = bool(app.flags.wait)
    check_style(app)
    body: dict[str, Any] = {}
    if operation:
        order = _meant(app, order_of(app, operation, single, whole))
        body = {name: value for name, value in order.body("").items() if name != "card"}
    if expires is not None:
        body["expires"] = _seconds(expires)
    made, since = app.api.submit(body, app.new_key(), "links")
    if not app.flags.wait:
        _print(app, made)
        return DONE
    for line in _lines(made):
        app.say(line)
    return follow(app, made["job"], since)


def _meant(app: App, order: Order) -> Order:
    """
    Ask whether it is really meant, where something may be lost.
    """
    if order.confirm is None or app.flags.yes:
        return order
    if not app.may_ask:
        raise NotConfirmed(f"{order.operation} can destroy something")
    return order.confirm(app, _ANY, order)


def _seconds(expires: str) -> int:
    try:
        return lifetime(expires)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--expires") from None


def _lines(made: dict[str, Any]) -> tuple[str, ...]:
    return made["url"], made["command"], made["page"]


def _print(app: App, made: dict[str, Any]) -> None:
    if app.style is Style.JSON:
        app.print_json(made)
        return
    for line in _lines(made):
        app.print(clean(line))
    following = f"; `cardgw jobs watch {made['job']['id']}` follows its job" if made["job"] else ""
    app.say(f"Good until {moment(made['expires'])}. The card will be --card {made['card']}{following}.")


@click.command(
    "links",
    cls=Command,
    help="list the addresses by which cards may come, or withdraw one",
    examples=("cardgw links", "cardgw links --withdraw a1b2c3d4"),
)
@click.option(
    "--withdraw",
    cls=Option,
    metavar="ID",
    shell_complete=complete_links,
    help="end this one: what waits for its card fails, and a card that came by it is sent away",
)
@ANSWER
@click.pass_obj
def links(app: App, withdraw: str | None) -> None:
    """
    See its help.
    """
    if withdraw is None:
        render.listing(app, views.links(app.now()), app.api.get("links"), "There are no links.")
        return
    app.api.delete(f"links/{segment(withdraw)}")
    app.say(f"No card can come by {clean(withdraw)} any more.")
