# -*- test-case-name: tests.lpa.test_resolver -*-
"""
Tests for L{cardgw.lpa.resolver}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from cardgw.lpa.guard import Guard
from cardgw.lpa.resolver import GuardedReactor
from cardgw.lpa.server_errors import AddressRefused
from cardgw.lpa.settings import HttpsSettings


@implementer(IHostnameResolver)
class FakeDns:
    """
    Answers at once, the same for every name.
    """

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    def resolveHostName(
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """
        See L{IHostnameResolver}.
        """
        self.asked.append(hostName)
        resolutionReceiver.resolutionBegan(None)
        for each in self.addresses:
            resolutionReceiver.addressResolved((IPv6Address if ":" in each else IPv4Address)("TCP", each, portNumber))
        resolutionReceiver.resolutionComplete()


class DnsReactor(MemoryReactorClock):
    """
    A reactor whose DNS knows these addresses.
    """

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.dns = FakeDns(*addresses)
        self.installNameResolver(self.dns)


class GuardedReactorTests(SynchronousTestCase):
    """
    L{GuardedReactor} below L{HostnameEndpoint}.
    """

    def connect(self, *addresses: str, settings: HttpsSettings | None = None) -> tuple[DnsReactor, GuardedReactor, Any]:
        """
        Start a connection to C{a.example}, which has these addresses.
        """
        reactor = DnsReactor(*addresses)
        guarded = GuardedReactor(reactor, Guard(settings or HttpsSettings()), "a.example")
        endpoint = HostnameEndpoint(guarded, "a.example", 443)
        return reactor, guarded, endpoint.connect(Factory.forProtocol(Protocol))

    def test_interfaces(self) -> None:
        """
        It has what endpoints look for.
        """
        guarded = GuardedReactor(MemoryReactorClock(), Guard(HttpsSettings()), "a.example")
        self.assertTrue(verifyObject(IHostnameResolver, guarded))
        self.assertTrue(verifyObject(IReactorPluggableNameResolver, guarded))
        self.assertRaises(NotImplementedError, guarded.installNameResolver, FakeDns())

    def test_public(self) -> None:
        """
        The connection goes to the address that was checked; DNS is asked once.
        """
        reactor, _, connecting = self.connect("8.8.8.8")
        self.assertEqual([each[:2] for each in reactor.tcpClients], [("8.8.8.8", 443)])
        self.assertEqual(reactor.dns.asked, ["a.example"])
        self.assertNoResult(connecting)
        connecting.cancel()
        self.failureResultOf(connecting)

    def test_loopback(self) -> None:
        """
        A name that leads to loopback, link-local or private networks leads nowhere.
        """
        reactor, guarded, connecting = self.connect("127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1")
        self.failureResultOf(connecting, DNSLookupError)
        self.assertEqual(reactor.tcpClients, [])
        self.assertEqual(guarded.refused[0], "its address 127.0.0.1 is loopback")
        self.assertEqual(len(guarded.refused), 5)

    def test_mixed(self) -> None:
        """
        Among several addresses only those that may be contacted are tried.
        """
        reactor, _, connecting = self.connect("10.0.0.1", "8.8.8.8", "2a00:1450::1", "127.0.0.1")
        reactor.advance(1)
        self.assertEqual([each[0] for each in reactor.tcpClients], ["8.8.8.8", "2a00:1450::1"])
        connecting.cancel()
        self.failureResultOf(connecting)

    def test_allowed(self) -> None:
        """
        What settings allow is tried.
        """
        reactor, _, connecting = self.connect("10.0.0.1", settings=HttpsSettings(allow_hosts=("a.example",)))
        self.assertEqual([each[0] for each in reactor.tcpClients], ["10.0.0.1"])
        connecting.cancel()
        self.failureResultOf(connecting)

    def test_unchecked(self) -> None:
        """
        A connection to an address that did not pass the check is impossible, even if somebody tries.
        """
        reactor = DnsReactor("8.8.8.8")
        guarded = GuardedReactor(reactor, Guard(HttpsSettings()), "a.example")
        for host in ("127.0.0.1", "8.8.8.8", "a.example"):
            self.assertRaises(AddressRefused, guarded.connectTCP, host, 443, Factory())
        self.assertEqual(reactor.tcpClients, [])
