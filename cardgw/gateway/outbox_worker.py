# -*- test-case-name: tests.gateway.test_outbox_worker -*-
"""
Delivers what is due in the outbox, when it is due.

A server that cannot be reached would hold up everything: so there is one delivery at a time for a host, and while a host rests
after a failure, all that waits for it is postponed.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

from attrs import define, field, frozen
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from cardgw.errors import CardGatewayError, OperationCancelled
from cardgw.gateway.faults import StoreError
from cardgw.values import OutboxEntry

if TYPE_CHECKING:
    from cardgw.gateway.store.engine import Store

PAUSES = (60.0, 300.0, 900.0, 3600.0, 10800.0, 21600.0)
"""Seconds after the first failure, the second, and so on; the last one is kept."""
JITTER = 0.1
"""A pause is so much shorter or longer, by chance: not all wait for the same moment."""
MOST_REST = 900.0
"""Seconds for which a host is left alone at most."""
PLACES = 8
"""Deliveries at once."""
WINDOW = 200
"""So many of those that are due are looked at."""
SOONEST = 1.0
"""Seconds between looks that nothing but the time causes."""
STORE_PAUSE = 30.0
"""The same, while the store cannot be used."""
_MOST_RESTING = 1000

_log = Logger()


def pause(attempts: int, chance: float) -> float:
    """
    How long to wait after an attempt that failed.

    @param attempts: how many there have been.
    @param chance: a random number from 0 to 1.
    @return: seconds.
    """
    return PAUSES[min(attempts, len(PAUSES)) - 1] * (1 - JITTER + 2 * JITTER * chance)


class Deliveries(Protocol):
    """
    What the worker sees of the outbox.
    """

    def deliver(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{cardgw.interfaces.IOutbox.deliver}.
        """

    def on_its_way(self, entry: OutboxEntry) -> bool:
        """
        Whether somebody delivers it already.
        """

    def claim(self, entry: OutboxEntry) -> Deferred[OutboxEntry | None]:
        """
        Keep others from it for a while.

        @return: the entry, or C{None} if it is not due any more.
        """

    def postpone(self, entry: OutboxEntry, until: float) -> Deferred[None]:
        """
        It is not due before this time.
        """


@frozen
class _Rest:
    """
    A host is left alone.

    @ivar failures: in a row.
    """

    failures: int
    until: float


@define(eq=False)
class Worker:
    """
    See the module's docstring.
    """

    outbox: Deliveries
    store: Store
    clock: Any
    _running: bool = field(default=False, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _looking: bool = field(default=False, init=False)
    _again: bool = field(default=False, init=False)
    _busy: set[str] = field(factory=set, init=False)
    _rests: OrderedDict[str, _Rest] = field(factory=OrderedDict, init=False)
    _failing: bool = field(default=False, init=False)
    _quiet: list[Deferred[None]] = field(factory=list, init=False)

    def start(self) -> None:
        """
        Look what is due, and go on doing so.
        """
        self._running = True
        self._wake()

    def stop(self) -> Deferred[None]:
        """
        Begin nothing more.

        @return: C{Deferred[None]}, when nothing that was begun is left.
        """
        self._running = False
        self._stop_timer()
        if not self._looking and not self._busy:
            return succeed(None)
        quiet: Deferred[None] = Deferred()
        self._quiet.append(quiet)
        return quiet

    def expect(self, at: float) -> None:
        """
        Something will be due at this time.
        """
        if not self._running:
            return
        delay = max(at - self.clock.seconds(), STORE_PAUSE if self._failing else SOONEST)
        if self._timer is None:
            self._timer = self.clock.callLater(delay, self._due)
        elif self._timer.getTime() > self.clock.seconds() + delay:
            self._timer.reset(delay)

    def hurry(self, host: str) -> None:
        """
        Something for this host is due now.
        """
        if self._failing:
            self.expect(self.clock.seconds())
        elif host not in self._busy:  # else it is looked at when that delivery has ended
            self._wake()

    def _due(self) -> None:
        self._timer = None
        self._wake()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._again = True
        if not self._looking and self._running:
            self._looking = True
            Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        """
        Look as long as something happens meanwhile, and then when there will be something to do next.
        """
        try:
            while self._again and self._running:
                self._again = False
                await self._look_once()
        except Exception as problem:  # whatever it is, the outbox must not stand still
            self._failed(problem)
        self._looking = False
        self._tell_quiet()

    async def _look_once(self) -> None:
        if len(self._busy) >= PLACES:
            return
        now = self.clock.seconds()
        due = await self.store.outbox.due(now, WINDOW)
        postponed = [Deferred.fromCoroutine(self._postpone(entry)) for entry in due if self._rests_at(entry, now)]
        await gatherResults(postponed)
        for entry in due:
            if not self._rests_at(entry, now):
                self._begin(entry)
        self._failing = self._failing and bool(due)
        self._again = self._again or (bool(postponed) and len(due) == WINDOW)
        if not self._again:
            at = await self.store.outbox.next_due()
            if at is not None and (at > self.clock.seconds() or not self._busy):  # else the end of a delivery leads here
                self.expect(at)

    def _rests_at(self, entry: OutboxEntry, now: float) -> bool:
        rest = self._rests.get(entry.parcel.address)
        return rest is not None and rest.until > now

    async def _postpone(self, entry: OutboxEntry) -> None:
        try:
            await self.outbox.postpone(entry, self._rests[entry.parcel.address].until)
        except StoreError as problem:
            self._failed(problem)

    def _begin(self, entry: OutboxEntry) -> None:
        host = entry.parcel.address
        if self._running and host not in self._busy and len(self._busy) < PLACES and not self.outbox.on_its_way(entry):
            self._busy.add(host)
            Deferred.fromCoroutine(self._deliver(entry, host))

    async def _deliver(self, entry: OutboxEntry, host: str) -> None:
        try:
            claimed = await self.outbox.claim(entry)
            self._failing = False
            if claimed is not None and self._running:
                await self.outbox.deliver(claimed)
                self._rests.pop(host, None)
        except (OperationCancelled, CancelledError):
            pass
        except CardGatewayError as problem:
            if isinstance(problem, StoreError):
                self._failed(problem)
            else:  # the outbox has written it down
                self._let_rest(host)
        self._busy.discard(host)
        if self._failing:
            self.expect(self.clock.seconds())
        else:
            self._wake()
        self._tell_quiet()

    def _let_rest(self, host: str) -> None:
        """
        Not longer than the parcel that failed waits itself, so that a host with a single one is left out of this.
        """
        before = self._rests.pop(host, None)
        failures = 1 if before is None else before.failures + 1
        self._rests[host] = _Rest(failures, self.clock.seconds() + min(pause(failures, 0), MOST_REST))
        if len(self._rests) > _MOST_RESTING:
            self._rests.popitem(last=False)

    def _failed(self, problem: Exception) -> None:
        if not self._failing:
            _log.error("the outbox stands still: {reason}", event="outbox-stands-still", reason=str(problem))
        self._failing = True
        self.expect(self.clock.seconds())

    def _tell_quiet(self) -> None:
        if not self._looking and not self._busy:
            quiet, self._quiet = self._quiet, []
            for each in quiet:
                each.callback(None)
