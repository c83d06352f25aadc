# -*- test-case-name: tests.cli.test_notifications -*-
"""
C{cardgw notifications}: those on a card; C{cardgw outbox}: those that the gateway has taken on itself.
"""

from __future__ import annotations

import click

from cardgw.cli import render, views
from cardgw.cli.app import App, Style
from cardgw.cli.choose import filter_for
from cardgw.cli.completion import complete_cards, complete_entries
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Group, Option
from cardgw.cli.options import ANSWER, DESTRUCTIVE_JOB, JOB, Number, limit
from cardgw.cli.perform import Order, perform, really
from cardgw.cli.text import due, segment, sentence

_STATES = ("waiting", "delivered", "refused", "given-up")


@click.group(
    "notifications",
    cls=Group,
    help="what a card keeps for the providers of its profiles",
    examples=("cardgw notifications list --card 4321", "cardgw notifications send 12 13", "cardgw notifications send-all"),
    note="What was taken off a card and waits for its server is in `cardgw outbox`.",
)
def notifications() -> None:
    """
    See its help.
    """


@notifications.command(
    "list", help="list the notifications on a card", examples=("cardgw notifications list --card 4321",), note=STATUSES
)
@JOB
@click.pass_obj
def list_(app: App) -> int:
    """
    See its help.
    """
    return perform(app, Order("notifications.list", acts=False))


@notifications.command(
    "send",
    help="send notifications, even if they were sent before",
    examples=("cardgw notifications send 12 13", "cardgw notifications send 12 --keep"),
    note=STATUSES,
)
@click.argument("numbers", nargs=-1, required=True, type=Number(0))
@click.option("--keep", cls=Option, is_flag=True, help="leave them on the card, whatever the settings say")
@JOB
@click.pass_obj
def send(app: App, numbers: tuple[int, ...], keep: bool) -> int:
    """
    See its help.
    """
    return perform(app, Order("notifications.send", {"numbers": list(numbers), **({"keep": True} if keep else {})}))


@notifications.command(
    "send-all",
    help="send the notifications that were not sent yet",
    examples=("cardgw notifications send-all --card 4321",),
    note=STATUSES,
)
@JOB
@click.pass_obj
def send_all(app: App) -> int:
    """
    See its help.
    """
    return perform(app, Order("notifications.send-all"))


@notifications.command(
    "remove",
    help="remove notifications from a card: those that were sent, or these",
    examples=("cardgw notifications remove --yes", "cardgw notifications remove 12 13", "cardgw notifications remove 12 --force"),
    note=STATUSES,
)
@click.argument("numbers", nargs=-1, type=Number(0))
@click.option("--force", cls=Option, is_flag=True, help="also those that were never sent: their providers may never learn")
@DESTRUCTIVE_JOB
@click.pass_obj
def remove(app: App, numbers: tuple[int, ...], force: bool) -> int:
    """
    See its help.
    """
    parameters = {**({"numbers": list(numbers)} if numbers else {}), **({"force": True} if force else {})}
    which = f"the notifications {', '.join(map(str, numbers))}" if numbers else "all notifications that were sent"
    return perform(app, Order("notifications.remove", parameters, confirm=really(f"This removes {which}.")))


@click.group(
    "outbox",
    cls=Group,
    help="what the gateway has taken on itself to deliver",
    examples=("cardgw outbox list --state waiting", "cardgw outbox deliver 1a1fe44f…"),
)
def outbox() -> None:
    """
    See its help.
    """


@outbox.command(
    "list",
    help="list what waits to be delivered, and what was",
    examples=("cardgw outbox list --state waiting", "cardgw outbox list --card 4321 --limit 10"),
)
@click.option("--state", cls=Option, type=click.Choice(_STATES), help="only those in this state")
@click.option("--card", "which", cls=Option, metavar="CARD", shell_complete=complete_cards, help="only those of this card")
@limit("entries")
@ANSWER
@click.pass_obj
def list_entries(app: App, state: str | None, which: str | None, limit: int) -> None:
    """
    See its help.
    """
    query = {"state": state, "card": filter_for(app, which), "limit": min(limit, 500)}
    found = app.api.listed("outbox", query, limit)
    render.listing(app, views.entries(app.now(), narrow=app.narrow), found, "The outbox is empty.")


@outbox.command(
    "deliver",
    help="try to deliver an entry now, also one that was delivered before",
    examples=("cardgw outbox deliver 1a1fe44f…",),
    note="ENTRY is an id of `cardgw outbox list`. The exit status is 1 where it could not be delivered.",
)
@click.argument("entry", shell_complete=complete_entries)
@ANSWER
@click.pass_obj
def deliver(app: App, entry: str) -> int:
    """
    See its help.
    """
    found = app.api.post(f"outbox/{segment(entry)}/deliver", patient=True)
    _show(app, found)
    return 0 if found["state"] == "delivered" else 1


@outbox.command(
    "give-up",
    help="try no more to deliver an entry",
    examples=("cardgw outbox give-up 1a1fe44f…",),
    note="ENTRY is an id of `cardgw outbox list`.",
)
@click.argument("entry", shell_complete=complete_entries)
@ANSWER
@click.pass_obj
def give_up(app: App, entry: str) -> None:
    """
    See its help.
    """
    _show(app, app.api.post(f"outbox/{segment(entry)}/give-up"))


def _show(app: App, entry: dict[str, object]) -> None:
    if app.style is Style.JSON:
        app.print_json(entry)
        return
    app.print(render.shown(f"{entry['id']} {entry['state']}"))
    if entry["state"] == "waiting":
        app.say(f"{sentence(entry['reason'] or '')} It is tried again {due(str(entry['next_attempt']), app.now())}.".strip())
    elif entry["reason"]:
        app.say(sentence(entry["reason"]))
