# -*- test-case-name: tests.lpa.test_changes -*-
"""
What all changes of profiles have in common: a card that is busy is asked again, one that vanishes in the midst of it is judged,
those who must hear of it are told, and the card is started anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from cardgw.apdu.unbroken import unbroken
from cardgw.errors import CardGatewayError, ChannelError, LocalError, NobodyToAsk
from cardgw.interfaces import ISession
from cardgw.lpa.deliver import settle
from cardgw.lpa.errors import Es10Error
from cardgw.lpa.isdr import FUNCTIONS, Isdr
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.lpa.policy import YES
from cardgw.lpa.profile_states import CAT_BUSY, check_result
from cardgw.lpa.profiles import Profile, list_profiles
from cardgw.quirks import Quirks
from cardgw.values import ChannelInfo, Question, Reset

BUSY_PAUSES = (2.0, 4.0, 8.0)
"""Seconds to wait before a busy card is asked again."""
AUTO, YES_FLAG, NO_FLAG = "auto", "yes", "no"
UNCONFIRMED = (
    "The connection was lost before the card could answer. Very probably it is done: the card's next visit will show it."
)
LATER = "Not all notifications were taken from the card; the others stay there until its next visit"
CANCELLED = "It was cancelled."
MAYBE = "It may be done nevertheless: look at the list of profiles before you try again."


class OfflineConsentNeeded(LocalError):
    """
    The card could not be reached any more after that, so somebody must agree to it.
    """

    hint = "Enable another profile instead, or give accept_offline."


class OfflineDeclined(LocalError):
    """
    Nobody agreed to lose the connection to the card, so nothing was changed.
    """


@frozen
class Manner:
    """
    How profiles are switched.

    @ivar policy: what becomes of the notifications.
    @ivar refresh: the refresh flag: L{AUTO}, L{YES_FLAG} or L{NO_FLAG}.  Automatically it is set where the channel will not start
        the card anew.
    @ivar restart: start the card anew afterwards, where the channel can.
    @ivar accept_offline: agree to lose the only connection to the card.
    """

    policy: NoticePolicy
    refresh: str = AUTO
    restart: bool = True
    accept_offline: bool = False

    def reset(self, info: ChannelInfo) -> Reset | None:
        """
        How the card is started anew, if it is.
        """
        kinds = (Reset.REBOOT, Reset.COLD) if self.restart else ()
        return next((kind for kind in kinds if kind in info.resets), None)

    def flag(self, info: ChannelInfo, quirks: Quirks) -> bool:
        """
        The refresh flag.
        """
        if quirks.refresh is not None:
            return quirks.refresh
        return self.reset(info) is None if self.refresh == AUTO else self.refresh == YES_FLAG


async def get_profiles(session: ISession, isdr: Isdr, *, icons: bool = False) -> tuple[Profile, ...]:
    """
    See L{list_profiles}.
    """
    session.stage("es10c_get_profiles_info")
    return await list_profiles(isdr, icons=icons)


async def change(session: ISession, isdr: Isdr, tag: int, request: bytes) -> None:
    """
    Have the card do something; while a toolkit session keeps it from that, wait and ask again.  Cancelling ends the waiting, but
    does not keep from the answer of a card that may be doing it.

    @param tag: of the request.
    @raise Es10Error: it refuses, or is still busy.
    @raise CardGatewayError: see L{Isdr.command}.
    """
    for pause in BUSY_PAUSES:
        try:
            return check_result(tag, await unbroken(isdr.command(request, slow=True)))
        except Es10Error as refusal:
            if refusal.result != CAT_BUSY:
                raise
        session.stage("cat_busy", function=FUNCTIONS[tag], seconds=pause)
        await deferLater(session.clock, pause)
    return check_result(tag, await unbroken(isdr.command(request, slow=True)))


def may_be_done(isdr: Isdr, request: bytes, lost: ChannelError) -> bool:
    """
    Whether all of a request may have reached the card before it was lost.
    """
    blocks = -(-len(request) // isdr.segment_size)
    return len(lost.responses) + lost.unanswered >= blocks


async def agree_to_vanish(session: ISession, what: str, profile: Profile, *, agreed: bool) -> None:
    """
    Before the profile goes out of use that carries the only connection to the card: ask.

    @param what: is going to be done, in words.
    @raise OfflineConsentNeeded: nobody can be asked.
    @raise OfflineDeclined: the answer was not yes.
    """
    if agreed or not session.channel.info.self_carried:
        return
    text = f"{what} ends this connection: the card is out of reach until a profile is enabled on the phone. Go on? (yes or no)"
    facts = {"iccid": profile.iccid, "provider": profile.provider, "name": profile.name}
    try:
        answer = await session.ask(Question("consent", text, facts))
    except NobodyToAsk as nobody:
        raise OfflineConsentNeeded(what) from nobody
    if answer.strip().lower() not in YES:
        raise OfflineDeclined(what)


async def conclude(session: ISession, isdr: Isdr, policy: NoticePolicy, result: dict[str, Any]) -> dict[str, Any]:
    """
    What was done is written down, and those are told who want to hear of it.  Whatever becomes of the card, the store and the
    wish to have it done, it is done now.

    @return: the result, with C{notifications}: how many had which fate; or C{None}, and why in C{note}.
    """
    await write_down(session, result)
    try:
        settled = await settle(session, isdr, policy)
    except (CardGatewayError, CancelledError) as problem:
        note = " ".join(filter(None, (result.get("note"), f"{LATER}. {str(problem) or CANCELLED}")))
        return result | {"notifications": None, "note": note}
    return result | {"notifications": settled.counts}


async def write_down(session: ISession, result: dict[str, Any]) -> None:
    """
    See L{ISession.achieved}.  Never fails: that it could not be written down yet does not make it undone.
    """
    try:
        await session.achieved(result)
    except (CardGatewayError, CancelledError) as problem:
        session.log.warn("the result could not be written down yet: {problem}", problem=str(problem) or CANCELLED)


def restart_words(reset: Reset | None) -> str:
    """
    What a farewell says of it.
    """
    return "" if reset is None else " The card restarts now."


def still_there(profile: Profile, profiles: Sequence[Profile]) -> bool:
    """
    Whether a profile is among those that a later list has.
    """
    return any((each.stored_iccid, each.aid) == (profile.stored_iccid, profile.aid) for each in profiles)
