# -*- test-case-name: tests.transports.ramhttp.test_fates -*-
"""
What became of connections, as far as TCP knows: whether the client has got what was written to it last.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Callable
from enum import Enum
from termios import TIOCOUTQ
from typing import Any

from attrs import define, field

CLOSED_MAX = 4096
"""So many closed connections are remembered."""
SOON = 2.0
"""A client that is there reads its reply within so many seconds."""


class Fate(Enum):
    """
    What is known of a connection, and of the last thing that was written to it.

    ISO C's sockets know no "read": but whoever closes with something unread makes TCP say so (a reset, RFC 2525 2.17), and the
    end of a stream acknowledges whatever had come until then.
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

    seconds: Callable[[], float]
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

    def of_break(self, written: float) -> Fate:
        """
        A connection was reset, or timed out.

        @param written: when something was last written.
        """
        return Fate.GONE_UNREAD if self.seconds() - written < SOON else Fate.UNKNOWN


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
