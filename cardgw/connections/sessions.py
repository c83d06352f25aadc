# -*- test-case-name: tests.connections.test_sessions -*-
"""
All sessions of a transport: how many there may be, in all and from one address, and how they end together.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from enum import Enum
from ipaddress import IPv6Address, IPv6Network
from typing import Generic, Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger

from cardgw.errors import ChannelError, GatewayStopping

SUBSCRIBER_PREFIX = 64
"""Bits of an IPv6 address that all addresses of one subscriber have in common."""
_log = Logger()


class Full(Enum):
    """
    Why there is no room for another session.
    """

    ALL = "all"
    ADDRESS = "address"


class Session(Protocol):
    """
    What is counted, and ended.
    """

    @property
    def busy(self) -> bool:
        """
        Whether a card is being served.
        """

    def wind_up(self) -> None:
        """
        Cancel what is being done; the session ends in its own way.
        """

    def end(self, reason: ChannelError | None) -> None:
        """
        Say goodbye.
        """


S = TypeVar("S", bound=Session)


@define(eq=False)
class Sessions(Generic[S]):
    """
    See the module's docstring.

    @ivar most: how many there may be.
    @ivar most_of_address: how many of one address; those without one count in all only.
    @ivar here: those that are here.
    @ivar refused: how many are here only to be told that there is no room.
    @ivar stopping: whether no more are taken.
    """

    most: int
    most_of_address: int
    here: set[S] = field(factory=set, init=False)
    refused: int = field(default=0, init=False)
    stopping: bool = field(default=False, init=False)
    addresses: Counter[str] = field(factory=Counter, init=False)
    _full: bool = field(default=False, init=False)
    _empty: list[Deferred[None]] = field(factory=list, init=False)

    def full(self, host: str, peer: str) -> Full | None:
        """
        Whether there is no room for one more.  The first that is refused is logged, and further ones when there was room
        meanwhile.

        @param host: see L{place}.
        @param peer: for people.
        """
        reason = self._reason(host)
        if reason is None:
            self._full = False
        elif not self._full:
            self._full = True
            _log.warn(
                "{peer}: refused, {sessions} cards are here, {same} of them from {host}; further refusals are not logged",
                event="card-refused",
                peer=peer,
                host=host or "the same place",
                sessions=len(self.here),
                same=self.addresses[host],
            )
        return reason

    def _reason(self, host: str) -> Full | None:
        if len(self.here) >= self.most:
            return Full.ALL
        return Full.ADDRESS if self.addresses[host] >= self.most_of_address and host else None

    def add(self, session: S, host: str) -> None:
        """
        One has begun.
        """
        self.addresses[host] += 1
        self.here.add(session)

    def ended(self, session: S, host: str | None) -> None:
        """
        One has ended.

        @param host: what it was counted under, or C{None} where it was refused.
        """
        if host is None:
            self.refused -= 1
        else:
            self.here.discard(session)
            self.addresses[host] -= 1
            if not self.addresses[host]:
                del self.addresses[host]
        if not self.here and not self.refused:
            empty, self._empty = self._empty, []
            for each in empty:
                each.callback(None)

    def drain(self) -> Deferred[None]:
        """
        Take no more sessions; end those in which nobody is served.

        @return: fires when all sessions are gone.
        """
        self.stopping = True
        for session in list(self.here):
            if not session.busy:
                session.end(GatewayStopping())
        if not self.here and not self.refused:
            return succeed(None)
        empty: Deferred[None] = Deferred()
        self._empty.append(empty)
        return empty

    def wind_up(self) -> None:
        """
        Cancel what is being done; the sessions end in their own way.
        """
        for session in list(self.here):
            session.wind_up()

    def end(self) -> None:
        """
        End all sessions, whatever they are doing.
        """
        for session in list(self.here):
            session.end(GatewayStopping())


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
