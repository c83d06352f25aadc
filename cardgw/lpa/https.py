# -*- test-case-name: tests.lpa.test_https -*-
"""
The HTTPS client: who may be contacted (L{cardgw.lpa.guard}), who is believed (L{cardgw.lpa.tls}), and connections that stay warm
across cards (L{cardgw.lpa.lane}).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from attrs import Factory, define, field
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory as ProtocolFactory
from zope.interface import implementer

from cardgw.errors import ParameterError
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.certificates import Role
from cardgw.lpa.connection import Connection, Post
from cardgw.lpa.guard import Guard, Target
from cardgw.lpa.lane import Lane, late
from cardgw.lpa.resolver import GuardedReactor
from cardgw.lpa.server_errors import AddressRefused, ClientStopped, ServerNotFound, ServerSilent, ServerUnreachable
from cardgw.lpa.settings import HttpsSettings
from cardgw.lpa.tls import Tls
from cardgw.lpa.trust import Trust

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e]*")


class _Factory(ProtocolFactory):
    """
    Makes the connections of a lane.
    """

    noisy = False

    def __init__(self, make: Any) -> None:
        self._make = make

    def buildProtocol(self, addr: Any) -> Connection:
        """
        See L{ProtocolFactory}.
        """
        connection: Connection = self._make()
        return connection


@implementer(IHTTPClient)
@define(eq=False, repr=False)
class HttpsClient:
    """
    See L{IHTTPClient}.

    @ivar requests: how many have been made.
    """

    reactor: Any
    settings: HttpsSettings
    trust: Trust
    requests: int = 0
    _tls: Tls = field(init=False)
    _guard: Guard = field(init=False)
    _lanes: dict[tuple[str, int, Role], Lane] = Factory(dict)
    _connections: set[Connection] = Factory(set)
    _running: set[Deferred[Any]] = Factory(set)
    _stopped: Deferred[None] | None = None

    def __attrs_post_init__(self) -> None:
        self._tls = Tls(self.settings, self.trust)
        self._guard = Guard(self.settings)

    @property
    def handshakes(self) -> int:
        """
        How many TLS handshakes have been completed.
        """
        return self._tls.handshakes

    @property
    def connections(self) -> int:
        """
        How many connections there are now.
        """
        return len(self._connections)

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        trusted: frozenset[bytes] = frozenset(),
        role: Role | None = None,
    ) -> Deferred[tuple[int, bytes]]:
        """
        See L{IHTTPClient.post}.  Requests of one session give the same C{trusted} object: a connection that only this card
        vouched for is not shared with another, even an equal one.
        """
        if self._stopped is not None:
            return fail(ClientStopped())
        request: Deferred[tuple[int, bytes]] = Deferred.fromCoroutine(self._post(url, body, headers, trusted, role or Role.TLS))
        if not request.called:
            self._running.add(request)
            request.addBoth(self._ended, request)
        return request

    def _ended(self, result: Any, request: Deferred[Any]) -> Any:
        self._running.discard(request)
        return result

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes], role: Role
    ) -> tuple[int, bytes]:
        target = self._guard.target(url)
        self.requests += 1
        return await self._lane(target, role).ask(Post(_written(target, body, headers)), trusted)

    def _lane(self, target: Target, role: Role) -> Lane:
        key = (target.host, target.port, role)
        lane = self._lanes.get(key)
        if lane is None:
            connect = partial(self._connect, target, role)
            lane = Lane(target.host, self.settings, self.reactor, connect, lambda _: self._forget(key))
            self._lanes[key] = lane
        return lane

    def _forget(self, key: tuple[str, int, Role]) -> None:
        del self._lanes[key]

    async def _connect(self, target: Target, role: Role, lane: Lane, trusted: frozenset[bytes]) -> Connection:
        guarded = GuardedReactor(self.reactor, self._guard, target.host)
        connecting = Deferred.fromCoroutine(self._secure(target, role, lane, trusted, guarded))
        try:
            slow = partial(late, ServerSilent, f"{target.host}, while connecting")
            return await connecting.addTimeout(self.settings.connect_timeout, self.reactor, slow)
        except DNSLookupError:
            if guarded.refused:
                raise AddressRefused(f"{target.host}: {guarded.refused[0]}") from None
            raise ServerNotFound(target.host) from None
        except ConnectError as error:
            raise ServerUnreachable(f"{target.host} port {target.port}: {_why(error)}") from None

    async def _secure(
        self, target: Target, role: Role, lane: Lane, trusted: frozenset[bytes], guarded: GuardedReactor
    ) -> Connection:
        verify = partial(self._tls.verify, host=target.host, card=trusted, role=role)
        make = partial(Connection, target.host, self.settings.max_body, verify, lane.idle, partial(self._lost, lane))
        endpoint = wrapClientTLS(self._tls.creator(target.host), self._endpoint(target, guarded), self.reactor)
        try:
            connection = cast("Connection", await endpoint.connect(_Factory(make)))
        except ConnectingCancelledError:
            raise CancelledError from None
        except ValueError:  # Twisted's word for what IDNA 2008 does not allow
            raise AddressRefused(f"{target.host} is not a host name", hint="Check the address in the activation code.") from None
        self._connections.add(connection)
        return await connection.ready

    def _endpoint(self, target: Target, guarded: GuardedReactor) -> IStreamClientEndpoint:
        wait = self.settings.connect_timeout
        if target.mapped is not None and target.mapped.address:
            return HostnameEndpoint(self.reactor, target.mapped.address, target.port, wait)
        return HostnameEndpoint(guarded, target.host, target.port, wait)

    def _lost(self, lane: Lane, connection: Connection) -> None:
        lane.lost(connection)
        self._connections.discard(connection)
        if self._stopped is not None and not self._connections and not self._stopped.called:
            self._stopped.callback(None)

    def stop(self) -> Deferred[None]:
        """
        End all requests and close all connections.

        @return: C{Deferred[None]}, when they are closed.
        """
        if self._stopped is None:
            self._stopped = Deferred()
            for each in list(self._running):
                each.cancel()
            for lane in list(self._lanes.values()):
                lane.close()
            if not self._connections:
                self._stopped.callback(None)
        stopped: Deferred[None] = Deferred()
        self._stopped.chainDeferred(stopped)
        return stopped


def _written(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    for line in lines:
        if not _HEADER.fullmatch(line):
            raise ParameterError(f"not a header: {line[:100]!r}")
    head = "\r\n".join(
        [f"POST {target.path} HTTP/1.1", f"Host: {target.authority}", *lines, f"Content-Length: {len(body)}", "", ""]
    )
    return head.encode("ascii") + body


def _why(error: ConnectError) -> str:
    """
    What the operating system said; Twisted's own words for it say the same once more.
    """
    words = next((str(each) for each in error.args if each), "no answer")
    return words.rstrip(".").lower()
