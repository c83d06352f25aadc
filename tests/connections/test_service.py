# -*- test-case-name: tests.connections.test_service -*-
"""
Tests for L{cardgw.connections.service}; those of the transports have the rest.
"""

from __future__ import annotations

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.service import WIND_UP, DialInService
from cardgw.connections.sessions import Sessions
from cardgw.listening import Listeners
from tests.connections.test_sessions import FakeSession


class DialInServiceTests(SynchronousTestCase):
    """
    L{DialInService} listens, and drains.
    """

    def setUp(self) -> None:
        """
        One on a reactor in memory.
        """
        self.reactor = MemoryReactorClock()
        self.sessions: Sessions[FakeSession] = Sessions(9, 9)
        listeners = Listeners(self.reactor, ("tcp:1",), "[x]", "nothing", "tcp:1", lambda *facts: None)
        self.service = DialInService(self.reactor, Factory(), self.sessions, listeners, 30.0)

    def test_listens(self) -> None:
        """
        Once, with the privileges or without.
        """
        self.service.privilegedStartService()
        self.service.startService()
        self.assertEqual((len(self.reactor.tcpServers), len(self.service.ports)), (1, 1))
        self.successResultOf(self.service.stopService())
        self.assertEqual(self.service.ports, [])

    def test_stages(self) -> None:
        """
        Those who are served have their grace, then their jobs are cancelled, then they are ended.
        """
        self.service.startService()
        session = FakeSession(busy=True)
        self.sessions.add(session, "a")
        stopped = self.service.stopService()
        self.reactor.advance(29.9)
        self.assertEqual(session.told, [])
        self.reactor.advance(0.1)
        self.assertEqual(session.told, ["wind up"])
        self.reactor.advance(WIND_UP)
        self.assertEqual(session.told, ["wind up", "gateway-stopping"])
        self.assertNoResult(stopped)
        self.sessions.ended(session, "a")
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])
