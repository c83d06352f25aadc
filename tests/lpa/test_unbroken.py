# -*- test-case-name: tests.lpa.test_unbroken -*-
"""
L{cardgw.lpa.unbroken}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import PeerLost
from cardgw.lpa.unbroken import unbroken


class UnbrokenTests(SynchronousTestCase):
    """
    L{unbroken}.
    """

    def begin(self) -> Deferred[str]:
        """
        Work that waits for the gate.
        """
        self.gate: Deferred[str] = Deferred()

        async def work() -> str:
            return await self.gate

        return Deferred.fromCoroutine(unbroken(work()))

    def test_outcome(self) -> None:
        """
        It gives what comes of the work, good or bad, now or later.
        """
        working = self.begin()
        self.assertNoResult(working)
        self.gate.callback("done")
        self.assertEqual(self.successResultOf(working), "done")
        working = self.begin()
        self.gate.errback(PeerLost())
        self.failureResultOf(working, PeerLost)

    def test_cancelled(self) -> None:
        """
        However often it is cancelled.
        """
        for _ in range(2):
            working = self.begin()
            working.cancel()
            working.cancel()
            self.assertNoResult(working)
            self.gate.callback("done")
            self.assertEqual(self.successResultOf(working), "done")
        self.assertEqual(self.flushLoggedErrors(), [])
