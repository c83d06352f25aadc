# -*- test-case-name: tests.gateway.test_controller -*-
"""
L{cardgw.gateway.control.Control}, over the parts of one gateway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, evolve
from twisted.internet.defer import Deferred, succeed

from cardgw.errors import MissingPlugin, PeerLost
from cardgw.gateway.claims import Claims
from cardgw.gateway.control import JobRequest
from cardgw.gateway.controller_access import MOST
from cardgw.gateway.controller_links import LinkControl
from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import Conflict, NotAsking, UnknownCard, UnknownJob, UnknownParcel
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.recording import transcript_of
from cardgw.gateway.records import ENDED, Card, Health, Job, JobState, Principal, Recorded
from cardgw.gateway.session import hidden_in, parameters_from, refuse_unfit
from cardgw.gateway.tokens import Tokens
from cardgw.gateway.visit import Visit
from cardgw.identities import as_identity, is_identity
from cardgw.interfaces import IOperation, ITransport
from cardgw.values import OutboxEntry, ParcelState


@define(eq=False)
class Controller(LinkControl):
    """
    See L{cardgw.gateway.control.Control}.

    @ivar plugins: gives the transports that are on.
    @ivar parts: give the state of the parts.
    """

    inventory: Inventory
    outbox_: Outbox
    tokens_: Tokens
    claims: Claims
    plugins: Callable[[], Sequence[ITransport]]
    parts: Callable[[], Sequence[Health]]

    @property
    def _jobs(self) -> Jobs:
        return self.inventory.jobs

    @property
    def events(self) -> EventHub:
        """
        See L{Control.events}.
        """
        return self._jobs.hub

    def _visits(self, who: Principal) -> list[Visit]:
        return [visit for visit in self.inventory.visits.values() if who.card in ("", visit.id)]

    def _visit(self, who: Principal, card: str) -> Visit:
        wanted = as_identity(card) or card
        for visit in reversed(self._visits(who)):  # an older connection of the same card is probably dead
            if wanted in (visit.id, visit.identity) and wanted:
                return visit
        raise UnknownCard(card)

    def cards(self, who: Principal) -> Sequence[Card]:
        """
        See L{Control.cards}.
        """
        return [visit.record() for visit in self._visits(who)]

    def card(self, who: Principal, card: str) -> Card:
        """
        See L{Control.card}.
        """
        return self._visit(who, card).record()

    def disconnect(self, who: Principal, card: str) -> Deferred[None]:
        """
        See L{Control.disconnect}.
        """
        return Deferred.fromCoroutine(self._disconnect(who, card))

    async def _disconnect(self, who: Principal, card: str) -> None:
        visit = self._visit(who, card)
        await self.note(who, "card.disconnect", visit.id)
        await self.inventory.dismiss(visit, who.name)

    def operations(self) -> Sequence[IOperation]:
        """
        See L{Control.operations}.
        """
        return [self.operation(name) for name in sorted(self._jobs.book.names)]

    def operation(self, name: str) -> IOperation:
        """
        See L{Control.operation}.
        """
        if name not in self._jobs.book.names:
            raise MissingPlugin(f"{name}: there is no such operation, or it is not enabled", hint="See `cardgw operations`.")
        return self._jobs.book.operation(name)[0]

    def transports(self, who: Principal) -> Sequence[tuple[ITransport, int]]:
        """
        See L{Control.transports}.
        """
        here = Counter(visit.channel.info.transport for visit in self._visits(who))
        return [(transport, here[transport.name]) for transport in self.plugins()]

    def submit(self, who: Principal, request: JobRequest) -> Deferred[tuple[Job, bool]]:
        """
        See L{Control.submit}.
        """
        return Deferred.fromCoroutine(self._submit(who, request))

    async def _submit(self, who: Principal, request: JobRequest) -> tuple[Job, bool]:
        operation = self.operation(request.operation)
        request = evolve(request, card=as_identity(request.card) or request.card)
        parameters_from(operation, request.parameters)
        known = await self._jobs.store.jobs.keyed(who.name, request.key) if request.key else None
        if known is not None:  # whether its card is still here or not
            return self._again_job(request, known), False
        job, visit = self._job_for(who, operation, request)
        if visit is None and (count := await self._jobs.expecting()) >= self._jobs.settings.queue_limit:
            raise Conflict(f"{count} jobs wait already", hint="See queue-limit in [jobs].")
        stored, new = await self._jobs.add(job, request.key)
        if not new:
            return self._again_job(request, stored), False
        visit = visit or self._come(who, stored)
        if visit is not None:
            await self._hand_over(visit)
        elif self._links.lasts(stored.channel) is False:
            await self._jobs.let_go(stored, PeerLost("before this was begun"))  # its link has ended in the meantime
        record = f", recorded: {stored.record}" if stored.record else ""
        await self.note(who, "job.submit", stored.id, f"{stored.operation} {stored.card or stored.channel}{record}")
        return stored, new

    def _again_job(self, request: JobRequest, known: Job) -> Job:
        reserved = self._links.lasts(request.card) is not None
        return request.again(known, self.inventory.visits.get(request.card), reserved=reserved)

    def _job_for(self, who: Principal, operation: IOperation, request: JobRequest) -> tuple[Job, Visit | None]:
        job = evolve(request.job(who.name), id=self._jobs.ids.job(), created=self.inventory.reactor.seconds())
        job = evolve(job, hidden=hidden_in(operation))
        try:
            visit = self._visit(who, request.card)
        except UnknownCard:
            if self._links.get(request.card) is not None and who.card in ("", request.card):
                return evolve(job, channel=request.card, node=self._jobs.node), None
            if who.card or not is_identity(request.card):
                raise
            return evolve(job, card=request.card), None
        refuse_unfit(operation, visit.channel.info)
        if request.card == visit.identity and not who.card:
            return evolve(job, card=visit.identity), visit
        visit.asked = True
        return evolve(job, card=visit.identity, channel=visit.id, node=self._jobs.node), visit

    def _come(self, who: Principal, job: Job) -> Visit | None:
        """
        A card may have been recognised, and found nothing to do, while a job for it was being stored.
        """
        try:
            return self._visit(who, job.card) if job.card else None
        except UnknownCard:
            return None

    async def _hand_over(self, visit: Visit) -> None:
        if visit.id not in self.inventory.visits or visit.leaving:
            await self._jobs.abandon(visit)  # it left in the meantime
        visit.queued += 1
        visit.ring()

    def jobs(
        self,
        who: Principal,
        *,
        state: JobState | None = None,
        card: str = "",
        operation: str = "",
        before: str = "",
        limit: int = 50,
    ) -> Deferred[Sequence[Job]]:
        """
        See L{Control.jobs}.
        """
        states = frozenset({state}) if state is not None else frozenset()
        about = {"card": as_identity(card) or card} if ":" in card else {"channel": card}
        if who.card:
            if about.get("channel", "") not in ("", who.card):
                return succeed([])
            about |= {"channel": who.card} if who.follows else {"channel": who.card, "requester": who.name}
        find = self._jobs.store.jobs.find
        found: Deferred[Any] = find(states, **about, operation=operation, before=before, limit=min(limit, MOST))
        return found.addCallback(lambda stored: [self._live(job) for job in stored])

    def _live(self, job: Job) -> Job:
        return self._jobs.live(job.id) or job

    def job(self, who: Principal, job: str) -> Deferred[Job]:
        """
        See L{Control.job}.
        """
        return Deferred.fromCoroutine(self._job(who, job))

    async def _job(self, who: Principal, job: str) -> Job:
        found = self._jobs.live(job) or await self._jobs.store.jobs.get(job)
        if found is None or not who.concerned(found.channel, found.requester):
            raise UnknownJob(job)
        return found

    def transcript(self, who: Principal, job: str) -> Deferred[Recorded]:
        """
        See L{Control.transcript}.
        """
        return Deferred.fromCoroutine(transcript_of(self._jobs.store, self.job(who, job), self._jobs.written))

    def cancel(self, who: Principal, job: str) -> Deferred[Job]:
        """
        See L{Control.cancel}.
        """
        return Deferred.fromCoroutine(self._cancel(who, job))

    async def _cancel(self, who: Principal, job: str) -> Job:
        found = await self._job(who, job)
        if found.state in ENDED:
            raise Conflict(f"the job has ended, as {found.state.value}")
        await self.note(who, "job.cancel", job)
        if not await self._jobs.cancel(found, who.name):
            found = await self._job(who, job)
            if found.state not in ENDED:
                raise Conflict("the job is just beginning, or another gateway has it")
        return await self._job(who, job)

    def answer(self, who: Principal, job: str, text: str) -> Deferred[Job]:
        """
        See L{Control.answer}.
        """
        return Deferred.fromCoroutine(self._answer(who, job, text))

    async def _answer(self, who: Principal, job: str, text: str) -> Job:
        await self._job(who, job)
        run = self._jobs.runs.get(job)
        if run is None:
            raise NotAsking(job)
        run.answer(text)
        await self.note(who, "job.answer", job)
        return await self._job(who, job)

    def outbox(
        self, who: Principal, *, state: ParcelState | None = None, card: str = "", before: str = "", limit: int = 50
    ) -> Deferred[Sequence[OutboxEntry]]:
        """
        See L{Control.outbox}.
        """
        return Deferred.fromCoroutine(self._outbox(who, state, card, before, min(limit, MOST)))

    async def _outbox(
        self, who: Principal, state: ParcelState | None, card: str, before: str, limit: int
    ) -> Sequence[OutboxEntry]:
        if who.card:
            if who.follows and not self._visits(who):
                return []
            visit = self._visit(who, who.card)
            return await self._given(visit, state, before, limit) if card in ("", visit.identity, visit.id) else []
        if card:
            card = (as_identity(card) or card) if ":" in card else self._visit(who, card).identity
        found: Sequence[OutboxEntry] = await self._jobs.store.outbox.find(state=state, card=card, before=before, limit=limit)
        return found

    async def _given(self, visit: Visit, state: ParcelState | None, before: str, limit: int) -> Sequence[OutboxEntry]:
        ids = sorted((each for each in visit.given if not before or each < before), reverse=True)
        stored = [await self._jobs.store.outbox.get(each) for each in ids]
        return [each for each in stored if each is not None and state in (None, each.state)][:limit]

    def deliver(self, who: Principal, entry: str) -> Deferred[OutboxEntry]:
        """
        See L{Control.deliver}.
        """
        return Deferred.fromCoroutine(self._parcel(who, "outbox.deliver", entry, self.outbox_.deliver_now))

    def give_up(self, who: Principal, entry: str) -> Deferred[OutboxEntry]:
        """
        See L{Control.give_up}.
        """
        return Deferred.fromCoroutine(self._parcel(who, "outbox.give-up", entry, self.outbox_.give_up))

    async def _parcel(self, who: Principal, action: str, entry: str, act: Callable[[str], Deferred[OutboxEntry]]) -> OutboxEntry:
        if who.card and entry not in self._visit(who, who.card).given:
            raise UnknownParcel(entry)
        done = await act(entry)
        await self.note(who, action, entry)
        return done

    def health(self) -> Sequence[Health]:
        """
        See L{Control.health}.
        """
        return self.parts()
