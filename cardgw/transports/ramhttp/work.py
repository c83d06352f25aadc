# -*- test-case-name: tests.transports.ramhttp.test_work -*-
"""
What a client is to be told next: texts for its holder, and the order for its card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred

from cardgw.errors import ChannelError
from cardgw.transports.ramhttp.holder import Holder
from cardgw.transports.ramhttp.orders import Order, results
from cardgw.transports.ramhttp.repeats import Form
from cardgw.transports.ramhttp.replies import KEEP_ALIVE
from cardgw.transports.ramhttp.wire import Answer, Apdu, ResetCard, WireError, encode_request

LONG = 3.0
"""Seconds from which on the card holder is told how long it will take."""


@frozen
class Telling:
    """
    What goes out.

    @ivar octets: a template.
    @ivar expected: the form of its answer.
    @ivar seconds: how long that may take.
    """

    octets: bytes
    expected: Form = ()
    seconds: float = 0.0


class Work:
    """
    See the module's docstring.

    @ivar holder: the texts.
    @ivar forecast: how many seconds the next order is expected to take.
    """

    __slots__ = ("_order", "forecast", "holder")

    def __init__(self, clock: Any, due: Callable[[], object]) -> None:
        """
        @param due: called when texts are to go out.
        """
        self.holder = Holder(clock, due)
        self.forecast = 0.0
        self._order: Order | None = None

    def order(self, elements: Sequence[Apdu | ResetCard], seconds: float) -> Deferred[tuple[bytes, ...]]:
        """
        Something for the card; there is no other order yet.

        @param seconds: how long it may take.
        @return: see L{Order}.
        """
        self._order = Order(elements, seconds)
        return self._order.done

    def withdraw(self) -> None:
        """
        Take the order back, unless it has gone out.
        """
        order = self._order
        if order is not None and not order.out:
            self._order = None
            order.taken_back()

    def next(self, confusable: Callable[[Form], bool]) -> Telling | None:
        """
        What goes out now.

        @param confusable: whether an answer of a form could be mistaken now.
        """
        order = self._order
        if order is None or order.out:
            return Telling(encode_request(self.holder.take())) if self.holder.is_due else None
        if confusable(order.form):
            return Telling(KEEP_ALIVE)
        texts = self.holder.take(self.forecast if self.forecast >= LONG else None)
        try:
            octets = encode_request((*texts, *order.elements))
        except WireError:  # not both in one
            return Telling(encode_request(texts))
        order.out = True
        return Telling(octets, order.form, order.seconds)

    def problem(self, answer: Answer) -> str:
        """
        Why this does not answer what was told; empty where it does.
        """
        order = self._order
        if order is None or not order.out:
            came = len(results(answer))
            return f"{came} answers came unasked" if came else ""
        return order.problem(answer)

    def breaks_off(self, answer: Answer) -> bool:
        """
        Whether the card has not answered all of what was told, without a word why: some readers have an empty answer for a card
        that was pulled out.
        """
        order = self._order
        return order is not None and order.out and order.breaks_off(answer)

    def answered(self, answer: Answer) -> None:
        """
        An answer has come in which there is no L{problem}.
        """
        order = self._order
        if order is not None and order.out:
            self._order = None
            order.done.callback(results(answer))

    def lost(self, reason: ChannelError, answer: Answer | None = None) -> None:
        """
        There will be no answer, or not a whole one: see L{Order.lost}.
        """
        order, self._order = self._order, None
        if order is not None:
            order.lost(reason, answer)
