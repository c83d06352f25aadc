# -*- test-case-name: tests.transports.ramhttp.test_afterwards -*-
"""
Tests for L{cardgw.transports.ramhttp.afterwards}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.transports.ramhttp.afterwards import Afterwards
from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.repeats import Memory
from cardgw.transports.ramhttp.wire import Notify, Rapdu, encode_request, encode_response

WORDS = (Notify(-1, "No."),)
EMPTY = encode_response((), 0)
DONE = encode_response([Rapdu(b"\x90\x00")], 1)


class AfterwardsTests(SynchronousTestCase):
    """
    L{Afterwards}.
    """

    def setUp(self) -> None:
        """
        A session is over whose client has not been told why.
        """
        self.memory = Memory(lambda number: Fate.UNKNOWN)
        self.afterwards = Afterwards(self.memory, WORDS, 0.0)

    def post(self, body: bytes) -> Reply:
        """
        What is told.
        """
        return self.successResultOf(self.afterwards.post(Post((), {}, body, connection=1)))

    def test_told(self) -> None:
        """
        The client is told why, once, and then that there is no more; also if it says the same again and again.
        """
        self.assertEqual(self.post(EMPTY).body, encode_request(WORDS))
        for _ in range(3):
            self.assertEqual(self.post(EMPTY).status, 204)

    def test_again(self) -> None:
        """
        A client that has not got the reply gets it again.
        """
        first = self.post(EMPTY)
        self.afterwards.delivered(first, False)
        self.assertIs(self.post(EMPTY), first)
        self.afterwards.delivered(first, True)
        self.assertEqual(self.post(EMPTY).status, 204)

    def test_answers(self) -> None:
        """
        So does one that brings its answers once more.
        """
        first = self.post(DONE)
        self.assertIs(self.post(DONE), first)
        self.assertEqual(self.post(EMPTY).status, 204)

    def test_knew(self) -> None:
        """
        One that was told, and comes with nothing it could have brought, is told the end.
        """
        self.assertEqual(self.successResultOf(Afterwards(self.memory, (), 0.0).post(Post((), {}, b"x"))).status, 204)

    def test_session(self) -> None:
        """
        It is a session in which nothing can be done.
        """
        self.assertFalse(self.afterwards.busy)
        self.afterwards.wind_up()
        self.afterwards.end(PeerLost())
