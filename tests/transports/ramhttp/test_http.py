# -*- test-case-name: tests.transports.ramhttp.test_http -*-
"""
Tests for L{cardgw.transports.ramhttp.http}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.http import TEXT, Post, refusal


class HttpTests(SynchronousTestCase):
    """
    What passes between HTTP and the sessions.
    """

    def test_refusal(self) -> None:
        """
        An error always has a body, and headers of its own where that is due.
        """
        reply = refusal(404, "No such link.", {"Retry-After": "60"})
        self.assertEqual((reply.status, reply.body), (404, b"No such link.\n"))
        self.assertEqual(dict(reply.headers), {"Content-Type": TEXT, "Retry-After": "60"})
        self.assertEqual(refusal(503, "").body, b"Service Unavailable\n")

    def test_private(self) -> None:
        """
        What is shown of a request has nothing in it that may be secret or personal.
        """
        post = Post(("a",), {"b": "c"}, b"d", "e", "192.0.2.7:1", "192.0.2.7", "f", b"g", "POST", 3)
        self.assertEqual(repr(post), "Post(peer='192.0.2.7:1', host='192.0.2.7', method='POST', connection=3)")
