"""
A TLS server for tests that does what the test wants: right, wrong, slow, or rubbish.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from cardgw.virtual.certificates import Identity
from cardgw.virtual.smdp_server import tls_context

Behaviour = Callable[["ServerProtocol", bytes], object]


def answer(body: bytes = b"{}", status: str = "200 OK", headers: str = "") -> bytes:
    """
    An HTTP answer.
    """
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def echo(connection: ServerProtocol, request: bytes) -> None:
    """
    Answer with the body that was sent.
    """
    connection.send(answer(request.partition(b"\r\n\r\n")[2]))


class ServerProtocol(Protocol):
    """
    Collects requests.
    """

    factory: WebServer
    buffer = b""

    def connectionMade(self) -> None:
        """
        See L{Protocol}.
        """
        self.gone: Deferred[None] = Deferred()
        self.factory.open.append(self)
        self.factory.most = max(self.factory.most, len(self.factory.open))

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol}.
        """
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            size = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
            if len(rest) < size:
                return
            self.buffer = rest[size:]
            self.factory.requests.append(head + b"\r\n\r\n" + rest[:size])
            self.factory.behaviour(self, self.factory.requests[-1])

    def connectionLost(self, reason: Failure | None = None) -> None:
        """
        See L{Protocol}.
        """
        self.factory.open.remove(self)
        self.gone.callback(None)

    def send(self, octets: bytes) -> None:
        """
        Send something.
        """
        transport: Any = self.transport
        transport.write(octets)

    def close(self) -> None:
        """
        Hang up.
        """
        transport: Any = self.transport
        transport.loseConnection()

    def abort(self) -> None:
        """
        Hang up rudely.
        """
        transport: Any = self.transport
        transport.abortConnection()


class WebServer(Factory):
    """
    A server on a free port of this machine.

    @ivar requests: all that came.
    @ivar most: how many connections were open at once.
    """

    protocol: Any = ServerProtocol
    noisy = False

    def __init__(self, reactor: Any, identity: Identity | None, behaviour: Behaviour = echo) -> None:
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self.open: list[ServerProtocol] = []
        self.most = 0
        factory = TLSMemoryBIOFactory(tls_context(identity), False, self, reactor) if identity is not None else self
        self.listening = reactor.listenTCP(0, factory, interface="127.0.0.1")

    @property
    def port(self) -> int:
        """
        Where it listens.
        """
        return int(self.listening.getHost().port)

    def stop(self) -> Deferred[Any]:
        """
        Stop listening, and close what is open.
        """
        waiting = [Deferred.fromCoroutine(_await(self.listening.stopListening())), *(each.gone for each in self.open)]
        for each in list(self.open):
            each.abort()
        return DeferredList(waiting)


async def _await(result: Any) -> None:
    if result is not None:
        await result


@implementer(IHostnameResolver, IReactorPluggableNameResolver)
class ReactorWithDns:
    """
    The reactor, with a DNS that knows one IPv4 address for all names.
    """

    def __init__(self, reactor: Any, address: str) -> None:
        self._reactor = reactor
        self._address = address
        self.nameResolver = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """
        See L{IReactorPluggableNameResolver}.
        """
        raise NotImplementedError

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
        resolutionReceiver.resolutionBegan(None)
        resolutionReceiver.addressResolved(IPv4Address("TCP", self._address, portNumber))
        resolutionReceiver.resolutionComplete()
