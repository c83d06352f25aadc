# -*- test-case-name: tests.lpa.test_manage -*-
"""
Deleting and naming profiles, the memory reset, the default SM-DP+ (ES10c.DeleteProfile, SetNickname, eUICCMemoryReset;
ES10a.SetDefaultDpAddress; SGP.22 3.2.3 to 3.2.6, 3.3).
"""

from __future__ import annotations

from typing import Any

from cardgw.errors import ChannelError, LocalError
from cardgw.interfaces import ISession
from cardgw.lpa.changes import MAYBE, change, conclude, get_profiles, may_be_done
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.lpa.profile_json import named_json
from cardgw.lpa.profile_states import (
    DELETE_PROFILE,
    SET_DEFAULT_DP,
    SET_NICKNAME,
    check_result,
    default_dp_request,
    delete_request,
    nickname_request,
)
from cardgw.lpa.profiles import ENABLED, UnknownProfile, find_profile


class ProfileInUse(LocalError):
    """
    The profile is enabled, so it cannot be deleted.
    """

    hint = "Enable another profile, or disable this one, then delete it."


async def delete(session: ISession, isdr: Isdr, which: str, policy: NoticePolicy) -> dict[str, Any]:
    """
    Delete a profile.

    @param which: see L{find_profile}.
    @return: C{iccid}, C{isdpAid}, C{deleted} (true), and what L{conclude} adds.
    @raise ProfileInUse: it is enabled; the card was not asked.
    @raise CardGatewayError: the card refuses, or was lost.
    """
    profile = find_profile(await get_profiles(session, isdr), which)
    if profile.state == ENABLED:
        raise ProfileInUse(f"{profile.title} ({profile.iccid})")
    session.stage("es10c_delete_profile", iccid=profile.iccid, name=profile.title)
    request = delete_request(profile)
    try:
        await change(session, isdr, DELETE_PROFILE, request)
    except ChannelError as lost:
        if may_be_done(isdr, request, lost) and not lost.hint:
            lost.hint = MAYBE
        raise
    session.farewell(f"Deleted: {profile.title}.")
    return await conclude(session, isdr, policy, named_json(profile) | {"deleted": True})


async def set_nickname(session: ISession, isdr: Isdr, which: str, nickname: str) -> dict[str, Any]:
    """
    Name a profile.

    @param which: see L{find_profile}.
    @param nickname: at most L{NICKNAME_MAX <cardgw.lpa.profile_states.NICKNAME_MAX>} bytes in UTF-8; empty for none.
    @return: C{iccid}, C{isdpAid} and C{profileNickname}.
    @raise CardGatewayError: the card refuses, or was lost.
    """
    profile = find_profile(await get_profiles(session, isdr), which)
    if not profile.stored_iccid:
        raise UnknownProfile(f"{profile.title}: it has no ICCID, and nicknames are given by that")
    session.stage("es10c_set_nickname", iccid=profile.iccid)
    check_result(SET_NICKNAME, await isdr.command(nickname_request(profile, nickname)))
    return named_json(profile) | {"profileNickname": nickname or None}


async def set_default_dp(session: ISession, isdr: Isdr, address: str) -> dict[str, Any]:
    """
    Set the default SM-DP+.

    @param address: empty for none.
    @return: C{defaultDpAddress}.
    @raise CardGatewayError: the card refuses, or was lost.
    """
    session.stage("es10a_set_default_dp_address")
    check_result(SET_DEFAULT_DP, await isdr.command(default_dp_request(address)))
    return {"defaultDpAddress": address or None}
