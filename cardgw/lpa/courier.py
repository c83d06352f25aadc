# -*- test-case-name: tests.lpa.test_courier -*-
"""
Carries notifications to their servers; the card need not be here (ES9+.HandleNotification, SGP.22 5.6.4).
"""

from __future__ import annotations

from zope.interface import implementer

from cardgw.errors import DeliveryRefused
from cardgw.interfaces import ICourier, IHTTPClient
from cardgw.lpa.es9 import Es9, Es9Error
from cardgw.lpa.reasons_notices import FINAL
from cardgw.values import Parcel

NOTIFICATION = "notification"
"""The kind of parcel."""


@implementer(ICourier)
class NotificationCourier:
    """
    See L{ICourier}.
    """

    kind = NOTIFICATION

    async def deliver(self, parcel: Parcel, http: IHTTPClient) -> None:
        """
        See L{ICourier.deliver}.  The server has the notification when this returns.

        @raise DeliveryRefused: the server's codes are in L{FINAL}.
        """
        try:
            await Es9(http, parcel.address, parcel.trusted).handle_notification(parcel.payload)
        except Es9Error as refusal:
            why = FINAL.get((refusal.subject, refusal.reason))
            if why is None:
                raise
            raise DeliveryRefused(f"{parcel.address}: {why}, {refusal.detail}") from refusal
