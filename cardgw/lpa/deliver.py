# -*- test-case-name: tests.lpa.test_deliver -*-
"""
Notifications go to their servers, and leave the eUICC only when the servers have them (SGP.22 3.5).

  1. What is on the card is listed; what L{NoticePolicy} leaves alone is left alone.
  2. The rest is retrieved and stored in the outbox, before anything is sent.
  3. It is delivered, in order for each server.  What a server has already is not sent again.  What cannot be delivered now, the
     outbox goes on with, without the card.
  4. What was delivered, now or before, is removed from the card, where it is to be.

Whenever this ends, in whatever way, the card and the outbox together have the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from attrs import define, field, fields, frozen
from twisted.internet.defer import Deferred

from cardgw.errors import CardError, CardGatewayError, DeliveryRefused
from cardgw.interfaces import ISession
from cardgw.lpa.es10 import GET_EUICC_INFO1, parse_info1
from cardgw.lpa.identity import identify
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.notice_policy import KEEP, LEAVE, REMOVE, NoticePolicy
from cardgw.lpa.notices import Listed, described, forget, is_about, list_notices, parcel_of, retrieve_notice
from cardgw.lpa.notification import Metadata
from cardgw.lpa.together import together
from cardgw.values import OutboxEntry, ParcelState


@frozen
class Outcome:
    """
    What became of one notification.

    @ivar reason: why, where that is of interest.
    """

    notice: Metadata
    reason: str = ""

    def shown(self) -> dict[str, Any]:
        """
        As results have it.
        """
        return described(self.notice) | ({"reason": self.reason} if self.reason else {})


@frozen
class Settled:
    """
    What became of the notifications on a card; each is in one place.

    @ivar delivered: sent, and accepted.
    @ivar removed: delivered before; now they have been removed from the card.
    @ivar kept: delivered before; they stay on the card.
    @ivar waiting: could not be sent now; the outbox tries again.
    @ivar refused: their servers will never take them.
    @ivar left: nothing was done, or one that was to be sent again could not be.
    """

    delivered: tuple[Outcome, ...] = ()
    removed: tuple[Outcome, ...] = ()
    kept: tuple[Outcome, ...] = ()
    waiting: tuple[Outcome, ...] = ()
    refused: tuple[Outcome, ...] = ()
    left: tuple[Outcome, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """
        How many there are of each.
        """
        return {each.name: len(getattr(self, each.name)) for each in fields(Settled)}

    def shown(self) -> dict[str, Any]:
        """
        As results have it.
        """
        return {each.name: [outcome.shown() for outcome in getattr(self, each.name)] for each in fields(Settled)}


async def settle(
    session: ISession, isdr: Isdr, policy: NoticePolicy, *, numbers: Collection[int] | None = None, again: bool = False
) -> Settled:
    """
    Deliver the notifications on a card.

    @param policy: what becomes of each kind.
    @param numbers: only these; those that the policy leaves alone are sent nevertheless, and stay on the card.
    @param again: send also what was delivered, refused or given up before.
    @raise NoSuchNotification: one of C{numbers} is not on the card; nothing was done.
    @raise ChannelError: the card was lost; what was stored by then will be delivered.
    @raise CardGatewayError: the card does not give its list.
    """
    listed = await list_notices(session, isdr)
    wanted = listed.notices if numbers is None else tuple(listed.find(number) for number in sorted(set(numbers)))
    if not listed.notices and not session.identity:
        return Settled()
    card = await identify(session, isdr)
    known = await session.outbox.entries(card)
    await _tidy(session, listed, known)
    return await _Work(session, isdr, policy, card, known, numbers is not None, again).run(wanted)


async def _tidy(session: ISession, listed: Listed, known: Sequence[OutboxEntry]) -> None:
    """
    Somebody else may have removed notifications from the card.
    """
    for entry in known if not listed.unreadable else ():
        if entry.on_card and not any(is_about(entry.parcel, notice) for notice in listed.notices):
            await session.outbox.taken_off(entry)


@frozen
class _Item:
    """
    A notification that is stored.

    @ivar rule: L{REMOVE} or L{KEEP}.
    @ivar fresh: it is to be sent.
    """

    notice: Metadata
    entry: OutboxEntry
    rule: str
    fresh: bool


@define(eq=False)
class _Work:
    """
    One run of L{settle}.

    @ivar named: the caller has named those that are meant.
    """

    session: ISession
    isdr: Isdr
    policy: NoticePolicy
    card: str
    known: Sequence[OutboxEntry]
    named: bool
    again: bool
    outcomes: dict[str, list[Outcome]] = field(factory=lambda: {each.name: [] for each in fields(Settled)})
    done: int = 0

    async def run(self, wanted: Sequence[Metadata]) -> Settled:
        """
        See L{settle}.
        """
        items = await self._collect([each for each in wanted if self._concerns(each)])
        delivered = {each.notice.sequence for each in items if not each.fresh} | await self._send([i for i in items if i.fresh])
        await self._clear([each for each in items if each.notice.sequence in delivered])
        return Settled(**{name: tuple(sorted(found, key=_number)) for name, found in self.outcomes.items()})

    def _note(self, what: str, notice: Metadata, reason: str = "") -> None:
        self.outcomes[what].append(Outcome(notice, reason))

    def _rule(self, notice: Metadata) -> str:
        rule = self.policy.of(notice.events)
        return KEEP if rule == LEAVE and self.named else rule

    def _concerns(self, notice: Metadata) -> bool:
        """
        Whether anything is to be done, as far as the list tells.  What was delivered and may stay is not retrieved again.
        """
        rule = self._rule(notice)
        if rule == LEAVE or not notice.address:
            self._note("left", notice, "" if rule == LEAVE else "it names no server")
            return False
        if rule == KEEP and not self.again and any(_delivered(each) and is_about(each.parcel, notice) for each in self.known):
            self._note("kept", notice)
            return False
        return True

    async def _collect(self, wanted: Sequence[Metadata]) -> list[_Item]:
        """
        Retrieve and store.
        """
        if not wanted:
            return []
        items: list[_Item] = []
        trusted = await self._trusted()
        self.session.stage("es10b_retrieve_notifications_list", count=len(wanted))
        for at, notice in enumerate(wanted, 1):
            try:
                pending = await retrieve_notice(self.isdr, notice.sequence)
            except CardError as problem:
                self._note("left", notice, str(problem))
                continue
            rule = self._rule(notice)
            entry = await self.session.outbox.keep(parcel_of(self.card, pending, trusted, remove=rule == REMOVE))
            self._sort(_Item(notice, entry, rule, self.again or entry.state is ParcelState.WAITING), items)
            self.session.percent(at * 100 // len(wanted))
        return items

    def _sort(self, item: _Item, items: list[_Item]) -> None:
        entry = item.entry
        if item.fresh or entry.state is ParcelState.DELIVERED:
            items.append(item)
        else:
            refused = entry.state is ParcelState.REFUSED
            self._note("refused" if refused else "left", item.notice, entry.reason if refused else "somebody has given it up")

    async def _trusted(self) -> frozenset[bytes]:
        """
        The CIs that the card trusts; the outbox may know them.
        """
        found = next((each.parcel.trusted for each in self.known if each.parcel.trusted), None)
        if found is not None:
            return found
        try:
            return frozenset(parse_info1(await self.isdr.command(GET_EUICC_INFO1)).verification)
        except CardError:
            return frozenset()

    async def _send(self, items: Sequence[_Item]) -> set[int]:
        """
        Deliver, to all servers at once.

        @return: the numbers of those that were accepted.
        """
        hosts: dict[str, list[_Item]] = {}
        for item in items:
            hosts.setdefault(item.notice.address.lower(), []).append(item)
        sending = (Deferred.fromCoroutine(self._send_to(each, len(items))) for each in hosts.values())
        return {number for accepted in await together(*sending) for number in accepted}

    async def _send_to(self, items: Iterable[_Item], total: int) -> list[int]:
        """
        Deliver to one server, in order; when it cannot be reached, all that follows waits.
        """
        accepted: list[int] = []
        problem = ""
        for item in items:
            if not problem:
                self.session.stage("es9p_handle_notification", host=item.notice.address, sequence=item.notice.sequence)
                problem = await self._deliver(item, accepted)
            if problem:
                # What does not wait in the outbox is not tried again by itself.
                self._note("waiting" if item.entry.state is ParcelState.WAITING else "left", item.notice, problem)
            self.done += 1
            self.session.percent(self.done * 100 // total)
        return accepted

    async def _deliver(self, item: _Item, accepted: list[int]) -> str:
        """
        @return: why the server could not be told now; empty if it has answered, whatever that was.
        """
        try:
            await self.session.outbox.deliver(item.entry)
        except DeliveryRefused as refusal:
            self._note("refused", item.notice, str(refusal))
        except CardGatewayError as problem:
            return str(problem)
        else:
            self._note("delivered", item.notice)
            accepted.append(item.notice.sequence)
        return ""

    async def _clear(self, items: Sequence[_Item]) -> None:
        """
        Remove from the card what was delivered.
        """
        for at, item in enumerate(items, 1):
            gone = item.rule == REMOVE and await remove_delivered(self.session, self.isdr, item.entry)
            if not item.fresh:
                self._note("removed" if gone else "kept", item.notice)
            self.session.percent(at * 100 // len(items))


def _delivered(entry: OutboxEntry) -> bool:
    return entry.state is ParcelState.DELIVERED and entry.on_card


def _number(outcome: Outcome) -> int:
    return outcome.notice.sequence


async def remove_delivered(session: ISession, isdr: Isdr, entry: OutboxEntry, *, last: bool = False) -> bool:
    """
    Remove a notification from the card that its server has.

    @param last: nothing is asked of the card after that.
    @return: whether it is gone; otherwise it is removed at the card's next visit, and not sent again.
    @raise ChannelError: the card was lost.
    """
    try:
        await forget(session, isdr, entry.parcel.number, last=last)
    except CardError as problem:
        session.log.warn("a delivered notification stays on the eUICC: {reason}", reason=str(problem))
        return False
    await session.outbox.taken_off(entry)
    return True
