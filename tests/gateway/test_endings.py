# -*- test-case-name: tests.gateway.test_endings -*-
"""
L{cardgw.gateway.endings}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail

from cardgw.gateway.endings import MOST, PAUSE, Endings
from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Job, JobState
from tests.gateway.watched import Watched
from tests.gateway.world import CARD, GatewayTestCase

BROKEN = StoreError("disk full")


class EndingsTests(GatewayTestCase):
    """
    L{Endings}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.table = Watched(self.store.jobs)
        self.store.jobs = self.table  # type: ignore[assignment]
        self.endings = Endings(self.store, self.clock)

    def save(self, job: Job) -> Deferred[None]:
        """
        A job has ended.
        """
        return Deferred.fromCoroutine(self.endings.save(evolve(job, state=JobState.DONE)))

    def broken(self, times: int = 1) -> None:
        """
        The store does not work the next times.
        """

        def answer(ask: Any) -> Deferred[Any]:
            if times > 1:
                self.broken(times - 1)
            return fail(BROKEN)

        self.table.answers["save"] = answer

    def test_saved(self) -> None:
        """
        In most cases it is written down at once.
        """
        job = self.queue()
        self.successResultOf(self.save(job))
        self.assertEqual((self.state(job.id), self.endings.late, self.clock.getDelayedCalls()), (JobState.DONE, {}, []))

    def test_later(self) -> None:
        """
        Where the store cannot be used, that is tried until it can; until then it is known here.
        """
        jobs = [self.queue(), self.queue()]
        self.broken(4)
        for job in jobs:
            self.successResultOf(self.save(job))
        self.assertEqual([job.state for job in self.endings.late.values()], [JobState.DONE] * 2)
        for _ in range(2):
            self.clock.advance(PAUSE)
            self.assertEqual({self.state(job.id) for job in jobs}, {JobState.QUEUED})
        self.clock.advance(PAUSE)
        self.assertEqual({self.state(job.id) for job in jobs}, {JobState.DONE})
        self.assertEqual((self.endings.late, self.clock.getDelayedCalls()), ({}, []))

    def test_most(self) -> None:
        """
        They do not fill the memory.
        """
        self.successResultOf(self.store.close())
        for number in range(MOST + 1):
            self.successResultOf(self.save(Job(str(number), "test.run", card=CARD)))
        self.assertEqual((len(self.endings.late), "0" in self.endings.late), (MOST, False))

    def test_cancelled(self) -> None:
        """
        Who cannot wait for a slow store is not kept; should it fail then, that is noticed all the same.
        """
        slow: Deferred[None] = Deferred()
        self.table.answers["save"] = lambda ask: slow
        job = self.queue()
        saving = self.save(job)
        self.assertNoResult(saving)
        saving.cancel()
        self.successResultOf(saving)
        slow.errback(BROKEN)
        self.assertIn(job.id, self.endings.late)

    def test_stop(self) -> None:
        """
        When the gateway stops, it is tried once more.
        """
        jobs = [self.queue(), self.queue()]
        self.broken(2)
        for job in jobs:
            self.save(job)
        self.successResultOf(Deferred.fromCoroutine(self.endings.stop()))
        self.assertEqual({self.state(job.id) for job in jobs}, {JobState.DONE})
        self.save(jobs[0])
        self.broken(2)
        self.save(jobs[0])
        self.successResultOf(Deferred.fromCoroutine(self.endings.stop()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
