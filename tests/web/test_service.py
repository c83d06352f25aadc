# -*- test-case-name: tests.web.test_service -*-
"""
Tests for L{cardgw.web.service} and L{cardgw.web.settings}.
"""

from __future__ import annotations

from typing import Any

from twisted.application.service import IService
from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.errors import SettingsError
from cardgw.fields import build
from cardgw.web.service import WebService, make_web_service
from cardgw.web.settings import WebSettings
from tests.logs import captured
from tests.web.client import LIVE_REQUEST, Connection
from tests.web.fakes import FakeControl


class SettingsTests(SynchronousTestCase):
    """
    L{WebSettings}.
    """

    def test_defaults(self) -> None:
        """
        On, on this machine alone.
        """
        settings = WebSettings()
        self.assertEqual((settings.enabled, settings.listen), (True, ("tcp:1889:interface=127.0.0.1",)))

    def test_hosts(self) -> None:
        """
        Names in lower case, without a port.
        """
        self.assertEqual(build(WebSettings, {"hosts": ["GW.Example.com."]}, "[web]").hosts, ("gw.example.com",))
        for wrong in ("gw:1889", "", "https://gw", "a b"):
            self.assertRaises(SettingsError, build, WebSettings, {"hosts": [wrong]}, "[web]")

    def test_secret(self) -> None:
        """
        The token is not shown.
        """
        self.assertNotIn("geheim", repr(WebSettings(metrics_token="geheim")))


class ServiceTests(SynchronousTestCase):
    """
    L{WebService}.
    """

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.control = FakeControl()

    def make(self, *listen: str) -> WebService:
        """
        A service.
        """
        return make_web_service(WebSettings(listen=listen), self.control, bytes, self.reactor)

    def test_interface(self) -> None:
        """
        It is a service.
        """
        self.assertTrue(verifyObject(IService, self.make("tcp:1")))

    def test_listens(self) -> None:
        """
        It listens before the process gives up its rights, and once only.
        """
        service = self.make("tcp:80:interface=127.0.0.1", "tcp:81:interface=127.0.0.1")
        service.privilegedStartService()
        service.startService()
        self.assertEqual([(each[0], each[3]) for each in self.reactor.tcpServers], [(80, "127.0.0.1"), (81, "127.0.0.1")])
        self.assertIs(self.reactor.tcpServers[0][1], service.site)

    def test_noEndpoint(self) -> None:
        """
        What is no endpoint is told, with how one looks.
        """
        for wrong in ("1889", "tcp:x", "tcp", "nonsense:1"):
            problem = self.assertRaises(SettingsError, self.make, wrong)
            self.assertIn(f'[web] listen: "{wrong}" is no endpoint', str(problem))

    def test_inUse(self) -> None:
        """
        An address in use is told in one line, and then nothing listens.
        """
        listen = self.reactor.listenTCP

        def refuse(port: int, *args: Any, **more: Any) -> Any:
            if port == 2:
                raise CannotListenError("127.0.0.1", 2, OSError(98, "Address already in use"))
            return listen(port, *args, **more)

        self.patch(self.reactor, "listenTCP", refuse)
        service = self.make("tcp:1", "tcp:2")
        problem = self.assertRaises(SettingsError, service.privilegedStartService)
        self.assertIn("[web] listen: tcp:2: address already in use", str(problem))
        self.assertEqual(service.ports, [])

    def test_warning(self) -> None:
        """
        Tokens without TLS beyond this machine are worth a warning.
        """
        listen = self.reactor.listenTCP

        def at(port: int, factory: Any, backlog: int, interface: str) -> Any:
            opened = listen(port, factory, backlog, interface)
            opened.getHost = lambda: IPv4Address("TCP", interface, port)
            return opened

        self.patch(self.reactor, "listenTCP", at)
        for text, expected in (("tcp:1:interface=127.0.0.1", 0), ("tcp:1:interface=192.0.2.1", 1)):
            events = captured(self)
            self.make(text).startService()
            self.assertEqual(sum(each.get("event") == "no-tls" for each in events), expected, text)

    def test_stop(self) -> None:
        """
        Stopping ends the connections, those that follow too.
        """
        service = self.make("tcp:1")
        service.startService()
        quiet = Connection(service.site)
        self.assertIn(b"200 OK", quiet.send(LIVE_REQUEST))
        self.successResultOf(service.stopService())
        self.assertEqual((quiet.transport.connected, service.ports, service.running), (False, [], False))

    def test_again(self) -> None:
        """
        It can be started again.
        """
        service = self.make("tcp:1")
        for _ in range(2):
            service.startService()
            self.assertEqual(len(service.ports), 1)
            self.successResultOf(service.stopService())
