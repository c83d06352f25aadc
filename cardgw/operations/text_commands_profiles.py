# -*- test-case-name: tests.operations.test_text_commands_profiles -*-
"""
C{/profiles}, C{/enable} and C{/disable}: the profiles on the card, for its holder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cardgw.interfaces import ISession
from cardgw.lpa.changes import Manner, get_profiles
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.profile_json import profile_json
from cardgw.lpa.profiles import DISABLED, ENABLED, AmbiguousProfile, Profile, find_profile
from cardgw.lpa.switch import switch
from cardgw.operations.text_parser import Typed, no_argument, wrong_form

TAIL_MIN = 4
"""Fewest digits that are the end of an ICCID; fewer are the number in the list."""
TITLE_MAX = 24
"""Most characters of a name in the list: a box has 253 for all."""
_STATES: Mapping[str, str] = {"enable": ENABLED, "disable": DISABLED}


def short_iccid(iccid: str) -> str:
    """
    An ICCID as a small display has it: its first five digits and its last four.
    """
    return f"{iccid[:5]}...{iccid[-4:]}" if iccid else "-"


def profile_lines(profiles: Sequence[Profile]) -> str:
    """
    The list: number, a star where a profile is enabled, name, ICCID.
    """
    if not profiles:
        return "No profile is on the card."
    lines = [
        f"{number}{'*' if each.state == ENABLED else ''} {each.title[:TITLE_MAX].strip()} {short_iccid(each.iccid)}"
        for number, each in enumerate(profiles, 1)
    ]
    return "\n".join([*lines, "* enabled" if any(each.state == ENABLED for each in profiles) else "None is enabled."])


def choose(profiles: Sequence[Profile], text: str) -> Profile:
    """
    The profile that a card holder means.

    @param text: its number in the list, the end of its ICCID (at least four digits), its nickname, or what the list shows.
    @raise UnknownProfile: there is none.
    @raise AmbiguousProfile: there are several.
    """
    name = _plain(text)
    found = {each.iccid or each.aid.hex(): each for each in profiles if name in (_plain(each.nickname), _plain(each.title))}
    digits = "".join(text.split())
    if digits.isascii() and digits.isdecimal():
        found |= {each.iccid: each for each in _numbered(profiles, digits)}
    if len(found) > 1:
        raise AmbiguousProfile(f'"{text}" may be {" or ".join(short_iccid(each.iccid) for each in found.values())}')
    return next(iter(found.values())) if found else find_profile(profiles, text)


def _numbered(profiles: Sequence[Profile], digits: str) -> Sequence[Profile]:
    if len(digits) >= TAIL_MIN:
        return [each for each in profiles if each.iccid.endswith(digits)]
    return profiles[int(digits) - 1 : int(digits)] if int(digits) else ()


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


async def profiles(session: ISession, isdr: Isdr, typed: Typed) -> dict[str, Any]:
    """
    C{/profiles}.
    """
    no_argument(typed)
    found = await get_profiles(session, isdr)
    session.farewell(profile_lines(found))
    return {"profiles": [profile_json(each) for each in found]}


async def switch_profile(session: ISession, isdr: Isdr, typed: Typed) -> dict[str, Any]:
    """
    C{/enable} and C{/disable}: see L{switch}.  A holder who types this has the card at hand, and can enable another profile on
    the phone.

    @raise WrongForm: no profile is given.
    """
    if not typed.argument:
        raise wrong_form(typed, "its number in /profiles, its name, or the end of its ICCID")
    settings, request = session.settings, session.channel.info.request
    at_hand = request is not None and request.text == typed.text
    manner = Manner(settings.notifications, settings.refresh, settings.restart, accept_offline=at_hand)
    return await switch(session, isdr, typed.argument, _STATES[typed.name], manner, find=choose)
