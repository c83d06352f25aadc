# -*- test-case-name: tests.connections.test_prompt -*-
"""
Short messages to and fro, each side waiting for the other: what the reactor's turns cost is a good part of the time then.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import ITransport


class PromptWriter:
    """
    Writes to a transport in this turn of the reactor, not in the next one.  Nobody else may write to it.

    What the system does not take at once, and all after it, goes the ordinary way.

    @param transport: an L{ITransport}, that of a plain TCP connection or another one.
    """

    __slots__ = ("_some", "_transport")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._some = _of_its_own(transport, "writeSomeData")

    def write(self, octets: bytes) -> bool:
        """
        Write a whole message.  Not to be called after C{loseConnection}.

        @return: C{False} where it is certain that the system has taken nothing of it, since the connection is lost.
        """
        lost = False
        if self._some is not None:
            written = self._some(octets)
            if written == len(octets):
                return True
            self._some = None
            lost = not isinstance(written, int)
            octets = octets if lost else octets[written:]
        self._transport.write(octets)  # it finds out by itself that the connection is lost
        return not lost


def acknowledge(transport: ITransport) -> None:
    """
    Have the system acknowledge what has arrived at once.  A peer that writes a message in two pieces, the second of which waits
    for this (RFC 896), is not stopped for 40 ms each time (RFC 1122, 4.2.3.2).  The system forgets this wish soon.
    """
    handle: Any = getattr(transport, "getHandle", lambda: None)()
    with suppress(OSError, AttributeError):
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def read_on(transport: ITransport) -> None:
    """
    L{acknowledge}, and read what the peer has sent in return: the second piece of a message is here now where peer and system are
    fast.

    @param transport: it hands on what it has read before this returns.
    """
    acknowledge(transport)
    read = _of_its_own(transport, "doRead")
    if read is not None:
        read()  # where there is nothing yet, or no more, the next turn tells


def _of_its_own(transport: Any, name: str) -> Callable[..., Any] | None:
    """
    A method of a plain connection.  One that is wrapped, in TLS above all, seems to have it, too, and to be what it wraps: used
    there, it would go past what is around it.
    """
    if not hasattr(type(transport), name) or getattr(transport, "TLS", False):
        return None
    found: Callable[..., Any] = getattr(transport, name)
    return found
