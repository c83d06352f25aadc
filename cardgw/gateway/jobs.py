# -*- test-case-name: tests.gateway.test_jobs -*-
"""
Jobs: queued, begun on a card that is here, brought to an end that is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, ChannelError, GatewayStopping, OperationCancelled, PeerLost
from cardgw.gateway.book import Book, Outcome
from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import StoreError
from cardgw.gateway.ids import Ids
from cardgw.gateway.records import ACTIVE, Job, JobState, problem_of
from cardgw.gateway.run import BY_CARD, Run, job_event
from cardgw.gateway.session import Session, Tools, hidden_in, parameters_from, perform, values_from
from cardgw.gateway.settings import JobSettings
from cardgw.gateway.shown import problem_json
from cardgw.gateway.store.engine import Store
from cardgw.gateway.visit import Visit
from cardgw.interfaces import ICardChannel, IOperation
from cardgw.quirks import quirks_of
from cardgw.values import CardRequest

BY_CODE = "code:"
"""With this begins the requester who was given the card's code."""
BY_GATEWAY = "gateway"
"""The requester of what the gateway found necessary itself."""
_log = Logger()
_LOOK_AT = 50
_ALL = 1_000_000


@define(eq=False)
class Jobs:
    """
    See the module's docstring.

    @ivar stack: builds what operations talk to on a transport's channel (L{cardgw.gateway.stack.stack}).
    @ivar node: the name of this gateway.
    @ivar runs: the jobs that are being done here, by id.
    @ivar shared: whether other gateways use the same store.
    @ivar absent: how many jobs wait for cards that may come, as far as this gateway knows.
    """

    store: Store
    tools: Tools
    book: Book
    hub: EventHub
    ids: Ids
    stack: Callable[[ICardChannel], ICardChannel]
    settings: JobSettings = field(factory=JobSettings)
    node: str = "cardgw"
    shared: bool = False
    runs: dict[str, Run] = field(factory=dict, init=False)
    absent: int = field(default=0, init=False)

    @property
    def _now(self) -> float:
        now: float = self.tools.clock.seconds()
        return now

    def asked_by_card(self, visit: Visit, name: str, request: CardRequest) -> Job:
        """
        A job for what a card asks for itself; it is for L{run} at once.
        """
        job = Job(
            self.ids.job(),
            name,
            channel=visit.id,
            requester=BY_CARD,
            state=JobState.RUNNING,
            created=self._now,
            started=self._now,
            runs=1,
            node=self.node,
        )
        with suppress(CardGatewayError):  # it is told when the job runs
            operation, _ = self.book.operation(name)
            job = evolve(job, parameters=values_from(operation, request), hidden=hidden_in(operation))
        self.store.jobs.add(job).addErrback(_not_stored, job.id)
        return job

    async def add(self, job: Job, key: str = "") -> tuple[Job, bool]:
        """
        Queue a job.

        @param key: see L{cardgw.gateway.control.JobRequest}.
        @return: the job, and whether it is new.
        """
        stored, new = await self.store.jobs.add(job, key)
        if new:
            self.absent += bool(job.card)
            self.hub.publish("job.queued", job_event(stored))
        return stored, new

    async def next(self, visit: Visit, served: dict[str, int]) -> Job | None:
        """
        The job to be done next on a card, begun: the oldest of the requester who has had the fewest on this visit.

        @param served: how many each requester has had; counted on.
        """
        while True:
            cards = [visit.identity] if visit.identity else []
            found = await self.store.jobs.queued(cards, visit.id, _LOOK_AT)
            visit.queued = len(found)
            if not found or visit.leaving:
                return None
            job = min(found, key=lambda each: (served.get(each.requester, 0), each.id))
            begun: dict[str, Any] = {"state": JobState.RUNNING, "channel": visit.id, "node": self.node, "started": self._now}
            begun["runs"] = job.runs + 1
            if await self.store.jobs.change(job.id, frozenset({JobState.QUEUED}), begun):
                served[job.requester] = served.get(job.requester, 0) + 1
                visit.queued -= 1
                self.absent -= bool(job.card)
                return evolve(job, **begun)

    async def run(self, visit: Visit, job: Job) -> Outcome:
        """
        Do a job that has begun.  Never fails.
        """
        run = self._begin(visit, job)
        try:
            return await self._do(run, visit)
        finally:
            self.runs.pop(job.id, None)
            visit.run = None

    async def _do(self, run: Run, visit: Visit) -> Outcome:
        try:
            operation, settings = self.book.operation(run.job.operation)
            session = self._session(run, visit, operation, settings)
            run.work = Deferred.fromCoroutine(perform(operation, session))
            if run.cancelled_by:
                run.work.cancel()
            result = await run.work
        except CardGatewayError as error:
            return await self._failed(run, error)
        await self._end(run, JobState.DONE, result=result)
        return Outcome(session.text, session.reset)

    def _begin(self, visit: Visit, job: Job) -> Run:
        tools = self.tools

        def identified(identity: str) -> None:
            visit.identity = identity
            self.hub.publish("card.identified", {"card": visit.record_json()})

        if visit.identity and not job.card:
            job = evolve(job, card=visit.identity)
        timeout = self.settings.answer_timeout
        run = Run(job, tools.clock, tools.observer, self.hub, self.store.jobs.save, identified, timeout)
        self.runs[job.id] = visit.run = run
        if job.card and not visit.identity:
            visit.identity = job.card
        tools.observer.job_started(job.id, job.operation, visit.channel.info)
        self.hub.publish("job.started", job_event(job))
        return run

    def _session(self, run: Run, visit: Visit, operation: IOperation, settings: Any) -> Session:
        parameters = parameters_from(operation, run.job.parameters)
        quirks = quirks_of(visit.channel.info, self.book.quirks)
        log = Logger(namespace=f"cardgw.operations.{operation.name}")
        return Session(self.stack(visit.channel), parameters, settings, quirks, log, run, self.tools)

    async def _failed(self, run: Run, error: CardGatewayError) -> Outcome:
        if isinstance(error, OperationCancelled):
            error = OperationCancelled(f"by {run.cancelled_by}") if run.cancelled_by else GatewayStopping()
        if isinstance(error, OperationCancelled):
            await self._end(run, JobState.CANCELLED, error=error)
        elif self.may_start_anew(run.job, error):
            await self._requeue(run, error)
        else:
            await self._end(run, JobState.FAILED, error=error)
        return Outcome(error.brief, error=error)

    def may_start_anew(self, job: Job, error: CardGatewayError) -> bool:
        """
        Whether a job that lost its card waits for the card's next visit.  What a card asked for itself it can ask again.
        """
        if not isinstance(error, ChannelError) or not job.card or job.runs >= self.settings.runs:
            return False
        if job.requester == BY_CARD or job.requester.startswith(BY_CODE):  # they speak for one visit
            return False
        operation = self._operation(job)
        return operation is not None and operation.repeatable

    async def _requeue(self, run: Run, error: CardGatewayError) -> None:
        job = run.job = evolve(
            run.snapshot(), state=JobState.QUEUED, channel="", node="", started=None, error=problem_of(error), question=None
        )
        self.absent += 1
        self.tools.observer.job_ended(job.id, None, error)
        await self._save(run)
        _log.info("job {job}: waits for the card's next visit", event="job-requeued", job=job.id)
        self.hub.publish("job.queued", job_event(job, error=problem_json(problem_of(error))))

    async def _end(
        self, run: Run, state: JobState, result: dict[str, Any] | None = None, error: CardGatewayError | None = None
    ) -> None:
        problem = problem_of(error) if error is not None else None
        job = run.job = evolve(
            run.snapshot(),
            state=state,
            ended=self._now,
            result=result if result is not None else run.job.result,
            error=problem,
            question=None,
        )
        await self._save(run)
        self.tools.observer.job_ended(job.id, result, error)
        shown = problem_json(problem) if problem is not None else None
        self.hub.publish("job.ended", job_event(job, result=job.result, error=shown))

    async def _save(self, run: Run) -> None:
        try:
            await self.store.jobs.save(run.job)
        except CancelledError:
            pass  # it is written all the same: what is handed to the store is done
        except StoreError as problem:
            _not_stored(Failure(problem), run.job.id)
        finally:
            run.ended.callback(None)

    async def abandon(self, visit: Visit) -> None:
        """
        What was queued for a card that is going: it waits for the card's next visit where it may start anew, else it has failed.
        Never fails.
        """
        if not visit.asked:
            return
        try:
            for job in await self.store.jobs.queued([], visit.id, _ALL):
                await self.let_go(job, PeerLost("before this was begun"))
        except (CardGatewayError, CancelledError) as problem:
            _log.error("jobs of a card that has gone stay as they are: {reason}", event="jobs-left", reason=str(problem))

    async def let_go(self, job: Job, reason: CardGatewayError) -> None:
        """
        A queued or stranded job loses its card: it waits for the card's next visit where it may start anew, else it has failed.

        @param job: as it is in the store.
        """
        problem = problem_of(reason)
        if self.may_start_anew(job, reason):
            changes: dict[str, Any] = {"state": JobState.QUEUED, "channel": "", "node": "", "started": None, "question": None}
            if await self.store.jobs.change(job.id, frozenset({job.state}), changes):
                self.absent += job.state in ACTIVE
                self.hub.publish("job.queued", job_event(evolve(job, **changes), error=problem_json(problem)))
            return
        changes = {"state": JobState.FAILED, "ended": self._now, "error": problem, "question": None}
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
        Queue what puts a card in order at its next visit, unless that waits already.  Never fails.

        @param card: its identity.
        """
        name = self.settings.tidy
        if not name or name not in self.book.names:
            return
        try:
            waiting = await self.store.jobs.find(states=frozenset({JobState.QUEUED}), card=card, operation=name, limit=1)
            if not waiting:
                await self.add(Job(self.ids.job(), name, card=card, requester=BY_GATEWAY, created=self._now))
        except (CardGatewayError, CancelledError) as problem:
            fmt = "{eid}: nothing was queued for its next visit: {reason}"
            _log.error(fmt, event="not-tidied", eid=card.removeprefix("eid:"), reason=str(problem))

    async def cancel(self, job: Job, who: str) -> bool:
        """
        Cancel a job.

        @return: whether it was possible; with the state it has then it may have ended otherwise.
        """
        run = self.runs.get(job.id)
        if run is not None:
            await run.cancel(who)
            return True
        if job.state in ACTIVE:
            return False
        problem = problem_of(OperationCancelled(f"by {who}"))
        ended: dict[str, Any] = {"state": JobState.CANCELLED, "ended": self._now, "error": problem}
        done = await self.store.jobs.change(job.id, frozenset({JobState.QUEUED}), ended)
        if done:
            self.absent -= bool(job.card)
            self.hub.publish("job.ended", job_event(evolve(job, **ended), error=problem_json(problem)))
        return done


def _not_stored(failure: Failure, job: str) -> None:
    if not failure.check(CancelledError):
        _log.error("job {job} was not written down: {reason}", event="job-not-stored", job=job, reason=str(failure.value))
