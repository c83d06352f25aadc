# -*- test-case-name: tests.transports.vpcd.test_factory -*-
"""
Tests for L{cardgw.transports.vpcd.factory}.
"""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.vpcd.factory import VpcdFactory
from cardgw.transports.vpcd.settings import VpcdSettings
from tests.transports.estk.fakes import FakeGateway
from tests.transports.vpcd.fakes import Talk


class LimitTests(SynchronousTestCase):
    """
    There are only so many sessions; one too many is closed without a word.
    """

    def test_all(self) -> None:
        """
        In all.
        """
        factory = VpcdFactory(VpcdSettings(max_sessions=1), FakeGateway())
        first = Talk(factory=factory)
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))
        first.hang_up()
        self.assertIsNotNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))

    def test_perAddress(self) -> None:
        """
        And of one address.
        """
        factory = VpcdFactory(VpcdSettings(max_sessions_per_address=1), FakeGateway())
        Talk(factory=factory)
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.7", 1)))
        self.assertIsNotNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))

    def test_stopping(self) -> None:
        """
        While it is being stopped, nobody is let in, and those without a card are sent away.
        """
        factory = VpcdFactory(VpcdSettings(), FakeGateway())
        empty, full = Talk(factory=factory), Talk(factory=factory)
        full.insert()
        drained = factory.crowd.drain()
        self.assertIsNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))
        self.assertEqual((empty.wire.half_closed, full.wire.half_closed), (True, False))
        empty.hang_up()
        factory.crowd.wind_up()
        full.hang_up()
        self.successResultOf(drained)
