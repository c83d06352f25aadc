# -*- test-case-name: tests.cli.test_gp_keys -*-
"""
C{cardgw gp keys}: the keys of a security domain.
"""

from __future__ import annotations

import click

from cardgw.cli.app import App, Style
from cardgw.cli.choose import choose
from cardgw.cli.declared import given
from cardgw.cli.errors import DONE, STATUSES, NoCard
from cardgw.cli.gp_order import GpCommand, administer
from cardgw.cli.gp_views import KEYS, key_rows
from cardgw.cli.group import Group
from cardgw.cli.options import CARD_ANSWER, DESTRUCTIVE_JOB
from cardgw.cli.perform import Order, really, result_of
from cardgw.cli.render import table


@click.group(
    "keys",
    cls=Group,
    help="the keys of a security domain: which there are, new ones, old ones",
    examples=("cardgw gp keys list", "cardgw gp keys put next --replaces 0x30 --keys issuer --dry-run"),
)
def keys() -> None:
    """
    See its help.
    """


@keys.command(
    "list",
    cls=GpCommand,
    operation="gp.info",
    help="list the keys of a security domain: versions, identifiers, types; never what they are",
    examples=("cardgw gp keys list --card 4321",),
    note=STATUSES,
)
@CARD_ANSWER
@click.pass_context
def list_(context: click.Context) -> int:
    """
    See its help.
    """
    app: App = context.obj
    target = choose(app)
    if target.card is None:
        raise NoCard(f"{target.named} is not here", hint="See `cardgw cards`.")
    found = result_of(app, Order("gp.info", given(context)), target)
    if app.style is Style.JSON:
        app.print_json({"items": found["keys"] or [], "next": None})
        return DONE
    table(app, KEYS, key_rows(found["keys"] or []), "The card tells of no keys.")
    if "keys" in found["problems"]:
        app.say(found["problems"]["keys"])
    return DONE


@keys.command(
    "put",
    cls=GpCommand,
    operation="gp.keys.put",
    help="put a key set of the settings on the card, or replace one with it",
    examples=(
        "cardgw gp keys put next --keys issuer --dry-run               see the check values first",
        "cardgw gp keys put next --keys issuer                         beside the others, or in place of those from the factory",
        "cardgw gp keys put next --keys issuer --replaces 0x30         in place of the version 0x30",
    ),
    note="NEW is the name of the new key set in the settings of the gateway. Whoever loses the keys has lost the card.\n\n"
    + STATUSES,
)
@click.argument("new")
@DESTRUCTIVE_JOB
@click.pass_context
def put(context: click.Context, new: str) -> int:
    """
    See its help.
    """
    replaced = given(context).get("replaces")
    how = f" in place of version {replaced}" if replaced is not None else ""
    return administer(context, {"new": new}, confirm=really(f'This puts the keys "{new}" on the card{how}.'))


@keys.command(
    "delete",
    cls=GpCommand,
    operation="gp.keys.delete",
    help="delete keys of a security domain, by version, identifier or both",
    examples=("cardgw gp keys delete --version 0x30 --keys next",),
    note="A security domain that has lost its last key set is lost for good.\n\n" + STATUSES,
)
@DESTRUCTIVE_JOB
@click.pass_context
def delete(context: click.Context) -> int:
    """
    See its help.
    """
    which = " ".join(f"{name} {given(context)[name]}" for name in ("version", "identifier") if name in given(context))
    return administer(context, confirm=really(f"This deletes the keys of {which} for good."))
