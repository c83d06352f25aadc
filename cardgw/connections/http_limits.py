# -*- test-case-name: tests.connections.test_http_limits -*-
"""
What all HTTP servers here limit alike, those of people and of card sides.  What they say to whom they refuse is their own.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.logger import Logger

from cardgw.connections.sessions import place

LINGER = 2.0
"""Seconds in which a client that sends too much is listened to, so that it reads why it is refused."""
GRACE = 5.0
"""Seconds that requests have to be answered when all is to end."""
_MOST_DIGITS = 20
"""Of the length of a body."""
_log = Logger()


class Unreadable(Enum):
    """
    Why a body cannot be read.
    """

    TRANSFER_ENCODING = "its Transfer-Encoding is not known"
    CONTENT_LENGTH = "its Content-Length has too many digits"


def unreadable(line: bytes) -> Unreadable | None:
    """
    Twisted takes bodies of unknown length for none, and stumbles over the longest numbers.

    @param line: a header.
    """
    name, _, value = line.partition(b":")
    kind, text = name.lower(), value.strip(b" \t")
    if kind == b"transfer-encoding" and text.lower() != b"chunked":
        return Unreadable.TRANSFER_ENCODING
    if kind == b"content-length" and len(text) > _MOST_DIGITS:
        return Unreadable.CONTENT_LENGTH
    return None


class Connection(Protocol):
    """
    One connection of a server.
    """

    transport: Any

    def leave(self) -> None:
        """
        Hang up, after the answer to the request that is being served.
        """


C = TypeVar("C", bound=Connection)


@define(eq=False)
class Connections(Generic[C]):
    """
    The connections of a server.

    @ivar most: how many there may be.
    @ivar here: those that are open.
    """

    reactor: Any
    most: int
    here: set[C] = field(factory=set, init=False)
    _full: bool = field(default=False, init=False)
    _empty: Deferred[None] | None = field(default=None, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)

    def full(self, address: IAddress | None) -> bool:
        """
        Whether there is no room for one more.  The first that is refused is logged, and further ones when there was room
        meanwhile.

        @param address: where that one comes from.
        """
        full = len(self.here) >= self.most
        if full and not self._full:
            fmt = "{peer}: refused, {count} connections are open; further refusals are not logged"
            _log.warn(fmt, event="connection-refused", peer=place(address)[1], count=len(self.here))
        self._full = full
        return full

    def forget(self, connection: C) -> None:
        """
        One is gone.
        """
        self.here.discard(connection)
        if self._empty is not None and not self.here:
            empty, self._empty = self._empty, None
            if self._timer is not None and self._timer.active():
                self._timer.cancel()
            empty.callback(None)

    def close(self) -> Deferred[None]:
        """
        End all: quiet ones now, others when their requests are answered, or after L{GRACE} seconds.

        @return: C{Deferred[None]}, when there are none.
        """
        for each in tuple(self.here):
            each.leave()
        if not self.here:
            return succeed(None)
        self._empty = Deferred()
        self._timer = self.reactor.callLater(GRACE, self._abort)
        return self._empty

    def _abort(self) -> None:
        for each in tuple(self.here):
            each.transport.abortConnection()
