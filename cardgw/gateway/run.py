# -*- test-case-name: tests.gateway.test_run -*-
"""
A job while it is being done: its progress, its questions, and what of that is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, ChannelError, NobodyToAsk, PluginError
from cardgw.gateway.events import EventHub
from cardgw.gateway.faults import NotAsking, OtherCard
from cardgw.gateway.recording import Recording
from cardgw.gateway.records import Job, JobState
from cardgw.gateway.shown import question_json
from cardgw.identities import is_identity
from cardgw.interfaces import ICardChannel, ICardObserver
from cardgw.values import Question

BY_CARD = "card"
"""The requester of what a card asked for itself."""
SAVE_EVERY = 2.0
"""Seconds: a job that comes from stage to stage is written down so often at most."""


def job_event(job: Job, **more: Any) -> dict[str, Any]:
    """
    What events say about a job.
    """
    named = {"job": job.id, "card": job.card or None, "channel": job.channel or None, "operation": job.operation}
    return {**named, "requester": job.requester, "state": job.state.value, **more}


def _alike(one: str, other: str) -> bool:
    """
    Whether two identities are of the same scheme.  Those of different ones may well be of the same card.
    """
    return one.partition(":")[0] == other.partition(":")[0]


@define(eq=False)
class Run:
    """
    See L{cardgw.gateway.session.Course}.

    @ivar job: as it was when it was written down last; see L{snapshot} for what it is now.
    @ivar save: writes it down.
    @ivar identify: is told who the card is.
    @ivar answer_timeout: seconds that a question waits.
    @ivar work: what it is done by; cancelling it winds the operation up.
    @ivar recording: what writes down what is said to the card, or C{None}.
    @ivar cancelled_by: who wanted it to end, or empty.
    @ivar ended: fires when it has, and that is written down.
    @ivar over: whether it has ended; what the operation says after that counts no more.
    """

    job: Job
    clock: Any
    observer: ICardObserver
    hub: EventHub
    save: Callable[[Job], Deferred[None]]
    identify: Callable[[str], None]
    answer_timeout: float
    work: Deferred[Any] | None = None
    recording: Recording | None = None
    cancelled_by: str = ""
    ended: Deferred[None] = field(factory=Deferred)
    over: bool = False
    _stage: str = ""
    _facts: Mapping[str, Any] = field(factory=dict)
    _percent: int | None = None
    _saved: float = 0.0
    _moved: bool = False
    _asking: Deferred[str] | None = None
    _timer: IDelayedCall | None = None
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self._saved = self.clock.seconds()

    def recorded(self, channel: ICardChannel) -> ICardChannel:
        """
        The channel, recorded if that is wanted.
        """
        if not self.job.record:
            return channel
        self.recording = Recording(self.job.record)
        return self.recording.over(channel, self.job, self.clock)

    @property
    def identity(self) -> str:
        """
        Who the card is, or empty.
        """
        return self.job.card

    def snapshot(self) -> Job:
        """
        The job as it is now.
        """
        if not self._stage:
            return self.job
        return evolve(self.job, stage=self._stage, facts=dict(self._facts), percent=self._percent)

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{cardgw.interfaces.IProgress.stage}.
        """
        if self.over:
            return
        self._stage, self._facts, self._percent = name, facts, None
        self.observer.job_stage(self.job.id, name, facts)
        self.hub.publish("job.stage", job_event(self.job, stage=name, facts=facts))
        self._moved = True
        self._keep_up()

    def percent(self, done: int) -> None:
        """
        See L{cardgw.interfaces.IProgress.percent}.
        """
        if self.over:
            return
        self._percent = done
        if self._moved:
            self._keep_up()
        self.observer.job_percent(self.job.id, done)
        if self.hub.listeners:
            self.hub.publish("job.percent", job_event(self.job, stage=self._stage, percent=done))

    def identified(self, identity: str) -> None:
        """
        See L{cardgw.interfaces.ISession.identified}.
        """
        if not is_identity(identity):
            raise PluginError(f"{self.job.operation}: a card has an identity that is none")
        if not self.job.card:
            self.job = evolve(self.job, card=identity)
            self._moved = True
            self.identify(identity)
        elif identity != self.job.card and _alike(identity, self.job.card) and self.job.requester != BY_CARD:
            raise OtherCard(f"it is for {self.job.card}, and this is {identity}")

    def achieved(self, result: dict[str, Any]) -> Deferred[None]:
        """
        See L{cardgw.interfaces.ISession.achieved}.
        """
        if self.over:
            return succeed(None)
        self.job = evolve(self.job, result=result)
        return self.save(self.snapshot())

    def ask(self, question: Question) -> Deferred[str]:
        """
        See L{cardgw.interfaces.ISession.ask}.  What a card asked for has nobody behind it but its holder, who can only read.
        """
        if self.job.requester == BY_CARD or self.over:
            return fail(NobodyToAsk(question.text))
        self._withdraw(NobodyToAsk("another question came"))
        asking = self._asking = Deferred(self._forget)
        self._timer = self.clock.callLater(self.answer_timeout, self._unanswered)
        self.job = evolve(self.job, state=JobState.WAITING, question=question)
        self._write()
        self.hub.publish("job.waiting", job_event(self.job, question=question_json(question)))
        self._log.info("job {job}: waits for an answer: {question}", event="job-waiting", job=self.job.id, question=question.kind)
        return asking

    def answer(self, text: str) -> None:
        """
        Somebody has answered.

        @raise NotAsking: nothing was asked.
        """
        asking = self._settled()
        if asking is None:
            raise NotAsking(self.job.id)
        asking.callback(text)

    def end(self, state: JobState, **changes: Any) -> Job:
        """
        It has ended.

        @return: the job as it is to be written down.
        """
        self._withdraw(NobodyToAsk("the job has ended"))
        self.job = evolve(self.snapshot(), state=state, question=None, **changes)
        self.over = True
        return self.job

    def card_gone(self, reason: ChannelError) -> None:
        """
        The card is lost: an answer would be of no use.  What does not wait for one notices by itself.
        """
        self._withdraw(reason)

    def cancel(self, who: str) -> Deferred[None]:
        """
        End it.

        @return: C{Deferred[None]}, when it has wound up.
        """
        if not self.cancelled_by:
            self.cancelled_by = who
            if self.work is not None:
                self.work.cancel()
        return self.written()

    def written(self) -> Deferred[None]:
        """
        @return: a new C{Deferred[None]}, when it has ended, and that is written down.
        """
        done: Deferred[None] = Deferred()
        self.ended.addCallback(lambda _: done.callback(None))
        return done

    def _forget(self, asking: Deferred[str]) -> None:
        if asking is self._asking:
            self._settled()

    def _unanswered(self) -> None:
        self._timer = None
        self._withdraw(NobodyToAsk(f"no answer within {self.answer_timeout:g} s"))

    def _withdraw(self, reason: CardGatewayError) -> None:
        asking = self._settled()
        if asking is not None:
            asking.errback(reason)

    def _settled(self) -> Deferred[str] | None:
        asking, self._asking = self._asking, None
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if asking is not None:
            self.job = evolve(self.job, state=JobState.RUNNING, question=None)
            self._write()
            self.hub.publish("job.started", job_event(self.job))
        return asking

    def _keep_up(self) -> None:
        """
        Should the gateway be killed, it knows how far the job was, if that was not a moment ago.
        """
        if self.clock.seconds() - self._saved >= SAVE_EVERY:
            self._write()

    def _write(self) -> None:
        self._saved, self._moved = self.clock.seconds(), False
        self.save(self.snapshot()).addErrback(self._not_written)

    def _not_written(self, failure: Failure) -> None:
        fmt = "job {job} was not written down: {reason}"
        self._log.error(fmt, event="job-not-stored", job=self.job.id, reason=str(failure.value))
