# -*- test-case-name: tests.lpa.test_together -*-
"""
Tests for L{cardgw.lpa.together}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.together import together


class TogetherTests(SynchronousTestCase):
    """
    Two at once.
    """

    def setUp(self) -> None:
        self.first: Deferred[Any] = Deferred()
        self.second: Deferred[Any] = Deferred()
        self.both = Deferred.fromCoroutine(together(self.first, self.second))

    def test_results(self) -> None:
        """
        When both have ended, the results come in order.
        """
        self.second.callback(2)
        self.assertNoResult(self.both)
        self.first.callback(1)
        self.assertEqual(self.successResultOf(self.both), [1, 2])

    def test_failure(self) -> None:
        """
        A failure waits for the others, and is that of the first in order.
        """
        self.second.errback(KeyError("b"))
        self.assertNoResult(self.both)
        self.first.errback(ValueError("a"))
        self.failureResultOf(self.both, ValueError)

    def test_cancel(self) -> None:
        """
        Cancelling cancels both.
        """
        self.both.cancel()
        self.failureResultOf(self.both, CancelledError)
        self.assertTrue(self.first.called and self.second.called)

    def test_nothing(self) -> None:
        """
        Nothing to wait for is no wait.
        """
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(together())), [])
