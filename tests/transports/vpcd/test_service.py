# -*- test-case-name: tests.transports.vpcd.test_service -*-
"""
Tests for L{cardgw.transports.vpcd.service}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.service import WIND_UP
from cardgw.errors import SettingsError
from cardgw.testing import TransportTestsMixin
from cardgw.transports.vpcd.service import VpcdService, VpcdTransport
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.values import ARRIVALS
from tests.logs import captured
from tests.transports.estk.fakes import FakeGateway
from tests.transports.vpcd.fakes import OFF, Talk


class TransportTests(TransportTestsMixin, SynchronousTestCase):
    """
    L{VpcdTransport} is a plugin.
    """

    def make_transport(self) -> VpcdTransport:
        """
        See L{TransportTestsMixin}.
        """
        return VpcdTransport()

    def make(self, **settings: Any) -> VpcdService:
        """
        A service with these settings.
        """
        self.gateway = FakeGateway()
        self.reactor = self.gateway.reactor = MemoryReactorClock()
        service = VpcdTransport().make_service(VpcdSettings(**settings), self.gateway)
        assert isinstance(service, VpcdService)
        return service

    def test_arrival(self) -> None:
        """
        A card that comes stays, unless settings say otherwise.
        """
        self.assertEqual(VpcdTransport().requests, ARRIVALS)

    def test_badEndpoint(self) -> None:
        """
        What is no endpoint is refused before anything is opened.
        """
        for texts in (("35963",), ()):
            error = self.assertRaises(SettingsError, self.make, listen=texts)
            self.assertIn("[transports.vpcd] listen", str(error))

    def test_listens(self) -> None:
        """
        On vpcd's port, for this machine, and it says so.
        """
        events = captured(self)
        self.make().startService()
        ((port, _, _, interface),) = self.reactor.tcpServers
        self.assertEqual((port, interface), (35963, "127.0.0.1"))
        self.assertEqual([each["event"] for each in events], ["vpcd-listening"])

    def test_stop(self) -> None:
        """
        A card that is busy has its grace; then its job is cancelled, and it is powered off.
        """
        service = self.make(grace=30)
        service.startService()
        talk = Talk(factory=service.factory)
        talk.insert()
        stopped = service.stopService()
        self.assertEqual(talk.wire.take(), b"")
        for _ in range(5):  # it is still polled
            self.reactor.advance(5)
            talk.answer(talk.gateway.channels[0].info.atr or b"")
        talk.wire.take()
        self.reactor.advance(5)
        self.assertTrue(talk.wire.take().endswith(OFF))
        talk.hang_up()
        self.successResultOf(stopped)
        self.assertEqual((self.reactor.getDelayedCalls(), WIND_UP), ([], 10))
