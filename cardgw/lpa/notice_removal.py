# -*- test-case-name: tests.lpa.test_notice_removal -*-
"""
Removing notifications from an eUICC by hand.  One that its server never got is not to be lost: the provider would go on to
believe that the profile is there, or in use.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from attrs import field, frozen

from cardgw.errors import CardError, LocalError
from cardgw.interfaces import ISession
from cardgw.lpa.identity import identify
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notices import described, forget, is_about, list_notices, retrieve_notice
from cardgw.lpa.notification import Metadata
from cardgw.values import OutboxEntry, ParcelState


class NotificationUnsent(LocalError):
    """
    The provider has not been told yet.
    """

    hint = "Send the notification first, or remove it with force; then the provider may never learn of it."


@frozen
class Removal:
    """
    What became of the notifications that were to be removed.

    @ivar removed: gone, whether their servers had them or not.
    @ivar left: still on the card, each with the reason.
    """

    removed: list[Metadata] = field(factory=list)
    left: list[tuple[Metadata, str]] = field(factory=list)

    def shown(self) -> dict[str, Any]:
        """
        As results have it.
        """
        left = [described(notice) | {"reason": reason} for notice, reason in self.left]
        return {"removed": [described(notice) for notice in self.removed], "left": left}


async def remove_notices(session: ISession, isdr: Isdr, numbers: Collection[int] = (), *, force: bool = False) -> Removal:
    """
    Remove notifications from the card.

    @param numbers: which; if none are given, all that their servers have.
    @param force: also those that their servers do not have; C{numbers} must name them.
    @raise NoSuchNotification: one is not on the card; nothing was done.
    @raise NotificationUnsent: one was never delivered; nothing was done.
    @raise ChannelError: the card was lost.
    """
    listed = await list_notices(session, isdr)
    wanted = [listed.find(number) for number in sorted(set(numbers))] if numbers else list(listed.notices)
    removal = Removal()
    if not wanted:
        return removal
    known = await session.outbox.entries(await identify(session, isdr))
    found = [(notice, await _stored(isdr, notice, known)) for notice in wanted]
    unsent = [notice for notice, entry in found if not _delivered(entry)]
    if unsent and numbers and not force:
        raise NotificationUnsent(", ".join(f"number {each.sequence}" for each in unsent))
    for at, (notice, entry) in enumerate(found, 1):
        if _delivered(entry) or numbers:
            await _remove(session, isdr, notice, entry, removal)
        else:
            removal.left.append((notice, "its server does not have it"))
        session.percent(at * 100 // len(found))
    return removal


def _delivered(entry: OutboxEntry | None) -> bool:
    return entry is not None and entry.state is ParcelState.DELIVERED


async def _stored(isdr: Isdr, notice: Metadata, known: Sequence[OutboxEntry]) -> OutboxEntry | None:
    """
    What the outbox has of a notification, byte for byte.  The card is asked only where there is something to compare.
    """
    alike = [each for each in known if is_about(each.parcel, notice)]
    if not alike:
        return None
    try:
        pending = await retrieve_notice(isdr, notice.sequence)
    except CardError:
        return None
    return next((each for each in alike if each.parcel.payload == pending.raw), None)


async def _remove(session: ISession, isdr: Isdr, notice: Metadata, entry: OutboxEntry | None, removal: Removal) -> None:
    try:
        await forget(session, isdr, notice.sequence)
    except CardError as problem:
        removal.left.append((notice, str(problem)))
        return
    removal.removed.append(notice)
    if entry is not None:
        await session.outbox.taken_off(entry)
