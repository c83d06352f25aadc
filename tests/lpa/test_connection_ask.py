# -*- test-case-name: tests.lpa.test_connection_ask -*-
"""
Tests for L{cardgw.lpa.connection.Connection.ask}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionLost

from cardgw.errors import CardGatewayError
from cardgw.lpa.connection import StaleConnectionError
from cardgw.lpa.server_errors import (
    AnswerTooLarge,
    NotHttp,
    ServerHungUp,
    ServerRedirected,
)
from tests.lpa.test_connection import OK, ConnectionTestCase


class AskTests(ConnectionTestCase):
    """
    L{Connection.ask}.
    """

    def make(self, verify: Any = lambda handle: False, max_body: int = 100) -> None:
        """
        Make a connection that is ready.
        """
        super().make(verify, max_body)
        self.connection.handshakeCompleted()

    def test_answer(self) -> None:
        """
        A request is one write; its answer is status and body, and afterwards the connection is free.
        """
        asking = self.ask()
        self.assertEqual(self.transport.value(), b"POST / HTTP/1.1\r\n\r\n")
        self.receive(OK)
        self.assertEqual(self.successResultOf(asking), (200, b"hello"))
        self.assertEqual(self.events, ["idle"])

    @settings(max_examples=30)
    @given(st.lists(st.integers(1, 20), max_size=10))
    def test_pieces(self, sizes: list[int]) -> None:
        """
        However the answer is cut, it is the same; chunked too.
        """
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n"
        for whole in (OK, chunked):
            self.make()
            asking, rest = self.ask(), whole
            for size in sizes:
                self.receive(rest[:size]) if rest else None
                rest = rest[size:]
            if rest:
                self.receive(rest)
            self.assertEqual(self.successResultOf(asking), (200, b"hello"))

    def test_again(self) -> None:
        """
        One connection carries many requests.
        """
        for _ in range(3):
            asking = self.ask()
            self.receive(OK)
            self.assertEqual(self.successResultOf(asking), (200, b"hello"))

    def test_noContent(self) -> None:
        """
        204 has no body; an error's body is given like any other.
        """
        asking = self.ask()
        self.receive(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.assertEqual(self.successResultOf(asking), (204, b""))
        asking = self.ask()
        self.receive(b"HTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\nx")
        self.assertEqual(self.successResultOf(asking), (500, b"x"))

    def test_untilClose(self) -> None:
        """
        A body without a length ends with the connection.
        """
        asking = self.ask()
        self.receive(b"HTTP/1.0 200 OK\r\n\r\nhel")
        self.receive(b"lo")
        self.assertNoResult(asking)
        self.lose()
        self.assertEqual(self.successResultOf(asking), (200, b"hello"))

    def test_redirect(self) -> None:
        """
        A redirect is not followed.
        """
        asking = self.ask()
        self.receive(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")
        self.assertIn("302 from a.example", str(self.failureResultOf(asking, ServerRedirected).value))
        self.assertTrue(self.transport.aborted)

    def test_announcedTooLarge(self) -> None:
        """
        A body that is announced larger than allowed is not even waited for.
        """
        asking = self.ask()
        self.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n")
        self.failureResultOf(asking, AnswerTooLarge)
        self.assertTrue(self.transport.aborted)

    def test_tooLarge(self) -> None:
        """
        One that grows too large ends the connection when it does.
        """
        for head in (b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"):
            self.make()
            asking = self.ask()
            self.receive(head + bytes(100))
            self.assertNoResult(asking)
            self.receive(bytes(1))
            self.failureResultOf(asking, AnswerTooLarge)
            self.assertTrue(self.transport.aborted)

    def test_endlessHeader(self) -> None:
        """
        So does a header without end.
        """
        asking = self.ask()
        self.receive(b"HTTP/1.1 200 OK\r\n")
        for _ in range(1000):
            if not self.connection.gone:
                self.receive(b"X: " + b"y" * 1000 + b"\r\n")
        self.failureResultOf(asking, AnswerTooLarge)

    def test_garbage(self) -> None:
        """
        What is not HTTP is told so.
        """
        for octets in (b"SSH-2.0-x\r\n", b"<html>", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/x y\r\n\r\n", OK.replace(b"5", b"five")):
            self.make()
            asking = self.ask()
            self.receive(octets)
            self.assertIn("a.example", str(self.failureResultOf(asking, NotHttp).value))
            self.assertTrue(self.transport.aborted or self.transport.disconnecting)
        self.flushLoggedErrors()

    @settings(max_examples=50)
    @given(st.binary(min_size=1, max_size=80), st.booleans())
    def test_anything(self, octets: bytes, plausible: bool) -> None:
        """
        Whatever a server sends ends in an answer or in an error of the server's.
        """
        self.make()
        asking = self.ask()
        self.receive((b"HTTP/1.1 200 OK\r\n" if plausible else b"") + octets)
        if not self.connection.gone:
            self.lose()
        results: list[Any] = []
        asking.addBoth(results.append)
        self.assertTrue(isinstance(results[0], tuple) or results[0].check(CardGatewayError), results)
        self.flushLoggedErrors()

    def test_hungUp(self) -> None:
        """
        A server that hangs up on the first request of a connection, or in the middle of an answer, did so.
        """
        asking = self.ask()
        self.lose()
        self.assertIn("before any of it came", str(self.failureResultOf(asking, ServerHungUp).value))
        for start in (b"HTTP/1.1 200", OK[:-1]):
            self.make()
            asking = self.ask()
            self.receive(start)
            self.lose(ConnectionLost())
            self.assertIn("in the middle of it", str(self.failureResultOf(asking, ServerHungUp).value))

    def test_stale(self) -> None:
        """
        A kept connection that ends without a byte was dead already; with one, it was not.
        """
        for start, error in ((b"", StaleConnectionError), (b"H", ServerHungUp)):
            self.make()
            asking = self.ask()
            self.receive(OK)
            self.successResultOf(asking)
            asking = self.ask()
            if start:
                self.receive(start)
            self.lose()
            self.failureResultOf(asking, error)

    def test_cancel(self) -> None:
        """
        Who no longer waits hangs up, at any point.
        """
        for start in (b"", b"HTTP/1.1 200 OK\r\n", OK[:-1]):
            self.make()
            asking = self.ask()
            if start:
                self.receive(start)
            asking.cancel()
            self.failureResultOf(asking, CancelledError)
            self.assertTrue(self.transport.aborted)
            self.lose()

    def test_unasked(self) -> None:
        """
        A server that talks without being asked is hung up on.
        """
        asking = self.ask()
        self.receive(OK)
        self.successResultOf(asking)
        self.receive(OK)
        self.assertTrue(self.connection.gone)
        self.assertEqual(self.events, ["idle", "lost"])
