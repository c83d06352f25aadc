# -*- test-case-name: tests.gateway.test_jobs -*-
"""
Jobs that wait: for a card that is here, or for one that may come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from cardgw.errors import CardGatewayError, ChannelError, PeerLost
from cardgw.gateway.book import Book
from cardgw.gateway.events import EventHub
from cardgw.gateway.ids import Ids
from cardgw.gateway.records import ACTIVE, Job, JobState, Problem, problem_of
from cardgw.gateway.run import BY_CARD, job_event
from cardgw.gateway.session import Tools
from cardgw.gateway.settings import JobSettings
from cardgw.gateway.shown import problem_json
from cardgw.gateway.store.engine import Store
from cardgw.gateway.visit import Visit
from cardgw.gateway.whole import whole
from cardgw.identities import kind_of
from cardgw.interfaces import IOperation
from cardgw.values import EUICC

BY_ONE_VISIT = ("code:", "link:")
"""With this begins a requester who speaks for one visit: whoever was given the card's code, or the token of its link's page."""
BY_GATEWAY = "gateway"
"""The requester of what the gateway found necessary itself."""
_log = Logger()
_ALL = 1_000_000


def _no_link(channel: str) -> bool | None:
    return None


@define(eq=False)
class JobQueue:
    """
    See the module's docstring.

    @ivar node: the name of this gateway.
    @ivar shared: whether other gateways use the same store.
    @ivar absent: how many jobs wait for cards that may come, as far as this gateway knows; see L{expecting}.
    @ivar by_link: whether a card may come by the link of this id: see L{cardgw.gateway.links.Links.lasts}.
    """

    store: Store
    tools: Tools
    book: Book
    hub: EventHub
    ids: Ids
    settings: JobSettings = field(factory=JobSettings)
    node: str = "cardgw"
    shared: bool = False
    absent: int = field(default=0, init=False)
    by_link: Callable[[str], bool | None] = field(default=_no_link, init=False)

    @property
    def _now(self) -> float:
        now: float = self.tools.clock.seconds()
        return now

    async def add(self, job: Job, key: str = "") -> tuple[Job, bool]:
        """
        Queue a job.

        @param key: see L{cardgw.gateway.control.JobRequest}.
        @return: the job, and whether it is new.
        """
        stored, new = await self.store.jobs.add(job, key)
        if new:
            self.added(stored)
        return stored, new

    def added(self, job: Job) -> None:
        """
        A new job is in the store: tell it.
        """
        self.absent += bool(job.card)
        self.hub.publish("job.queued", job_event(job))

    async def recount(self) -> None:
        """
        Have L{absent} true again, whatever has happened to the store or in it.

        @raise StoreError: the store cannot be used.
        """
        self.absent = await self.store.jobs.expecting_count()

    async def expecting(self) -> int:
        """
        How many jobs wait for cards that may come, whichever gateway has queued them.

        @raise StoreError: the store cannot be used.
        """
        if self.shared:
            await self.recount()
        return self.absent

    async def next(self, visit: Visit, served: dict[str, int], *, own: bool = False) -> Job | None:
        """
        The job to be done next on a card, begun: the oldest of the requester who has had the fewest on this visit.

        @param served: how many each requester has had; counted on.
        @param own: only what was queued for this visit, not what waits for the card whenever it comes.
        """
        while True:
            cards = [visit.identity] if visit.identity and not own else []
            found, visit.queued = await self.store.jobs.heads(cards, visit.id)
            if not found or visit.leaving:
                return None
            job = min(found, key=lambda each: (served.get(each.requester, 0), each.id))
            begun = await whole(self._claim(visit, job))
            if begun is not None:
                served[job.requester] = served.get(job.requester, 0) + 1
                visit.queued -= 1
                return begun

    async def _claim(self, visit: Visit, job: Job) -> Job | None:
        """
        @return: the job, begun; or C{None} if somebody else was faster, or the card has gone meanwhile.
        """
        begun: dict[str, Any] = {"state": JobState.RUNNING, "channel": visit.id, "node": self.node, "started": self._now}
        begun["runs"] = job.runs + 1
        if not await self.store.jobs.change(job.id, frozenset({JobState.QUEUED}), begun):
            return None
        self.absent -= bool(job.card)
        if not visit.leaving:
            return evolve(job, **begun)
        before = {name: getattr(job, name) for name in begun}
        if await self.store.jobs.change(job.id, frozenset({JobState.RUNNING}), before):
            self.absent += bool(job.card)
        if job.channel:
            await self.let_go(job, _gone_before())
        return None

    def may_start_anew(self, job: Job, error: CardGatewayError) -> bool:
        """
        Whether a job that lost its card waits for the card's next visit, or for a card that comes by the same link.  What a card
        asked for itself it can ask again.
        """
        comes = self.by_link(job.channel)
        if not isinstance(error, ChannelError) or job.runs >= self.settings.runs or comes is False:
            return False
        if comes is None and (not job.card or job.requester == BY_CARD or job.requester.startswith(BY_ONE_VISIT)):
            return False
        operation = self._operation(job)
        return operation is not None and operation.repeatable

    async def abandon(self, visit: Visit) -> None:
        """
        What was queued for a card that is going: it waits for the card's next visit where it may start anew, else it has failed.
        Never fails.
        """
        if not visit.asked or self.by_link(visit.id):
            return
        try:
            for job in await self.store.jobs.queued([], visit.id, _ALL):
                await self.let_go(job, _gone_before())
        except (CardGatewayError, CancelledError) as problem:
            _log.error("jobs of a card that has gone stay as they are: {reason}", event="jobs-left", reason=str(problem))

    async def let_go(self, job: Job, reason: CardGatewayError) -> None:
        """
        A queued or stranded job loses its card: it waits for the card's next visit where it may start anew, else it has failed.
        One that has not begun, and whose link is good, goes on waiting.

        @param job: as it is in the store.
        """
        if job.state is JobState.QUEUED and self.by_link(job.channel):
            return
        problem = problem_of(reason)
        if self.may_start_anew(job, reason):
            changes = {"state": JobState.QUEUED, "started": None, "question": None, **self.place(job)}
            if await self.store.jobs.change(job.id, frozenset({job.state}), changes):
                self.absent += job.state in ACTIVE and bool(job.card)
                self.hub.publish("job.queued", job_event(evolve(job, **changes), error=problem_json(problem)))
            return
        await self.fail(job, problem)

    def place(self, job: Job) -> dict[str, Any]:
        """
        Where a job waits that starts anew: for a card that comes by the same link, or for its card wherever that comes.
        """
        return {} if self.by_link(job.channel) else {"channel": "", "node": ""}

    async def fail(self, job: Job, problem: Problem) -> None:
        """
        A job that nobody is at has failed.

        @param job: as it is in the store.
        """
        changes: dict[str, Any] = {"state": JobState.FAILED, "ended": self._now, "error": problem, "question": None}
        if await self.store.jobs.change(job.id, frozenset({job.state}), changes):
            self.absent -= bool(job.card) and job.state is JobState.QUEUED
            self.hub.publish("job.ended", job_event(evolve(job, **changes), error=problem_json(problem)))

    def _operation(self, job: Job) -> IOperation | None:
        try:
            return self.book.operation(job.operation)[0]
        except CardGatewayError:
            return None

    async def tidy(self, card: str) -> None:
        """
        Queue what puts an eUICC in order at its next visit, unless that waits already.  Never fails.

        @param card: its identity.
        """
        name = self.settings.tidy
        if kind_of(card) != EUICC or not name or name not in self.book.names:
            return
        try:
            if await self.expecting() >= self.settings.queue_limit:
                return
            waiting = await self.store.jobs.find(states=frozenset({JobState.QUEUED}), card=card, operation=name, limit=1)
            if not waiting:
                await self.add(Job(self.ids.job(), name, card=card, requester=BY_GATEWAY, created=self._now))
        except (CardGatewayError, CancelledError) as problem:
            fmt = "{eid}: nothing was queued for its next visit: {reason}"
            _log.error(fmt, event="not-tidied", eid=card.removeprefix("eid:"), reason=str(problem))


def _gone_before() -> PeerLost:
    return PeerLost("before this was begun")
