# -*- test-case-name: tests.lpa.test_switch -*-
"""
Putting profiles to use and out of it (ES10c.EnableProfile and DisableProfile, SGP.22 3.2.1 and 3.2.2).

The connection to the card may run over the very profile that is switched, and the terminal may reset the card as soon as it is.
So what is asked of the card may be done although its answer never comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from attrs import define

from cardgw.errors import ChannelError
from cardgw.interfaces import ISession
from cardgw.lpa.changes import (
    UNCONFIRMED,
    Manner,
    agree_to_vanish,
    change,
    conclude,
    get_profiles,
    may_be_done,
    restart_words,
    write_down,
)
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.profile_json import named_json
from cardgw.lpa.profile_states import DISABLE_PROFILE, ENABLE_PROFILE, NOT_IN_STATE, switch_request
from cardgw.lpa.profiles import DISABLED, ENABLED, Profile, find_profile

_TAGS = {ENABLED: ENABLE_PROFILE, DISABLED: DISABLE_PROFILE}
_STAGES = {ENABLED: "es10c_enable_profile", DISABLED: "es10c_disable_profile"}

Find: TypeAlias = Callable[[Sequence[Profile], str], Profile]
"""Finds the profile that somebody means."""


async def switch(
    session: ISession, isdr: Isdr, which: str, state: str, manner: Manner, *, find: Find = find_profile
) -> dict[str, Any]:
    """
    Have a profile in a state.  If it is there already, nothing is changed, and that is no error.

    @param which: what C{find} understands.
    @param state: L{ENABLED} or L{DISABLED}.
    @return: C{iccid}, C{isdpAid}, C{profileState}, C{changed}, C{confirmed} (the card has said so), C{replaced} (the ICCID of the
        profile that was in use before, where another one was enabled), C{refresh} (the flag), C{notifications} (see L{conclude};
        absent where the outcome is not confirmed), and C{note}, where there is more to say.
    @raise CardGatewayError: the card refuses, or was lost before it could get the command.
    """
    profiles = await get_profiles(session, isdr)
    return await _Switch(session, isdr, find(profiles, which), state, manner, profiles).run()


@define(eq=False)
class _Switch:
    session: ISession
    isdr: Isdr
    profile: Profile
    state: str
    manner: Manner
    profiles: Sequence[Profile]

    async def run(self) -> dict[str, Any]:
        """
        See L{switch}.
        """
        refresh = self.manner.flag(self.session.channel.info, self.session.quirks)
        result = named_json(self.profile) | {"profileState": self.state, "changed": True, "confirmed": True}
        result |= {"replaced": self._replaced(), "refresh": refresh}
        if self.profile.state == self.state:
            return await self._unchanged(result)
        if self.state == DISABLED:
            agreed = self.manner.accept_offline
            await agree_to_vanish(self.session, f"Disabling {self.profile.title}", self.profile, agreed=agreed)
        try:
            confirmed = await self._send(refresh)
        except Es10Error as refusal:
            if refusal.result != NOT_IN_STATE:
                raise
            return await self._unchanged(result)  # the list did not tell its state, or somebody was faster
        if not confirmed:
            result |= {"confirmed": False, "note": UNCONFIRMED}
            await write_down(self.session, result)
            return result
        return await self._done(result)

    def _replaced(self) -> str | None:
        present = (each for each in self.profiles if each.state == ENABLED and each is not self.profile)
        return next((each.iccid for each in present), None) if self.state == ENABLED else None

    async def _send(self, refresh: bool) -> bool:
        """
        @return: whether the card has confirmed it.
        """
        facts = {"iccid": self.profile.iccid, "name": self.profile.title, "refresh": refresh}
        self.session.stage(_STAGES[self.state], **facts)
        tag = _TAGS[self.state]
        request = switch_request(tag, self.profile, refresh=refresh)
        try:
            await change(self.session, self.isdr, tag, request)
        except ChannelError as lost:
            expected = refresh or self.session.channel.info.self_carried
            if not expected or not may_be_done(self.isdr, request, lost):
                raise
            return False
        return True

    async def _unchanged(self, result: dict[str, Any]) -> dict[str, Any]:
        """
        An earlier try may have been cut off before anybody was told.
        """
        self.session.farewell(f"{self.profile.title} is {self.state} already.")
        result |= {"changed": False, "replaced": None, "refresh": False}
        return await conclude(self.session, self.isdr, self.manner.policy, result)

    async def _done(self, result: dict[str, Any]) -> dict[str, Any]:
        reset = self.manner.reset(self.session.channel.info)
        self.session.farewell(f"{self.state.capitalize()}: {self.profile.title}.{restart_words(reset)}", reset)
        return await conclude(self.session, self.isdr, self.manner.policy, result)
