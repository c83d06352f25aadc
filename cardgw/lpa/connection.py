# -*- test-case-name: tests.lpa.test_connection -*-
"""
One HTTPS connection to a server: verified before anything is sent, and then good for one request after another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from attrs import frozen
from OpenSSL import SSL
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectionClosed
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HTTP11ClientProtocol, ParseError
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http import PotentialDataLoss
from zope.interface import implementer

from cardgw.errors import CardGatewayError
from cardgw.lpa.server_errors import AnswerTooLarge, NotHttp, ServerHungUp, ServerRedirected, TlsFailed, shown

MAX_HEADERS = 1 << 16
"""Most bytes in an answer beside its body."""
GOODBYE_TIME = 5.0
"""Seconds that a server has to answer the end of TLS."""


class StaleConnectionError(Exception):
    """
    A kept connection turned out to be dead: nothing came back, and another one may be tried.
    """


@frozen
class Post:
    """
    A request, ready to be sent.

    @ivar octets: request line, header, and body.
    """

    octets: bytes
    method: bytes = b"POST"
    persistent: bool = True
    absoluteURI: bytes | None = None  # noqa: N815 - Twisted names it
    headers: Any = None

    def writeTo(self, transport: Any) -> Deferred[None]:  # noqa: N802 - Twisted names it
        """
        See L{twisted.web.client.Request}.
        """
        transport.write(self.octets)
        return succeed(None)

    def stopWriting(self) -> None:  # noqa: N802 - Twisted names it
        """
        See L{twisted.web.client.Request}.
        """


class _Body(Protocol):
    """
    Collects the body of an answer.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._parts: list[bytes] = []
        self._size = 0
        self.finished: Deferred[bytes] = Deferred(lambda _: connection.abort_now())

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol}.
        """
        self._size += len(data)
        if self._size > self._connection.max_body:
            self._connection.refuse(AnswerTooLarge(f"more than {self._connection.max_body} bytes from {self._connection.host}"))
        else:
            self._parts.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol}.
        """
        if self.finished.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self.finished.callback(b"".join(self._parts))
        else:
            self.finished.errback(reason)


@implementer(IHandshakeListener)
class Connection(HTTP11ClientProtocol):
    """
    A connection.

    @ivar ready: fires with this connection once the server has been verified, or fails with a L{CardGatewayError}.
    @ivar owner: the set of CI key identifiers of the card that alone vouches for the server, or C{None}: it may serve any card.
    @ivar gone: it is closed.
    """

    def __init__(
        self,
        host: str,
        max_body: int,
        verify: Callable[[SSL.Connection], bool],
        idle: Callable[[Connection], None],
        lost: Callable[[Connection], None],
    ) -> None:
        super().__init__(idle)  # type: ignore[no-untyped-call]
        self.host = host
        self.max_body = max_body
        self.ready: Deferred[Connection] = Deferred(lambda _: self.abort_now())
        self.owner: frozenset[bytes] | None = None
        self.card_only = False
        self.gone = False
        self.timer: IDelayedCall | None = None
        self._verify = verify
        self._lost = lost
        self._problem: CardGatewayError | None = None
        self._received = 0
        self._used = False

    def handshakeCompleted(self) -> None:
        """
        See L{IHandshakeListener}.
        """
        try:
            transport: Any = self.transport
            self.card_only = self._verify(transport.getHandle())
        except CardGatewayError as error:
            self.refuse(error)
        else:
            self.ready.callback(self)

    def refuse(self, problem: CardGatewayError) -> None:
        """
        Close the connection for a reason, which whoever waits is told.
        """
        self._problem = self._problem or problem
        self.abort_now()

    def abort_now(self) -> None:
        """
        Close the connection without ceremony.
        """
        transport: Any = self.transport
        if not self.gone:
            transport.abortConnection()

    def close(self, clock: Any) -> None:
        """
        Close the connection politely.
        """
        self.stop_timer()
        transport: Any = self.transport
        if not self.gone:
            self.timer = clock.callLater(GOODBYE_TIME, self.abort_now)
            transport.loseConnection()

    def stop_timer(self) -> None:
        """
        Call off what was to happen later.
        """
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None

    def dataReceived(self, data: bytes) -> None:
        """
        See L{Protocol}.
        """
        if not self._received and not data.startswith(b"HTTP/"[: len(data)]):
            self.refuse(NotHttp(f"{self.host} answered something else"))
            return
        self._received += len(data)
        if self._received > self.max_body + MAX_HEADERS:
            self.refuse(AnswerTooLarge(f"more than {self.max_body} bytes from {self.host}"))
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        See L{Protocol}.
        """
        self.gone = True
        self.stop_timer()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        if not self.ready.called:
            self.ready.errback(self._problem or _no_tls(self.host, reason))
        self._lost(self)

    async def ask(self, request: Post) -> tuple[int, bytes]:
        """
        Send a request.

        @return: status and body of the answer.
        @raise StaleConnectionError: see there.
        @raise ServerError: there was no answer, or one that is not acceptable.
        """
        fresh, self._used, self._received = not self._used, True, 0
        try:
            response: Any = await self.request(cast("Any", request))
            return response.code, await self._read(response)
        except CancelledError:
            self.abort_now()
            raise
        except CardGatewayError:
            raise
        except Exception as error:  # whatever Twisted's parser stumbled over
            self.abort_now()
            raise self._explain(error, fresh=fresh) from None

    async def _read(self, response: Any) -> bytes:
        if 300 <= response.code < 400:
            self.abort_now()
            raise ServerRedirected(f"{response.code} from {self.host}")
        if isinstance(response.length, int) and response.length > self.max_body:
            self.abort_now()
            raise AnswerTooLarge(f"{response.length} bytes from {self.host}")
        if response.length == 0:
            return b""
        body = _Body(self)
        response.deliverBody(body)
        octets = await body.finished
        if self._problem is not None:
            raise self._problem
        return octets

    def _explain(self, error: Exception, *, fresh: bool) -> Exception:
        reasons = error.reasons if isinstance(error, ResponseFailed) else []
        if self._problem is not None:
            return self._problem
        if any(each.check(CancelledError) for each in reasons):
            return CancelledError()
        if not self._received and not fresh:
            return StaleConnectionError()
        if any(each.check(ParseError, ValueError, KeyError) for each in reasons):
            return NotHttp(f"{self.host}: {shown(reasons[0].getErrorMessage())}")
        return ServerHungUp(f"{self.host}, {'in the middle of it' if self._received else 'before any of it came'}")


def _no_tls(host: str, reason: Failure) -> CardGatewayError:
    error = reason.value
    if isinstance(error, SSL.Error) and error.args and error.args[0]:
        return TlsFailed(f"{host}: {error.args[0][0][-1]}")
    if reason.check(ConnectionClosed):
        return TlsFailed(f"{host} closed the connection")
    return TlsFailed(f"{host}: {reason.getErrorMessage()}")
