# -*- test-case-name: tests.gateway.test_outbox_delivery -*-
"""
Tests for L{cardgw.gateway.outbox_delivery}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError, DeliveryRefused, OperationCancelled, PluginError
from cardgw.gateway.outbox_delivery import MOST_SECONDS, Delivery, DeliverySlow
from cardgw.interfaces import IHTTPClient
from cardgw.testing import FakeHTTP
from cardgw.values import OutboxEntry, Parcel
from tests.gateway.couriers import Courier, parcel


class Stubborn(Courier):
    """
    Turns being broken off into something else.

    @ivar end: an error, or C{None} where it ends well nevertheless.
    """

    end: Exception | None = None

    async def deliver(self, parcel: Parcel, http: IHTTPClient) -> None:
        """
        See L{cardgw.interfaces.ICourier.deliver}.
        """
        try:
            await super().deliver(parcel, http)
        except CancelledError:
            if self.end is not None:
                raise self.end from None


class DeliveryTests(SynchronousTestCase):
    """
    L{Delivery}.
    """

    def setUp(self) -> None:
        """
        A delivery that has not begun.
        """
        self.clock = Clock()
        self.courier = Stubborn()
        self.courier.holding = True
        self.delivery = Delivery(OutboxEntry("7", parcel()))

    def carried(self) -> Deferred[None]:
        """
        Begin it.
        """
        couriers = {self.courier.kind: self.courier}
        return Deferred.fromCoroutine(self.delivery.carry(couriers, FakeHTTP(), self.clock))

    def test_well(self) -> None:
        """
        It ends when the courier says so, and leaves no timer.
        """
        carried = self.carried()
        self.assertNoResult(carried)
        self.courier.arrive()
        self.successResultOf(carried)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_error(self) -> None:
        """
        The courier's error is the error.
        """
        carried = self.carried()
        error = DeliveryRefused("never")
        self.courier.arrive(error)
        self.assertIs(self.failureResultOf(carried).value, error)

    def test_defect(self) -> None:
        """
        A defect of the courier is logged, and an error like others.
        """
        carried = self.carried()
        self.courier.arrive(ZeroDivisionError())
        self.assertIn("ZeroDivisionError", str(self.failureResultOf(carried, PluginError).value))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_slow(self) -> None:
        """
        It is broken off when it has lasted too long.
        """
        self.courier.end = CancelledError()
        carried = self.carried()
        self.clock.advance(MOST_SECONDS)
        self.failureResultOf(carried, DeliverySlow)

    def test_slowAndWell(self) -> None:
        """
        If it ends well for all that, it was delivered.
        """
        carried = self.carried()
        self.clock.advance(MOST_SECONDS)
        self.successResultOf(carried)

    def test_stopped(self) -> None:
        """
        Whatever the courier makes of being broken off, the reason is the error.
        """
        reason = OperationCancelled("the end")
        for end in (CancelledError(), CardGatewayError("aborted")):
            self.setUp()
            self.courier.end = end
            carried = self.carried()
            self.delivery.stop(reason)
            self.assertIs(self.failureResultOf(carried).value, reason)

    def test_stoppedBefore(self) -> None:
        """
        What was stopped before it began does not begin.
        """
        self.delivery.stop(OperationCancelled("the end"))
        self.failureResultOf(self.carried(), OperationCancelled)
        self.assertEqual(self.courier.carried, [])

    def test_cancelledElsewhere(self) -> None:
        """
        A courier that somebody else breaks off is no success.
        """
        self.courier.end = CancelledError()
        carried = self.carried()
        self.courier.on_the_way[0][1].cancel()
        self.failureResultOf(carried, OperationCancelled)
