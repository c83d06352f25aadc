# -*- test-case-name: tests.cli.test_cards -*-
"""
C{cardgw cards} and C{cardgw card}: what is here now.
"""

from __future__ import annotations

import click

from cardgw.cli import render, views
from cardgw.cli.app import App, Style
from cardgw.cli.choose import Target, choose
from cardgw.cli.completion import complete_cards
from cardgw.cli.errors import NoCard
from cardgw.cli.group import Command, Group
from cardgw.cli.options import ANSWER
from cardgw.cli.text import segment

_CARD = click.argument("card", shell_complete=complete_cards)


@click.command(
    "cards",
    cls=Command,
    help="list the cards that are here",
    examples=("cardgw cards", "cardgw cards --json | jq -r '.items[].identity'"),
)
@ANSWER
@click.pass_obj
def cards(app: App) -> None:
    """
    See its help.
    """
    render.listing(app, views.cards(app.now(), narrow=app.narrow), app.api.get("cards"), "No card is here.")


@click.group(
    "card",
    cls=Group,
    help="look at a card that is here, or send it away",
    examples=("cardgw card show 4321", "cardgw card disconnect 4321"),
    note="CARD is its id, its EID (or cuid:…, iin-cin:…, uid:…, agent:…), or the end of that.",
)
def card() -> None:
    """
    See its help.
    """


@card.command(
    "show", help="show all about a card that is here", examples=("cardgw card show 4321", "cardgw card show a1b2c3d4 --json")
)
@_CARD
@ANSWER
@click.pass_obj
def show(app: App, card: str) -> None:
    """
    See its help.
    """
    found = app.api.get(f"cards/{segment(_here(app, card).address)}")
    if app.style is Style.JSON:
        app.print_json(found)
    else:
        views.card(app, found)


@card.command(
    "disconnect", help="send a card away; what runs on it is cancelled first", examples=("cardgw card disconnect 4321",)
)
@_CARD
@ANSWER
@click.pass_obj
def disconnect(app: App, card: str) -> None:
    """
    See its help.
    """
    target = _here(app, card)
    found = app.api.delete(f"cards/{segment(target.address)}")
    if app.style is Style.JSON:
        app.print_json(found)
    else:
        app.say(f"{target.named} is leaving.")


def _here(app: App, card: str) -> Target:
    app.flags.card = card
    target = choose(app)
    if target.card is None:
        raise NoCard(f"{target.named} is not here", hint="See `cardgw cards`.")
    return target
