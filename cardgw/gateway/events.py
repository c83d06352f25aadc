# -*- test-case-name: tests.gateway.test_events -*-
"""
What happens, for those who follow it.  The last events are remembered, so that who was away for a moment misses nothing.

Kinds and their data:

  - C{card.arrived}, C{card.identified}, C{card.gone}: C{card} (L{cardgw.gateway.shown.card_json}); the last also C{reason};
  - C{job.queued}, C{job.started}, C{job.stage}, C{job.percent}, C{job.waiting}, C{job.ended}: C{job}, C{card} (its identity),
    C{channel}, C{operation}, C{requester}, C{state}, and what is new;
  - C{outbox.changed}: C{entry} (L{cardgw.gateway.shown.entry_json});
  - C{gap}: nothing; events are missing here, so look at the whole state again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import define, field, frozen
from twisted.logger import Logger

from cardgw.gateway.records import Principal

KINDS = (
    "card.arrived",
    "card.identified",
    "card.gone",
    "job.queued",
    "job.started",
    "job.stage",
    "job.percent",
    "job.waiting",
    "job.ended",
    "outbox.changed",
)
"""All kinds but L{GAP}."""
GAP = "gap"
"""The kind of the event that stands for those that are lost."""
PASSING = frozenset({"job.percent"})
"""Kinds that only count at the moment: nobody is told of them later."""

PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of JSON values that cannot be changed, as most are."""

_log = Logger()


@frozen
class Event:
    """
    Something that happened.

    @ivar id: unique; L{EventHub.subscribe} goes on after it.
    @ivar data: JSON values.  All listeners get this same C{dict}: it is not to be changed.
    """

    id: str
    kind: str
    data: dict[str, Any] = field(repr=False)


def among(kind: str, chosen: Iterable[str]) -> bool:
    """
    Whether a kind is one of these.

    @param chosen: kinds, or families of kinds: C{"job"} for all about jobs.
    """
    return any(kind == each or kind.startswith(each + ".") for each in chosen)


def concerns(event: Event, who: Principal) -> bool:
    """
    Whether an event is for somebody who may see one card alone.  What is about other cards, about none, about a card that is
    known by its identity only, or about jobs that do not concern them is not; a L{GAP} is for everybody.
    """
    if event.kind == GAP:
        return True
    about = event.data.get("card")
    if isinstance(about, dict):
        return bool(who.card) and about.get("id") == who.card
    channel, requester = str(event.data.get("channel")), str(event.data.get("requester"))
    return bool(who.card) and who.concerned(channel, requester)


@define(eq=False)
class Subscription:
    """
    Somebody who is told of events until L{stop}.
    """

    _hub: EventHub
    _listener: Callable[[Event], None]
    _seen: int

    def stop(self) -> None:
        """
        Be told no more, from now on.  May be called again.
        """
        self._hub.remove(self)

    def tell(self, number: int, event: Event) -> None:
        """
        For the hub: hand out an event, unless a later one has been.
        """
        if number <= self._seen:
            return
        self._seen = number
        _hand_out(self._listener, event)


@define(eq=False)
class EventHub:
    """
    See the module's docstring.

    @ivar size: how many events are remembered.
    @ivar epoch: distinguishes this process from earlier ones: a short random text without a hyphen.
    @ivar witness: called with each event before all listeners, but not with L{PASSING} ones; it does not count as a listener, for
        whom those would be made.
    """

    size: int = 2000
    epoch: str = field(kw_only=True)
    witness: Callable[[Event], object] | None = field(default=None, init=False)
    _remembered: deque[tuple[int, Event]] = field(factory=deque, init=False)
    _forgotten: int = field(default=0, init=False)
    _last: int = field(default=0, init=False)
    _due: deque[tuple[int, Event]] = field(factory=deque, init=False)
    _telling: bool = field(default=False, init=False)
    _subscriptions: dict[Subscription, None] = field(factory=dict, init=False)

    @property
    def last(self) -> str:
        """
        The id of the last event: what is looked at now, and L{subscribe} after this, make the whole.
        """
        return f"{self.epoch}-{self._last}"

    @property
    def listeners(self) -> int:
        """
        How many are told of events.
        """
        return len(self._subscriptions)

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        """
        Tell everybody; never fails, and costs little where nobody listens.

        @param data: JSON values; they may be changed afterwards.
        """
        passing = kind in PASSING
        if passing and not self._subscriptions:
            return
        self._last += 1
        numbered = self._last, Event(f"{self.epoch}-{self._last}", kind, _copied(data))
        if not passing:
            self._remember(numbered)
        if self._subscriptions or self.witness is not None:
            self._due.append(numbered)
            self._tell()

    def _remember(self, numbered: tuple[int, Event]) -> None:
        self._remembered.append(numbered)
        if len(self._remembered) > self.size:
            self._forgotten = self._remembered.popleft()[0]

    def _tell(self) -> None:
        """
        A listener may publish too: that waits here, so that all are told in the same order.
        """
        if self._telling:
            return
        self._telling = True
        try:
            while self._due:
                numbered = self._due.popleft()
                if self.witness is not None and numbered[1].kind not in PASSING:
                    _hand_out(self.witness, numbered[1])
                for subscription in tuple(self._subscriptions):
                    if subscription in self._subscriptions:
                        subscription.tell(*numbered)
        finally:
            self._telling = False

    def subscribe(self, listener: Callable[[Event], None], after: str = "") -> Subscription:
        """
        Be told what happens from now on.

        @param listener: must not block; what it raises is logged.
        @param after: the id of the last event that is known: those after it come first, before this returns.  Where they are not
            all remembered, or where the id is of another process, a L{GAP} comes in their place.
        """
        seen = self._last
        if after:
            known = self._known(after)
            seen = self._last if known is None else known
            if known is None:
                Subscription(self, listener, seen - 1).tell(seen, Event(f"{self.epoch}-{seen}", GAP, {}))
        subscription = Subscription(self, listener, seen)
        self._subscriptions[subscription] = None
        self._tell_past(subscription)
        return subscription

    def _tell_past(self, subscription: Subscription) -> None:
        telling, self._telling = self._telling, True
        try:
            for numbered in tuple(self._remembered):
                subscription.tell(*numbered)
        finally:
            self._telling = telling
        self._tell()

    def _known(self, after: str) -> int | None:
        """
        The number in an id, if all that came after it is remembered.
        """
        epoch, _, digits = after.rpartition("-")
        if epoch != self.epoch or not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(self._last)):
            return None
        return int(digits) if self._forgotten <= int(digits) <= self._last else None

    def remove(self, subscription: Subscription) -> None:
        """
        For L{Subscription.stop}.
        """
        self._subscriptions.pop(subscription, None)


def _hand_out(listener: Callable[[Event], object], event: Event) -> None:
    try:
        listener(event)
    except Exception:  # whatever is wrong with one listener must not reach what happens
        _log.failure("a listener failed at {kind}", event="listener-failed", kind=event.kind)


def _copied(value: Any) -> Any:
    """
    JSON values that nobody else has.
    """
    if type(value) in PLAIN:
        return value
    if isinstance(value, Mapping):
        return {key: each if type(each) in PLAIN else _copied(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(each) for each in value]
    return value
