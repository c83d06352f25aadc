# -*- test-case-name: tests.transports.ramhttp.test_site -*-
"""
Tests for L{cardgw.transports.ramhttp.site}: framing, limits, and time.
"""

from __future__ import annotations

from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Reply
from tests.logs import captured
from tests.transports.ramhttp.lines import Answer, Line, SiteTestCase, parsed, request

OK = Reply(200, b"\xaa\x00")


class LineTestCase(SiteTestCase):
    """
    A connection.
    """

    def setUp(self) -> None:
        """
        Connect.
        """
        super().setUp()
        self.line = self.connect()

    def answer(self, reply: Reply = OK) -> Answer:
        """
        Answer the request that waits.
        """
        self.served.waiting[-1].callback(reply)
        return self.line.heard()

    def assertRefused(self, octets: bytes, status: int) -> None:
        """
        This is refused with a word, once, and nothing that follows is served.
        """
        line = self.connect()
        line.say(octets)
        answer = line.heard()
        self.assertEqual(answer.status, status, octets)
        self.assertTrue(answer.body)
        self.assertEqual(answer.all("Connection"), ["close"])
        line.say(request(b"3"))
        self.assertEqual((line.wire.take(), self.served.arrived), (b"", []))
        self.clock.advance(2)
        self.assertTrue(line.wire.disconnecting)
        line.hang_up()


class FramingTests(LineTestCase):
    """
    HTTP/1.1, as it is and as it is attacked.
    """

    def test_keptAlive(self) -> None:
        """
        One connection serves one request after the other.
        """
        for number in range(3):
            self.line.say(request(b"%d" % number))
            answer = self.answer()
            self.assertEqual((answer.status, answer.body, answer.all("Connection")), (200, b"\xaa\x00", []))
        self.assertFalse(self.line.closing)

    def test_java(self) -> None:
        """
        Java is told how long that may be: by itself it waits 5 s.
        """
        self.line.say(request(b"1", "User-Agent: Java/17.0.15"))
        answer = self.answer()
        self.assertEqual((answer.all("Connection"), answer.all("Keep-Alive")), (["keep-alive"], ["timeout=55"]))
        self.line.say(request(b"2", "User-Agent: Java/17.0.15", "Connection: close"))
        answer = self.answer()
        self.assertEqual((answer.all("Connection"), answer.all("Keep-Alive")), (["close"], []))

    def test_askedToClose(self) -> None:
        """
        A client that wants no further request, and one of HTTP/1.0, are told that the connection ends, and it does.
        """
        for octets in (request(b"1", "Connection: close"), request(b"1", start="POST /rt HTTP/1.0")):
            self.line = self.connect()
            self.line.say(octets)
            answer = self.answer()
            self.assertEqual(answer.line, "HTTP/1.1 200 OK")
            self.assertEqual((answer.body, answer.all("Connection")), (b"\xaa\x00", ["close"]))
            self.assertTrue(self.line.closing)
            self.line.hang_up()

    def test_continue(self) -> None:
        """
        A client that asks first whether its body is wanted is told so before it comes.
        """
        octets = request(b"abc", "Expect: 100-continue")
        self.line.say(octets[:-3])
        self.assertEqual(self.line.wire.take(), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.line.say(octets[-3:])
        self.assertEqual(self.served.arrived[0].body, b"abc")

    def test_noHttp(self) -> None:
        """
        What is no HTTP is refused; a TLS client at a port without TLS, too.
        """
        self.assertRefused(b"hello\r\n", 400)
        self.assertRefused(b"\x16\x03\x01\x00\xa5\x01\x00\r\n", 400)
        self.assertRefused(b"POST /rt HTTP/1.1\r\nno header\r\n\r\n", 400)
        self.assertRefused(b"POST /rt HTTP/1.1\r\nHost : x\r\n\r\n", 400)

    def test_smuggling(self) -> None:
        """
        Where it is in doubt how long a body is, there is no guess that another server could make otherwise.
        """
        for lines in (
            ("Content-Length: 1", "Content-Length: 2"),
            ("Content-Length: 1", "Transfer-Encoding: chunked"),
            ("Transfer-Encoding: chunked", "Content-Length: 1"),
            ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
            ("Content-Length: +1",),
            ("Content-Length: -1",),
            ("Content-Length: 0x1",),
            ("Content-Length: 1, 1",),
            ("Content-Length: ",),
        ):
            self.assertRefused(request(b"", *lines, length=False) + b"1", 400)

    def test_encodings(self) -> None:
        """
        A Transfer-Encoding that is not known is refused, rather than its body be taken for a request.
        """
        for value in ("gzip", "gzip, chunked", "identity", "chunked, identity", "xchunked"):
            self.assertRefused(request(b"", f"Transfer-Encoding: {value}", length=False) + b"1", 501)

    def test_badChunks(self) -> None:
        """
        So are chunks that are none.
        """
        for body in (b"x\r\n", b"-1\r\na", b"1\r\nabc\r\n", b"0x1\r\na\r\n"):
            self.assertRefused(request(body, "Transfer-Encoding: chunked", length=False), 400)

    def test_blankLine(self) -> None:
        """
        An empty line before a request is overlooked, as old clients send one behind their body.
        """
        self.line.say(request(b"1"))
        self.answer()
        self.line.say(b"\r\n" + request(b"2"))
        self.assertEqual([each.body for each in self.served.arrived], [b"1", b"2"])

    def test_promptly(self) -> None:
        """
        Small answers go out at once.
        """
        self.assertIn(("nodelay", True), self.line.wire.options)
        self.assertIn(("keepalive", True), self.line.wire.options)


class LimitTests(LineTestCase):
    """
    What is too much is refused before it is here.
    """

    def test_announced(self) -> None:
        """
        A body that is announced to be too large is refused before it comes, and before the client is told to send it.
        """
        self.assertRefused(request(b"", "Content-Length: 1001", length=False), 413)
        self.assertRefused(request(b"", "Content-Length: 1001", "Expect: 100-continue", length=False), 413)

    def test_digits(self) -> None:
        """
        So is one whose length is a number that takes long to be read.
        """
        self.assertRefused(request(b"", "Content-Length: " + "9" * 5000, length=False), 400)
        self.assertRefused(request(b"", "Content-Length: " + "9" * 20, length=False), 413)

    def test_chunks(self) -> None:
        """
        One that grows chunk by chunk is refused when it is too large, and no more of it is kept.
        """
        head = request(b"", "Transfer-Encoding: chunked", length=False)
        self.assertRefused(head + b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n", 413)
        self.assertRefused(head + b"ffffff\r\n" + b"x" * 1001, 413)

    def test_most(self) -> None:
        """
        The largest body that is allowed is taken.
        """
        self.line.say(request(b"x" * 1000))
        self.assertEqual(len(self.served.arrived[0].body), 1000)

    def test_head(self) -> None:
        """
        Long lines, many headers, and large heads are refused.
        """
        self.assertRefused(b"x" * 20_000, 400)
        self.assertRefused(b"POST /" + b"x" * 17_000 + b" HTTP/1.1\r\n", 400)
        self.assertRefused(request(b"", *(f"X-{number}: 1" for number in range(501))), 400)
        self.assertRefused(request(b"", *("X-Y: " + "z" * 1000 for _ in range(17))), 400)

    def test_heardMeanwhile(self) -> None:
        """
        A client that is refused is listened to for a while, so that it reads why: what it sends is thrown away.
        """
        self.line.say(request(b"", "Content-Length: 5000", length=False))
        self.assertEqual(self.line.heard().status, 413)
        self.assertFalse(self.line.closing)
        for _ in range(5):
            self.line.say(b"x" * 1000)
        self.clock.advance(1.9)
        self.assertFalse(self.line.closing)
        self.clock.advance(0.1)
        self.assertEqual((self.line.wire.disconnecting, self.line.wire.aborted), (True, False))
        self.clock.advance(2)
        self.assertTrue(self.line.wire.aborted)  # it reads nothing
        self.assertEqual(self.line.wire.take(), b"")

    def test_connections(self) -> None:
        """
        No more connections are taken than are allowed; that is logged once, until there was room again.
        """
        events = captured(self)
        others = [self.connect() for _ in range(2)]
        peer = self.line.wire.getPeer()
        self.assertIsNone(self.site.buildProtocol(peer))
        self.assertIsNone(self.site.buildProtocol(peer))
        others[0].hang_up()
        self.connect()
        self.assertIsNone(self.site.buildProtocol(peer))
        self.assertEqual([each["event"] for each in events if "event" in each], ["connection-refused"] * 2)

    def test_numbers(self) -> None:
        """
        Each connection has a number of its own.
        """
        self.assertEqual([self.line.channel.number, self.connect().channel.number], [1, 2])


class TimeTests(LineTestCase):
    """
    Nobody is waited for without end.
    """

    def test_silent(self) -> None:
        """
        A connection over which nothing comes is dropped.
        """
        self.clock.advance(29.9)
        self.assertFalse(self.line.closing)
        self.clock.advance(0.1)
        self.assertTrue(self.line.closing)
        self.assertEqual(self.line.wire.take(), b"")

    def test_slow(self) -> None:
        """
        A request has to be here a while after its first byte, whether or not it is still coming byte by byte; then that is said.
        """
        octets = request(b"x" * 100)
        self.clock.advance(20)
        for octet in octets[:30]:
            self.line.say(bytes((octet,)))
            self.clock.advance(0.99)
        self.assertEqual(self.line.wire.take(), b"")
        self.clock.advance(0.5)
        answer = self.line.heard()
        self.assertEqual((answer.status, answer.all("Connection")), (408, ["close"]))
        self.clock.advance(2)
        self.assertTrue(self.line.closing)

    def test_slowBody(self) -> None:
        """
        So has its body.
        """
        self.line.say(request(b"x" * 100)[:-50])
        for _ in range(15):
            self.line.say(b"x")
            self.clock.advance(2)
        self.assertEqual(self.line.heard().status, 408)

    def test_held(self) -> None:
        """
        There is no limit while a request is held: its session knows how long that may be.
        """
        self.line.say(request(b"1"))
        self.clock.advance(100_000)
        self.assertFalse(self.line.closing)
        self.assertEqual(self.answer().status, 200)

    def test_between(self) -> None:
        """
        Between requests, a client has as long as its card may take, and not the time that it took before.
        """
        self.clock.advance(25)
        self.line.say(request(b"1"))
        self.answer()
        self.clock.advance(59)
        self.line.say(request(b"2"))
        self.answer()
        self.clock.advance(59.9)
        self.assertFalse(self.line.closing)
        self.clock.advance(0.1)
        self.assertTrue(self.line.closing)

    def test_blankLine(self) -> None:
        """
        An empty line is no beginning of a request.
        """
        self.line.say(request(b"1") + b"\r\n")
        self.answer()
        self.clock.advance(59)
        self.assertEqual((self.line.wire.take(), self.line.closing), (b"", False))
        self.line.say(request(b"2"))
        self.assertEqual(self.answer().status, 200)


class EndTests(LineTestCase):
    """
    Connections that end, and what is known of them then.
    """

    def fate(self, line: Line) -> Fate:
        """
        What is known.
        """
        return self.fates(line.channel.number)

    def test_reset(self) -> None:
        """
        Of a connection that breaks, nothing is known.
        """
        for seconds in (0.1, 10):
            self.line = self.connect()
            self.line.say(request(b"1"))
            self.answer()
            self.clock.advance(seconds)
            self.line.hang_up(reset=True)
            self.assertIs(self.fate(self.line), Fate.UNKNOWN)

    def test_halfClosed(self) -> None:
        """
        A client that ends its stream is gone: its connection is closed.
        """
        self.line.say(request(b"1"))
        self.line.channel.readConnectionLost()
        self.assertTrue(self.line.closing)
        self.line.hang_up()
        self.assertEqual(self.served.cancelled, 1)
        self.assertEqual(self.site.connections.here, set())

    def test_closed(self) -> None:
        """
        Nor of one that is closed in order: what was acknowledged may have been lost behind that.
        """
        for seconds in (0.1, 10):
            self.line = self.connect()
            self.line.say(request(b"1"))
            self.answer()
            self.clock.advance(seconds)
            self.line.hang_up()
            self.assertIs(self.fate(self.line), Fate.UNKNOWN)

    def test_stopped(self) -> None:
        """
        When all is to end, quiet connections are closed at once, others when their request is answered.
        """
        other = self.connect()
        self.line.say(request(b"1"))
        closed = self.site.close()
        self.assertEqual((other.closing, self.line.closing), (True, False))
        other.hang_up()
        self.assertNoResult(closed)
        self.assertEqual(self.answer().all("Connection"), ["close"])
        self.assertTrue(self.line.closing)
        self.line.hang_up()
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stoppedPipelined(self) -> None:
        """
        A request behind the one that was answered last is not served any more.
        """
        self.line.say(request(b"1") + request(b"2"))
        self.site.close()
        self.answer()
        self.assertEqual(len(self.served.arrived), 1)

    def test_stoppedByForce(self) -> None:
        """
        Those that are not answered are dropped after a while.
        """
        self.line.say(request(b"1"))
        closed = self.site.close()
        self.clock.advance(5)
        self.assertTrue(self.line.wire.aborted)
        self.line.hang_up(reset=True)
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stoppedEmpty(self) -> None:
        """
        Where there are none, that is the end.
        """
        self.line.hang_up()
        self.successResultOf(self.site.close())

    def test_log(self) -> None:
        """
        What was asked is logged without its path, which may have a token.
        """
        events = captured(self)
        self.line.say(request(b"1", start="POST /rt/link/sesame HTTP/1.1"))
        self.answer()
        (event,) = [each for each in events if each.get("event") == "http-request"]
        self.assertEqual((event["method"], event["status"], event["peer"]), ("POST", 200, "192.0.2.7:4711"))
        self.assertNotIn("sesame", str(event))

    def test_two(self) -> None:
        """
        What comes behind the last request is not answered.
        """
        self.line.say(request(b"1", "Connection: close") + request(b"2"))
        self.served.waiting[-1].callback(OK)
        _, rest = parsed(self.line.wire.take())
        self.assertEqual((rest, len(self.served.arrived)), (b"", 1))
