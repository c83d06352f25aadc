# -*- test-case-name: tests.transports.ramhttp.test_requests,tests.transports.ramhttp.test_site -*-
"""
One HTTP request of a card's side, and its answer.

An answer is one write, head and body, with its length.  A request that is held keeps nothing but what is needed to answer it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import Any

from attrs import field, frozen
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.http_headers import Headers

from cardgw.transports.ramhttp.http import HttpSession, Reply, refusal

_log = Logger()
_NO_HEADERS = Headers()
_ABSOLUTE = re.compile(r"\Ahttps?://[^/?]*", re.IGNORECASE)
"""What stands before the path where a client believes to speak to a proxy (RFC 9112, 3.2.2)."""
_DEFECT = refusal(500, "This server has a defect. Please tell its operator.")
TOO_LARGE = refusal(413, "The body of this request is too large.")


@frozen
class Arrived:
    """
    A whole request.

    @ivar path: as it came, percent-encoded.
    @ivar headers: see L{cardgw.transports.ramhttp.http.Post}.
    @ivar transport: of its connection.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    peer: str
    host: str
    connection: int
    transport: Any = field(repr=False)


@frozen
class Served:
    """
    What a request has come to.

    @ivar session: who is told what has become of the reply.
    """

    waiting: Deferred[Reply]
    session: HttpSession | None = None


Serve = Callable[[Arrived], Served]


class RamRequest(Request):
    """
    One request.
    """

    channel: Any
    _waiting: Deferred[Reply] | None = None
    _session: HttpSession | None = None
    _received = 0
    _of_java = False

    def parseCookies(self) -> None:  # noqa: N802
        """
        Whoever wants to know reads the header.
        """

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """
        Bodies are small and may be secret: they stay in memory.
        """
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """
        A part of the body.
        """
        self._received += len(data)
        if self._received > self.channel.factory.limits.body:
            self.channel.refuse(TOO_LARGE)
        else:
            Request.handleContentChunk(self, data)

    def process(self) -> None:
        """
        It has arrived.
        """
        arrived = self._arrived()
        self.requestHeaders, self.content = _NO_HEADERS, None  # it may be held for long
        try:
            served = self.channel.factory.serve(arrived)
        except Exception:
            _log.failure("a request failed", event="request-failed")
            served = Served(succeed(_DEFECT))
        self._session, self._waiting = served.session, served.waiting
        served.waiting.addErrback(_defect).addCallback(self._answer)

    def _arrived(self) -> Arrived:
        path, _, query = _ABSOLUTE.sub("", self.uri.decode("latin-1")).partition("?")
        headers: dict[str, str] = {}
        for name, values in self.requestHeaders.getAllRawHeaders():
            key = name.decode("latin-1").lower()
            headers[key] = ("; " if key == "cookie" else ", ").join(each.decode("utf-8", "replace") for each in values)
        self._of_java = headers.get("user-agent", "").startswith("Java")
        content: Any = self.content
        channel = self.channel
        return Arrived(
            self.method.decode("latin-1"), path, query, headers, content.getvalue(), channel.peer, channel.host, channel.number,
            channel.transport,
        )  # fmt: skip

    def _answer(self, reply: Reply | None) -> None:
        self._waiting = None
        if reply is None:
            return
        if reply.close:
            self.channel.persistent = 0
        # Java closes what it has not used for 5 s, unless it is told otherwise: each slow command would cost a connection
        ok = self.channel.answer(reply, head_only=self.method == b"HEAD", tells_kept=self._of_java)
        self.code, self.startedWriting = reply.status, 1
        session, self._session = self._session, None
        if session is not None:
            session.delivered(reply, ok)
        self.finish()  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{Request}.
        """
        waiting, self._waiting, self._session = self._waiting, None, None
        if waiting is not None:
            waiting.cancel()
        Request.connectionLost(self, reason)


def _defect(failure: Failure) -> Reply | None:
    """
    No traceback leaves this machine.
    """
    if failure.check(CancelledError):
        return None
    _log.failure("a request failed", failure, event="request-failed")
    return _DEFECT


def encoded(reply: Reply, *, head_only: bool = False, close: bool = False, kept: int = 0) -> bytes:
    """
    An answer as it goes over the wire.  Its length is told unless it is to go in chunks: some clients take an answer without for
    an empty one.

    @param head_only: to a HEAD request.
    @param kept: seconds for which the connection may be used again, where that is to be told.
    """
    status = HTTPStatus(reply.status)
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in reply.headers.items())]
    chunked = reply.chunked and bool(reply.body)
    lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(reply.body)}")
    if close:
        lines.append("Connection: close")
    elif kept:
        lines += ["Connection: keep-alive", f"Keep-Alive: timeout={kept}"]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(reply.body), reply.body) if chunked else reply.body
    return head if head_only else head + body
