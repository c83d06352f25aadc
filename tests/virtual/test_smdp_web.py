"""
Tests for L{cardgw.virtual.smdp_web}.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.server import Site

from cardgw.virtual.pki import make_pki
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import pack
from cardgw.virtual.smdp_web import Es9, Misbehaviour, error_page, huge, redirect, rubbish
from tests.virtual.card import CHALLENGE, info1

PKI = make_pki()
FUNCTION = "initiateAuthentication"
HEADERS = {"Content-Type": "application/json", "X-Admin-Protocol": "gsma/rsp/v2.2.0"}
BODY = {"smdpAddress": PKI.host, "euiccChallenge": pack(CHALLENGE), "euiccInfo1": pack(info1(PKI.ci_id))}


class Connection(StringTransportWithDisconnection):
    """
    A connection that can be aborted.
    """

    def abortConnection(self) -> None:
        """
        Close it.
        """
        self.loseConnection()


class WebTestCase(SynchronousTestCase):
    """
    A web site without sockets.
    """

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.events: list[dict[str, Any]] = []
        self.smdp = Smdp(PKI)
        self.web = Es9(self.smdp, self.reactor, self.events.append)
        self.site = Site(self.web, reactor=self.reactor)
        self.patch(self.site, "log", lambda request: None)

    def send(
        self, body: object = BODY, path: str = f"/gsma/rsp2/es9plus/{FUNCTION}", method: str = "POST", **headers: str | None
    ) -> Connection:
        """
        One request on a new connection.
        """
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = HEADERS | {name.replace("_", "-").title(): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", "Host: h", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        channel = self.site.buildProtocol(None)
        assert channel is not None
        transport = Connection()
        transport.protocol = channel
        channel.makeConnection(transport)
        channel.dataReceived("\r\n".join((*lines, "", "")).encode() + data)
        return transport

    def answer(self, transport: Connection) -> tuple[int, dict[str, str], bytes]:
        """
        Status, headers and body of what was sent.
        """
        head, _, body = transport.value().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return int(first.split()[1]), headers, body

    def status(self, transport: Connection) -> str:
        """
        The execution status or the codes.
        """
        state = json.loads(self.answer(transport)[2])["header"]["functionExecutionStatus"]
        data = state.get("statusCodeData")
        return f"{data['subjectCode']}/{data['reasonCode']}" if data else str(state["status"])


class Es9Tests(WebTestCase):
    """
    ES9+ over HTTP.
    """

    def test_success(self) -> None:
        """
        200 with JSON and the server's protocol version.
        """
        transport = self.send()
        status, headers, _ = self.answer(transport)
        self.assertEqual((status, headers["content-type"]), (200, "application/json;charset=UTF-8"))
        self.assertEqual(headers["x-admin-protocol"], "gsma/rsp/v2.2.2")
        self.assertEqual(self.status(transport), "Executed-Success")
        self.assertEqual(self.events, [{"event": "request", "function": FUNCTION, "http": 200, "status": "Executed-Success"}])
        self.assertEqual(self.web.requests[FUNCTION], 1)

    def test_refusal(self) -> None:
        """
        200 all the same; the event has the codes.
        """
        transport = self.send(BODY | {"smdpAddress": "else"})
        self.assertEqual((self.answer(transport)[0], self.status(transport)), (200, "8.8.1/3.8"))
        self.assertEqual((self.events[0]["subject"], self.events[0]["reason"]), ("8.8.1", "3.8"))

    def test_headers(self) -> None:
        """
        Content-Type and X-Admin-Protocol must be right.
        """
        for headers, wanted in (
            ({"content_type": "text/plain"}, "1.2.1/2.1"),
            ({"content_type": None}, "1.2.1/2.1"),
            ({"x_admin_protocol": "else"}, "1.2.2/2.1"),
            ({"x_admin_protocol": None}, "1.2.2/2.1"),
            ({"content_type": "Application/JSON; charset=utf-8"}, "Executed-Success"),
        ):
            self.assertEqual(self.status(self.send(**headers)), wanted)

    def test_http(self) -> None:
        """
        Unknown functions and paths are 404, other methods 405, no JSON 400, never an error page of ours.
        """
        for transport, status in (
            (self.send(path="/gsma/rsp2/es9plus/else"), 404),
            (self.send(path="/"), 404),
            (self.send(method="GET"), 405),
            (self.send(b"{"), 400),
            (self.send(b"\xff"), 400),
            (self.send(b"[" * 100000), 400),
        ):
            self.assertEqual(self.answer(transport)[0], status)

    def test_notAnObject(self) -> None:
        """
        JSON that is no object is refused.
        """
        self.assertEqual(self.status(self.send([1])), "1.6/2.1")

    def test_noContent(self) -> None:
        """
        A notification is answered with 204 and no body.
        """
        self.patch(self.smdp, "handle", lambda function, request: None)
        status, headers, body = self.answer(self.send(path="/gsma/rsp2/es9plus/handleNotification"))
        self.assertEqual((status, body), (204, b""))
        self.assertNotIn("content-type", headers)


class MisbehaviourTests(WebTestCase):
    """
    Ways to misbehave; all else stays right.
    """

    def misbehave(self, wrong: Misbehaviour) -> Connection:
        """
        One request to a server that does.
        """
        self.web.misbehave[FUNCTION] = wrong
        return self.send()

    def test_delay(self) -> None:
        """
        The answer comes late; a client that went away gets none.
        """
        transport = self.misbehave(Misbehaviour(delay=5))
        gone = self.send()
        gone.loseConnection()
        self.reactor.advance(4.9)
        self.assertEqual(transport.value(), b"")
        self.reactor.advance(0.2)
        self.assertEqual(self.status(transport), "Executed-Success")
        self.assertEqual(gone.value(), b"")

    def test_silent(self) -> None:
        """
        No answer ever.
        """
        transport = self.misbehave(Misbehaviour(silent=True))
        self.assertEqual((transport.value(), transport.connected), (b"", True))

    def test_drop(self) -> None:
        """
        The connection is closed; the server did nothing, or did what was asked.
        """
        for handled in (False, True):
            transport = self.misbehave(Misbehaviour(drop=True, handled=handled))
            self.assertEqual((transport.value(), transport.connected), (b"", False))
            self.assertEqual(len(self.smdp.sessions), int(handled))

    def test_cut(self) -> None:
        """
        The connection is closed in the midst of the body.
        """
        transport = self.misbehave(Misbehaviour(cut=100))
        status, headers, body = self.answer(transport)
        self.assertEqual((status, len(body), transport.connected), (200, 100, False))
        self.assertGreater(int(headers["content-length"]), 100)

    def test_errorPage(self) -> None:
        """
        HTML with status 500.
        """
        status, headers, body = self.answer(self.misbehave(error_page()))
        self.assertEqual((status, headers["content-type"], body[:6]), (500, "text/html", b"<html>"))

    def test_rubbish(self) -> None:
        """
        No JSON at all.
        """
        self.assertRaises(ValueError, json.loads, self.answer(self.misbehave(rubbish()))[2])
        self.assertEqual(self.answer(self.misbehave(rubbish(b"[" * 50000)))[2], b"[" * 50000)

    def test_huge(self) -> None:
        """
        JSON of any size.
        """
        body = self.answer(self.misbehave(huge(100000)))[2]
        self.assertEqual(len(body), 100000)
        self.assertIsInstance(json.loads(body), dict)

    def test_redirect(self) -> None:
        """
        A redirect to elsewhere.
        """
        status, headers, _ = self.answer(self.misbehave(redirect("https://else.test/")))
        self.assertEqual((status, headers["location"]), (302, "https://else.test/"))

    def test_times(self) -> None:
        """
        It can be limited to some calls.
        """
        found = [
            self.answer(transport)[0]
            for transport in (self.misbehave(Misbehaviour(status=503, times=2)), self.send(), self.send())
        ]
        self.assertEqual(found, [503, 503, 200])
