# -*- test-case-name: tests.transports.estk.test_service -*-
"""
Tests for L{cardgw.transports.estk.service}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.service import WIND_UP
from cardgw.errors import SettingsError
from cardgw.testing import TransportTestsMixin
from cardgw.transports.estk.service import EstkService, EstkTransport
from cardgw.transports.estk.settings import EstkSettings
from tests.logs import captured
from tests.transports.estk.fakes import CLOSE, FakeGateway, Talk, box

RESTART = box("The server is being restarted. Please try again in a minute.")


class ServiceTestCase(SynchronousTestCase):
    """
    A service on a reactor in memory.
    """

    def make(self, **settings: Any) -> EstkService:
        """
        One with these settings.
        """
        self.gateway = FakeGateway()
        self.reactor = self.gateway.reactor = MemoryReactorClock()
        service = EstkTransport().make_service(EstkSettings(**settings), self.gateway)
        assert isinstance(service, EstkService)
        return service


class TransportTests(TransportTestsMixin, ServiceTestCase):
    """
    L{EstkTransport} is a plugin.
    """

    def make_transport(self) -> EstkTransport:
        """
        See L{TransportTestsMixin}.
        """
        return EstkTransport()

    def test_badEndpoint(self) -> None:
        """
        What is no endpoint is refused before anything is opened.
        """
        for texts in (("1888",), ("tcp:1888", "tcp:65536"), ()):
            self.assertRaises(SettingsError, self.make, listen=texts)

    def test_answers(self) -> None:
        """
        What answers the requests of these cards.
        """
        self.assertEqual(
            EstkTransport().requests,
            {
                "download": "profile.download",
                "command": "card.command",
                "notifications": "notifications.send-all",
                "remote-management": "stay",
            },
        )


class ListenTests(ServiceTestCase):
    """
    It listens where settings say.
    """

    def test_listens(self) -> None:
        """
        At every endpoint, with a backlog for many cards, unless the endpoint has its own; once.
        """
        service = self.make(listen=("tcp:1888", "tcp:1889:interface=127.0.0.1:backlog=7"))
        service.privilegedStartService()
        service.startService()
        found = [(port, interface, backlog) for port, factory, backlog, interface in self.reactor.tcpServers]
        self.assertEqual(found, [(1888, "", 1024), (1889, "127.0.0.1", 7)])
        self.assertEqual(len(service.ports), 2)
        self.successResultOf(service.stopService())
        self.assertEqual(service.ports, [])

    def test_startAlone(self) -> None:
        """
        Starting is enough.
        """
        service = self.make()
        service.startService()
        self.assertEqual(len(self.reactor.tcpServers), 1)

    def test_inUse(self) -> None:
        """
        An address in use is one clear line at once, and no port stays open.
        """
        service = self.make(listen=("tcp:1888", "tcp:1889"))
        listen = self.reactor.listenTCP
        stopped: list[int] = []

        def listen_once(port: int, *arguments: Any, **keywords: Any) -> Any:
            if port == 1889:
                raise CannotListenError("", port, OSError(98, "Address already in use"))
            opened = listen(port, *arguments, **keywords)
            opened.stopListening = lambda: stopped.append(port)
            return opened

        self.reactor.listenTCP = listen_once  # type: ignore[method-assign]
        error = self.assertRaises(SettingsError, service.privilegedStartService)
        self.assertEqual(str(error), "A setting is wrong: [transports.estk] listen: tcp:1889: address already in use")
        self.assertEqual((stopped, service.ports), ([1888], []))

    def test_noSocket(self) -> None:
        """
        A socket of systemd that was not passed is one clear line when it is needed, and nothing stays open.
        """
        service = self.make(listen=("tcp:1888", "systemd:domain=INET:name=x"))
        error = self.assertRaises(SettingsError, service.privilegedStartService)
        self.assertIn("systemd:domain=INET:name=x: systemd has passed no such socket", str(error))
        self.assertEqual((self.reactor.tcpServers, service.ports), ([], []))

    def test_log(self) -> None:
        """
        It says where.
        """
        events = captured(self)
        self.make().startService()
        told = [event for event in events if event.get("event") == "listening"]
        self.assertEqual(len(told), 1)
        self.assertIn("may dial in at", told[0]["log_format"])

    def test_factory(self) -> None:
        """
        What it listens with takes cards.
        """
        service = self.make()
        service.startService()
        factory = self.reactor.tcpServers[0][1]
        self.assertIsNotNone(factory.buildProtocol(IPv4Address("TCP", "192.0.2.8", 1)))


class StopTests(ServiceTestCase):
    """
    Stopping drains.
    """

    def begin(self) -> tuple[EstkService, Talk]:
        """
        A service with one card that is being served.
        """
        service = self.make(grace=30.0)
        service.startService()
        talk = Talk(factory=service.factory)
        talk.ask()
        return service, talk

    def test_jobEnds(self) -> None:
        """
        A job that ends within the grace period ends well; no timer is left.
        """
        service, talk = self.begin()
        stopped = service.stopService()
        self.reactor.advance(29)
        self.assertEqual((talk.wire.take(), talk.gateway.cancelled), (b"", 0))
        talk.gateway.jobs[0].callback(None)
        self.assertEqual(talk.wire.take(), CLOSE)
        self.assertNoResult(stopped)
        talk.hang_up()
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_jobIsCancelled(self) -> None:
        """
        One that takes longer is cancelled.
        """
        service, talk = self.begin()
        stopped = service.stopService()
        self.reactor.advance(30)
        self.assertEqual((talk.gateway.cancelled, talk.wire.take()), (1, CLOSE))
        talk.hang_up()
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_jobHangs(self) -> None:
        """
        One that does not heed that is left; the card holder is told.
        """
        service, talk = self.begin()
        deaf: Deferred[Any] = Deferred(lambda _: None)
        talk.session._job = deaf
        deaf.addErrback(lambda _: None)
        stopped = service.stopService()
        self.reactor.advance(30)
        self.assertEqual(talk.wire.take(), b"")
        self.reactor.advance(WIND_UP)
        self.assertEqual(talk.wire.take(), RESTART + CLOSE)
        self.reactor.advance(5)
        self.reactor.advance(5)
        self.assertTrue(talk.wire.disconnected)
        talk.hang_up()
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_neverStarted(self) -> None:
        """
        A service that was not started can be stopped.
        """
        self.successResultOf(self.make().stopService())
