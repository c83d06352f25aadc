# -*- test-case-name: tests.gateway.test_outbox_delivery -*-
"""
One parcel on its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from cardgw.errors import CardGatewayError, MissingPlugin, OperationCancelled, PluginError
from cardgw.interfaces import ICourier, IHTTPClient
from cardgw.values import OutboxEntry

MOST_SECONDS = 240.0
"""A delivery takes no longer."""

_log = Logger()


class DeliverySlow(CardGatewayError):
    """
    The delivery took too long.
    """


@define(eq=False)
class Delivery:
    """
    A parcel on its way, and those who wait for what comes of it.

    @ivar stopped: why it was to end before that.
    """

    entry: OutboxEntry
    stopped: CardGatewayError | None = None
    _carrying: Deferred[None] | None = None
    _waiters: list[Deferred[None]] = field(factory=list)

    def outcome(self) -> Deferred[None]:
        """
        For one more who waits.  It has no canceller: who cancels it waits no more, and that is all.
        """
        waiter: Deferred[None] = Deferred()
        self._waiters.append(waiter)
        return waiter

    def end(self, error: CardGatewayError | None) -> None:
        """
        Tell all who wait.
        """
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if error is None:
                waiter.callback(None)
            else:
                waiter.errback(Failure(error))

    def stop(self, reason: CardGatewayError) -> None:
        """
        Break it off, unless it has come to its end.
        """
        self.stopped = reason
        if self._carrying is not None:
            self._carrying.cancel()

    async def carry(self, couriers: Mapping[str, ICourier], http: IHTTPClient, clock: Any) -> None:
        """
        Have it carried.

        @raise CardGatewayError: it was not delivered, for whatever reason; L{stopped} where that is the reason.
        """
        if self.stopped is not None:
            raise self.stopped
        self._carrying = Deferred.fromCoroutine(self._hand_over(couriers, http)).addTimeout(MOST_SECONDS, clock, _slow)
        try:
            await self._carrying
        except (CancelledError, CardGatewayError) as problem:
            if self.stopped is not None:
                raise self.stopped from None
            raise OperationCancelled("the delivery") if isinstance(problem, CancelledError) else problem from None
        finally:
            self._carrying = None

    async def _hand_over(self, couriers: Mapping[str, ICourier], http: IHTTPClient) -> None:
        parcel = self.entry.parcel
        if parcel.kind not in couriers:
            raise MissingPlugin(f"nothing that is installed carries a {parcel.kind}")
        try:
            await couriers[parcel.kind].deliver(parcel, http)
        except (CancelledError, CardGatewayError):
            raise
        except Exception as defect:
            _log.failure("the courier of {kind} has a defect", event="courier-defect", kind=parcel.kind)
            raise PluginError(f"the courier of {parcel.kind}: {type(defect).__name__}") from defect


def _slow(result: Any, seconds: float) -> Any:
    if isinstance(result, Failure) and result.check(CancelledError):
        raise DeliverySlow(f"more than {seconds:g} seconds")
    return result
