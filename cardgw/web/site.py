# -*- test-case-name: tests.web.test_site -*-
"""
HTTP as C{twisted.web} speaks it, within limits: of the body while it is read, of connections, of time.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from io import BytesIO
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from cardgw.connections.http_limits import LINGER, Connections, unreadable
from cardgw.errors import CardGatewayError
from cardgw.web.access import check_host
from cardgw.web.answer import Answer
from cardgw.web.api import Headers, send
from cardgw.web.faults import BodyTooLarge, Defect, MalformedRequest, NoSuchPath
from cardgw.web.problems import problem_answer

MOST_AT_ONCE = 32
"""Requests in one piece of what comes over a connection; who sends more at once would make all others wait."""
CLOSED = Failure(ConnectionDone())
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)

_log = Logger()


@frozen
class Limits:
    """
    What a client may do.

    @ivar hosts: names by which this gateway is called.
    @ivar timeout: seconds for a request to arrive, and for a connection to be idle.
    """

    hosts: Collection[str] = ()
    max_body: int = 1024 * 1024
    max_connections: int = 1000
    timeout: float = 60.0


class WebRequest(Request):
    """
    One request.

    @ivar gone: whether nobody waits for an answer any more.
    """

    channel: Any
    defaultContentType = None  # noqa: N815
    gone = False
    received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """
        Bodies are small and may be secret: they stay in memory.
        """
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """
        A part of the body.
        """
        self.received += len(data)
        if self.received > self.channel.site.limits.max_body:
            self.channel.refuse(BodyTooLarge())
        else:
            Request.handleContentChunk(self, data)

    def process(self) -> None:
        """
        It has arrived.
        """
        needed = self.clientproto == b"HTTP/1.1"
        try:
            check_host(self._called(), self.channel.site.limits.hosts, needed=needed)
        except CardGatewayError as error:
            send(self, problem_answer(error))
        else:
            self._find()

    def _called(self) -> list[str]:
        """
        By which names.  Where the whole URL is given, as proxies are, its name counts alone (RFC 9112 3.2.2).
        """
        found = _ABSOLUTE.match(self.uri)
        if found is None:
            return Headers(self).all("Host")
        self.uri = b"/" + self.uri[found.end() :].removeprefix(b"/")
        self.path = self.uri.partition(b"?")[0]
        return [found[1].decode("latin-1")]

    def _find(self) -> None:
        """
        Twisted has answers of its own for the server as a whole.
        """
        if self.uri != b"*":
            Request.process(self)
        elif self.method == b"OPTIONS":
            send(self, Answer(204))
        else:
            send(self, problem_answer(NoSuchPath()))

    def processingFailed(self, reason: Failure) -> Failure:  # noqa: N802
        """
        No traceback leaves this machine.
        """
        _log.failure("a request failed", reason)
        send(self, problem_answer(Defect()))
        return reason

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{Request}.
        """
        self.gone = True
        Request.connectionLost(self, reason)


class WebChannel(HTTPChannel):
    """
    One connection.

    @ivar refused: whether it has been told that nothing it sends will be read.
    """

    site: Any
    transport: Any
    refused = False
    _quiet = True
    _served = 0

    def connectionMade(self) -> None:
        """
        See L{HTTPChannel}.
        """
        HTTPChannel.connectionMade(self)
        self.site.connections.here.add(self)

    def connectionLost(self, reason: Failure = CLOSED) -> None:
        """
        See L{HTTPChannel}.
        """
        self.site.connections.forget(self)
        HTTPChannel.connectionLost(self, reason)

    def dataReceived(self, data: bytes) -> None:
        """
        See L{HTTPChannel}.
        """
        if not self.refused:
            self._served = 0
            HTTPChannel.dataReceived(self, data)

    def resetTimeout(self) -> None:  # noqa: N802
        """
        The first byte of a request starts the clock, the others do not: who sends slowly is not waited for.
        """
        if self._quiet:
            self._quiet = False
            HTTPChannel.resetTimeout(self)

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
            self.refuse(MalformedRequest(problem.value))
        return not self.refused and bool(HTTPChannel.headerReceived(self, line))

    def allHeadersReceived(self) -> None:
        """
        Refuse a body that is announced to be too large before it comes.
        """
        if (self.length or 0) > self.site.limits.max_body:
            self.refuse(BodyTooLarge())
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
        self._served += 1
        self.persistent = self.persistent and self._served < MOST_AT_ONCE
        HTTPChannel.requestDone(self, request)

    def refuse(self, error: CardGatewayError) -> None:
        """
        Answer now, read no more, and hang up when the client has had time to see it.
        """
        if self.refused:
            return
        self.refused = True
        answer = problem_answer(error)
        headers = {**answer.all_headers, "Connection": "close"}
        head = [f"HTTP/1.1 {answer.status} {answer.phrase}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.transport.write("\r\n".join(head).encode("latin-1") + answer.body)
        HTTPChannel.setTimeout(self, LINGER)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        self.refuse(MalformedRequest("it is no HTTP"))

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
        """
        See L{HTTPChannel}.
        """
        self.refuse(MalformedRequest("a line is too long"))

    def timeoutConnection(self) -> None:  # noqa: N802
        """
        Too long.
        """
        self.transport.abortConnection()

    def leave(self) -> None:
        """
        Hang up, after the answer to the request that is being served.
        """
        self.persistent = False
        if not self.requests:
            HTTPChannel.loseConnection(self)


class WebSite(Site):
    """
    Makes connections, and ends them.
    """

    protocol: Any = WebChannel
    noisy = False

    def __init__(self, resource: IResource, limits: Limits, reactor: Any) -> None:
        Site.__init__(self, resource, WebRequest, timeout=limits.timeout, reactor=reactor, parsePOSTFormSubmission=False)
        self.limits = limits
        self.connections: Connections[WebChannel] = Connections(reactor, limits.max_connections)

    def startFactory(self) -> None:
        """
        There is no log file of our own.
        """

    def stopFactory(self) -> None:
        """
        See L{startFactory}.
        """

    def log(self, request: Any) -> None:
        """
        What was asked and answered, without what may be secret or personal behind the question mark.
        """
        method, path = request.method.decode("latin-1"), (request.path or b"").decode("latin-1")
        _log.debug("{method} {path}: {status}", event="request", method=method, path=path, status=request.code)

    def buildProtocol(self, addr: Any) -> Any:
        """
        See L{Site}.
        """
        return None if self.connections.full(addr) else Site.buildProtocol(self, addr)

    def close(self) -> Deferred[None]:
        """
        See L{Connections.close}.
        """
        return self.connections.close()
