# -*- test-case-name: tests.functional.test_amdb_gp -*-
"""
Cards of GlobalPlatform that administer themselves over HTTP: the software card at the end of a connection with TLS-PSK.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from cardgw.virtual.admin_agent import AdminAgent, Manners, Outcome
from cardgw.virtual.ram_slot import Slot
from tests.functional.amdb import AGENT, WHO, AmdbTestCase
from tests.functional.gp import GpCard
from tests.functional.operators import reactor


class ConnectedCard(GpCard):
    """
    A card for which the connection is the secure channel.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(connected=True, **options)

    @property
    def identity(self) -> str:
        """
        What the gateway calls it, since its agent says so.
        """
        return WHO


class AmdbGpTestCase(AmdbTestCase):
    """
    A service to which such cards come.
    """

    def administer(self, card: GpCard, agent: str = AGENT, target: str = "/rt", **manners: Any) -> Deferred[Outcome]:
        """
        A card comes, and does what it is told.
        """
        slot = Slot(reactor, card, card.card.atr, card.card.reset)
        told = Manners(**manners)
        running = AdminAgent(reactor, self.endpoint(), slot, identity=agent, target=target, manners=told).run()
        return Deferred.fromCoroutine(running)
