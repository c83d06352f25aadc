# -*- test-case-name: tests.testing.test_gateway -*-
"""
Tests for L{cardgw.testing.gateway}.
"""

from __future__ import annotations

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.interfaces import ICardChannel
from cardgw.testing.card import PatientCard
from cardgw.testing.gateway import FakeGateway, GatewayTestsMixin
from cardgw.values import ChannelInfo


class FakeGatewayTests(GatewayTestsMixin, SynchronousTestCase):
    """
    L{FakeGateway} keeps the contract.
    """

    def make_gateway(self) -> FakeGateway:
        """
        See L{GatewayTestsMixin}.
        """
        return FakeGateway()

    def test_attend(self) -> None:
        """
        What is done to a card that comes is a function; even its defects stay inside.
        """

        async def attend(channel: ICardChannel) -> None:
            await channel.show("Welcome.")

        reactor = MemoryReactorClock()
        gateway = FakeGateway(reactor, attend)
        channel = MemoryChannel(ChannelInfo("memory"), PatientCard())
        self.assertIsNone(self.successResultOf(gateway.arrived(channel)))
        self.assertEqual(gateway.channels, [channel])
        self.assertIs(gateway.reactor, reactor)
