# -*- test-case-name: tests.transports.ramhttp.test_requests -*-
"""
Tests for L{cardgw.transports.ramhttp.requests}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.http import Reply
from cardgw.transports.ramhttp.requests import Arrived, Served, encoded
from tests.transports.ramhttp.lines import Line, SiteTestCase, parsed, request


class Session:
    """
    Notes what became of replies.
    """

    def __init__(self) -> None:
        self.told: list[tuple[Reply, bool]] = []

    def delivered(self, reply: Reply, ok: bool) -> None:
        """
        See L{cardgw.transports.ramhttp.http.HttpSession}.
        """
        self.told.append((reply, ok))


class RequestTestCase(SiteTestCase):
    """
    A connection.
    """

    def setUp(self) -> None:
        """
        Connect.
        """
        super().setUp()
        self.session: Any = Session()
        self.served.session = self.session
        self.line = self.connect()

    def arrive(self, octets: bytes) -> Arrived:
        """
        Send a request.
        """
        self.line.say(octets)
        return self.served.arrived[-1]


class ArrivalTests(RequestTestCase):
    """
    What is made of a request.
    """

    def test_whole(self) -> None:
        """
        It is served when it has arrived, not before, however it was cut.
        """
        octets = request(b"\xe8\x00", "X-Admin-Protocol: openscdp-remote-admin/1.0", start="POST /rt/a%20b?x=1?y HTTP/1.1")
        for octet in octets[:-1]:
            self.line.say(bytes((octet,)))
        self.assertEqual(self.served.arrived, [])
        arrived = self.arrive(octets[-1:])
        self.assertEqual((arrived.method, arrived.path, arrived.query), ("POST", "/rt/a%20b", "x=1?y"))
        self.assertEqual(arrived.body, b"\xe8\x00")
        self.assertEqual(arrived.headers["x-admin-protocol"], "openscdp-remote-admin/1.0")
        self.assertEqual((arrived.peer, arrived.host, arrived.connection), ("192.0.2.7:4711", "192.0.2.7", 1))

    def test_chunked(self) -> None:
        """
        A body may come in chunks; cards send it so.
        """
        octets = request(b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False)
        self.assertEqual(self.arrive(octets).body, b"abcde")

    def test_noBody(self) -> None:
        """
        A POST without a length has no body: so do cards begin.
        """
        self.assertEqual(self.arrive(request(length=False)).body, b"")

    def test_headers(self) -> None:
        """
        Cookies that come in several headers are one list, so are other headers; what is no UTF-8 does no harm.
        """
        octets = request(b"", "Cookie: a=1", "COOKIE: b=2", "X-One: 1", "x-one: 2", "X-Two: \xff", "Cookie:")
        headers = self.arrive(octets).headers
        self.assertEqual((headers["cookie"], headers["x-one"], headers["x-two"]), ("a=1; b=2; ", "1, 2", "\ufffd"))

    def test_absolute(self) -> None:
        """
        A client behind a proxy may send the whole URL (RFC 9112, 3.2.2).
        """
        arrived = self.arrive(request(b"", start="POST HTTP://cards.example.com:80/rt/a?u=http://b/c HTTP/1.1"))
        self.assertEqual((arrived.path, arrived.query), ("/rt/a", "u=http://b/c"))
        self.answer()
        self.assertEqual(self.arrive(request(b"", start="POST /rt/http://b/c HTTP/1.1")).path, "/rt/http://b/c")

    def answer(self) -> None:
        """
        Answer the one that waits.
        """
        self.served.waiting[-1].callback(Reply(200, b"x"))

    def test_secrets(self) -> None:
        """
        What was asked does not tell what it says.
        """
        arrived = self.arrive(request(b"sesame", "Authorization: Bearer sesame"))
        self.assertNotIn("sesame", repr(arrived))


class AnswerTests(RequestTestCase):
    """
    What is answered, and who is told that it was.
    """

    def test_held(self) -> None:
        """
        A request waits for its answer as long as it takes; that goes out in one piece, and its session knows.
        """
        self.line.say(request(b"1"))
        self.clock.advance(1000)
        self.assertEqual(self.line.wire.take(), b"")
        reply = Reply(200, b"\xaa\x00", {"Content-Type": "a/b"})
        written: list[bytes] = []
        self.line.wire.write = written.append  # type: ignore[method-assign]
        self.served.waiting[0].callback(reply)
        self.assertEqual(written, [b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\n\xaa\x00"])
        self.assertEqual(self.session.told, [(reply, True)])

    def test_lost(self) -> None:
        """
        If the connection is lost meanwhile, the request is given up, and nobody is told of a reply.
        """
        self.line.say(request(b"1"))
        self.line.hang_up()
        self.assertEqual(self.served.cancelled, 1)
        self.assertEqual(self.session.told, [])

    def test_lostStubborn(self) -> None:
        """
        The same where giving up does not help: what comes afterwards goes nowhere.
        """
        waiting: Deferred[Reply] = Deferred(lambda given: None)
        site = self.make(lambda arrived: Served(waiting, self.session))
        line = Line(site)
        line.say(request(b"1"))
        line.hang_up()
        self.assertEqual((line.wire.take(), self.session.told), (b"", []))

    def test_defect(self) -> None:
        """
        Where we fail, the client gets a status and a word, no traceback, and the connection is good for the next request.
        """
        self.line.say(request(b"1"))
        self.served.waiting[0].errback(ValueError("sesame"))
        answer = self.line.heard()
        self.assertEqual(answer.status, 500)
        self.assertNotIn(b"sesame", answer.body)
        self.assertTrue(answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.line.say(request(b"2"))
        self.assertEqual(len(self.served.arrived), 2)

    def test_defectAtOnce(self) -> None:
        """
        The same where nothing is begun.
        """

        def serve(arrived: Arrived) -> Served:
            raise ValueError("sesame")

        answer = Line(self.make(serve)).ask(request(b"1"))
        self.assertEqual(answer.status, 500)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_close(self) -> None:
        """
        A reply may be the last one of its connection.
        """
        self.line.say(request(b"1"))
        self.served.waiting[0].callback(Reply(204, close=True))
        answer = self.line.heard()
        self.assertEqual(answer.all("Connection"), ["close"])
        self.assertTrue(self.line.closing)

    def test_head(self) -> None:
        """
        The answer to HEAD tells how long that to GET would be, and has no body, or it would be taken for the next answer.
        """
        self.line.say(request(start="HEAD /rt HTTP/1.1", length=False))
        self.served.waiting[0].callback(Reply(200, b"four"))
        answer = self.line.heard(head_only=True)
        self.assertEqual((answer.all("Content-Length"), answer.body), (["4"], b""))

    def test_memory(self) -> None:
        """
        A request that is held keeps neither headers nor body: there are thousands of them.
        """
        self.line.say(request(b"x" * 500))
        held: Any = self.line.channel.requests[0]
        self.assertIsNone(held.content)
        self.assertEqual(list(held.requestHeaders.getAllRawHeaders()), [])

    def test_atOnce(self) -> None:
        """
        Two requests in one piece are answered one after the other, in their order.
        """
        site = self.make(lambda arrived: Served(succeed(Reply(200, arrived.body))))
        line = Line(site)
        line.say(request(b"1") + request(b"22"))
        first, rest = parsed(line.wire.take())
        second, rest = parsed(rest)
        self.assertEqual((first.body, second.body, rest), (b"1", b"22", b""))

    def test_pipelined(self) -> None:
        """
        A second request is not served while the first one is held.
        """
        self.line.say(request(b"1") + request(b"2"))
        self.assertEqual(len(self.served.arrived), 1)
        self.served.waiting[0].callback(Reply(200, b"x"))
        self.assertEqual([each.body for each in self.served.arrived], [b"1", b"2"])


class EncodedTests(SynchronousTestCase):
    """
    L{encoded}.
    """

    def test_lengths(self) -> None:
        """
        A length is always told, of an empty body, too.
        """
        self.assertEqual(encoded(Reply(200)), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.assertEqual(encoded(Reply(404, b"ab")), b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nab")

    def test_chunks(self) -> None:
        """
        Chunks instead of a length are for those who want them; without a body there are none.
        """
        octets = encoded(Reply(200, b"x" * 17, chunked=True))
        self.assertEqual(octets, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n")
        self.assertNotIn(b"chunked", encoded(Reply(200, chunked=True)))
