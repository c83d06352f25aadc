# -*- test-case-name: tests.lpa.test_lane -*-
"""
Tests for L{cardgw.lpa.lane}.
"""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.connection import Connection, Post, StaleConnectionError
from cardgw.lpa.lane import Lane
from cardgw.lpa.server_errors import ServerBusy, ServerHungUp, ServerSilent, ServerUnreachable
from cardgw.lpa.settings import HttpsSettings

POST = Post(b"")
ANSWER = (200, b"")
CARD = frozenset({b"ci"})


class FakeConnection:
    """
    A connection whose answers the test gives.
    """

    def __init__(self, lane: Lane, *, card_only: bool) -> None:
        self.lane = lane
        self.card_only = card_only
        self.owner: frozenset[bytes] | None = None
        self.timer: Any = None
        self.asked: list[Deferred[tuple[int, bytes]]] = []
        self.closed = False

    async def ask(self, request: Post) -> tuple[int, bytes]:
        """
        See L{Connection.ask}.
        """
        answer: Deferred[tuple[int, bytes]] = Deferred()
        self.asked.append(answer)
        return await answer

    def answer(self) -> None:
        """
        The server answers.
        """
        self.lane.idle(cast("Connection", self))
        self.asked[-1].callback(ANSWER)

    def close(self, clock: Clock) -> None:
        """
        See L{Connection.close}.
        """
        self.stop_timer()
        self.closed = True

    def stop_timer(self) -> None:
        """
        See L{Connection.stop_timer}.
        """
        if self.timer is not None and self.timer.active():
            self.timer.cancel()


class LaneTests(SynchronousTestCase):
    """
    L{Lane}.
    """

    def setUp(self) -> None:
        """
        Make a lane with two connections at most.
        """
        self.clock = Clock()
        self.made: list[FakeConnection] = []
        self.forgotten = 0
        self.card_only = False
        self.problem: Exception | None = None
        settings = HttpsSettings(connections_per_host=2, request_timeout=60.0, wait_timeout=300.0, idle_timeout=30.0)
        self.lane = Lane("a.example", settings, self.clock, self.connect, self.forget)

    async def connect(self, lane: Lane, trusted: frozenset[bytes]) -> Connection:
        """
        Make a connection.
        """
        if self.problem is not None:
            raise self.problem
        self.made.append(FakeConnection(lane, card_only=self.card_only))
        return cast("Connection", self.made[-1])

    def forget(self, lane: Lane) -> None:
        """
        The lane is empty.
        """
        self.forgotten += 1

    def ask(self, trusted: frozenset[bytes] = frozenset()) -> Deferred[tuple[int, bytes]]:
        """
        Send a request.
        """
        return Deferred.fromCoroutine(self.lane.ask(POST, trusted))

    def test_keeps(self) -> None:
        """
        A connection is kept and used again, for any card.
        """
        for trusted in (frozenset[bytes](), CARD, frozenset({b"other"})):
            asking = self.ask(trusted)
            self.made[0].answer()
            self.assertEqual(self.successResultOf(asking), ANSWER)
        self.assertEqual(len(self.made), 1)
        self.assertEqual(self.forgotten, 0)

    def test_limit(self) -> None:
        """
        No more connections than allowed; further requests wait, and are served in their order.
        """
        asking = [self.ask() for _ in range(5)]
        self.assertEqual([len(each.asked) for each in self.made], [1, 1])
        self.made[1].answer()
        self.successResultOf(asking[1])
        self.assertEqual([len(each.asked) for each in self.made], [1, 2])
        self.made[1].answer()
        self.successResultOf(asking[2])
        self.made[0].answer()
        self.made[1].answer()
        self.made[0].answer()
        for each in asking:
            if not each.called:
                self.fail("not served")
        self.assertEqual(len(self.made), 2)

    def test_newestFirst(self) -> None:
        """
        The connection used last is used next, so that those not needed run out.
        """
        asking = [self.ask(), self.ask()]
        self.made[0].answer()
        self.made[1].answer()
        self.clock.advance(20)
        asking.append(self.ask())
        self.made[1].answer()
        self.clock.advance(20)
        self.assertEqual([each.closed for each in self.made], [True, False])

    def test_idle(self) -> None:
        """
        A connection that nobody needs is closed after a while, and then the host forgotten.
        """
        self.ask()
        self.made[0].answer()
        self.clock.advance(29)
        self.assertFalse(self.made[0].closed)
        self.clock.advance(1)
        self.assertTrue(self.made[0].closed)
        self.assertEqual(self.forgotten, 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lost(self) -> None:
        """
        A kept connection that the server closes is forgotten at once.
        """
        self.ask()
        self.made[0].answer()
        self.made[0].stop_timer()
        self.lane.lost(cast("Connection", self.made[0]))
        self.assertEqual(self.forgotten, 1)
        self.ask()
        self.assertEqual(len(self.made), 2)

    def test_cardOnly(self) -> None:
        """
        A connection that only a card vouched for serves this card's session, and neither another card nor an equal list.
        """
        self.card_only = True
        self.ask(CARD)
        self.made[0].answer()
        self.ask(CARD)
        self.made[0].answer()
        self.assertEqual(len(self.made), 1)
        self.ask(frozenset([b"c" + b"i"]) | frozenset())
        self.assertEqual(len(self.made), 2)
        self.ask()
        self.assertEqual(len(self.made), 3)

    def test_roomForAnother(self) -> None:
        """
        Kept connections that may not serve a request make room for one that may.
        """
        self.card_only = True
        lists = [frozenset({bytes((number,))}) for number in range(3)]
        for each in lists[:2]:
            self.ask(each)
            self.made[-1].answer()
        self.assertEqual([each.closed for each in self.made], [False, False])
        self.ask(lists[2])
        self.assertEqual([each.closed for each in self.made], [True, False, False])

    def test_stale(self) -> None:
        """
        A request on a kept connection that had died is sent once more, on a new one.
        """
        self.ask()
        self.made[0].answer()
        asking = self.ask()
        self.made[0].asked[-1].errback(StaleConnectionError())
        self.assertEqual(len(self.made), 2)
        self.assertEqual(self.lane.repeated, 1)
        self.made[1].answer()
        self.assertEqual(self.successResultOf(asking), ANSWER)

    def test_notRepeated(self) -> None:
        """
        Any other failure is not tried again, and its connection is closed.
        """
        asking = self.ask()
        self.made[0].asked[-1].errback(ServerHungUp())
        self.failureResultOf(asking, ServerHungUp)
        self.assertEqual(len(self.made), 1)
        self.assertTrue(self.made[0].closed)
        self.assertEqual(self.forgotten, 1)

    def test_notKept(self) -> None:
        """
        A connection that does not become free after its answer (the server closes it) is closed.
        """
        asking = self.ask()
        self.made[0].asked[-1].callback(ANSWER)
        self.successResultOf(asking)
        self.assertTrue(self.made[0].closed)

    def test_silent(self) -> None:
        """
        A server that does not answer in time is told so; its place is free again.
        """
        asking = self.ask()
        self.clock.advance(60)
        self.assertIn("a.example (60 s)", str(self.failureResultOf(asking, ServerSilent).value))
        self.assertTrue(self.made[0].closed)
        self.assertEqual(self.forgotten, 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_busy(self) -> None:
        """
        A request does not wait for a free connection forever.
        """
        self.lane.settings = HttpsSettings(connections_per_host=2, request_timeout=1000.0, wait_timeout=300.0)
        asking = [self.ask() for _ in range(3)]
        self.clock.advance(300)
        self.assertIn("all 2 connections are in use (300 s)", str(self.failureResultOf(asking[2], ServerBusy).value))
        self.made[0].answer()
        self.successResultOf(asking[0])
        asking.append(self.ask())
        self.made[0].answer()
        self.successResultOf(asking[3])

    def test_unreachable(self) -> None:
        """
        If no connection can be made, the place is free again.
        """
        self.problem = ServerUnreachable()
        for _ in range(5):
            self.failureResultOf(self.ask(), ServerUnreachable)
        self.assertEqual(self.forgotten, 5)

    def test_cancelWaiting(self) -> None:
        """
        Who no longer waits gives up the place in the queue.
        """
        asking = [self.ask() for _ in range(4)]
        asking[2].cancel()
        self.failureResultOf(asking[2], CancelledError)
        self.made[0].answer()
        self.assertEqual(len(self.made[0].asked), 2)
        self.made[0].answer()
        self.made[1].answer()
        self.successResultOf(asking[3])
        self.assertEqual([each.active() for each in self.clock.getDelayedCalls()], [True, True])

    def test_cancelAsking(self) -> None:
        """
        A request that is under way is cancelled with its connection.
        """
        asking = self.ask()
        asking.cancel()
        self.failureResultOf(asking, CancelledError)
        self.assertTrue(self.made[0].closed)
        self.assertEqual(self.forgotten, 1)

    def test_close(self) -> None:
        """
        All kept connections can be closed.
        """
        self.ask()
        self.made[0].answer()
        self.lane.close()
        self.assertTrue(self.made[0].closed)
        self.assertEqual((self.forgotten, self.clock.getDelayedCalls()), (1, []))
