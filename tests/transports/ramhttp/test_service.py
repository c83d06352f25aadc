# -*- test-case-name: tests.transports.ramhttp.test_service -*-
"""
Tests for L{cardgw.transports.ramhttp.service}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.service import WIND_UP
from cardgw.errors import SecretError, SettingsError
from cardgw.testing import TransportTestsMixin
from cardgw.transports.ramhttp.service import RamHttpService, RamHttpTransport
from cardgw.transports.ramhttp.settings import RamHttpSettings
from cardgw.transports.ramhttp.wire import Initiation, encode_initiation
from tests.logs import captured
from tests.transports.estk.fakes import FakeGateway
from tests.transports.ramhttp.fakes import ATR, EMPTY, KEEP_ALIVE
from tests.transports.ramhttp.lines import Line, request

HELLO = request(encode_initiation(Initiation(ATR)))
LOCAL = IPv4Address("TCP", "127.0.0.1", 8080)


class ServiceTestCase(SynchronousTestCase):
    """
    A service on a reactor in memory.
    """

    def make(self, **settings: Any) -> RamHttpService:
        """
        One with these settings.
        """
        self.gateway = FakeGateway()
        self.gateway.secrets["token"] = b"sesame"
        self.reactor = self.gateway.reactor = MemoryReactorClock()
        service = RamHttpTransport().make_service(RamHttpSettings(**settings), self.gateway)
        assert isinstance(service, RamHttpService)
        return service

    def opened(self, *texts: str, hosts: tuple[Any, ...] = (LOCAL,), **settings: Any) -> RamHttpService:
        """
        One that has opened these endpoints.

        @param hosts: where they are.
        """
        service = self.make(**settings)
        for text, host in zip(texts, hosts, strict=True):
            port: Any = Port(host)
            service.ports.append(port)
            service._opened(port, text, "somewhere")
        return service


class Port:
    """
    An open port.
    """

    def __init__(self, host: Any) -> None:
        self.host = host

    def getHost(self) -> Any:
        """
        Where it is.
        """
        return self.host


class TransportTests(TransportTestsMixin, ServiceTestCase):
    """
    L{RamHttpTransport} is a plugin.
    """

    def make_transport(self) -> RamHttpTransport:
        """
        See L{TransportTestsMixin}.
        """
        return RamHttpTransport()

    def test_badEndpoint(self) -> None:
        """
        What is no endpoint is refused before anything is opened, by the name of its setting.
        """
        for texts in (("8080",), ("tcp:8080", "tcp:65536"), (), ("psk:",), ("tls:tcp:8444",)):
            error = self.assertRaises(SettingsError, self.make, listen=texts)
            self.assertIn("[transports.ramhttp] listen", str(error))

    def test_noSecret(self) -> None:
        """
        A token or password that is not set is noticed before anything is opened.
        """
        self.assertRaises(SecretError, self.make, tokens=("token", "none"))
        self.assertRaises(SecretError, self.make, users={"anna": "none"})

    def test_requests(self) -> None:
        """
        Cards may ask for anything; whatever has no route stays for jobs.
        """
        requests = RamHttpTransport().requests
        self.assertEqual(requests["*"], "stay")


class LinkTests(ServiceTestCase):
    """
    What links are called.
    """

    def test_setting(self) -> None:
        """
        A setting says it; a token is safe in a URL.
        """
        service = self.opened("tcp:1", url="https://cards.example.com/rt")
        self.assertEqual(service.link_url("a/b c"), "https://cards.example.com/rt/link/a%2Fb%20c")

    def test_closed(self) -> None:
        """
        Before anything is open, there is an answer all the same.
        """
        self.assertEqual(self.make().link_url("x"), "http://localhost/rt/link/x")

    def test_addresses(self) -> None:
        """
        Else it is the first endpoint: this machine's name where it is every address, brackets around one of IPv6.
        """
        for host, name in (
            (LOCAL, "127.0.0.1:8080"),
            (IPv4Address("TCP", "0.0.0.0", 81), "localhost:81"),
            (IPv6Address("TCP", "::", 81), "localhost:81"),
            (IPv6Address("TCP", "2001:db8::1", 81), "[2001:db8::1]:81"),
        ):
            service = self.opened("tcp:1", hosts=(host,), prefix="/x")
            self.assertEqual(service.link_url("t"), f"http://{name}/x/link/t")

    def test_encrypted(self) -> None:
        """
        Whether it is encrypted is that endpoint's matter, not another one's.
        """
        unix, second = UNIXAddress("/run/x"), IPv4Address("TCP", "127.0.0.1", 8443)
        for texts, hosts, url in (
            (("ssl:8443",), (second,), "https://127.0.0.1:8443"),
            (("unix:/run/x", "tls:tcp:8443"), (unix, second), "https://127.0.0.1:8443"),
            (("tcp:8080", "tls:tcp:8443"), (LOCAL, second), "http://127.0.0.1:8080"),
        ):
            self.assertEqual(self.opened(*texts, hosts=hosts).link_url("t"), f"{url}/rt/link/t")

    def test_cards(self) -> None:
        """
        An endpoint with pre-shared keys is for cards: nobody else could come by such a link.
        """
        second = IPv4Address("TCP", "127.0.0.1", 8443)
        service = self.opened("psk:tcp:8443", "tcp:8080", hosts=(second, LOCAL))
        self.assertEqual(service.link_url("t"), "http://127.0.0.1:8080/rt/link/t")


class WarningTests(ServiceTestCase):
    """
    Doors that are open wide.
    """

    def warned(self, text: str, host: Any, event: str = "ramhttp-open", **settings: Any) -> bool:
        """
        Whether somebody is told.
        """
        events = captured(self)
        self.opened(text, hosts=(host,), **settings)
        self.assertIn("ramhttp-listening", [each.get("event") for each in events])
        return event in [each.get("event") for each in events]

    def test_open(self) -> None:
        """
        Whoever lets everybody in from everywhere is warned; not for this machine alone, TLS, a local socket, or tokens.
        """
        every, local6 = IPv4Address("TCP", "0.0.0.0", 8080), IPv6Address("TCP", "::1", 8080)
        self.assertTrue(self.warned("tcp:8080", every))
        self.assertTrue(self.warned("tcp:8080", IPv6Address("TCP", "::", 8080)))
        for text, host in (("tcp:8080", LOCAL), ("tcp:8080", local6), ("tls:tcp:1", every), ("unix:/x", UNIXAddress("/x"))):
            self.assertFalse(self.warned(text, host), text)
        self.assertFalse(self.warned("tcp:8080", every, tokens=("token",)))

    def test_anyCard(self) -> None:
        """
        Whoever takes cards without keys from everywhere is warned, also with tokens or TLS with a certificate.
        """
        every = IPv4Address("TCP", "0.0.0.0", 8080)
        event = "amdb-plain-open"
        for text in ("tcp:8080", "tls:tcp:1"):
            self.assertTrue(self.warned(text, every, event, amdb_plain=True, tokens=("token",)))
        self.assertFalse(self.warned("tcp:8080", LOCAL, event, amdb_plain=True))
        self.assertFalse(self.warned("psk:tcp:1", every, event, amdb_plain=True))
        self.assertFalse(self.warned("tcp:8080", every, event))


class StopTests(ServiceTestCase):
    """
    Stopping hurts nobody.
    """

    def come(self, **settings: Any) -> Line:
        """
        A card is here, and its request is held.
        """
        self.service = self.make(**settings)
        self.service.startService()
        line = Line(self.service.site)
        line.say(HELLO)
        self.assertEqual(line.wire.take(), b"")
        return line

    def goodbye(self, line: Line) -> None:
        """
        The client is told the last words, and that there is no more; its connection ends.
        """
        told = line.heard()
        self.assertEqual(told.status, 200)
        self.assertEqual(told.body[:3], b"\xaa" + bytes((len(told.body) - 2,)) + b"\xe0")
        line.say(request(EMPTY, "Cookie: " + told.all("Set-Cookie")[0].partition(";")[0]))
        self.assertEqual(line.heard().status, 204)

    def test_listens(self) -> None:
        """
        With a backlog for many cards; stopping closes the port.
        """
        service = self.make(listen=("tcp:8080",))
        service.startService()
        self.assertEqual([(port, backlog) for port, _, backlog, _ in self.reactor.tcpServers], [(8080, 1024)])
        self.successResultOf(service.stopService())
        self.assertEqual(service.ports, [])

    def test_served(self) -> None:
        """
        A card that is served has its grace; then its job is cancelled, and it is told goodbye.
        """
        line = self.come(grace=7)
        stopped = self.service.stopService()
        self.reactor.advance(6.9)
        self.assertEqual((line.wire.take(), self.gateway.cancelled), (b"", 0))
        self.reactor.advance(0.1)
        self.assertEqual(self.gateway.cancelled, 1)
        self.goodbye(line)
        line.hang_up()
        self.reactor.advance(WIND_UP)
        self.successResultOf(stopped)

    def test_stopping(self) -> None:
        """
        Meanwhile whoever comes over a connection that is still open is told to come later.
        """
        line = self.come()
        other = Line(self.service.site)
        self.service.stopService()
        other.say(HELLO)
        answer = other.heard()
        self.assertEqual((answer.status, answer.all("Retry-After")), (503, ["60"]))
        self.assertIn(b"restarted", answer.body)
        line.hang_up()

    def test_vanished(self) -> None:
        """
        A client that does not come back does not keep the gateway from stopping.
        """
        line = self.come(grace=1)
        line.hang_up()
        stopped = self.service.stopService()
        self.reactor.pump([1.0] * 60)
        self.successResultOf(stopped)

    def test_polls(self) -> None:
        """
        While it waits, a request is answered in time.
        """
        line = self.come(grace=100, poll=5)
        self.service.stopService()
        self.reactor.advance(5)
        self.assertEqual(line.heard().body, KEEP_ALIVE)
        line.hang_up()
