# -*- test-case-name: tests.gateway.test_whole -*-
"""
L{cardgw.gateway.whole}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardError
from cardgw.gateway.whole import whole


class WholeTests(SynchronousTestCase):
    """
    L{whole}.
    """

    def setUp(self) -> None:
        self.gate: Deferred[str] = Deferred()
        self.done: list[str] = []

    async def work(self) -> str:
        """
        Waits for the gate.
        """
        self.done.append(await self.gate)
        return self.done[-1]

    def test_outcome(self) -> None:
        """
        It gives what comes of the work, good or bad.
        """
        waiting = whole(self.work())
        self.gate.callback("done")
        self.assertEqual(self.successResultOf(waiting), "done")
        self.gate = Deferred()
        waiting = whole(self.work())
        self.gate.errback(CardError())
        self.failureResultOf(waiting, CardError)

    def test_cancelled(self) -> None:
        """
        Who waits no longer does not end the work.
        """
        waiting = whole(self.work())
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.gate.callback("done")
        self.assertEqual(self.done, ["done"])
