# -*- test-case-name: tests.bridges.test_touch_http,tests.functional.test_touch_scenarios -*-
"""
HTTP to one RAMOverHTTP server: one POST after another over one connection that is kept, and a second one where two are out at the
same time.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectError, ConnectingCancelledError, ConnectionClosed, DNSLookupError
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError
from twisted.web.client import (
    Agent,
    HTTPConnectionPool,
    RequestGenerationFailed,
    RequestTransmissionFailed,
    ResponseDone,
    ResponseFailed,
    ResponseNeverReceived,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from cardgw.bridges.touch import Session
from cardgw.bridges.touch_errors import (
    TouchServerLost,
    TouchServerMisbehaved,
    TouchServerNotTrusted,
    TouchServerSilent,
    TouchServerUnreachable,
    of_status,
    shown,
)
from cardgw.bridges.touch_metered import Endpoints
from cardgw.bridges.touch_session import Cookies
from cardgw.version import VERSION

PATIENCE = 60.0
"""Seconds until a request is given up.  Servers keep one open for 25 to 30 seconds where they have nothing to ask."""
CONNECT_PATIENCE, GOODBYE = 30.0, 2.0
"""Seconds for a connection, and for its end."""
MAX_BODY = 1 << 20
"""Most bytes of a template.  Other clients take four bytes of length."""
MAX_HEAD = 1 << 18
"""Most bytes of what is around it: status line, headers, lengths of chunks."""
MAX_TEXT = 1 << 12
"""Most bytes of what a server says where it fails; more is not read."""
OK, NO_CONTENT = 200, 204
_HEADERS = {
    "Content-Type": "application/org.openscdp-content-mgt-response;version=1.0",
    "Accept": "*/*",
    "X-Admin-Protocol": "openscdp-remote-admin/1.0",
    "X-Cardgw-Completes": "yes",
    "User-Agent": f"cardgw/{VERSION}",
}
"""The last but one is of our own: 61xx and 6Cxx do not reach the server."""
_NUMBER = "X-Cardgw-Number"
"""Our own, too: what is sent again has the number of before, so that a server can tell it from an answer of the same bytes."""
_UNSENT = (RequestTransmissionFailed, ResponseNeverReceived)


@implementer(IBodyProducer)
class _Body:
    """
    What is sent.
    """

    def __init__(self, octets: bytes) -> None:
        self.length = len(octets)
        self._octets = octets

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        consumer.write(self._octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        return None

    resumeProducing = stopProducing = pauseProducing


class _Collector(Protocol):
    """
    What comes back.

    @ivar done: C{Deferred[bytes]}: all of it, or the first bytes where there are more than C{most}, and one more.
    """

    def __init__(self, most: int) -> None:
        self.done: Deferred[bytes] = Deferred(lambda _: self._abort())
        self._most = most
        self._octets = b""

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._octets += data[: self._most + 1 - len(self._octets)]
        if len(self._octets) > self._most:
            self._finish(self._octets)
            self._abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._finish(self._octets if reason.check(ResponseDone, PotentialDataLoss) else reason)

    def _finish(self, result: bytes | Failure) -> None:
        if not self.done.called:
            self.done.callback(result)


class HttpLine:
    """
    See L{cardgw.bridges.touch.Line}.
    """

    def __init__(self, reactor: Any, session: Session, tls: Any, patience: float = PATIENCE) -> None:
        """
        @param tls: C{IPolicyForHTTPS}: see L{cardgw.bridges.touch_tls.policy}.
        @param patience: seconds until a request is given up.
        """
        self._reactor = reactor
        self._session = session
        self._patience = patience
        self._cookies = Cookies(session.cookie)
        self._pool = HTTPConnectionPool(reactor)
        self._pool.maxPersistentPerHost = 1
        self._pool.retryAutomatically = False
        endpoints = Endpoints(reactor, tls, CONNECT_PATIENCE, MAX_BODY + MAX_HEAD)
        self._agent = Agent.usingEndpointFactory(reactor, endpoints, pool=self._pool)
        self._answered = False
        self._number = 0

    def post(self, body: bytes, *, again: bool = True) -> Deferred[bytes | None]:
        """
        See L{Line<cardgw.bridges.touch.Line>}.  The first POST, with which a session begins, is not sent again.
        """
        self._number += 1
        return Deferred.fromCoroutine(self._post(_Body(body), self._number, again=again and self._answered))

    def close(self) -> Deferred[None]:
        """
        See L{Line<cardgw.bridges.touch.Line>}.
        """
        closed: Deferred[None] = Deferred()
        timer = self._reactor.callLater(GOODBYE, closed.callback, None)
        self._pool.closeCachedConnections().addBoth(_rung, timer, closed)
        return closed

    async def _post(self, body: _Body, number: int, *, again: bool) -> bytes | None:
        try:
            return await self._exchange(body, number)
        except _UNSENT as error:
            if not (again and _died(error)):
                raise self._explained(error) from None
        except (ResponseFailed, RequestGenerationFailed) as error:
            raise self._explained(error) from None
        try:
            return await self._exchange(body, number)
        except (*_UNSENT, ResponseFailed, RequestGenerationFailed) as error:
            raise self._explained(error) from None

    async def _exchange(self, body: _Body, number: int) -> bytes | None:
        asking: Deferred[bytes | None] = Deferred.fromCoroutine(self._ask(body, number))
        try:
            return await asking.addTimeout(self._patience, self._reactor, self._late)
        except (ConnectError, DNSLookupError) as error:
            raise TouchServerUnreachable(f"{self._place}: {_why(error)}") from None
        except ConnectingCancelledError:
            raise CancelledError from None

    def _late(self, _: Any, seconds: float) -> None:
        raise TouchServerSilent(f"{self._place}: no answer within {seconds:g} s")

    async def _ask(self, body: _Body, number: int) -> bytes | None:
        url = self._session.url.encode("ascii")
        response: Any = await self._agent.request(b"POST", url, self._headers(number), body)
        self._answered = True
        self._cookies.take(each.decode("latin-1") for each in response.headers.getRawHeaders(b"set-cookie", ()))
        if response.code == NO_CONTENT:
            return None
        most = MAX_BODY if response.code == OK else MAX_TEXT
        octets = await _read(response, most)
        if response.code != OK:
            raise of_status(response.code, _told(response, octets))
        if len(octets) > most:
            raise TouchServerMisbehaved(f"{self._place}: an answer of more than {most} bytes")
        return octets

    def _headers(self, number: int) -> Headers:
        own = {"Authorization": self._session.authorization, "Cookie": self._cookies.header, _NUMBER: str(number)}
        return Headers({name: [value] for name, value in {**_HEADERS, **own}.items() if value})

    @property
    def _place(self) -> str:
        """
        The server without the path, which may be secret.
        """
        return self._session.url.split("/")[2]

    def _explained(self, error: Exception) -> Exception:
        """
        What Twisted says, in words of ours.
        """
        reasons: list[Failure] = getattr(error, "reasons", [])
        if any(each.check(CancelledError) for each in reasons):
            return CancelledError()
        for each in reasons:
            if each.check(VerificationError):
                return TouchServerNotTrusted(f"{self._place}: the certificate is not for this server")
            if each.check(SSL.Error) and not self._answered:
                return TouchServerNotTrusted(f"{self._place}: {_tls_problem(each.value)}")
        if any(each.check(ParseError) for each in reasons):
            return TouchServerMisbehaved(f"{self._place}: its answer is no HTTP")
        if reasons and not any(each.check(ConnectionClosed, SSL.Error) for each in reasons):
            return TouchServerMisbehaved(f"{self._place}: {shown(reasons[0].getErrorMessage())}")
        return TouchServerLost(self._place)


async def _read(response: Any, most: int) -> bytes:
    """
    @return: the body; where it is longer, the first bytes of it, and one more.
    """
    if response.length == 0:
        return b""
    collector = _Collector(most)
    response.deliverBody(collector)
    return await collector.done


def _rung(_: Any, timer: Any, closed: Deferred[None]) -> None:
    if timer.active():
        timer.cancel()
        closed.callback(None)


def _died(error: Exception) -> bool:
    """
    Whether it is only the connection that died.
    """
    return all(each.check(ConnectionClosed, SSL.Error) for each in getattr(error, "reasons", []))


def _told(response: Any, octets: bytes) -> str:
    """
    What a server says where it fails; of a redirection, where to.
    """
    where = b", ".join(response.headers.getRawHeaders(b"location", ()))
    if where:
        return where.decode("latin-1")
    kind = b"".join(response.headers.getRawHeaders(b"content-type", ())).lower()
    return "" if b"html" in kind else octets[:MAX_TEXT].decode("utf-8", "replace")


def _why(error: Exception) -> str:
    if isinstance(error, DNSLookupError):
        return "there is no such server"
    words = next((str(each) for each in error.args if each and not isinstance(each, int)), "no answer")
    return words.rstrip(".").lower()


def _tls_problem(error: BaseException | None) -> str:
    args = getattr(error, "args", ())
    return str(args[0][0][-1]) if args and args[0] else "the server closed the connection"
