# -*- test-case-name: tests.gateway.test_inventory -*-
"""
L{cardgw.gateway.inventory}.
"""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import GatewayStopping, MissingPlugin, PeerLost
from cardgw.gateway.inventory import Book, Inventory
from cardgw.interfaces import ICardChannel, IOperation, ISession
from cardgw.quirks import Quirks
from cardgw.testing import GatewayTestsMixin
from cardgw.values import CardRequest, Feature
from tests.gateway.fakes import Memory, NoSettings, QuietChannel, Scripted, make_tools


def same(channel: ICardChannel) -> ICardChannel:
    """
    No decorators.
    """
    return channel


class InventoryTests(GatewayTestsMixin, SynchronousTestCase):
    """
    What becomes of a card that comes.
    """

    def setUp(self) -> None:
        self.observer = Memory()
        self.sessions: list[ISession] = []
        self.gate: Deferred[dict[str, Any]] = Deferred()
        quirks = (Quirks(transport="test", segment_size=63),)
        book = Book({("test", "download"): "test.run", ("test", "gone"): "test.gone"}, self.operation, quirks)
        self.inventory = Inventory(Clock(), make_tools(self.observer), book, same)
        self.channel = QuietChannel(CardRequest("download", "abc"))

    def operation(self, name: str) -> tuple[IOperation, Any]:
        """
        What settings have.
        """
        if name != "test.run":
            raise MissingPlugin(name)
        return Scripted(self.body), NoSettings()

    async def body(self, session: ISession) -> dict[str, Any]:
        """
        Waits for C{gate}.
        """
        self.sessions.append(session)
        session.farewell("all done")
        return await self.gate

    def names(self) -> list[str]:
        """
        What the observer was told of.
        """
        return [event[0] for event in self.observer.told]

    def make_gateway(self) -> Inventory:
        """
        See L{GatewayTestsMixin}.
        """
        return self.inventory

    def test_served(self) -> None:
        """
        A request is routed to its operation with the card's text; the last text is shown when the card has been released.
        """
        served = self.inventory.arrived(self.channel)
        self.assertNoResult(served)
        self.assertEqual(self.sessions[0].parameters.code, "abc")
        self.assertEqual(self.sessions[0].quirks.segment_size, 63)
        self.gate.callback({"iccid": "89"})
        self.successResultOf(served)
        self.assertEqual(self.channel.events, ["hold", "release", "show all done"])
        self.assertEqual(self.names(), ["card_arrived", "job_started", "job_ended"])

    def test_failed(self) -> None:
        """
        The card holder gets the short form of a failure, and the transport may say goodbye.
        """
        served = self.inventory.arrived(self.channel)
        self.gate.errback(PeerLost("gone"))
        self.successResultOf(served)
        self.assertEqual(self.channel.events[-1], "show The card's side closed the connection.")
        self.assertIsInstance(self.observer.told[-1][3], PeerLost)

    def test_noRoute(self) -> None:
        """
        A request that settings route nowhere is answered, not left alone.
        """
        channel = QuietChannel(CardRequest("notifications"))
        self.successResultOf(self.inventory.arrived(channel))
        self.assertEqual(channel.events, ["show This server cannot do that yet."])

    def test_missingOperation(self) -> None:
        """
        An operation that has been taken away meanwhile is a failed job.
        """
        channel = QuietChannel(CardRequest("gone"))
        self.successResultOf(self.inventory.arrived(channel))
        self.assertEqual(self.names(), ["card_arrived", "job_started", "job_ended"])

    def test_stopping(self) -> None:
        """
        A transport that stops cancels; the operation winds up, and the card holder is told why.
        """
        served = self.inventory.arrived(self.channel)
        served.cancel()
        self.successResultOf(served)
        self.assertIsInstance(self.observer.told[-1][3], GatewayStopping)
        self.assertEqual(self.channel.events[-2:], ["release", f"show {GatewayStopping().brief}"])

    def test_cardWithoutRequest(self) -> None:
        """
        A card that asked for nothing stays until it goes.
        """
        channel = QuietChannel()
        served = self.inventory.arrived(channel)
        self.assertNoResult(served)
        self.assertEqual(list(self.inventory.cards.values()), [channel])
        self.successResultOf(channel.close())
        self.successResultOf(served)
        self.assertEqual(self.inventory.cards, {})

    def test_gone(self) -> None:
        """
        A card that has gone is forgotten; showing it the result is not tried in vain with noise.
        """
        served = self.inventory.arrived(self.channel)
        self.channel._lost(PeerLost())
        self.gate.callback({})
        self.successResultOf(served)
        self.assertEqual(self.inventory.cards, {})
        self.assertIn("card_gone", self.names())

    def test_nobodyLooks(self) -> None:
        """
        Where texts cannot be shown, none is.
        """
        channel = QuietChannel(CardRequest("download"), cast("frozenset[Feature]", frozenset()))
        self.inventory.arrived(channel)
        self.gate.callback({})
        self.assertEqual(channel.events, ["hold", "release"])
