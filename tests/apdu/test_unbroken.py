# -*- test-case-name: tests.apdu.test_unbroken -*-
"""
L{cardgw.apdu.unbroken}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.unbroken import to_its_end, unbroken
from cardgw.errors import PeerLost


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

    def test_told(self) -> None:
        """
        Who wants to clean up is told that it was cancelled.
        """
        for cancelled in (False, True):
            gate: Deferred[str] = Deferred()

            async def work(gate: Deferred[str] = gate) -> str:
                return await gate

            working = Deferred.fromCoroutine(to_its_end(work()))
            if cancelled:
                working.cancel()
            gate.callback("done")
            self.assertEqual(self.successResultOf(working), ("done", cancelled))
