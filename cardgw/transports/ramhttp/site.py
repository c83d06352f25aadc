# -*- test-case-name: tests.transports.ramhttp.test_site -*-
"""
HTTP as C{twisted.web} speaks it, for card sides, within limits: of bodies while they are read, of connections, of time.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocolNegotiationFactory
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, HTTPFactory, Request
from zope.interface import implementer

from cardgw.connections.connection import tune
from cardgw.connections.http_limits import LINGER, Connections, Unreadable, unreadable
from cardgw.connections.prompt import PromptWriter
from cardgw.connections.sessions import place
from cardgw.transports.ramhttp.fates import Fate, Fates
from cardgw.transports.ramhttp.http import Reply, refusal
from cardgw.transports.ramhttp.requests import TOO_LARGE, RamRequest, Serve, encoded

_log = Logger()
_CLOSED = Failure(ConnectionDone())
_SPOKEN = b"http/1.1"
_MARGIN = 5.0
"""Seconds by which clients should give up an idle connection earlier than it is closed here."""
_KEEPALIVE = 60.0
"""Seconds without traffic after which TCP asks whether the client is still there."""
_UNREADABLE = {
    Unreadable.TRANSFER_ENCODING: refusal(501, "This Transfer-Encoding is not known here."),
    Unreadable.CONTENT_LENGTH: refusal(400, "The Content-Length of this request has too many digits."),
}


@frozen
class Limits:
    """
    What a client may do.

    @ivar body: most bytes of a request's body.
    @ivar connections: most at once.
    @ivar arrival: seconds for a request to arrive.
    @ivar idle: seconds for which a connection may be kept without a request.
    """

    body: int
    connections: int
    arrival: float
    idle: float


@implementer(IHalfCloseableProtocol)
class RamChannel(HTTPChannel):
    """
    One connection.

    @ivar peer: C{host:port}, for people.
    @ivar host: what it is counted under.
    @ivar number: no other connection has it.
    @ivar refused: whether it has been told that nothing it sends will be read.
    """

    requestFactory = RamRequest  # noqa: N815
    factory: Any
    transport: Any
    refused = False
    peer = host = ""
    number = 0
    _quiet = True
    _closing = False
    _fate = Fate.UNKNOWN

    def connectionMade(self) -> None:
        """
        See L{HTTPChannel}.
        """
        HTTPChannel.connectionMade(self)
        self.host, self.peer = place(self.transport.getPeer())
        tune(self.transport, _KEEPALIVE)
        self._writer = PromptWriter(self.transport)
        self.factory.connections.here.add(self)

    def readConnectionLost(self) -> None:  # noqa: N802
        """
        The client has ended its stream: that is the end, but TCP knows now what it has not read.
        """
        self._fate = self.factory.fates.of_end(self.transport)
        HTTPChannel.loseConnection(self)

    def writeConnectionLost(self) -> None:  # noqa: N802
        """
        See L{IHalfCloseableProtocol}.
        """

    def connectionLost(self, reason: Failure = _CLOSED) -> None:
        """
        See L{HTTPChannel}.
        """
        self.factory.fates.closed(self.number, self._fate)
        HTTPChannel.connectionLost(self, reason)
        self.factory.connections.forget(self)

    def dataReceived(self, data: bytes) -> None:
        """
        The first byte of a request starts the clock, the others do not: who sends slowly is not waited for.  Some clients send an
        empty line behind a body; that is no beginning.
        """
        if self.refused:
            return
        if self._quiet and not self._handlingRequest and data.strip(b"\r\n"):
            self._quiet = False
            self.setTimeout(None)  # type: ignore[no-untyped-call]  # moving a timer to be sooner takes the reactor long
            self.setTimeout(self.factory.limits.arrival)  # type: ignore[no-untyped-call]
        HTTPChannel.dataReceived(self, data)

    def resetTimeout(self) -> None:  # noqa: N802
        """
        See L{dataReceived}.
        """

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        """
        See L{HTTPChannel}.
        """
        if not self.refused:
            HTTPChannel.lineReceived(self, line)

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802
        """
        See L{HTTPChannel}.
        """
        if not self.refused:
            HTTPChannel.rawDataReceived(self, data)

    def headerReceived(self, line: bytes) -> bool:  # noqa: N802
        """
        See L{unreadable}.
        """
        problem = unreadable(line)
        if problem is not None:
            self.refuse(_UNREADABLE[problem])
        return not self.refused and bool(HTTPChannel.headerReceived(self, line))

    def allHeadersReceived(self) -> None:
        """
        Refuse a body that is announced to be too large before it comes.
        """
        if (self.length or 0) > self.factory.limits.body:
            self.refuse(TOO_LARGE)
        else:
            HTTPChannel.allHeadersReceived(self)

    def allContentReceived(self) -> None:  # noqa: N802
        """
        See L{HTTPChannel}.
        """
        if not self.refused:
            HTTPChannel.allContentReceived(self)

    def requestDone(self, request: Request) -> None:  # noqa: N802
        """
        See L{HTTPChannel}.
        """
        self._quiet = True
        self._savedTimeOut = self.factory.limits.idle
        HTTPChannel.requestDone(self, request)

    def answer(self, reply: Reply, *, head_only: bool = False, tells_kept: bool = False) -> bool:
        """
        Write a whole answer.

        @param tells_kept: tell how long the connection may be used again.
        @return: C{False} where it is certain that nothing of it has gone out.
        """
        kept = max(1, int(self.factory.limits.idle - _MARGIN)) if tells_kept else 0
        return self._writer.write(encoded(reply, head_only=head_only, close=not self.persistent, kept=kept))

    def _send100Continue(self) -> None:  # noqa: N802
        self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def refuse(self, reply: Reply) -> None:
        """
        Answer now, read no more, and hang up when the client has had time to see it.
        """
        if self.refused:
            return
        self.refused = True
        self.persistent = 0
        self.answer(reply)
        self.setTimeout(LINGER)  # type: ignore[no-untyped-call]

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(refusal(400, "This is no HTTP."))

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """
        See L{HTTPChannel}.
        """
        self.refuse(refusal(400, "A line of this request is too long."))

    def timeoutConnection(self) -> None:  # noqa: N802
        """
        A request that has not arrived in time is told so; a connection that is not used is closed, in order where that works.
        """
        if not (self._quiet or self.refused):
            self.refuse(refusal(408, "This request took too long to arrive."))
        elif self._closing:
            self.transport.abortConnection()
        else:
            self._closing = True
            self.setTimeout(LINGER)  # type: ignore[no-untyped-call]
            HTTPChannel.loseConnection(self)

    def leave(self) -> None:
        """
        Hang up, after the answer to the request that is being served.
        """
        self.persistent = 0
        if not self.requests:
            HTTPChannel.loseConnection(self)


@implementer(IProtocolNegotiationFactory)
class RamSite(HTTPFactory):
    """
    Makes connections, and ends them.

    @ivar serve: what answers requests.
    @ivar fates: what is known of connections.
    """

    protocol: Any = RamChannel
    noisy = False

    def __init__(self, serve: Serve, limits: Limits, reactor: Any, fates: Fates) -> None:
        HTTPFactory.__init__(self, timeout=limits.arrival, reactor=reactor)
        self.serve = serve
        self.limits = limits
        self.fates = fates
        self.connections: Connections[RamChannel] = Connections(reactor, limits.connections)
        self._numbers = count(1)

    def startFactory(self) -> None:
        """
        There is no log file of our own.
        """

    def stopFactory(self) -> None:
        """
        See L{startFactory}.
        """

    def acceptableProtocols(self) -> list[bytes]:  # noqa: N802
        """
        See L{IProtocolNegotiationFactory}.  Whoever offers protocols in its TLS, as curl does, must find one (RFC 7301).
        """
        return [_SPOKEN]

    def log(self, request: Any) -> None:
        """
        What was asked, and answered.
        """
        method = request.method.decode("latin-1")
        peer = request.channel.peer
        _log.debug("{peer}: {method}: {status}", event="http-request", peer=peer, method=method, status=request.code)

    def buildProtocol(self, addr: Any) -> Any:
        """
        See L{HTTPFactory}.
        """
        if self.connections.full(addr):
            return None
        channel: Any = HTTPFactory.buildProtocol(self, addr)
        channel.number = next(self._numbers)
        return channel

    def close(self) -> Deferred[None]:
        """
        See L{Connections.close}.
        """
        return self.connections.close()
