# -*- test-case-name: tests.lpa.test_deliver -*-
"""
An outbox for tests in one process: it delivers with the courier, and keeps the order of what happened.
"""

from __future__ import annotations

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail

from cardgw.errors import CardGatewayError, DeliveryRefused
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.courier import NotificationCourier
from cardgw.testing.outbox import FakeOutbox
from cardgw.values import OutboxEntry, Parcel, ParcelState


@define(eq=False)
class CarryingOutbox(FakeOutbox):
    """
    Delivers at once.

    @ivar http: where to.
    @ivar log: C{keep}, C{deliver} and C{taken_off} with the number of the parcel, as they came.
    @ivar broken: the error with which parcels cannot be kept, or C{None}.
    """

    http: IHTTPClient = field(kw_only=True)
    log: list[tuple[str, int]] = field(factory=list, kw_only=True)
    broken: CardGatewayError | None = field(default=None, kw_only=True)

    def keep(self, parcel: Parcel) -> Deferred[OutboxEntry]:
        """
        See L{cardgw.interfaces.IOutbox.keep}.
        """
        self.log.append(("keep", parcel.number))
        return fail(self.broken) if self.broken is not None else FakeOutbox.keep(self, parcel)

    def deliver(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{cardgw.interfaces.IOutbox.deliver}.
        """
        self.log.append(("deliver", entry.parcel.number))
        if self.refusals:
            return FakeOutbox.deliver(self, entry)
        return Deferred.fromCoroutine(self._carry(entry))

    async def _carry(self, entry: OutboxEntry) -> None:
        try:
            await NotificationCourier().deliver(entry.parcel, self.http)
        except CardGatewayError as problem:
            state = ParcelState.REFUSED if isinstance(problem, DeliveryRefused) else entry.state
            self.stored[entry.id] = evolve(self.stored[entry.id], state=state, reason=str(problem))
            raise
        self.delivered.append(entry.parcel)
        self.stored[entry.id] = evolve(self.stored[entry.id], state=ParcelState.DELIVERED, reason="")

    def taken_off(self, entry: OutboxEntry) -> Deferred[None]:
        """
        See L{cardgw.interfaces.IOutbox.taken_off}.
        """
        self.log.append(("taken_off", entry.parcel.number))
        return FakeOutbox.taken_off(self, entry)
