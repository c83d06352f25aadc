"""
Tests for L{cardgw.bridges.touch_http}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_errors import (
    TouchAddressUnknown,
    TouchMoved,
    TouchServerLost,
    TouchServerMisbehaved,
    TouchServerSilent,
    TouchServerUnreachable,
)
from cardgw.bridges.touch_http import MAX_BODY, PATIENCE, HttpLine
from cardgw.bridges.touch_session import parse
from cardgw.bridges.touch_tls import policy
from cardgw.version import VERSION

URL = "http://127.0.0.1:8080/rt/hsm?a=b"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xaa\0"
END = b"HTTP/1.1 204 No Content\r\n\r\n"


class Wire(StringTransport):
    """
    One connection.
    """

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.end = protocol
        self.aborted = False
        protocol.makeConnection(self)

    def abortConnection(self) -> None:
        """
        See C{ITCPTransport}.
        """
        self.aborted = True

    def lose(self, reason: type[Exception] = ConnectionLost) -> None:
        """
        It dies.
        """
        self.end.connectionLost(Failure(reason()))


class LineTests(SynchronousTestCase):
    """
    L{HttpLine}.
    """

    def setUp(self) -> None:
        """
        A line, and a machine without a network.
        """
        self.reactor: Any = MemoryReactorClock()
        self.line = HttpLine(self.reactor, parse(URL, "4711", b"token"), policy())
        self.wires: list[Wire] = []

    def connect(self) -> Wire:
        """
        The connection that is asked for is there.
        """
        factory = self.reactor.tcpClients[len(self.wires)][2]
        self.wires.append(Wire(factory.buildProtocol(None)))
        return self.wires[-1]

    def begun(self) -> Wire:
        """
        A connection over which something has been asked and answered.
        """
        asked = self.line.post(b"\xe8\0")
        wire = self.connect()
        wire.end.dataReceived(OK)
        self.successResultOf(asked)
        wire.clear()
        return wire

    def test_request(self) -> None:
        """
        Everything that servers of this kind look at is in the request.
        """
        asked = self.line.post(b"\xe8\0")
        wire = self.connect()
        head, body = wire.value().split(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.assertEqual((first, body), ("POST /rt/hsm?a=b HTTP/1.1", b"\xe8\0"))
        expected = {
            "Host: 127.0.0.1:8080",
            "Content-Length: 2",
            "Content-Type: application/org.openscdp-content-mgt-response;version=1.0",
            "X-Admin-Protocol: openscdp-remote-admin/1.0",
            "X-Cardgw-Completes: yes",
            "X-Cardgw-Number: 1",
            f"User-Agent: cardgw/{VERSION}",
            "Accept: */*",
            "Authorization: Bearer token",
            "Cookie: JSESSIONID=4711",
        }
        self.assertEqual(set(lines) - {"Connection: Keep-Alive"}, expected)
        wire.end.dataReceived(OK)
        self.assertEqual(self.successResultOf(asked), b"\xaa\0")

    def test_oneConnection(self) -> None:
        """
        Requests after one another go over one connection, with the server's cookie.
        """
        asked = self.line.post(b"\xe8\0")
        wire = self.connect()
        wire.end.dataReceived(OK.replace(b"\r\n", b"\r\nSet-Cookie: JSESSIONID=42; Path=/rt\r\n", 1))
        self.successResultOf(asked)
        wire.clear()
        asked = self.line.post(b"\xab\0")
        self.assertIn(b"Cookie: JSESSIONID=42\r\n", wire.value())
        wire.end.dataReceived(END)
        self.assertIsNone(self.successResultOf(asked))
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_twoAtOnce(self) -> None:
        """
        What is sent while the server thinks takes another connection.
        """
        self.begun()
        first, second = self.line.post(b"1"), self.line.post(b"2", again=False)
        self.connect().end.dataReceived(END)
        self.assertIsNone(self.successResultOf(second))
        self.assertNoResult(first)

    def test_chunked(self) -> None:
        """
        Answers may come in pieces.
        """
        asked = self.line.post(b"\xe8\0")
        self.connect().end.dataReceived(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\xaa\r\n1\r\n\0\r\n0\r\n\r\n")
        self.assertEqual(self.successResultOf(asked), b"\xaa\0")

    def test_connectionDies(self) -> None:
        """
        The same body goes once more over a new connection, but not twice.
        """
        wire = self.begun()
        asked = self.line.post(b"again")
        wire.lose()
        another = self.connect()
        self.assertTrue(another.value().endswith(b"\r\n\r\nagain"))
        for each in (wire, another):
            self.assertIn(b"\r\nX-Cardgw-Number: 2\r\n", each.value())
        another.lose(ConnectionDone)
        self.failureResultOf(asked, TouchServerLost)
        self.assertEqual(len(self.reactor.tcpClients), 2)

    def test_notAgain(self) -> None:
        """
        What begins a session is not sent again, nor what ends it, nor what was answered in part.
        """
        asked = self.line.post(b"\xe8\0")
        self.connect().lose()
        self.failureResultOf(asked, TouchServerLost)
        self.line.post(b"\xe8\0")
        wire = self.connect()
        wire.end.dataReceived(OK)
        asked = self.line.post(b"bye", again=False)
        wire.lose()
        self.failureResultOf(asked, TouchServerLost)
        self.line.post(b"3")
        wire = self.connect()
        wire.end.dataReceived(OK)
        asked = self.line.post(b"4")
        wire.end.dataReceived(OK[:-1])
        wire.lose()
        self.failureResultOf(asked, TouchServerLost)
        self.assertEqual(len(self.reactor.tcpClients), 3)

    def test_statuses(self) -> None:
        """
        Other statuses are errors, with what the server says; pages for people are not shown.
        """
        for answer, kind, text in (
            (b"404 Not Found\r\nContent-Length: 4\r\n\r\nused", TouchAddressUnknown, "HTTP status 404: used"),
            (b"404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p/>", TouchAddressUnknown, "404."),
            (b"307 No\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n", TouchMoved, "HTTP status 307: http://b/"),
        ):
            asked = self.line.post(b"\xe8\0")
            if not self.wires:
                self.connect()
            self.wires[0].end.dataReceived(b"HTTP/1.1 " + answer)
            self.assertIn(text, str(self.failureResultOf(asked, kind).value))
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_noHttp(self) -> None:
        """
        What does not speak HTTP, or speaks too much, misbehaves.
        """
        endless = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1) + bytes(MAX_BODY + 1)
        for answer in (b"SSH-2.0-OpenSSH\r\n", endless):
            asked = self.line.post(b"\xe8\0")
            self.connect().end.dataReceived(answer)
            self.failureResultOf(asked, TouchServerMisbehaved)

    def test_endlessHeaders(self) -> None:
        """
        Nor are headers taken without end; that is not tried again.
        """
        asked = self.line.post(b"\xab\0")
        wire = self.connect()
        wire.end.dataReceived(b"HTTP/1.1 200 OK\r\n")
        while not wire.aborted:
            wire.end.dataReceived(b"X-Y: %s\r\n" % bytes(1000).replace(b"\0", b"z") * 100)
        wire.lose()
        self.assertIn("more than", str(self.failureResultOf(asked, TouchServerMisbehaved).value))
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_silent(self) -> None:
        """
        A server that does not answer in time is given up.
        """
        self.begun()
        asked = self.line.post(b"\xab\0")
        self.reactor.advance(PATIENCE)
        self.failureResultOf(asked, TouchServerSilent)
        self.assertTrue(self.wires[0].aborted)

    def test_unreachable(self) -> None:
        """
        Nobody answers.
        """
        asked = self.line.post(b"\xe8\0")
        self.reactor.tcpClients[0][2].clientConnectionFailed(None, Failure(ConnectError(string="refused")))
        self.reactor.advance(1)
        self.assertIn("127.0.0.1:8080: refused", str(self.failureResultOf(asked, TouchServerUnreachable).value))

    def test_cancelled(self) -> None:
        """
        Cancelling ends the request and its connection.
        """
        self.begun()
        asked = self.line.post(b"\xab\0")
        asked.cancel()
        self.failureResultOf(asked)
        self.assertTrue(self.wires[0].aborted)

    def test_close(self) -> None:
        """
        Kept connections are closed; one that is not closed by then is not waited for.
        """
        wire = self.begun()
        closed: Deferred[None] = self.line.close()
        self.assertTrue(wire.disconnecting)
        self.assertNoResult(closed)
        self.reactor.advance(PATIENCE)
        self.successResultOf(closed)
