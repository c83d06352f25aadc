# -*- test-case-name: tests.lpa.test_es11 -*-
"""
A world with an SM-DS in it.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from cardgw.lpa.es11 import Event, discover
from cardgw.lpa.isdr import Isdr
from cardgw.virtual.pki import Pki
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_orders import Order
from cardgw.virtual.smds import Smds
from tests.lpa.world import World, pki_of


class DiscoveryWorld(World):
    """
    The card's order waits at the SM-DP+, and the SM-DS knows of it.

    @ivar further: a second SM-DP+.
    """

    def __init__(self, curve: str = "nist", smds_pki: Pki | None = None, **more: Any) -> None:
        """
        @param smds_pki: of the SM-DS, where it is not that of the card.
        @param more: see L{World}.
        """
        super().__init__(curve, **more)
        self.smds = Smds(smds_pki or pki_of(curve))
        self.further = Smdp(pki_of(curve), host="smdp2.example.test")
        self.smds.register(self.card.eid, "PROFILE-1", self.smdp.host)
        self.http.others = {self.smds.host: self.smds, self.further.host: self.further}
        self.isdr = Isdr(self.session.channel)

    def order_further(self, event_id: str, package: bytes) -> None:
        """
        Have another profile wait at the second SM-DP+.
        """
        self.further.add(Order(event_id, package))
        self.smds.register(self.card.eid, event_id, self.further.host)

    def discover(self, host: str = "", imei: str | None = None) -> Deferred[tuple[Event, ...]]:
        """
        Begin to ask the SM-DS.
        """
        return Deferred.fromCoroutine(discover(self.session, self.isdr, host or self.smds.host, imei))
