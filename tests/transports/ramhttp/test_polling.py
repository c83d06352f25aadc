# -*- test-case-name: tests.transports.ramhttp.test_polling -*-
"""
Tests for L{cardgw.transports.ramhttp.polling}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.ramhttp.fates import Fate
from cardgw.transports.ramhttp.http import Post, Reply
from cardgw.transports.ramhttp.polling import Polling, Times
from cardgw.transports.ramhttp.repeats import Verdict
from cardgw.transports.ramhttp.replies import NOTHING_MORE


def post(body: bytes, connection: int = 1) -> Post:
    """
    A request.
    """
    return Post((), {}, body, connection=connection)


class PollingTests(SynchronousTestCase):
    """
    L{Polling}.
    """

    def setUp(self) -> None:
        """
        Nothing has come.
        """
        self.clock = Clock()
        self.late: list[tuple[str, float]] = []
        self.polling = Polling(
            self.clock,
            Times(25, 30),
            lambda number: Fate.UNKNOWN,
            "name",
            lambda what, seconds: self.late.append((what, seconds)),
        )

    def test_held(self) -> None:
        """
        A request is held until something is told; then its client has some time to come back.
        """
        held = self.polling.came(post(b"1"), None)
        self.assertNoResult(held)
        self.assertTrue(self.polling.held)
        self.polling.tell(b"\xaa\x00", (True,), 60)
        self.assertEqual(self.successResultOf(held).body, b"\xaa\x00")
        self.assertFalse(self.polling.held)
        self.clock.advance(89.9)
        self.assertEqual(self.late, [])
        self.clock.advance(0.1)
        self.assertEqual(self.late, [("the answer to a template", 90.0)])

    def test_keepAlive(self) -> None:
        """
        After a while it is told that there is nothing to do.
        """
        held = self.polling.came(post(b"1"), None)
        self.clock.advance(25)
        self.assertEqual(self.successResultOf(held).body, b"\xaa\x00")
        self.clock.advance(30)
        self.assertEqual(self.late, [("the client", 30)])

    def test_again(self) -> None:
        """
        The same once more is held beside the first one, or has its reply again, and its time.
        """
        first = self.polling.came(post(b"1"), None)
        self.assertEqual(self.polling.judge(post(b"1", 2), ()), Verdict.AGAIN)
        second = self.polling.came_again(post(b"1", 2))
        self.assertNoResult(first)
        self.polling.tell(b"\xaa\x00", (True,))
        reply = self.successResultOf(second)
        self.assertIs(self.successResultOf(first), reply)
        self.clock.advance(29)
        self.assertIs(self.successResultOf(self.polling.came_again(post(b"1", 3))), reply)
        self.clock.advance(29)
        self.assertEqual((self.late, self.polling.count), ([], 1))

    def test_copies(self) -> None:
        """
        Not all copies of a request are held; its client is there as long as one of them is; and its reply went out where one did.
        """
        held = [self.polling.came(post(b"1"), (True,)), *(self.polling.came_again(post(b"1", each)) for each in range(2, 5))]
        self.assertEqual(self.successResultOf(held[0]).status, 409)
        held[1].cancel()
        self.failureResultOf(held[1], CancelledError)
        self.assertEqual((self.polling.held, self.polling.broken), (True, False))
        self.polling.tell(b"\xaa\x00", (True,))
        reply = self.successResultOf(held[2])
        self.assertIs(self.successResultOf(held[3]), reply)
        for ok in (True, False):
            self.polling.delivered(reply, ok)
        self.assertIs(self.polling.judge(post(b"1", 4), (True,)), Verdict.NEW)

    def test_broken(self) -> None:
        """
        A connection that is lost while a request is held is waited for.
        """
        held = self.polling.came(post(b"1"), None)
        held.cancel()
        self.failureResultOf(held, CancelledError)
        self.assertEqual((self.polling.held, self.polling.broken), (False, True))
        self.assertTrue(self.polling.unheard(post(b"1", 2)))
        self.polling.came_again(post(b"1", 2))
        self.assertFalse(self.polling.broken)
        self.clock.advance(24)
        self.assertEqual(self.late, [])

    def test_supersededThenLost(self) -> None:
        """
        What becomes of one that was superseded does not matter.
        """
        first = self.polling.came(post(b"1"), None)
        second = self.polling.came(post(b"2"), ())
        self.successResultOf(first)
        first.cancel()
        self.assertNoResult(second)
        self.assertTrue(self.polling.held)

    def test_delivered(self) -> None:
        """
        Only what became of the last reply counts.
        """
        self.polling.came(post(b"1"), None)
        self.polling.answer(NOTHING_MORE, (True,))
        self.assertFalse(self.polling.delivered(Reply(200), True))
        self.assertFalse(self.polling.delivered(NOTHING_MORE, False))
        self.assertTrue(self.polling.unheard(post(b"1", 2)))
        self.assertTrue(self.polling.delivered(NOTHING_MORE, True))
        self.assertFalse(self.polling.unheard(post(b"1", 2)))

    def test_cookie(self) -> None:
        """
        The first reply has it, no other.
        """
        replies: list[Any] = []
        for body in (b"1", b"2"):
            held: Deferred[Reply] = self.polling.came(post(body), ())
            held.addCallback(replies.append)
            self.polling.tell(b"\xaa\x00")
        self.assertEqual(["Set-Cookie" in each.headers for each in replies], [True, False])

    def test_end(self) -> None:
        """
        In the end no timer is left; patience may end before.
        """
        self.polling.came(post(b"1"), None)
        self.polling.tell(b"\xaa\x00", (True,), 60)
        self.polling.patience(5)
        self.clock.advance(5)
        self.assertEqual(self.late, [("the client", 5)])
        self.polling.came(post(b"2"), ())
        self.polling.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])
