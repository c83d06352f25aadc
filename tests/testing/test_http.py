# -*- test-case-name: tests.testing.test_http -*-
"""
Tests for L{cardgw.testing.http}.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.testing.http import FakeHTTP, HTTPClientTestsMixin, Request, Unreachable


class FakeHTTPTests(HTTPClientTestsMixin, SynchronousTestCase):
    """
    L{FakeHTTP} keeps the contract.
    """

    def make_client(self) -> FakeHTTP:
        """
        A client with one server.
        """
        self.answer: tuple[int, bytes] | None = None
        self.client = FakeHTTP(self.serve)
        return self.client

    def serve(self, request: Request) -> tuple[int, bytes] | Deferred[tuple[int, bytes]]:
        """
        The server.
        """
        if request.url != self.url:
            raise Unreachable(request.url)
        return self.answer or Deferred()

    def respond(self, status: int, body: bytes) -> None:
        """
        See L{HTTPClientTestsMixin}.
        """
        self.answer = (status, body)

    def received(self) -> list[tuple[bytes, Mapping[str, str]]]:
        """
        See L{HTTPClientTestsMixin}.
        """
        return [(each.body, {name.lower(): value for name, value in each.headers.items()}) for each in self.client.requests]

    def test_nobody(self) -> None:
        """
        Without a server nobody answers; the request is kept.
        """
        client = FakeHTTP()
        self.failureResultOf(client.post("https://a.example/", b"b", {"C": "d"}, frozenset({b"e"})), Unreachable)
        self.assertEqual(client.requests, [Request("https://a.example/", b"b", {"C": "d"}, frozenset({b"e"}))])
