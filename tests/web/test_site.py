# -*- test-case-name: tests.web.test_site -*-
"""
Tests for L{cardgw.web.site}.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cardgw.connections.http_limits import GRACE, LINGER
from cardgw.web.settings import WebSettings
from tests.logs import captured
from tests.web.client import HOST, LIVE_REQUEST, WebTestCase, encoded, parsed
from tests.web.samples import EID, SECRETS

AUTHORIZED = {"Host": HOST, "Authorization": f"Bearer {SECRETS['admin']}"}
POSTED = {**AUTHORIZED, "Content-Type": "application/json"}
JOBS = "/api/v1/jobs"
BODY = json.dumps({"operation": "card.greet", "card": EID, "parameters": {"name": "Ada"}}).encode()


def chunked(*chunks: bytes) -> bytes:
    """
    A body in chunks.
    """
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks if each) + b"0\r\n\r\n"


class BodyTests(WebTestCase):
    """
    The limit of bodies.
    """

    settings = WebSettings(max_body=1024)

    def test_fits(self) -> None:
        """
        What fits is taken, to the last byte, in one piece or many.
        """
        body = BODY.ljust(1024)
        self.assertEqual(parsed(self.connect().send(encoded("POST", JOBS, POSTED, body))).status, 202)
        request = encoded("POST", JOBS, {**POSTED, "Transfer-Encoding": "chunked"}, None) + chunked(body[:1000], body[1000:])
        self.assertEqual(parsed(self.connect().send(*(request[at : at + 1] for at in range(len(request))))).status, 202)

    def test_announced(self) -> None:
        """
        What is announced to be too large is refused before it comes; nobody is told to go on.
        """
        head = encoded("POST", JOBS, {**POSTED, "Content-Length": "1025", "Expect": "100-continue"}, None)
        connection = self.connect()
        found = parsed(connection.send(head))
        self.assert_problem(found, 413, "body-too-large")
        self.assertEqual((found.headers["Connection"], found.headers["X-Content-Type-Options"]), ("close", "nosniff"))
        self.assertEqual(connection.send(b"x" * 5000), b"")

    def test_continue(self) -> None:
        """
        Who asks whether to go on with a body that fits may.
        """
        head = encoded("POST", JOBS, {**POSTED, "Content-Length": str(len(BODY)), "Expect": "100-continue"}, None)
        connection = self.connect()
        self.assertEqual(connection.send(head), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(parsed(connection.send(BODY)).status, 202)

    def test_chunked(self) -> None:
        """
        What turns out to be too large is refused while it comes, and nothing is done.
        """
        head = encoded("POST", JOBS, {**POSTED, "Transfer-Encoding": "chunked"}, None)
        for parts in (
            (head + chunked(b"x" * 700, b"x" * 700) + LIVE_REQUEST,),
            (head, chunked(b"x" * 700)[:-5], chunked(b"x" * 700)),
        ):
            self.assert_problem(parsed(self.connect().send(*parts)), 413, "body-too-large")
        self.assertEqual(self.control.done, [])

    def test_lingers(self) -> None:
        """
        The client has time to read why; then the connection is gone.
        """
        connection = self.connect()
        connection.send(encoded("POST", JOBS, {**POSTED, "Content-Length": "99999999999"}, None))
        self.control.clock.advance(LINGER - 0.1)
        connection.send(b"x" * 100)
        self.assertTrue(connection.transport.connected)
        self.control.clock.advance(0.2)
        self.assertFalse(connection.transport.connected)
        self.assertEqual(self.control.clock.getDelayedCalls(), [])


class RequestTests(WebTestCase):
    """
    HTTP itself.
    """

    def test_keepAlive(self) -> None:
        """
        A connection serves many requests, in any pieces.
        """
        connection = self.connect()
        for _ in range(3):
            self.assertEqual(
                parsed(connection.send(*(LIVE_REQUEST[at : at + 1] for at in range(len(LIVE_REQUEST))))).body, b"ok\n"
            )
        self.assertTrue(connection.transport.connected)

    def test_old(self) -> None:
        """
        HTTP/1.0 is answered too, and ends the connection.
        """
        connection = self.connect()
        self.assertIn(b"200 OK", connection.send(b"GET /livez HTTP/1.0\r\n\r\n"))
        self.assertFalse(connection.transport.connected)

    def test_host(self) -> None:
        """
        Names that are not ours are refused, before anything else is looked at.
        """
        self.assert_problem(self.get("/api/v1/cards", Host="evil.example:1889"), 421, "unknown-host")
        self.assert_problem(parsed(self.connect().send(b"GET /livez HTTP/1.1\r\n\r\n")), 400, "malformed-request")

    def test_malformed(self) -> None:
        """
        What is no HTTP is told so, and no more is read.
        """
        for octets in (
            b"rubbish\r\n\r\n",
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
            b"GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
            b"POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n{}",
            b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"y" * 20000 + b"\r\n\r\n",
        ):
            connection = self.connect()
            self.assert_problem(parsed(connection.send(octets)), 400, "malformed-request")
            self.assertEqual(connection.send(LIVE_REQUEST), b"")

    @given(st.binary(max_size=60))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever is sent, nothing breaks.
        """
        self.connect().send(octets, b"\r\n\r\n")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_star(self) -> None:
        """
        OPTIONS of the whole server is answered; nothing else is there.
        """
        found = self.request("OPTIONS", "*", role="")
        self.assertEqual((found.status, found.headers["X-Content-Type-Options"]), (204, "nosniff"))
        self.assert_problem(self.get("*", role=""), 404, "no-such-path")
        self.assert_problem(self.get("*", Host="evil.example"), 421, "unknown-host")

    def test_absolute(self) -> None:
        """
        The path may be a whole URL; then the name in it counts, and the header does not.
        """
        for url in (f"http://{HOST}/livez", f"HTTP://{HOST}/livez?", "https://localhost/livez"):
            self.assertEqual(self.get(url, role="", Host="evil.example").status, 200, url)
        for url in (f"http://{HOST}", f"http://{HOST}?x=/livez", f"http://{HOST}//livez", "ftp://localhost/livez"):
            self.assert_problem(self.get(url, role=""), 404, "no-such-path")
        for url in ("http://evil.example/livez", "http://evil.example/api/v1/cards"):
            self.assert_problem(self.get(url), 421, "unknown-host")
        for url in ("http:///livez", "http://localhost@evil.example/livez"):
            self.assert_problem(self.get(url), 400, "malformed-request")

    def test_phrases(self) -> None:
        """
        The first line says in words what the status means.
        """
        for request, status in (
            (encoded("GET", "/api/v1/cards?x=1", AUTHORIZED, None), b"422 Unprocessable Entity"),
            (encoded("GET", "/livez", {"Host": "evil.example"}, None), b"421 Misdirected Request"),
            (b"rubbish\r\n\r\n", b"400 Bad Request"),
        ):
            self.assertEqual(self.connect().send(request).split(b"\r\n")[0], b"HTTP/1.1 " + status)

    def test_log(self) -> None:
        """
        A request is in the log without what may be personal in its query, or secret in its headers.
        """
        events = captured(self)
        self.get(f"{JOBS}?card={EID}")
        (found,) = (each for each in events if each.get("event") == "request")
        self.assertEqual((found["method"], found["path"], found["status"]), ("GET", JOBS, 200))
        self.assertNotIn(SECRETS["admin"], str(found))

    def test_failure(self) -> None:
        """
        Where even the site fails, no traceback leaves.
        """
        self.patch(self.site, "getResourceFor", lambda request: 1 / 0)
        self.assert_problem(self.get("/livez"), 500, "defect")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class TimeTests(WebTestCase):
    """
    Connections that take too long.
    """

    settings = WebSettings(timeout=60.0)

    def test_quiet(self) -> None:
        """
        A connection on which nothing happens is closed; a request starts the time anew.
        """
        connection = self.connect()
        self.control.clock.advance(59)
        connection.send(LIVE_REQUEST)
        self.control.clock.advance(59)
        self.assertTrue(connection.transport.connected)
        self.control.clock.advance(2)
        self.assertFalse(connection.transport.connected)

    def test_slow(self) -> None:
        """
        Sending a byte now and then does not make it last longer.
        """
        connection = self.connect()
        for at in range(7):
            connection.send(LIVE_REQUEST[at : at + 1])
            self.control.clock.advance(10)
        self.assertFalse(connection.transport.connected)

    def test_working(self) -> None:
        """
        A request that is being served may take as long as it does.
        """
        result: Deferred[Any] = Deferred()
        self.patch(self.control, "tokens", lambda: result)
        connection = self.connect()
        connection.send(encoded("GET", "/api/v1/tokens", AUTHORIZED, None))
        self.control.clock.advance(3600)
        result.callback([])
        self.assertEqual(parsed(connection.read()).status, 200)


class ConnectionsTests(WebTestCase):
    """
    Many connections, and their end.
    """

    settings = WebSettings(max_connections=2)

    def test_most(self) -> None:
        """
        There are so many and no more; who goes makes room.
        """
        first, _ = self.connect(), self.connect()
        self.assertIsNone(self.site.buildProtocol(first.transport.getPeer()))
        first.transport.loseConnection()
        self.assertEqual(parsed(self.connect().send(LIVE_REQUEST)).status, 200)

    def test_close(self) -> None:
        """
        Quiet ones end at once; others when they have their answer.
        """
        result: Deferred[Any] = Deferred()
        self.patch(self.control, "tokens", lambda: result)
        quiet, busy = self.connect(), self.connect()
        busy.send(encoded("GET", "/api/v1/tokens", AUTHORIZED, None))
        closed = self.site.close()
        self.assertEqual((quiet.transport.connected, busy.transport.connected), (False, True))
        self.assertNoResult(closed)
        result.callback([])
        self.assertEqual(parsed(busy.read()).status, 200)
        self.successResultOf(closed)
        self.assertEqual(self.control.clock.getDelayedCalls(), [])

    def test_grace(self) -> None:
        """
        Who takes too long is cut off.
        """
        self.patch(self.control, "tokens", Deferred)
        self.connect().send(encoded("GET", "/api/v1/tokens", AUTHORIZED, None))
        self.connect().send(LIVE_REQUEST[:10])
        closed = self.site.close()
        self.control.clock.advance(GRACE)
        self.successResultOf(closed)

    def test_none(self) -> None:
        """
        Without connections there is nothing to wait for.
        """
        self.successResultOf(self.site.close())

    def test_lost(self) -> None:
        """
        A connection that is lost for whatever reason is forgotten.
        """
        connection = self.connect()
        connection.channel.connectionLost(Failure(OSError()))
        self.assertEqual(self.site.connections.here, set())
