# -*- test-case-name: tests.lpa.test_https -*-
"""
Tests for L{cardgw.lpa.https}.  What needs real TLS is in L{tests.functional.test_https}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.errors import ParameterError
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.https import HttpsClient
from cardgw.lpa.server_errors import AddressRefused, ClientStopped, ServerNotFound, ServerSilent, ServerUnreachable
from cardgw.lpa.settings import HostSettings, HttpsSettings
from cardgw.lpa.trust import Trust
from tests.lpa.test_resolver import DnsReactor

URL = "https://smdp.example.com/gsma"


class HttpsClientTests(SynchronousTestCase):
    """
    L{HttpsClient} up to TLS.
    """

    def client(self, *addresses: str, **settings: object) -> HttpsClient:
        """
        A client whose DNS knows these addresses.
        """
        self.reactor = DnsReactor(*addresses)
        options = HttpsSettings(system_roots=False, **settings)  # type: ignore[arg-type]
        return HttpsClient(self.reactor, options, Trust(options))

    def test_interface(self) -> None:
        """
        It provides L{IHTTPClient}.
        """
        self.assertTrue(verifyObject(IHTTPClient, self.client()))

    def test_refused(self) -> None:
        """
        What may not be contacted by its look is refused without asking DNS.
        """
        client = self.client("8.8.8.8")
        for url in ("http://smdp.example.com/", "https://127.0.0.1/", "https://localhost/", "https://smdp.example.com:22/", "x"):
            self.failureResultOf(client.post(url, b"", {}), AddressRefused)
        self.assertEqual(self.reactor.dns.asked, [])

    def test_wrongName(self) -> None:
        """
        A name that IDNA 2008 does not allow is refused in a sentence; DNS is not asked.
        """
        client = self.client("8.8.8.8")
        for name in ("ab--cd.example.com", "xn--a.example.com"):
            error = self.failureResultOf(client.post(f"https://{name}/", b"", {}), AddressRefused).value
            self.assertIn(f"{name} is not a host name", str(error))
        self.assertEqual(self.reactor.dns.asked, [])

    def test_dns(self) -> None:
        """
        A name that leads into private networks is refused with the address that DNS gave; nothing is connected.
        """
        client = self.client("127.0.0.1", "10.0.0.1")
        error = self.failureResultOf(client.post(URL, b"", {}), AddressRefused).value
        self.assertIn("smdp.example.com: its address 127.0.0.1 is loopback", str(error))
        self.assertEqual(self.reactor.tcpClients, [])

    def test_unknown(self) -> None:
        """
        A name that DNS does not know is told so.
        """
        self.assertIn("smdp.example.com", str(self.failureResultOf(self.client().post(URL, b"", {}), ServerNotFound).value))

    def test_mapped(self) -> None:
        """
        A host that the settings map is connected to where they say.
        """
        hosts = {"smdp.example.com": HostSettings(address="127.0.0.1", port=8443)}
        client = self.client("127.0.0.1", hosts=hosts)
        posting = client.post(URL, b"", {})
        self.assertEqual(self.reactor.tcpClients[0][:2], ("127.0.0.1", 8443))
        posting.cancel()
        self.failureResultOf(posting, CancelledError)

    def test_unreachable(self) -> None:
        """
        A connection that is refused is told with host and port.
        """
        client = self.client("8.8.8.8")
        posting = client.post(URL, b"", {})
        factory: Any = self.reactor.tcpClients[0][2]
        factory.clientConnectionFailed(None, Failure(ConnectError()))
        self.reactor.advance(1)
        self.assertIn("smdp.example.com port 443", str(self.failureResultOf(posting, ServerUnreachable).value))

    def test_slow(self) -> None:
        """
        A server that cannot be connected to in time is given up.
        """
        client = self.client("8.8.8.8", connect_timeout=7.0)
        posting = client.post(URL, b"", {})
        self.reactor.advance(7)
        self.assertIn("smdp.example.com, while connecting (7 s)", str(self.failureResultOf(posting, ServerSilent).value))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_headers(self) -> None:
        """
        A header cannot smuggle in another one.
        """
        client = self.client("8.8.8.8")
        for headers in ({"A": "b\r\nC: d"}, {"A: b\r\nC": "d"}, {"": "x"}, {"A b": "x"}, {"A": "é"}):
            self.failureResultOf(client.post(URL, b"", headers), ParameterError)

    def test_cancel(self) -> None:
        """
        A cancelled request leaves nothing behind.
        """
        client = self.client("8.8.8.8")
        posting = client.post(URL, b"", {})
        posting.cancel()
        self.failureResultOf(posting, CancelledError)
        self.assertEqual((client.connections, self.reactor.getDelayedCalls()), (0, []))

    def test_stop(self) -> None:
        """
        Stopping ends the requests under way, and refuses new ones.
        """
        client = self.client("8.8.8.8")
        posting = [client.post(URL, b"", {}) for _ in range(20)]
        self.assertEqual(len(self.reactor.tcpClients), 16)
        stopping = client.stop()
        for each in posting:
            self.failureResultOf(each, CancelledError)
        self.successResultOf(stopping)
        self.successResultOf(client.stop())
        self.failureResultOf(client.post(URL, b"", {}), ClientStopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_forgets(self) -> None:
        """
        Hosts that could not be used are not remembered.
        """
        client = self.client()
        for number in range(50):
            self.failureResultOf(client.post(f"https://host{number}.example.com/", b"", {}), ServerNotFound)
        self.assertEqual(client._lanes, {})
        self.assertEqual(client._running, set())
