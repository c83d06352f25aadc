# -*- test-case-name: tests.transports.ramhttp.test_orders -*-
"""
What a card is to do next, and who waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import dropwhile, takewhile

from twisted.internet.defer import CancelledError, Deferred

from cardgw.apdu.response import Response
from cardgw.errors import ChannelError
from cardgw.transports.ramhttp.repeats import Form
from cardgw.transports.ramhttp.wire import Answer, Apdu, AtrGiven, Closed, Rapdu, ResetCard


class Order:
    """
    The commands of one template, or a reset.

    @ivar elements: for the template.
    @ivar seconds: how long it may take.
    @ivar out: whether it may have reached the card's side.
    @ivar done: gives the R-APDUs, or the one ATR.
    """

    __slots__ = ("done", "elements", "out", "seconds")

    def __init__(self, elements: Sequence[Apdu | ResetCard], seconds: float) -> None:
        self.elements = tuple(elements)
        self.seconds = seconds
        self.out = False
        self.done: Deferred[tuple[bytes, ...]] = Deferred(_not_cancelled)

    @property
    def form(self) -> Form:
        """
        Of the answer.
        """
        return tuple(isinstance(each, Apdu) for each in self.elements)

    def breaks_off(self, answer: Answer) -> bool:
        """
        Whether this has an answer to each element, but the last ones, or the last one, are empty.
        """
        found = results(answer)
        return form_of(answer) == self.form and not all(found) and not any(dropwhile(bool, found))

    def problem(self, answer: Answer) -> str:
        """
        Why this does not answer it; empty where it does.
        """
        found = results(answer)
        if form_of(answer) == self.form and all(found):
            return ""
        empty = sum(not each for each in found)
        return f"{len(found)} answers to {len(self.elements)} elements" + (f", {empty} of them empty" if empty else "")

    def lost(self, reason: ChannelError, answer: Answer | None = None) -> None:
        """
        There will be no answer, or not a whole one.

        @param answer: what came before that, with the word that the card's side ends the session; it stops at the command that
            failed then.  Where there is nothing but that word, it may have been said while commands were still being executed.
        """
        expected = len(self.elements)
        found = () if answer is None else results(answer)[:expected]
        whole = list(takewhile(lambda each: len(each) >= 2, found))
        if answer is not None and len(whole) == expected and closing(answer) is not None and form_of(answer) == self.form:
            self.done.callback(tuple(whole))
            return
        left = expected - len(whole) if self.out else 0
        if found and answer is not None and closing(answer) is not None:
            left = min(1, left)
        commands = isinstance(self.elements[0], Apdu)
        self.done.errback(reason.during(tuple(map(Response.decode, whole)) if commands else (), left if commands else 0))

    def taken_back(self) -> None:
        """
        It is not to be sent any more.
        """
        self.done.errback(CancelledError())


def _not_cancelled(done: Deferred[tuple[bytes, ...]]) -> None:
    raise AssertionError("an order is taken back, not cancelled")


def results(answer: Answer) -> tuple[bytes, ...]:
    """
    The R-APDUs and ATRs of an answer.
    """
    return tuple(each.octets if isinstance(each, Rapdu) else each.atr for each in _answers(answer))


def form_of(answer: Answer) -> Form:
    """
    See L{Form}.
    """
    return tuple(isinstance(each, Rapdu) for each in _answers(answer))


def _answers(answer: Answer) -> Iterable[Rapdu | AtrGiven]:
    return (each for each in answer.elements if isinstance(each, (Rapdu, AtrGiven)))


def closing(answer: Answer) -> str | None:
    """
    Why the card's side ends the session; C{None} where it does not.
    """
    return next((each.reason for each in answer.elements if isinstance(each, Closed)), None)
