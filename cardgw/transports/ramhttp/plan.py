# -*- test-case-name: tests.transports.ramhttp.test_plan -*-
"""
How much of a script goes into the next template: as much as fits, as long as the card holder can be told something now and then,
and whoever cancels does not wait long.  No I/O.

Each template costs an exchange over HTTP, so fewer are faster; but nothing is known of a template until all of it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, field, frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_LE
from cardgw.apdu.iso7816 import INS_GET_RESPONSE, SW1_MORE, SW1_WRONG_LENGTH
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.transports.ramhttp.wire import TEMPLATE_MAX

HEADER = 4
"""Bytes of tag and length of a template, at most."""
RESPONSE_REST = 64
"""Bytes of a response besides answers: header, count, and why the card's side ends it, where it does."""
STATUS = 2
"""Bytes of a status word."""

STEP_SECONDS = 0.02
BYTE_SECONDS = 0.0001
"""
What a command takes, until it has been measured: the card's own time, and the line's.  Readers have taken 0.06 ms per byte (T=0,
250 kbit/s); a card without contacts has 0.1 ms (106 kbit/s); writing a block to flash memory takes some 20 ms.
"""
SEGMENT_SECONDS = 0.4
"""
Added for a slow command without data in its answer, the end of a segment of a profile package.  A sysmoEUICC1 has taken 0.1 to
2.2 s; others are faster, and it is better to begin with too much than to end with too many exchanges.
"""
THINKING_SECONDS = 2.0
"""Added for a slow command with data in its answer: AuthenticateServer, GENERATE KEY PAIR, INSTALL take 0.5 to 5 s."""

SLOWER_COUNTS, FASTER_COUNTS = 0.5, 0.9
"""
How much a template counts, at most, that was slower or faster than expected; all before it count as the rest.  Many things can
delay an answer, but none can bring it early.
"""
SURPRISE = 4.0
"""How many times slower or faster than expected it may count as: a delay on the line is not the card."""
SHORT_SECONDS = 0.2
"""A template that is expected to take so long counts half."""
SLOWEST, FASTEST = 50.0, 0.05
PATIENCE = 10.0
"""How many times what is expected of them the other commands of a template may take before its client is given up."""


@frozen
class Limits:
    """
    What the card's side can take.

    @ivar max_command: longest C-APDU.
    @ivar max_response: longest R-APDU.
    @ivar template_bytes: longest request template.
    @ivar response_bytes: longest response template.
    @ivar seconds: how long one template should take.
    @ivar completes: it sends GET RESPONSE itself after 61xx, and repeats after 6Cxx.
    """

    max_command: int
    max_response: int
    template_bytes: int = TEMPLATE_MAX
    response_bytes: int = TEMPLATE_MAX
    seconds: float = 5.0
    completes: bool = False


@define(eq=False)
class Pace:
    """
    What has been learned of a card, its reader, and the line to it.

    It begins with what is usual (L{STEP_SECONDS} and so on), and learns how many times that it really is.  The fastest template
    of a short command or none stands for what each exchange costs.  Commands for which the card has to think, or which it has
    refused, say nothing.

    @ivar rate: how many times the usual time it is.
    """

    rate: float = 1.0
    _least: tuple[float, float] = (0.0, 0.0)
    _known: bool = False
    _direct: bool | None = field(default=None)

    def may_hold(self, step: Step) -> bool:
        """
        Whether the card may answer a step with 61xx or 6Cxx, so that nothing must follow it.  With Le it does not if it has
        given the answer to a command with data and Le at once, and never held one back; without Le, and yet with an answer, it
        may always (STORE DATA, SGP.22 5.7.2).
        """
        return step.data and not (self._direct and step.command.expected is not None)

    def expected(self, step: Step) -> float:
        """
        Seconds that a step will take.
        """
        return self.rate * _usual(step) + THINKING_SECONDS * _thinks(step)

    def took(self, steps: Sequence[Step], seconds: float, answers: Iterable[Response] = ()) -> None:
        """
        Learn from a template.

        @param steps: those that were done; none for a template without commands.
        @param seconds: from sending it to having its answer.
        @param answers: those to the steps.
        """
        refused = False
        for step, answer in zip(steps, answers, strict=False):
            self._answered(step, answer)
            refused = refused or not step.allows(answer)
        if not refused and not any(map(_thinks, steps)):
            self._measured(sum(map(_usual, steps)), seconds)

    def _measured(self, usual: float, seconds: float) -> None:
        short = usual < SHORT_SECONDS / 2
        more, longer = usual - self._least[0], seconds - self._least[1]
        if more > 0 and (self._known or not short):
            seen = min(max(longer / more, self.rate / SURPRISE), self.rate * SURPRISE)
            counts = SLOWER_COUNTS if seen > self.rate else FASTER_COUNTS
            self.rate += counts * more / (more + SHORT_SECONDS) * (seen - self.rate)
            self.rate = min(max(self.rate, FASTEST), SLOWEST)
        if short and not (self._known and longer >= 0):
            self._least, self._known = (usual, seconds), True

    def _answered(self, step: Step, answer: Response) -> None:
        if answer.sw1 in {SW1_MORE, SW1_WRONG_LENGTH}:
            self._direct = False
        elif self._direct is None and answer.data and step.command.data and step.command.expected is not None:
            self._direct = True


def next_batch(script: Script, done: int, limits: Limits, pace: Pace) -> int:
    """
    How many of the steps that are left go into the next template.

    Nothing follows a command whose answer may have to be fetched, but what fetches it: the card forgets it with the next one.

    @param done: how many have been answered; less than there are.
    @return: 1 at least, also where that one is too long.
    """
    if not script.pipelined:
        return 1
    sent, received, seconds = HEADER, RESPONSE_REST, 0.0
    for at in range(done, len(script.steps)):
        step = script.steps[at]
        sent += _framed(len(step.command.encode()))
        received += _framed(_most(step, limits.max_response))
        seconds += pace.expected(step)
        full = sent > limits.template_bytes or received > limits.response_bytes or seconds > limits.seconds
        if full and at > done:
            return at - done
        if not (limits.completes or _is_fetched(script, at)) and pace.may_hold(step):
            return at - done + 1
    return max(1, len(script.steps) - done)


def allowance(steps: Sequence[Step], apdu_timeout: float, slow_timeout: float) -> float:
    """
    Seconds after which the client that has a template is given up.  One of the commands may take all the time that a command
    may; that they all do is no card, but a client that is gone.

    @param apdu_timeout: for one command.
    @param slow_timeout: for a slow one.
    """
    longest = slow_timeout if any(step.slow for step in steps) else apdu_timeout
    return longest + PATIENCE * sum(_usual(step) + THINKING_SECONDS * _thinks(step) for step in steps)


def _is_fetched(script: Script, at: int) -> bool:
    """
    Whether the next command fetches what the card holds back of an answer.
    """
    return at + 1 < len(script.steps) and script.steps[at + 1].command.ins == INS_GET_RESPONSE


def _thinks(step: Step) -> bool:
    return step.slow and step.data


def _usual(step: Step) -> float:
    segment = SEGMENT_SECONDS if step.slow and not step.data else 0.0
    return STEP_SECONDS + BYTE_SECONDS * len(step.command.data) + segment


def _framed(size: int) -> int:
    return 1 + len(tlv.length(size)) + size


def _most(step: Step, max_response: int) -> int:
    """
    Bytes of the longest answer to a step.  One that may have data may have some also without Le, as with T=1.
    """
    expected = step.command.expected
    if expected is None:
        expected = SHORT_LE if step.data else 0
    return min(expected + STATUS, max_response)
