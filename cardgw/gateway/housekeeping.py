# -*- test-case-name: tests.gateway.test_housekeeping -*-
"""
What has ended long ago is forgotten; cards whose notifications were delivered while they were away are tidied up.
"""

from __future__ import annotations

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from cardgw.errors import CardGatewayError
from cardgw.gateway.inventory import Inventory
from cardgw.gateway.outbox import Outbox
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

    def startService(self) -> None:
        """
        Begin.
        """
        self.outbox.on_change = self._changed
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

    def _round(self) -> None:
        self._timer = None
        self._working = Deferred.fromCoroutine(self._forget())

    async def _forget(self) -> None:
        jobs = self.inventory.jobs
        before = self.inventory.reactor.seconds() - jobs.settings.keep
        try:
            count = await jobs.store.jobs.forget(before, _ROUND)
            await jobs.store.outbox.forget(before)
            await jobs.store.audit.forget(before)
        except CancelledError:
            return
        except CardGatewayError as problem:
            _log.error("what is old could not be removed: {reason}", event="not-forgotten", reason=str(problem))
            count = 0
        self._working = None
        self._timer = self.inventory.reactor.callLater(1.0 if count == _ROUND else EVERY, self._round)

    def _changed(self, entry: OutboxEntry) -> None:
        """
        A notification was delivered: where its card is away and has a copy of it, that is removed at its next visit.
        """
        parcel = entry.parcel
        if entry.state is not ParcelState.DELIVERED or not entry.on_card or not parcel.remove:
            return
        if not any(visit.identity == parcel.card for visit in self.inventory.visits.values()):
            Deferred.fromCoroutine(self.inventory.jobs.tidy(parcel.card))
