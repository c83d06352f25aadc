# -*- test-case-name: tests.cli.test_lpa -*-
"""
C{cardgw profiles} and its kin: what an LPA does to the profiles on a card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from attrs import evolve

from cardgw.cli.app import App
from cardgw.cli.choose import Target
from cardgw.cli.completion import complete_profiles
from cardgw.cli.errors import STATUSES
from cardgw.cli.group import Command, Option
from cardgw.cli.options import DESTRUCTIVE_JOB, JOB
from cardgw.cli.perform import DIGITS, Order, perform, really, result_of
from cardgw.cli.render import shown

_PROFILE = click.argument("profile", shell_complete=complete_profiles)
_NOTE = "PROFILE is an ICCID, the AID of an ISD-P, or a nickname.\n\n" + STATUSES


@click.command(
    "profiles",
    cls=Command,
    help="list the profiles on a card",
    examples=("cardgw profiles --card 4321", "cardgw profiles --json | jq -r '.profiles[].iccid'"),
    note=STATUSES,
)
@JOB
@click.pass_obj
def profiles(app: App) -> int:
    """
    See its help.
    """
    return perform(app, Order("lpa.profiles", acts=False))


@click.command(
    "info",
    cls=Command,
    help="tell what a card is: EID, capabilities, memory, servers",
    examples=("cardgw info --card 4321", "cardgw info --json | jq .EUICCInfo2.extCardResource"),
    note=STATUSES,
)
@JOB
@click.pass_obj
def info(app: App) -> int:
    """
    See its help.
    """
    return perform(app, Order("lpa.info", acts=False))


@click.command(
    "enable",
    cls=Command,
    help="enable a profile in place of the present one",
    examples=("cardgw enable 8944476500001224158", "cardgw enable travel --card 4321"),
    note=_NOTE,
)
@_PROFILE
@JOB
@click.pass_obj
def enable(app: App, profile: str) -> int:
    """
    See its help.
    """
    return perform(app, Order("lpa.enable", {"profile": profile}))


@click.command(
    "disable",
    cls=Command,
    help="disable a profile",
    examples=("cardgw disable travel --card 4321", "cardgw disable travel --accept-offline      asks nothing"),
    note=_NOTE,
)
@_PROFILE
@click.option("--accept-offline", cls=Option, is_flag=True, help="agree that the card may be out of reach afterwards")
@JOB
@click.pass_obj
def disable(app: App, profile: str, accept_offline: bool) -> int:
    """
    See its help.
    """
    agreed = {"accept_offline": True} if accept_offline else {}
    return perform(app, Order("lpa.disable", {"profile": profile, **agreed}))


@click.command(
    "delete",
    cls=Command,
    help="delete a profile for good",
    examples=(
        "cardgw delete 8944476500001224158            asks for the last 4 digits of the ICCID",
        "cardgw delete travel --card 4321 --yes       asks nothing",
    ),
    note=_NOTE,
)
@_PROFILE
@DESTRUCTIVE_JOB
@click.pass_obj
def delete(app: App, profile: str) -> int:
    """
    See its help.
    """
    return perform(app, Order("lpa.delete", {"profile": profile}, confirm=confirm_delete))


@click.command(
    "nickname",
    cls=Command,
    help="give a profile a nickname, or take it away",
    examples=('cardgw nickname 8944476500001224158 "travel 2027"', 'cardgw nickname "travel 2027" ""'),
    note=_NOTE,
)
@_PROFILE
@click.argument("nickname")
@JOB
@click.pass_obj
def nickname(app: App, profile: str, nickname: str) -> int:
    """
    See its help.
    """
    return perform(app, Order("lpa.nickname", {"profile": profile, "nickname": nickname}))


def confirm_delete(app: App, target: Target, order: Order) -> Order:
    """
    Show which profile it is, and have the last digits of its ICCID typed.

    @return: the order with the ICCID, so that no other profile can be meant.
    """
    wanted = str(order.parameters["profile"])
    found = _profile(app, target, wanted)
    iccid = str(found["iccid"]) if found is not None and found.get("iccid") else "".join(wanted.split())
    if not (iccid.isascii() and iccid.isdecimal() and len(iccid) >= DIGITS):
        return really(f'This deletes "{shown(wanted)}" for good.')(app, target, order)
    names = (
        [str(found[name]) for name in ("profileNickname", "serviceProviderName", "profileName") if found[name]] if found else []
    )
    told = f"{iccid} ({', '.join(names)})" if names else iccid
    typed = app.ask(f"This deletes {told} for good. Type the last {DIGITS} digits of its ICCID to go on")
    if typed.strip() != iccid[-DIGITS:]:
        app.say("These are not its last digits; nothing was deleted.")
        raise click.Abort
    return evolve(order, parameters={**order.parameters, "profile": iccid})


def _profile(app: App, target: Target, wanted: str) -> Mapping[str, Any] | None:
    """
    The profile as the card has it, if the card is here and tells.
    """
    if target.card is None:
        return None
    listed, text = result_of(app, Order("lpa.profiles"), target), wanted.strip()
    names = ("iccid", "isdpAid", "profileNickname")
    found = [each for each in listed["profiles"] if text.lower() in [str(each.get(name)).lower() for name in names]]
    return found[0] if len(found) == 1 else None
