# -*- test-case-name: tests.functional.test_absent -*-
"""
Many jobs for cards that are not here; see L{bench.queue} for how many there may be.
"""

from __future__ import annotations

import asyncio

from twisted.internet.threads import deferToThread

from bench.queue import submit
from cardgw.gateway.records import Job, JobState
from tests.functional.download import activation_code
from tests.functional.download_web import DownloadWebTestCase, count

JOBS = 500
OTHERS = 5
"""Jobs that the collector may find: those that are just being looked at."""


class AbsentTests(DownloadWebTestCase):
    """
    The API is asked for hundreds of jobs.
    """

    async def test_queued(self) -> None:
        """
        All are accepted and in the store, and nowhere else.  Cards that are here are served as ever; the one for which a job
        waits gets it at its visit, and all others wait on.
        """
        before = count(Job)
        await self.start_web()
        self.order("P-2", 2)
        operation = "profile.download"
        submitting = submit(self.web_port, self.token, JOBS, operation=operation)
        accepted = await deferToThread(asyncio.run, submitting)
        self.assertEqual(accepted, JOBS)
        card, jobs = self.card(), self.inventory.jobs
        job = Job("zz", operation, {"activation_code": activation_code("P-2")}, card=f"eid:{card.eid.hex()}", requester="token:a")
        await jobs.add(job)
        self.assertEqual((await jobs.store.jobs.queued_count(), jobs.absent, jobs.runs), (JOBS + 1, JOBS + 1, {}))
        self.assertLess(count(Job) - before, OTHERS)
        self.order()
        await self.dial(card)
        await self.quiet()
        self.assertEqual(len(card.profiles), 2)
        stored = await jobs.store.jobs.get("zz")
        assert stored is not None
        self.assertEqual((stored.state, stored.runs), (JobState.DONE, 1))
        waiting = await jobs.store.jobs.find(frozenset({JobState.QUEUED}), limit=2 * JOBS)
        self.assertEqual((len(waiting), {each.runs for each in waiting}, jobs.absent), (JOBS, {0}, JOBS))
        del waiting, stored, job
        self.assertLess(count(Job) - before, OTHERS)
