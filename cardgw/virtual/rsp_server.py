# -*- test-case-name: tests.functional.test_smdp_server,tests.functional.test_smds_server -*-
"""
A server of SGP.22 as an HTTPS server: what SM-DP+ and SM-DS have in common.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet.defer import inlineCallbacks
from twisted.internet.interfaces import IHandshakeListener, IListeningPort, IStreamServerEndpoint
from twisted.internet.ssl import CertificateOptions, PrivateCertificate
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.http import HTTPChannel
from twisted.web.server import Site
from zope.interface import implementer

from cardgw.virtual.certificates import Identity
from cardgw.virtual.rsp_calls import Calls
from cardgw.virtual.smdp_web import Es9

IDLE_SECONDS = 120
Report = Callable[[dict[str, Any]], object]


@implementer(IHandshakeListener)
class _Channel(HTTPChannel):
    """
    HTTP/1.1 that counts what LPAs should do seldom.
    """

    def connectionMade(self) -> None:
        """
        A TCP connection is there.
        """
        self.factory.connections += 1
        super().connectionMade()  # type: ignore[no-untyped-call]

    def handshakeCompleted(self) -> None:
        """
        TLS is established.
        """
        self.factory.handshakes += 1


class _Site(Site):
    protocol = _Channel  # type: ignore[assignment]
    noisy = False

    def __init__(self, web: Es9, reactor: Any) -> None:
        super().__init__(web, reactor=reactor, timeout=IDLE_SECONDS)  # type: ignore[no-untyped-call]
        self.displayTracebacks = False
        self.connections = 0
        self.handshakes = 0

    def log(self, request: object) -> None:
        """
        No access log: requests are reported as events.
        """


class RspServer:
    """
    One server, on as many ports as wanted.

    @ivar web: L{Es9}: its C{misbehave} and its counters of requests.
    @ivar report: called with each event.
    """

    def __init__(self, calls: Calls, identity: Identity, reactor: Any, report: Report = lambda _: None) -> None:
        """
        @param identity: for TLS.
        @param report: called with each event.
        """
        self.web = Es9(calls, reactor, report)
        self.report = report
        self._identity = identity
        self._reactor = reactor
        self._site = _Site(self.web, reactor)
        self._ports: list[IListeningPort] = []

    @property
    def connections(self) -> int:
        """
        TCP connections so far.
        """
        return self._site.connections

    @property
    def handshakes(self) -> int:
        """
        TLS handshakes so far.
        """
        return self._site.handshakes

    @property
    def port(self) -> int:
        """
        The first TCP port that it listens on.
        """
        return int(self._ports[0].getHost().port)  # type: ignore[attr-defined]

    @inlineCallbacks
    def listen(self, endpoint: IStreamServerEndpoint, tls: Identity | None = None) -> Any:
        """
        Serve with TLS at a plain stream endpoint.

        @param tls: the server's identity; that of the PKI where C{None}.
        @return: C{Deferred[IListeningPort]}.
        """
        context = tls_context(tls or self._identity)
        port = yield endpoint.listen(TLSMemoryBIOFactory(context, False, self._site, self._reactor))
        self._ports.append(port)
        return port

    @inlineCallbacks
    def stop(self) -> Any:
        """
        Stop listening.  Open connections are left to their clients.

        @return: C{Deferred[None]}.
        """
        ports, self._ports = self._ports, []
        for port in ports:
            yield port.stopListening()


def tls_context(identity: Identity) -> CertificateOptions:
    """
    TLS 1.2 or newer with this identity; as these servers do, without the CI's certificate.
    """
    key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context: CertificateOptions = PrivateCertificate.loadPEM(key + identity.certificate.public_bytes(Encoding.PEM)).options()
    return context
