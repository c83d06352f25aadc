# -*- test-case-name: tests.transports.ramhttp.test_fates -*-
"""
What became of connections, as far as TCP knows: whether the client can have read what was written to it last.
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


class Fate(Enum):
    """
    What is known of a connection, and of the last thing that was written to it.

    That a client has not got something is known where it has ended its stream before that was acknowledged.  That it has read
    something is never known: an acknowledgement may come of whatever passes things on in between, and be its last one.
    """

    GONE_UNREAD = "closed by the client, before it had read all"
    UNKNOWN = "unknown"


@define(eq=False)
class Fates:
    """
    The connections of a site, by number.
    """

    _unread: dict[int, None] = field(factory=dict, init=False)

    def closed(self, number: int, fate: Fate) -> None:
        """
        A connection is gone.
        """
        if fate is not Fate.GONE_UNREAD:
            return
        self._unread[number] = None
        if len(self._unread) > CLOSED_MAX:
            del self._unread[next(iter(self._unread))]

    def __call__(self, number: int) -> Fate:
        """
        What is known of a connection.
        """
        return Fate.GONE_UNREAD if number in self._unread else Fate.UNKNOWN

    @staticmethod
    def of_end(transport: Any) -> Fate:
        """
        @param transport: the client has just ended its stream.
        """
        return Fate.GONE_UNREAD if unacknowledged(transport) else Fate.UNKNOWN


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
