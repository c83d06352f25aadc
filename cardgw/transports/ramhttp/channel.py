# -*- test-case-name: tests.transports.ramhttp.test_channel,tests.transports.ramhttp.test_channel_contract -*-
"""
A card to which commands go in templates, many at once, as L{cardgw.interfaces.ICardChannel}: for all dialects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, ChannelError, NotSupported, PeerMisbehaved
from cardgw.transports.ramhttp.plan import Limits, Pace, allowance, next_batch
from cardgw.values import ChannelInfo, Feature


class Carrier(Protocol):
    """
    Takes templates to the card and brings back what it answered; one template at a time.
    """

    def send(self, commands: Sequence[bytes], seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        Send one template as soon as the card's side asks for something to do.

        @param commands: C-APDUs, at least one.
        @param seconds: how long the card may take for them, from the moment when they have gone out.
        @return: its R-APDUs, one for each command that the card answered, in order.
        @raise ChannelError: (as failure) the card is lost; C{responses} are the answers that came to this template, and
            C{unanswered} how many more of its commands may have reached the card (none while it had not gone out).
        """

    def withdraw(self) -> None:
        """
        Take the template back if it has not gone out yet: its C{Deferred} fails with C{CancelledError}, now.  One that has gone
        out is not touched.
        """

    def leave(self, reason: ChannelError | None) -> None:
        """
        Say goodbye.  A template that was given to L{send} fails at once, with this reason (or C{ChannelClosed}) and its counts.
        When all is over, L{TemplateChannel.gone} is called.
        """


@frozen
class Patience:
    """
    How long cards may take.

    @ivar apdu_timeout: seconds for one command.
    @ivar slow_timeout: seconds for a slow one.
    """

    apdu_timeout: float
    slow_timeout: float


class TemplateChannel(ChannelBase):
    """
    See L{cardgw.interfaces.ICardChannel}.  What goes into a template is planned by L{cardgw.transports.ramhttp.plan}.

    A script that is cancelled while a template is out leaves it to be waited for; what it brings goes nowhere.

    @ivar apdus: how many commands have been sent.
    @ivar limits: what the card's side can take.
    """

    def __init__(
        self, info: ChannelInfo, carrier: Carrier, limits: Limits, patience: Patience, seconds: Callable[[], float]
    ) -> None:
        """
        @param seconds: gives the time.
        """
        super().__init__(info)
        self.apdus = 0
        self.limits = limits
        self._carrier: Any = carrier
        self._patience = patience
        self._seconds = seconds
        self._pace = Pace()
        self._script = Script(())
        self._watch: Watch = None
        self._answers: list[Response] = []
        self._running: Deferred[Answers] | None = None
        self._out: tuple[Step, ...] = ()
        self._since = 0.0
        self._stale = False
        self._after: Callable[[], object] | None = None
        self._leaving = False
        self._ending: ChannelError | None = None

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if self._leaving:
            return fail(self._closed())
        for step in script.steps:
            self._refuse_unfit(step)
        if not script.steps:
            return succeed(())
        running: Deferred[Answers] = Deferred(self._cancelled)
        self._script, self._watch, self._answers, self._running = script, watch, [], running
        self._when_free(self._send)
        return running

    def _refuse_unfit(self, step: Step) -> None:
        """
        @raise NotSupported: the card's side cannot take this command.
        """
        info, command = self.info, step.command
        if command.is_extended and Feature.EXTENDED_LENGTH not in info.offers:
            raise NotSupported(f"{info.transport}: {Feature.EXTENDED_LENGTH.value}")
        if len(command.encode()) > info.max_command:
            raise NotSupported(f"{info.transport}: commands of more than {info.max_command} bytes")

    def _when_free(self, then: Callable[[], object]) -> None:
        """
        Do something as soon as no template is out that nobody waits for any more.
        """
        if self._out:
            self._after = then
        else:
            then()

    def _send(self) -> None:
        script, done = self._script, len(self._answers)
        steps = self._out = script.steps[done : done + next_batch(script, done, self.limits, self._pace)]
        self.apdus += len(steps)
        self._forecast(sum(map(self._pace.expected, steps)))
        self._since = self._seconds()
        sending: Deferred[tuple[bytes, ...]] = self._carrier.send(
            [step.command.encode() for step in steps],
            allowance(steps, self._patience.apdu_timeout, self._patience.slow_timeout),
        )
        sending.addCallbacks(self._came, self._failed).addErrback(self._stumbled)

    def _forecast(self, seconds: float) -> None:
        """
        The next template is expected to take so long.
        """

    def _back(self) -> tuple[Step, ...]:
        """
        @return: the steps of the template that was out, unless nobody waits for it: then what waits for its end goes on.
        """
        steps, self._out = self._out, ()
        if not self._stale:
            return steps
        self._stale = False
        after, self._after = self._after, None
        if after is not None:
            after()
        return ()

    def _came(self, octets: tuple[bytes, ...]) -> None:
        elapsed = self._seconds() - self._since
        steps = self._back()
        if not steps:
            return
        good = all(len(each) >= 2 for each in octets) and 1 <= len(octets) <= len(steps)
        if not good:
            self._broken(PeerMisbehaved(f"{len(octets)} answers to {len(steps)} commands, or one without a status"), len(steps))
            return
        answers = tuple(map(Response.decode, octets))
        self._pace.took(steps[: len(answers)], elapsed, answers)
        running = self._running
        if not self._take(answers) or self._running is not running:
            return
        if len(self._answers) < len(self._script.steps) and all(map(Step.allows, steps, answers)):
            self._send()
        else:
            self._finish(tuple(self._answers))

    def _take(self, answers: Answers) -> bool:
        """
        @return: whether the script is still running.
        """
        running = self._running
        for answer in answers:
            self._answers.append(answer)
            if self._watch is None:
                continue
            try:
                self._watch(answer)
            except Exception:
                if self._running is running:
                    self._finish(Failure())
            if self._running is not running:
                return False
        return True

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        if self._stale:
            self._back()
            return
        self._back()
        if not isinstance(error, ChannelError):
            self._finish(failure)
        elif self._take(error.responses):
            self._finish(Failure(error.during(tuple(self._answers), error.unanswered)))

    def _stumbled(self, failure: Failure) -> None:
        self._finish(failure)

    def _broken(self, error: ChannelError, unanswered: int) -> None:
        running, answers = self._forget_script(), tuple(self._answers)
        self._close(error)
        if running is not None:
            running.errback(error.during(answers, unanswered))

    def _finish(self, result: Answers | Failure) -> None:
        running = self._forget_script()
        if running is not None:
            running.callback(result)

    def _forget_script(self) -> Deferred[Answers] | None:
        running, self._running = self._running, None
        self._script, self._watch, self._answers = Script(()), None, []
        self._after = None
        return running

    def _cancelled(self, running: Deferred[Answers]) -> None:
        if running is not self._running:
            return
        self._forget_script()
        if self._out:
            self._stale = True
            self._carrier.withdraw()
        running.errback(CancelledError())

    def _close(self, reason: ChannelError | None) -> None:
        if self._leaving:
            return
        self._leaving, self._ending = True, reason
        self._carrier.leave(reason)
        self._interrupt(reason)

    def _interrupt(self, reason: ChannelError | None) -> None:
        """
        Nothing goes out any more: end a script that only waits for its turn to be sent.
        """
        answers = tuple(self._answers)
        running = self._forget_script()
        if running is not None:
            running.errback((reason or ChannelClosed()).during(answers, 0))

    def _closed(self) -> ChannelError:
        reason = self._reason or self._ending
        return reason.during((), 0) if reason is not None else ChannelClosed()

    def gone(self, reason: ChannelError | None) -> None:
        """
        All is over.  A template that was out has failed before.

        @param reason: what those who wait for the end are told, unless the channel was closed from this side: then its reason.
        """
        if self._leaving:
            reason = self._ending
        self._leaving, self._ending = True, reason
        self._interrupt(reason)
        self._lost(reason)
