# -*- test-case-name: tests.lpa.test_memory_reset -*-
"""
Deleting all profiles of a kind at once (ES10c.eUICCMemoryReset, SGP.22 3.3.2 and 5.7.19).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from attrs import define
from twisted.internet.defer import CancelledError

from cardgw.errors import CardGatewayError, ChannelError
from cardgw.interfaces import ISession
from cardgw.lpa.changes import (
    CANCELLED,
    UNCONFIRMED,
    Manner,
    agree_to_vanish,
    change,
    conclude,
    get_profiles,
    may_be_done,
    restart_words,
    still_there,
    write_down,
)
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.profile_json import named_json
from cardgw.lpa.profile_states import MEMORY_RESET, NOTHING_TO_DELETE, reset_request
from cardgw.lpa.profiles import ENABLED, Profile, list_profiles

DEFAULT_CLASS = "operational"
"""Of a profile that does not tell (SGP.22 annex H, StoreMetadataRequest)."""
ADDRESS = "default_smdp"
NOT_LISTED = "The card did not tell what it has now; these are the profiles that it had of this kind"


async def reset_memory(session: ISession, isdr: Isdr, options: Collection[str], manner: Manner) -> dict[str, Any]:
    """
    Reset the memory of an eUICC.  If there is nothing to delete, nothing is changed, and that is no error.

    @param options: of L{RESET_OPTIONS <cardgw.lpa.profile_states.RESET_OPTIONS>}.
    @return: C{deleted} (C{iccid} and C{isdpAid} of each profile that is gone), C{defaultDpAddressCleared}, C{changed},
        C{confirmed}, what L{conclude} adds, and C{note}, where there is more to say.
    @raise CardGatewayError: the card refuses, or was lost before it could get the command.
    """
    profiles = await get_profiles(session, isdr)
    return await _Reset(session, isdr, frozenset(options), manner, profiles).run()


@define(eq=False)
class _Reset:
    session: ISession
    isdr: Isdr
    options: frozenset[str]
    manner: Manner
    profiles: Sequence[Profile]

    async def run(self) -> dict[str, Any]:
        """
        See L{reset_memory}.
        """
        meant = [each for each in self.profiles if (each.profile_class or DEFAULT_CLASS) in self.options]
        in_use = next((each for each in meant if each.state == ENABLED), None)
        if in_use is not None:
            await agree_to_vanish(self.session, f"Deleting {in_use.title}", in_use, agreed=self.manner.accept_offline)
        result = {"deleted": [], "defaultDpAddressCleared": ADDRESS in self.options, "changed": True, "confirmed": True}
        try:
            confirmed = await self._send(in_use is not None)
        except Es10Error as refusal:
            if refusal.result != NOTHING_TO_DELETE:
                raise
            result |= {"changed": False, "defaultDpAddressCleared": False}
            return await conclude(self.session, self.isdr, self.manner.policy, result)
        if not confirmed:
            result |= {"deleted": [named_json(each) for each in meant], "confirmed": False, "note": UNCONFIRMED}
            await write_down(self.session, result)
            return result
        return await self._done(result, meant, in_use)

    async def _send(self, refreshes: bool) -> bool:
        """
        @param refreshes: the profile in use goes, so the card makes the terminal read it anew.
        @return: whether the card has confirmed it.
        """
        self.session.stage("es10c_euicc_memory_reset", options=sorted(self.options))
        request = reset_request(self.options)
        try:
            await change(self.session, self.isdr, MEMORY_RESET, request)
        except ChannelError as lost:
            if not refreshes or not may_be_done(self.isdr, request, lost):
                raise
            return False
        return True

    async def _done(self, result: dict[str, Any], meant: list[Profile], in_use: Profile | None) -> dict[str, Any]:
        gone, note = await self._gone(meant)
        result |= {"deleted": [named_json(each) for each in gone]} | ({"note": note} if note else {})
        reset = None if in_use is None else self.manner.reset(self.session.channel.info)
        self.session.farewell(f"The card was reset: {len(gone)} profiles deleted.{restart_words(reset)}", reset)
        return await conclude(self.session, self.isdr, self.manner.policy, result)

    async def _gone(self, meant: list[Profile]) -> tuple[list[Profile], str]:
        """
        Test profiles that were there from the beginning stay, and nothing tells which ones these are.
        """
        await write_down(self.session, {"deleted": [named_json(each) for each in meant], "note": NOT_LISTED})
        try:
            left = await list_profiles(self.isdr)
        except (CardGatewayError, CancelledError) as problem:
            return meant, f"{NOT_LISTED}. {str(problem) or CANCELLED}"
        return [each for each in self.profiles if not still_there(each, left)], ""
