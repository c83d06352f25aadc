# -*- test-case-name: tests.operations.test_notifications -*-
"""
C{notifications.list}, C{.send}, C{.send-all} and C{.remove}: what the providers of profiles are to know (SGP.22 3.5).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.fields import boolean, each_of, integer, option
from cardgw.interfaces import IOperation, ISession
from cardgw.lpa.access import open_isdr
from cardgw.lpa.deliver import Settled, settle
from cardgw.lpa.identity import identify
from cardgw.lpa.isdr import ISD_R, Isdr
from cardgw.lpa.notice_policy import KEEP, NoticePolicy
from cardgw.lpa.notice_removal import remove_notices
from cardgw.lpa.notices import NUMBER_MAX, described, is_about, list_notices
from cardgw.operations.settings import LpaSettings, NoticeSettings, segment_size
from cardgw.values import Feature, ParcelState

_NUMBERS = each_of(integer(0, NUMBER_MAX))
KEEP_ALL = NoticePolicy(install=KEEP, enable=KEEP, disable=KEEP, delete=KEEP)
NOTHING = "There are no notifications."


@frozen
class NoParameters:
    """
    Nothing is to be given.
    """


@frozen
class SendParameters:
    """
    What the caller gives.
    """

    numbers: tuple[int, ...] = option(_NUMBERS, "the sequence numbers of the notifications")
    keep: bool = option(boolean, "leave them on the card, whatever the setting says", default=False)


@frozen
class RemoveParameters:
    """
    What the caller gives.
    """

    numbers: tuple[int, ...] = option(
        _NUMBERS, "the sequence numbers of the notifications; none for all that their servers have", default=()
    )
    force: bool = option(boolean, "remove those that are named though their servers do not have them", default=False)


class _Notifications:
    """
    What all have in common.
    """

    parameters: Any = NoParameters
    settings: Any = NoticeSettings
    application: bytes | None = ISD_R
    requires: frozenset[Feature] = frozenset()
    destructive = False
    repeatable = False

    async def run(self, session: ISession) -> dict[str, Any]:
        """
        See L{IOperation.run}.
        """
        isdr = await open_isdr(session.channel, session.quirks, segment_size(session))
        try:
            return await self.work(session, isdr)
        finally:
            await isdr.close()

    async def work(self, session: ISession, isdr: Isdr) -> dict[str, Any]:
        """
        Do it.

        @return: what L{run} gives.
        """
        raise NotImplementedError("work")


@implementer(IPlugin, IOperation)
class ListNotifications(_Notifications):
    """
    See L{IOperation}.
    """

    name = "notifications.list"
    summary = "list the notifications on an eUICC"
    help = """\
Lists what the eUICC keeps for the providers of its profiles, and, where this gateway knows, whether they have it already.
"""
    settings: Any = LpaSettings
    repeatable = True

    async def work(self, session: ISession, isdr: Isdr) -> dict[str, Any]:
        """
        @return: C{notifications}: each with C{seqNumber}, C{profileManagementOperation}, C{notificationAddress} and C{iccid}, and
            C{delivered} where that is known; C{unreadable}: how many further ones cannot be read, if any.
        """
        listed = await list_notices(session, isdr)
        known = await session.outbox.entries(await identify(session, isdr)) if listed.notices else ()
        found = []
        for notice in listed.notices:
            about = [each for each in known if each.on_card and is_about(each.parcel, notice)]
            delivered = {"delivered": any(each.state is ParcelState.DELIVERED for each in about)} if about else {}
            found.append(described(notice) | delivered)
        return {"notifications": found} | ({"unreadable": listed.unreadable} if listed.unreadable else {})


@implementer(IPlugin, IOperation)
class SendNotifications(_Notifications):
    """
    See L{IOperation}.
    """

    name = "notifications.send"
    summary = "send notifications, again where need be"
    help = """\
Sends the notifications that are named to their servers, even if they were sent before.  Then they are removed from the eUICC as
the setting "notifications" says.  What cannot be sent now is tried again later, without the card.
"""
    parameters: Any = SendParameters

    async def work(self, session: ISession, isdr: Isdr) -> dict[str, Any]:
        """
        @return: see L{Settled}.
        """
        policy = KEEP_ALL if session.parameters.keep else session.settings.notifications
        return (await settle(session, isdr, policy, numbers=session.parameters.numbers, again=True)).shown()


@implementer(IPlugin, IOperation)
class SendAllNotifications(_Notifications):
    """
    See L{IOperation}.
    """

    name = "notifications.send-all"
    summary = "send all notifications that were not sent yet"
    help = """\
Sends what the eUICC keeps for the providers of its profiles, as the setting "notifications" says for each kind; what they have
already is not sent again.  What cannot be sent now is tried again later, without the card.
"""
    repeatable = True

    async def work(self, session: ISession, isdr: Isdr) -> dict[str, Any]:
        """
        @return: see L{Settled}.
        """
        settled = await settle(session, isdr, session.settings.notifications)
        session.farewell(summary(settled))
        return settled.shown()


@implementer(IPlugin, IOperation)
class RemoveNotifications(_Notifications):
    """
    See L{IOperation}.
    """

    name = "notifications.remove"
    summary = "remove notifications from an eUICC"
    help = """\
Removes notifications that their servers have: those that are named, or all.  One that was never sent is removed only with
"force"; then the provider may never learn what became of its profile: a profile that was deleted, say, still counts as installed.
"""
    parameters: Any = RemoveParameters
    settings: Any = LpaSettings
    destructive = True

    async def work(self, session: ISession, isdr: Isdr) -> dict[str, Any]:
        """
        @return: see L{cardgw.lpa.notice_removal.Removal}.
        """
        parameters = session.parameters
        return (await remove_notices(session, isdr, parameters.numbers, force=parameters.force)).shown()


def summary(settled: Settled) -> str:
    """
    What became of the notifications, for the card holder: one short sentence.
    """
    counts = settled.counts
    parts = (
        (counts["delivered"], "sent", "sent"),
        (counts["waiting"], "could not be sent and is tried again later", "could not be sent and are tried again later"),
        (counts["refused"], "was refused by its server", "were refused by their servers"),
        (counts["removed"] + counts["kept"], "was sent before", "were sent before"),
        (counts["left"], "was left as it is", "were left as they are"),
    )
    found = [(count, one if count == 1 else many) for count, one, many in parts if count]
    if not found:
        return NOTHING
    first, words = found[0]
    told = [f"{first} notification{'' if first == 1 else 's'} {words}", *(f"{count} {words}" for count, words in found[1:])]
    return ", ".join(told) + "."
