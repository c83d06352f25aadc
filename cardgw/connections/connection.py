# -*- test-case-name: tests.connections.test_connection -*-
"""
The TCP connection of one card: what is written, how long is waited, and how it ends.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPullProducer, ITCPTransport, ITransport
from zope.interface import implementer

from cardgw.connections.deadline import Deadline
from cardgw.connections.prompt import PromptWriter

KEEPALIVE_PROBES = 4
"""Unanswered probes after which a connection is dead."""


class Connection:
    """
    What a session and its channel write to.

    The end has three stages, each at most C{patience} seconds long: the last words and the end of our stream, while what the card
    still sends is read (closing with something unread would make TCP throw away what the card has not read yet); then an ordinary
    close; then, where even that cannot be delivered, an abort.

    @ivar leaving: the last words have been said, or the connection is gone; nothing is written any more.
    @param silent: called with what was awaited and the seconds allowed, when it did not come.
    @param prompt: write in this turn of the reactor (see L{PromptWriter}).
    """

    __slots__ = ("_closing", "_deadline", "_drain", "_patience", "_silent", "_transport", "_write", "expect", "leaving", "rest")

    def __init__(
        self,
        transport: ITransport,
        clock: Any,
        patience: float,
        silent: Callable[[str, float], object],
        *,
        prompt: bool = False,
    ) -> None:
        self._transport: Any = transport
        self._write: Callable[[bytes], object] = PromptWriter(transport).write if prompt else transport.write
        self._patience = patience
        self._silent: Callable[[str, float], object] | None = silent
        self._deadline = Deadline(clock, self._late)
        self._drain: _Drain | None = None
        self._closing = False
        self.leaving = False
        self.expect = self._deadline.expect
        """See L{Deadline.expect}."""
        self.rest = self._deadline.rest
        """See L{Deadline.rest}."""

    def write(self, octets: bytes) -> None:
        """
        Send whole frames.
        """
        if not self.leaving:
            self._write(octets)

    def drained(self) -> Deferred[None]:
        """
        @return: fires when the system has taken all that was written so far, or when there is nothing to wait for any more.
        """
        if self.leaving:
            return succeed(None)
        if self._drain is None or self._drain.over:
            self._drain = _Drain(self._transport)
        return self._drain.wait()

    def _stop_draining(self) -> None:
        if self._drain is not None:
            self._drain.end()

    def depart(self, last_words: bytes, half_close: bool = True) -> None:
        """
        Begin the end.

        @param last_words: whole frames.
        @param half_close: end our stream at once, rather than when patience is at its end.
        """
        if self.leaving:
            return
        self.write(last_words)
        self.leaving = True
        self._stop_draining()
        self._deadline.expect(self._patience, "the end of the connection")
        if not half_close:
            return
        transport = self._transport
        if ITCPTransport.providedBy(transport):
            transport.loseWriteConnection()
        else:
            transport.loseConnection()

    def abort(self) -> None:
        """
        Drop the connection now.
        """
        self.leaving = True
        if self._transport is not None:
            self._transport.abortConnection()

    def lost(self) -> None:
        """
        The connection is gone: forget everything.
        """
        self.leaving = True
        self._stop_draining()
        self._transport = self._silent = self._drain = None
        self._write = _nowhere
        self._deadline.end()

    def _late(self, what: str, seconds: float) -> None:
        if not self.leaving:
            if self._silent is not None:
                self._silent(what, seconds)
        elif self._closing:
            self._transport.abortConnection()
        else:
            self._closing = True
            self._deadline.expect(self._patience, what)
            self._transport.loseConnection()


def _nowhere(octets: bytes) -> None:
    """
    The connection is gone.
    """


@implementer(IPullProducer)
class _Drain:
    """
    Notices when a transport has nothing left to write: a producer that has nothing to give, and is asked for more then.

    @ivar over: it is not waiting any more.
    """

    def __init__(self, transport: Any) -> None:
        self.over = False
        self._transport = transport
        self._asked = False
        self._waiting: list[Deferred[None]] = []
        transport.registerProducer(self, False)  # asks at once for the first time

    def wait(self) -> Deferred[None]:
        """
        @return: see L{Connection.drained}.
        """
        waiting: Deferred[None] = Deferred(self._waiting_no_more)
        self._waiting.append(waiting)
        return waiting

    def _waiting_no_more(self, waiting: Deferred[None]) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    def resumeProducing(self) -> None:
        """
        See L{IPullProducer}.
        """
        if self._asked:
            self.end()
        self._asked = True

    def stopProducing(self) -> None:
        """
        See L{IPullProducer}.
        """
        self.end()

    def end(self) -> None:
        """
        Wait no longer.
        """
        if self.over:
            return
        self.over = True
        transport, self._transport = self._transport, None
        transport.unregisterProducer()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)


def tune(transport: ITransport, keepalive: float) -> None:
    """
    Make a TCP connection send small frames at once, and notice a peer that is gone without a word.

    @param keepalive: seconds without traffic after which, and at which intervals, TCP asks whether the peer is still there.
    """
    if not ITCPTransport.providedBy(transport):
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    seconds = max(1, round(keepalive))
    options = {"TCP_KEEPIDLE": seconds, "TCP_KEEPINTVL": seconds, "TCP_KEEPCNT": KEEPALIVE_PROBES}
    handle: Any = getattr(transport, "getHandle", lambda: None)()
    with suppress(OSError, AttributeError):
        for name, value in options.items():
            handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
