# -*- test-case-name: tests.virtual.test_ram_server -*-
"""
A Scripting Server for RAMOverHTTP clients, and the odd servers that there are: what clients must bear, or say well that they do
not.

C{python -m cardgw.virtual.ram_server --help} is the same as a program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import Factory as Fresh
from attrs import frozen
from twisted.internet.defer import Deferred, DeferredQueue, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from cardgw.virtual.http_lines import Message, MessageReader, chunked, head
from cardgw.virtual.pieces import Pieces
from cardgw.virtual.ram_jar import SESSION
from cardgw.virtual.ram_session import DONE, OK, POLL, RamSession, Reply, Script, run_script
from cardgw.virtual.ram_tlv import COMMANDS, INITIATION, extent, length

PREFIX = "/rt"
MEDIA_TYPE = "application/org.openscdp-content-mgt;version=1.0"
REASONS: Mapping[int, str] = {
    200: "OK",
    204: "No Content",
    302: "Found",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    504: "Gateway Timeout",
}
_NOT_FOUND, _NOT_ALLOWED = 404, 405


@frozen
class Oddities:
    """
    In what the server is odd; numbers of POSTs of a session begin at 1.

    @ivar chunked: bodies have no length.
    @ivar until_close: nor chunks: they end with the connection.
    @ivar http10: it speaks HTTP/1.0, and closes each connection.
    @ivar split: head and body leave in two segments.
    @ivar outer: how templates begin: C{"AA"}, C{"AE"} with a length, C{"AE80"} and C{"AA80"} without one, C{"84"}: a length of
        four bytes.
    @ivar extra: data objects that stand first in each template.
    @ivar instead: what is replied to a POST, by its number: status and body.
    @ivar location: of redirections among these.
    @ivar empty_at: the POST whose reply is 200 without a body.
    @ivar drop_at: the POST at which the connection is closed when it was read; it is forgotten.
    @ivar delay: seconds until each reply.
    @ivar idle: seconds after which a connection that is not used is closed.
    @ivar cookie: whether it sets one at all.
    @ivar cookies: values of Set-Cookie besides its own, before it.
    @ivar late_cookies: those of all further replies.
    """

    chunked: bool = False
    until_close: bool = False
    http10: bool = False
    split: bool = False
    outer: str = "AA"
    extra: bytes = b""
    instead: Mapping[int, tuple[int, bytes]] = Fresh(dict)
    location: str = ""
    empty_at: int | None = None
    drop_at: int | None = None
    delay: float = 0.0
    idle: float | None = None
    cookie: bool = True
    cookies: tuple[str, ...] = ()
    late_cookies: tuple[str, ...] = ()


class RamServer(Factory):
    """
    Listens.

    @ivar sessions: by id.
    @ivar began: C{DeferredQueue} of sessions, as they begin.
    @ivar requests: all requests, as they came.
    """

    noisy = False

    def __init__(
        self,
        clock: Any,
        scripts: Mapping[str, Script],
        *,
        prefix: str = PREFIX,
        poll: float = POLL,
        impatient: bool = False,
        oddities: Oddities | None = None,
        report: Callable[[dict[str, Any]], object] = bool,
    ) -> None:
        """
        @param clock: C{IReactorTime}.
        @param scripts: by what follows the prefix in the path.
        @param poll: see L{RamSession}; C{impatient}, too.
        @param report: told what happens.
        """
        self.sessions: dict[str, RamSession] = {}
        self.began: DeferredQueue[RamSession] = DeferredQueue()
        self.requests: list[Message] = []
        self.odd = oddities or Oddities()
        self.clock = clock
        self._scripts, self._prefix, self._poll, self._impatient = scripts, prefix, poll, impatient
        self._report = report
        self._running: list[Deferred[None]] = []
        self._dropped = False

    def buildProtocol(self, addr: IAddress | None) -> RamServerLine:
        """
        See L{Factory.buildProtocol}.
        """
        return RamServerLine(self)

    def take(self, request: Message) -> Deferred[Reply] | None:
        """
        One request.

        @return: C{None}: the connection is to be closed.
        """
        self.requests.append(request)
        script = self._script(request)
        if script is None:
            return succeed(Reply(_NOT_FOUND, b"Not found\n"))
        if request.method != "POST":
            return succeed(Reply(_NOT_ALLOWED, b"POST only\n"))
        session = self._session(request)
        new = session is None
        if session is None:
            session = self._begin(request)
        number = session.posts + 1
        if number == self.odd.drop_at and not self._dropped:
            self._dropped = True
            return None
        replied = session.post(request.body)
        if request.body[:1] == bytes((INITIATION,)):
            self._running.append(Deferred.fromCoroutine(run_script(session, script)))
            self.began.put(session)
        return replied.addCallback(self._odd, session, number, new=new)

    def _script(self, request: Message) -> Script | None:
        path = request.target.partition("?")[0]
        if not path.startswith(self._prefix + "/"):
            return None
        return self._scripts.get(path[len(self._prefix) + 1 :])

    def _session(self, request: Message) -> RamSession | None:
        for cookie in (request.get("Cookie") or "").split(";"):
            name, _, value = cookie.strip().partition("=")
            if name == SESSION and value in self.sessions:
                return self.sessions[value]
        return None

    def _begin(self, request: Message) -> RamSession:
        path = request.target.partition("?")[0][len(self._prefix) + 1 :]
        name = f"{len(self.sessions) + 1:032X}"
        session = self.sessions[name] = RamSession(self.clock, name, path, poll=self._poll, impatient=self._impatient)
        self._report({"event": "session", "session": name, "path": path})
        return session

    def _odd(self, reply: Reply, session: RamSession, number: int, *, new: bool) -> Reply:
        odd = self.odd
        status, body = odd.instead.get(number, (reply.status, reply.body))
        if number == odd.empty_at:
            status, body = OK, b""
        elif (status, body) == (OK, reply.body):
            body = dressed(body, odd.outer, odd.extra)
        headers = [*reply.headers, *(("Set-Cookie", each) for each in (odd.cookies if new else odd.late_cookies))]
        if new and odd.cookie:
            headers.append(("Set-Cookie", f"{SESSION}={session.name}; Path={self._prefix}; HttpOnly"))
        if status == 302 and odd.location:
            headers.append(("Location", odd.location))
        self._report({"event": "reply", "session": session.name, "status": status, "template": body.hex().upper()})
        return Reply(status, body, tuple(headers))

    def stop(self) -> None:
        """
        End all sessions.
        """
        for session in self.sessions.values():
            session.stop()
        for each in self._running:
            each.cancel()


def dressed(octets: bytes, outer: str, extra: bytes) -> bytes:
    """
    A template in an odd form; see L{Oddities}.
    """
    begin, end = extent(octets, 1, 4)
    inner = extra + octets[begin:end]
    tag = bytes((COMMANDS,)) if outer == "84" else bytes.fromhex(outer[:2])
    if outer.endswith("80"):
        return tag + b"\x80" + inner + b"\0\0"
    if outer == "84":
        return tag + b"\x84" + len(inner).to_bytes(4, "big") + inner
    return tag + length(len(inner)) + inner


class RamServerLine(Protocol):
    """
    One connection.
    """

    def __init__(self, server: RamServer) -> None:
        self._server = server
        self._reader = MessageReader(replies=False)
        self._pieces = Pieces(server.clock, self._put)
        self._todo: list[Message] = []
        self._working: Deferred[Any] | None = None
        self._idle: IDelayedCall | None = None
        self._delayed: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """
        See L{Protocol.connectionMade}.
        """
        self._rest()

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol.dataReceived}.
        """
        try:
            self._todo.extend(self._reader.feed(data))
        except ValueError:
            self._close()
            return
        self._next()

    def _next(self) -> None:
        if self._working is not None or self._delayed is not None or not self._todo:
            return
        self._stir()
        request = self._todo.pop(0)
        replying = self._server.take(request)
        if replying is None:
            self._close()
            return
        self._working = replying
        replying.addCallbacks(self._replied, lambda _: None, callbackArgs=(request,))

    def _replied(self, reply: Reply, request: Message) -> None:
        self._working = None
        delay = self._server.odd.delay
        if delay:
            self._delayed = self._server.clock.callLater(delay, self._write, reply, request)
        else:
            self._write(reply, request)

    def _write(self, reply: Reply, request: Message) -> None:
        self._delayed = None
        odd = self._server.odd
        last = odd.until_close or odd.http10 or not request.lasting
        top, body = dress(reply, odd, last=last)
        self._pieces.write(*((top, body) if odd.split and body else (top + body,)))
        if last:
            self._pieces.flush()
            self._close()
        else:
            self._rest()
            self._next()

    def _put(self, octets: bytes) -> None:
        assert self.transport is not None
        self.transport.write(octets)

    def _rest(self) -> None:
        if self._server.odd.idle is not None:
            self._idle = self._server.clock.callLater(self._server.odd.idle, self._close)

    def _stir(self) -> None:
        idle, self._idle = self._idle, None
        if idle is not None and idle.active():
            idle.cancel()

    def _close(self) -> None:
        self._stir()
        if self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol.connectionLost}.
        """
        self._stir()
        self._pieces.end()
        if self._delayed is not None:
            self._delayed.cancel()
        working, self._working = self._working, None
        if working is not None:
            working.cancel()


def dress(reply: Reply, odd: Oddities, *, last: bool) -> tuple[bytes, bytes]:
    """
    @return: head and body of a reply, as they are written.
    """
    headers: Sequence[tuple[str, str]] = [("Server", "virtual"), *reply.headers]
    body = reply.body
    if reply.status != DONE:
        headers = [*headers, ("Content-Type", MEDIA_TYPE)]
    if odd.chunked and reply.status != DONE:
        headers, body = [*headers, ("Transfer-Encoding", "chunked")], chunked(body, 16)
    elif not odd.until_close and reply.status != DONE:
        headers = [*headers, ("Content-Length", str(len(body)))]
    if last:
        headers = [*headers, ("Connection", "close")]
    version = "HTTP/1.0" if odd.http10 else "HTTP/1.1"
    return head(f"{version} {reply.status} {REASONS.get(reply.status, 'Unknown')}", headers), body


if __name__ == "__main__":
    from cardgw.virtual.ram_server_command import main

    main()
