# -*- test-case-name: tests.cli.test_gp_status -*-
"""
C{cardgw gp lock-card} and its kin: the life cycle of cards and of what is on them.
"""

from __future__ import annotations

import click
from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.choose import Target
from cardgw.cli.errors import STATUSES, NoCard
from cardgw.cli.gp_order import GpCommand, administer
from cardgw.cli.group import Group, Option
from cardgw.cli.options import DESTRUCTIVE_JOB
from cardgw.cli.perform import DIGITS, Order, really
from cardgw.errors import ParameterError

OPERATION = "gp.status.set"
TERMINATE = "terminate"
_OF_TERMINATION = ("for_good", "terminate")
_AID = click.argument("aid")


@click.group(
    "status",
    cls=Group,
    help="any state: of a card, of its applications and security domains",
    examples=("cardgw gp status set secured --keys issuer",),
)
def status() -> None:
    """
    See its help.
    """


@status.command(
    "set",
    cls=GpCommand,
    operation=OPERATION,
    without=_OF_TERMINATION,
    help="set the state of the card, or of the application or security domain --aid",
    examples=("cardgw gp status set secured --keys issuer", "cardgw gp status set lock --aid D2760001240102 --keys issuer"),
    note="`cardgw gp terminate-card` terminates a card.\n\n" + STATUSES,
)
@click.argument("state")
@DESTRUCTIVE_JOB
@click.pass_context
def set_(context: click.Context, state: str) -> int:
    """
    See its help.
    """
    if state == TERMINATE:
        raise ParameterError("terminate: this is not undone by anything", hint="It is a command of its own: terminate-card.")
    return administer(context, {"state": state}, confirm=really(f'This sets the state "{state}".'))


@click.command(
    "lock-card",
    cls=GpCommand,
    operation=OPERATION,
    without=("state", "aid", "related", *_OF_TERMINATION),
    help="lock a card: nothing but its final application can be selected until it is unlocked",
    examples=("cardgw gp lock-card --keys issuer",),
    note=STATUSES,
)
@DESTRUCTIVE_JOB
@click.pass_context
def lock_card(context: click.Context) -> int:
    """
    See its help.
    """
    return administer(context, {"state": "lock"}, confirm=really("This locks the card."))


@click.command(
    "unlock-card",
    cls=GpCommand,
    operation=OPERATION,
    without=("state", "aid", "related", *_OF_TERMINATION),
    help="unlock a card; it is secured again",
    examples=("cardgw gp unlock-card --keys issuer",),
    note=STATUSES,
)
@DESTRUCTIVE_JOB
@click.pass_context
def unlock_card(context: click.Context) -> int:
    """
    See its help.
    """
    return administer(context, {"state": "unlock"})


@click.command(
    "terminate-card",
    cls=GpCommand,
    operation=OPERATION,
    without=("state", "aid", "related", *_OF_TERMINATION),
    help="make waste of a card: nothing can be done with it ever again",
    examples=(
        "cardgw gp terminate-card --for-good --keys issuer                                    asks for the end of its identity",
        "cardgw gp terminate-card --for-good --terminate cuid:47905032… --keys issuer --yes   asks nothing",
    ),
    note="It takes consent twice: --for-good, and the identity of the card, with --terminate or typed when asked.\n\n" + STATUSES,
)
@click.option("--for-good", cls=Option, is_flag=True, required=True, help="consent that this can never be undone")
@click.option(
    "--terminate", cls=Option, metavar="IDENTITY", default="", help="consent once more: whole, as `cardgw cards` has it"
)
@DESTRUCTIVE_JOB
@click.pass_context
def terminate_card(context: click.Context, *, for_good: bool, terminate: str) -> int:
    """
    See its help.
    """
    app: App = context.obj
    if not for_good:
        raise ParameterError("--for-good: missing; nothing can be done with a terminated card ever again")
    if not terminate and (app.flags.yes or not app.may_ask):
        raise ParameterError("--terminate: missing; it has the identity of the card that is terminated")
    values = {"state": TERMINATE, "for_good": True, "terminate": terminate}
    return administer(context, values, confirm=_really_that if not terminate else really("This terminates the card for good."))


def _really_that(app: App, target: Target, order: Order) -> Order:
    """
    Have the end of its identity typed.
    """
    identity = str((target.card or {}).get("identity") or (target.address if target.card is None else ""))
    if not identity:
        raise NoCard("the card does not tell who it is", hint="Say --terminate and the AID of its issuer security domain.")
    typed = app.ask(f"This terminates {identity} for good. Type the last {DIGITS} characters of that to go on")
    if typed.strip().upper() != identity[-DIGITS:].upper():
        app.say("That is not its end; nothing was done.")
        raise click.Abort
    return evolve(order, parameters={**order.parameters, "terminate": identity})


@click.command(
    "lock-applet",
    cls=GpCommand,
    operation=OPERATION,
    without=("state", *_OF_TERMINATION),
    help="lock an application or a security domain: it cannot be selected until it is unlocked",
    examples=("cardgw gp lock-applet D2760001240102 --keys issuer",),
    note=STATUSES,
)
@_AID
@DESTRUCTIVE_JOB
@click.pass_context
def lock_applet(context: click.Context, aid: str) -> int:
    """
    See its help.
    """
    return administer(context, {"state": "lock", "aid": aid})


@click.command(
    "unlock-applet",
    cls=GpCommand,
    operation=OPERATION,
    without=("state", *_OF_TERMINATION),
    help="unlock an application or a security domain",
    examples=("cardgw gp unlock-applet D2760001240102 --keys issuer",),
    note=STATUSES,
)
@_AID
@DESTRUCTIVE_JOB
@click.pass_context
def unlock_applet(context: click.Context, aid: str) -> int:
    """
    See its help.
    """
    return administer(context, {"state": "unlock", "aid": aid})
