# -*- test-case-name: tests.apdu.test_lockstep -*-
"""
A channel over which commands go one at a time: the next one is sent when the answer is there.  An APDU costs no coroutine, no
C{Deferred} and no timer.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelError
from cardgw.values import ChannelInfo


class LockstepChannel(ChannelBase):
    """
    A channel that still has to say how it sends a command.  Subclasses

      1. define C{_transmit}, and C{_rest} if they want to know that nothing is awaited any more;
      2. call C{_came} with each answer, while C{_awaiting};
      3. call C{_interrupt} when the card is lost, before C{_lost}; from then on their C{_run} fails.

    A script that is cancelled leaves its last answer to be waited for; it goes nowhere.

    @ivar apdus: how many commands have been sent.
    """

    def __init__(self, info: ChannelInfo) -> None:
        super().__init__(info)
        self.apdus = 0
        self._awaiting = False
        self._stale = False
        self._steps: tuple[Step, ...] = ()
        self._watch: Watch = None
        self._answers: list[Response] = []
        self._running: Deferred[Answers] | None = None

    def _transmit(self, step: Step) -> None:
        raise NotImplementedError

    def _rest(self) -> None:
        return None

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        if not script.steps:
            return succeed(())
        running: Deferred[Answers] = Deferred(self._cancelled)
        self._steps, self._watch, self._answers, self._running = script.steps, watch, [], running
        if not self._awaiting:
            self._send()
        return running

    def _send(self) -> None:
        self._awaiting = True
        self.apdus += 1
        self._transmit(self._steps[len(self._answers)])

    def _came(self, response: Response) -> None:
        self._awaiting = False
        if not self._stale:
            self._take(response)
            return
        self._stale = False
        if self._running is not None:
            self._send()
        else:
            self._rest()

    def _take(self, response: Response) -> None:
        answers, running = self._answers, self._running
        step = self._steps[len(answers)]
        answers.append(response)
        if self._watch is not None:
            try:
                self._watch(response)
            except Exception:
                self._finish(Failure())
            if self._running is not running:
                return
        if len(answers) < len(self._steps) and step.allows(response):
            self._send()
        else:
            self._finish(tuple(answers))

    def _finish(self, result: Answers | Failure) -> None:
        self._rest()
        running = self._forget_script()
        if running is not None:
            running.callback(result)

    def _forget_script(self) -> Deferred[Answers] | None:
        running, self._running = self._running, None
        self._steps, self._watch, self._answers = (), None, []
        return running

    def _cancelled(self, running: Deferred[Answers]) -> None:
        if running is self._running:
            self._stale = self._awaiting
            if not self._awaiting:
                self._rest()
            self._forget_script()
            running.errback(CancelledError())

    def _interrupt(self, reason: ChannelError) -> None:
        answers, unanswered = tuple(self._answers), int(self._awaiting and not self._stale)
        running = self._forget_script()
        if running is not None:
            running.errback(reason.during(answers, unanswered))
