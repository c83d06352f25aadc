# -*- test-case-name: tests.transports.estk.test_factory -*-
"""
All sessions: how many there may be, and how they end together.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger

from cardgw.errors import GatewayStopping
from cardgw.interfaces import IGateway
from cardgw.transports.estk.protocol import EstkProtocol
from cardgw.transports.estk.settings import EstkSettings

_log = Logger()
REFUSALS_MAX = 256
"""Cards that are being told a refusal at the same time; further ones are dropped without a word."""


SUBSCRIBER_PREFIX = 64
"""Bits of an IPv6 address that all addresses of one subscriber have in common."""
FULL = "The server is busy. Please try again in a minute."
FULL_ADDRESS = "Too many cards of your network are being served. Please try again in a minute."


def place(address: IAddress | None) -> tuple[str, str]:
    """
    @return: what a card is counted under (see L{counted}), and host and port for people.
    """
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    if host is None:
        name = getattr(address, "name", None) or "local"
        return "", name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    return counted(str(host)), f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def counted(host: str) -> str:
    """
    What an address is counted as.  One subscriber has a whole /64 of IPv6 addresses (3GPP TS 23.401, 5.3.1.2.2; RFC 6177), so
    all of these are one; an IPv4 address that came in over IPv6 is itself.
    """
    if ":" not in host:
        return host
    with suppress(ValueError):
        address = IPv6Address(host.partition("%")[0])
        return str(address.ipv4_mapped or IPv6Network((address, SUBSCRIBER_PREFIX), strict=False))
    return host


class EstkFactory(ServerFactory):
    """
    Makes a session of each connection, within the limits.

    @ivar sessions: those that are being served or wait for a request.
    """

    noisy = False

    def __init__(self, settings: EstkSettings, gateway: IGateway) -> None:
        self.settings = settings
        self.gateway = gateway
        self.sessions: set[EstkProtocol] = set()
        self._addresses: Counter[str] = Counter()
        self._refused = 0
        self._full = False
        self._stopping = False
        self._empty: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> EstkProtocol | None:
        """
        See L{ServerFactory.buildProtocol}.
        """
        host, peer = place(addr)
        if self._stopping:
            return None
        if refusal := self._refusal(host):
            return self._refuse(host, peer, refusal)
        self._full = False
        self._addresses[host] += 1
        session = EstkProtocol(self, peer, host)
        self.sessions.add(session)
        return session

    def _refusal(self, host: str) -> str:
        if len(self.sessions) >= self.settings.max_sessions:
            return FULL
        return FULL_ADDRESS if self._addresses[host] >= self.settings.max_sessions_per_address and host else ""

    def _refuse(self, host: str, peer: str, refusal: str) -> EstkProtocol | None:
        if not self._full:
            self._full = True
            _log.warn(
                "{peer}: refused, {sessions} cards are here, {same} of them from {host}; further refusals are not logged",
                event="card-refused",
                peer=peer,
                host=host or "the same place",
                sessions=len(self.sessions),
                same=self._addresses[host],
            )
        if self._refused >= REFUSALS_MAX:
            return None
        self._refused += 1
        return EstkProtocol(self, peer, None, refusal)

    def ended(self, session: EstkProtocol) -> None:
        """
        A session's connection is gone.
        """
        if session.address is None:
            self._refused -= 1
        else:
            self.sessions.discard(session)
            self._addresses[session.address] -= 1
            if not self._addresses[session.address]:
                del self._addresses[session.address]
        if not self.sessions and not self._refused:
            empty, self._empty = self._empty, []
            for each in empty:
                each.callback(None)

    def drain(self) -> Deferred[None]:
        """
        Take no more sessions; end those that have asked for nothing.

        @return: fires when all sessions are gone.
        """
        self._stopping = True
        for session in list(self.sessions):
            if not session.busy:
                session.end(GatewayStopping())
        if not self.sessions and not self._refused:
            return succeed(None)
        empty: Deferred[None] = Deferred()
        self._empty.append(empty)
        return empty

    def wind_up(self) -> None:
        """
        Cancel what is being done; the sessions end in their own way.
        """
        for session in list(self.sessions):
            session.wind_up()

    def end(self) -> None:
        """
        End all sessions, whatever they are doing.
        """
        for session in list(self.sessions):
            session.end(GatewayStopping())
