# -*- test-case-name: tests.gateway.test_jobs -*-
"""
Jobs: queued, begun on a card that is here, brought to an end that is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, GatewayStopping, OperationCancelled
from cardgw.gateway.book import Outcome
from cardgw.gateway.endings import Endings
from cardgw.gateway.given import Given
from cardgw.gateway.job_queue import JobQueue
from cardgw.gateway.records import ACTIVE, Job, JobState, problem_of
from cardgw.gateway.run import BY_CARD, Run, job_event
from cardgw.gateway.session import Session, hidden_in, parameters_from, perform, values_from
from cardgw.gateway.shown import problem_json
from cardgw.gateway.visit import Visit
from cardgw.interfaces import ICardChannel, IOperation
from cardgw.quirks import quirks_of
from cardgw.values import CardRequest

_log = Logger()


@define(eq=False)
class Jobs(JobQueue):
    """
    See the module's docstring.

    @ivar stack: builds what operations talk to on a transport's channel (L{cardgw.gateway.stack.stack}).
    @ivar runs: the jobs that are being done here, by id.
    @ivar endings: writes down how they ended.
    @ivar stopping: whether the gateway is being stopped.
    """

    stack: Callable[[ICardChannel], ICardChannel] = field(kw_only=True)
    runs: dict[str, Run] = field(factory=dict, init=False)
    endings: Endings = field(init=False)
    stopping: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.endings = Endings(self.store, self.tools.clock)

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

    def live(self, job: str) -> Job | None:
        """
        A job as it is now, where this gateway knows that better than the store.
        """
        run = self.runs.get(job)
        return run.snapshot() if run is not None else self.endings.late.get(job)

    def written(self, job: str) -> Deferred[None]:
        """
        @return: C{Deferred[None]}, when it is written down how a job has ended; at once for one that has not.
        """
        run = self.runs.get(job)
        return run.written() if run is not None and run.over else succeed(None)

    async def run(self, visit: Visit, job: Job) -> Outcome:
        """
        Do a job that has begun.  Never fails.
        """
        run = self._begin(visit, job)
        try:
            outcome = await self._do(run, visit)
        finally:
            self.runs.pop(job.id, None)
            visit.run = None
        if self._cut_short(visit, run):
            await self.tidy(run.job.card)
        return outcome

    def _cut_short(self, visit: Visit, run: Run) -> bool:
        """
        Whether something may be left on the card that nobody else takes care of.  What a card asked for itself counts where it
        has achieved something: cards that only claim to be one must not fill the queue.
        """
        job = run.job
        if job.state is JobState.QUEUED or job.operation == self.settings.tidy:
            return False
        asked = job.requester != BY_CARD or job.result is not None
        return asked and (visit.leaving or self.stopping or bool(run.cancelled_by))

    async def _do(self, run: Run, visit: Visit) -> Outcome:
        try:
            operation, settings = self.book.operation(run.job.operation)
            session = self._session(run, visit, operation, settings)
            run.work = Deferred.fromCoroutine(perform(operation, session))
            if run.cancelled_by:
                run.work.cancel()
            result = await run.work
        except CardGatewayError as error:
            _let_go(error)
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
        tools = evolve(self.tools, outbox=Given(self.tools.outbox, visit.given))
        return Session(self.stack(run.recorded(visit.channel)), parameters, settings, quirks, log, run, tools)

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

    async def _requeue(self, run: Run, error: CardGatewayError) -> None:
        job = run.end(JobState.QUEUED, started=None, error=problem_of(error), **self.place(run.job))
        self.tools.observer.job_ended(job.id, None, error)
        await self._save(run)
        self.absent += bool(job.card)
        _log.info("job {job}: waits for the card's next visit", event="job-requeued", job=job.id)
        self.hub.publish("job.queued", job_event(job, error=problem_json(problem_of(error))))

    async def _end(
        self, run: Run, state: JobState, result: dict[str, Any] | None = None, error: CardGatewayError | None = None
    ) -> None:
        problem = problem_of(error) if error is not None else None
        job = run.end(state, ended=self._now, result=result if result is not None else run.job.result, error=problem)
        await self._save(run)
        self.tools.observer.job_ended(job.id, result, error)
        shown = problem_json(problem) if problem is not None else None
        self.hub.publish("job.ended", job_event(job, result=job.shown_result, error=shown))

    async def _save(self, run: Run) -> None:
        if run.recording is not None:
            run.recording.keep(self.store, run.job)
        await self.endings.save(run.job)
        run.ended.callback(None)

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
        elif job.id in self.runs:  # it began at this moment
            await self.runs[job.id].cancel(who)
            return True
        return done


def _not_stored(failure: Failure, job: str) -> None:
    if not failure.check(CancelledError):
        _log.error("job {job} was not written down: {reason}", event="job-not-stored", job=job, reason=str(failure.value))


def _let_go(error: BaseException | None) -> None:
    """
    Drop what an operation had in its hands when it failed, keys among it: an error may live as long as its card stays.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            each.__traceback__ = None  # to clear the frames would end those who have caught the same error, and wait
            waiting += [each.__cause__, each.__context__]
