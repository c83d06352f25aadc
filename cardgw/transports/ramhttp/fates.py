# -*- test-case-name: tests.transports.ramhttp.test_fates -*-
"""
What became of connections, as far as TCP knows: whether the client has got what was written to it last.
"""

from __future__ import annotations

import fcntl
import struct
from enum import Enum
from termios import TIOCOUTQ
from typing import Any

from attrs import define, field

CLOSED_MAX = 4096
"""So many closed connections are remembered."""

SETTLED = 2.0
"""Within so many seconds a reply has come, or its connection has broken."""


class Fate(Enum):
    """
    What is known of a connection, and of the last thing that was written to it.

    Sockets do not say what was read.  But whoever closes with something unread makes TCP reset the connection (RFC 2525, 2.17),
    so an ordinary end means that all was read which had come; and the end itself says what had come.  Where TLS is in between,
    time has to do.  A reset says nothing: the client may have read, and something in between may have sent it.
    """

    HERE_READ = "open, and acknowledged"
    GONE_READ = "closed by the client, when it had read all"
    GONE_UNREAD = "closed by the client, before it had read all"
    UNKNOWN = "unknown"


@define(eq=False)
class Fates:
    """
    The connections of a site, by number.
    """

    _open: dict[int, Any] = field(factory=dict, init=False)
    _closed: dict[int, Fate] = field(factory=dict, init=False)

    def opened(self, number: int, transport: Any) -> None:
        """
        A connection is here.
        """
        self._open[number] = transport

    def closed(self, number: int, fate: Fate) -> None:
        """
        A connection is gone.
        """
        self._open.pop(number, None)
        self._closed[number] = fate
        if len(self._closed) > CLOSED_MAX:
            del self._closed[next(iter(self._closed))]

    def __call__(self, number: int) -> Fate:
        """
        What is known of a connection.
        """
        if number in self._open:
            return Fate.HERE_READ if unacknowledged(self._open[number]) == 0 else Fate.UNKNOWN
        return self._closed.get(number, Fate.UNKNOWN)

    def of_end(self, transport: Any) -> Fate:
        """
        @param transport: the client has just ended its stream.
        """
        left = unacknowledged(transport)
        if left is None:
            return Fate.UNKNOWN
        return Fate.GONE_UNREAD if left else Fate.GONE_READ

    @staticmethod
    def of_close(seconds: float) -> Fate:
        """
        @param seconds: a connection was closed in order, so long after something was written to it last.
        """
        return Fate.GONE_READ if seconds >= SETTLED else Fate.UNKNOWN


def unacknowledged(transport: Any) -> int | None:
    """
    Bytes that the other end has not acknowledged yet; C{None} where that cannot be told.
    """
    handle = getattr(transport, "socket", None)
    try:
        answer = fcntl.ioctl(handle.fileno(), TIOCOUTQ, struct.pack("i", 0))  # type: ignore[union-attr]
    except (AttributeError, OSError, TypeError, ValueError):
        return None
    return int(struct.unpack("i", answer)[0])
