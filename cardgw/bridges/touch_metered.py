# -*- test-case-name: tests.bridges.test_touch_metered -*-
"""
Connections to a RAMOverHTTP server over which only so much may come for each request: the HTTP of Twisted takes lines of headers
without end.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer


class TooMuchError(Exception):
    """
    More came than may.
    """


class _Meter(ProtocolWrapper):
    """
    Counts what has come since something was sent.
    """

    factory: Any
    _received = 0
    _refused: Failure | None = None

    def write(self, data: bytes) -> None:
        self._received = 0
        ProtocolWrapper.write(self, data)

    def dataReceived(self, data: bytes) -> None:
        self._received += len(data)
        if self._refused is not None:
            return
        if self._received > self.factory.most:
            self._refused = Failure(TooMuchError(f"more than {self.factory.most} bytes"))
            transport: Any = self.transport
            transport.abortConnection()
        else:
            ProtocolWrapper.dataReceived(self, data)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        ProtocolWrapper.connectionLost(self, self._refused or reason)


class _Metering(WrappingFactory):
    """
    @ivar most: bytes.
    """

    protocol = _Meter
    noisy = False

    def __init__(self, wrapped: IProtocolFactory, most: int) -> None:
        super().__init__(wrapped)  # type: ignore[no-untyped-call]
        self.most = most


@implementer(IStreamClientEndpoint)
@frozen
class Metered:
    """
    An endpoint.  What is connected is told L{TooMuchError} where it is closed for that.

    @ivar most: bytes that may come between two writes.
    """

    endpoint: Any
    most: int

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:  # noqa: N803 - Twisted names it
        """
        See L{IStreamClientEndpoint}.
        """
        connected: Deferred[Any] = self.endpoint.connect(_Metering(protocolFactory, self.most))
        return connected.addCallback(lambda meter: meter.wrappedProtocol)


@implementer(IAgentEndpointFactory)
@frozen
class Endpoints:
    """
    What L{twisted.web.client.Agent} connects by.

    @ivar tls: C{IPolicyForHTTPS}.
    @ivar patience: seconds for a connection.
    """

    reactor: Any
    tls: Any
    patience: float
    most: int

    def endpointForURI(self, uri: Any) -> Metered:
        """
        See L{IAgentEndpointFactory}.
        """
        endpoint: Any = HostnameEndpoint(self.reactor, uri.host.decode("ascii"), uri.port, timeout=self.patience)
        if uri.scheme == b"https":
            endpoint = wrapClientTLS(self.tls.creatorForNetloc(uri.host, uri.port), endpoint)
        return Metered(endpoint, self.most)
