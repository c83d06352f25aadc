# -*- test-case-name: tests.gateway.test_housekeeping -*-
"""
What has ended long ago is forgotten; links end when they have expired; cards whose notifications were delivered while they were
away are tidied up.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from cardgw.errors import CardGatewayError
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.visit import Visit
from cardgw.values import OutboxEntry, ParcelState

EVERY = 3600.0
"""Seconds between two rounds."""
_ROUND = 1000
_log = Logger()


@define(eq=False)
class Housekeeping:
    """
    See the module's docstring.
    """

    inventory: Inventory
    outbox: Outbox
    _timer: IDelayedCall | None = field(default=None, init=False)
    _working: Deferred[None] | None = field(default=None, init=False)
    _copies: dict[str, set[str]] = field(factory=dict, init=False)

    def startService(self) -> None:
        """
        Begin.
        """
        self.outbox.on_change, self.inventory.on_departed = self._changed, self._departed
        self.inventory.links.start()
        self._round()

    async def stopService(self) -> None:
        """
        End.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._working is not None:
            self._working.cancel()
        self.inventory.links.stop()
        await self.inventory.jobs.endings.stop()

    def _round(self) -> None:
        self._timer = None
        self._working = Deferred.fromCoroutine(self._forget())

    async def _forget(self) -> None:
        jobs = self.inventory.jobs
        before = self.inventory.reactor.seconds() - jobs.settings.keep
        try:
            await jobs.recount()
            count = await jobs.store.jobs.forget(before, _ROUND)
            for table in (jobs.store.outbox, jobs.store.audit, jobs.store.links):
                count = max(count, await table.forget(before, _ROUND))
        except CancelledError:
            return
        except CardGatewayError as problem:
            _log.error("what is old could not be removed: {reason}", event="not-forgotten", reason=str(problem))
            count = 0
        self._working = None
        self._timer = self.inventory.reactor.callLater(1.0 if count == _ROUND else EVERY, self._round)

    def _changed(self, entry: OutboxEntry) -> None:
        """
        A notification was delivered: where its card is away and has a copy of it, that is removed at its next visit.  While the
        card is here, whoever works on it does that; should it go before, it is as if it had been away.
        """
        card = entry.parcel.card
        if entry.state is ParcelState.DELIVERED and entry.on_card and entry.parcel.remove:
            if self._is_here(card):
                self._copies.setdefault(card, set()).add(entry.id)
            else:
                self._tidy(card)
        elif card in self._copies:
            self._copies[card].discard(entry.id)
            if not self._copies[card]:
                del self._copies[card]

    def _departed(self, visit: Visit) -> None:
        if visit.identity in self._copies and not self._is_here(visit.identity):
            del self._copies[visit.identity]
            self._tidy(visit.identity)

    def _is_here(self, card: str) -> bool:
        return any(visit.identity == card for visit in self.inventory.visits.values())

    def _tidy(self, card: str) -> None:
        Deferred.fromCoroutine(self.inventory.jobs.tidy(card))
