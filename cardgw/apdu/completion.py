# -*- test-case-name: tests.apdu.test_get_response,tests.apdu.test_wrong_length -*-
"""
Answers that are not the last word: what L{cardgw.apdu.get_response} and L{cardgw.apdu.wrong_length} have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cardgw.apdu.base import Answers, ChannelDecorator, Watch
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.apdu.turns import Turns
from cardgw.errors import ChannelError, PeerMisbehaved
from cardgw.interfaces import ICardChannel


class Completion(ChannelDecorator):
    """
    Passes scripts down as they are.  Where the channel below stopped at an answer whose first status byte is C{sw1}, it gets
    the complete answer, and goes on with the rest of the script if that is allowed.

    A step that allows such a status itself is left alone; so is an answer with others after it (of a pipelined script), because
    what the card held for it is lost.  In a L{ChannelError} a command whose answer is not complete counts as unanswered.

    Subclasses define C{sw1} and L{complete}, and whether that is done also where an earlier answer of a pipelined script, which
    was sent together with this command, is not allowed.

    @cvar after_refusal: it is.
    """

    sw1: ClassVar[int]
    after_refusal: ClassVar[bool]

    def __init__(self, channel: ICardChannel) -> None:
        super().__init__(channel)
        self._turn = Turns()

    async def complete(self, step: Step, response: Response) -> Response:
        """
        Get the complete answer.

        @param response: the incomplete one.
        """
        raise NotImplementedError

    def exchange(self, script: Script, watch: Watch = None) -> Deferred[Answers]:
        """
        See L{cardgw.interfaces.ICardChannel.exchange}.  C{watch} sees complete answers only, each once.
        """
        return self._turn.run(self._in_turn, script, watch)

    def _in_turn(self, script: Script, watch: Watch) -> Deferred[Answers]:
        return self.channel.exchange(script, self._filter(script.steps, watch)).addCallbacks(
            self._check, self._interrupted, (script, watch), {}, (script.steps,)
        )

    def _filter(self, steps: Sequence[Step], watch: Watch) -> Watch:
        return None if watch is None else _CompleteOnly(steps, self._incomplete, watch)

    def _incomplete(self, step: Step, response: Response) -> bool:
        return response.status >> 8 == self.sw1 and not step.allows_status(response.status)

    def _check(self, answers: Answers, script: Script, watch: Watch) -> Answers | Deferred[Answers]:
        if answers and self._incomplete(script.steps[len(answers) - 1], answers[-1]):
            return Deferred.fromCoroutine(self._go_on(script, watch, answers))
        return answers

    async def _go_on(self, script: Script, watch: Watch, answers: Answers) -> Answers:
        done: list[Response] = []
        while answers and self._incomplete(step := script.steps[len(done) + len(answers) - 1], answers[-1]):
            going = _all_allowed(script.steps[len(done) :], answers[:-1])
            done += answers[:-1]
            whole = going or self.after_refusal
            done.append(await self._completed(step, answers[-1], tuple(done)) if whole else answers[-1])
            if watch is not None:
                watch(done[-1])
            if not (going and step.allows(done[-1])) or len(done) == len(script.steps):
                return tuple(done)
            rest = script.rest(len(done))
            exchange = self.channel.exchange(rest, self._filter(rest.steps, watch))
            answers = await exchange.addErrback(self._interrupted, rest.steps, tuple(done))
        return (*done, *answers)

    async def _completed(self, step: Step, response: Response, done: Answers) -> Response:
        try:
            return await self.complete(step, response)
        except ChannelError as error:
            raise error.during(done, max(1, error.unanswered)) from error

    def _interrupted(self, failure: Failure, steps: Sequence[Step], done: Answers = ()) -> Failure:
        error = failure.value
        if not isinstance(error, ChannelError):
            return failure
        answers = error.responses
        cut = bool(answers) and self._incomplete(steps[len(answers) - 1], answers[-1])
        if not (done or cut):
            return failure
        return Failure(error.during(done + (answers[:-1] if cut else answers), error.unanswered + cut))

    async def _ask(self, step: Step) -> Response:
        answers = await self.channel.exchange(Script((step,)))
        if not answers:
            raise PeerMisbehaved(f"no answer to the command {step.command.ins:02X}")
        return answers[0]


class _CompleteOnly:
    """
    Passes answers on, except an incomplete one, which is held back until the next one shows that it will stay so.
    """

    __slots__ = ("_held", "_incomplete", "_steps", "_watch")

    def __init__(
        self, steps: Iterable[Step], incomplete: Callable[[Step, Response], bool], watch: Callable[[Response], object]
    ) -> None:
        self._steps = iter(steps)
        self._incomplete = incomplete
        self._watch = watch
        self._held: Callable[[], object] | None = None

    def __call__(self, response: Response) -> None:
        if self._held is not None:
            self._held()
            self._held = None
        if self._incomplete(next(self._steps), response):
            self._held = partial(self._watch, response)
        else:
            self._watch(response)


def _all_allowed(steps: Sequence[Step], answers: Answers) -> bool:
    return all(step.allows(answer) for step, answer in zip(steps, answers, strict=False))
