"""
Tests for L{cardgw.bridges.touch_waiting}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch_waiting import GRACE, StoppedError, Waiting
from cardgw.errors import ChannelClosed, PeerLost


class WaitingTests(SynchronousTestCase):
    """
    L{Waiting}.
    """

    def setUp(self) -> None:
        """
        A clock.
        """
        self.clock = Clock()
        self.waiting = Waiting(self.clock)
        self.work: Deferred[int | None] = Deferred()

    def test_results(self) -> None:
        """
        What was waited for gives its result.
        """
        waited = Deferred.fromCoroutine(self.waiting.card(self.work))
        self.work.callback(7)
        self.assertEqual(self.successResultOf(waited), 7)

    def test_failures(self) -> None:
        """
        And its failure.
        """
        waited = Deferred.fromCoroutine(self.waiting.server(self.work))
        self.work.errback(PeerLost())
        self.failureResultOf(waited, PeerLost)

    def test_others(self) -> None:
        """
        It goes on in the next turn of the reactor.
        """
        waited = Deferred.fromCoroutine(self.waiting.others())
        self.assertNoResult(waited)
        self.clock.advance(0)
        self.successResultOf(waited)

    def test_cancelled(self) -> None:
        """
        Who cancels the waiting does not cancel the work.
        """
        waited = Deferred.fromCoroutine(self.waiting.card(self.work))
        waited.cancel()
        self.failureResultOf(waited, StoppedError)
        self.work.callback(7)
        self.assertEqual(self.successResultOf(self.work), 7)

    def test_gone(self) -> None:
        """
        A server is not waited for when the card is gone.
        """
        waited = Deferred.fromCoroutine(self.waiting.server(self.work))
        self.waiting.gone(None)
        self.failureResultOf(waited, StoppedError)
        self.assertIsInstance(self.waiting.lost, ChannelClosed)
        self.failureResultOf(Deferred.fromCoroutine(self.waiting.server(Deferred())), StoppedError)
        done: Deferred[int] = Deferred()
        done.callback(3)
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(self.waiting.server(done))), 3)

    def test_briefly(self) -> None:
        """
        At the end nothing is waited for long, and failures do not matter.
        """
        waited = Deferred.fromCoroutine(self.waiting.briefly(self.work))
        self.clock.advance(GRACE)
        self.assertIsNone(self.successResultOf(waited))
        failing: Deferred[int | None] = Deferred()
        waited = Deferred.fromCoroutine(self.waiting.briefly(failing))
        failing.errback(PeerLost())
        self.assertIsNone(self.successResultOf(waited))
