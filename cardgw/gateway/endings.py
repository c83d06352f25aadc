# -*- test-case-name: tests.gateway.test_endings -*-
"""
How jobs ended, written down: at once, or, where the store cannot be used, as soon as it can.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Job
from cardgw.gateway.store.engine import Store
from cardgw.gateway.whole import whole

PAUSE = 30.0
"""Seconds until a store that could not be used is tried again."""
MOST = 1000
"""So many wait for it; the oldest is given up for a further one."""

_log = Logger()


@define(eq=False)
class Endings:
    """
    See the module's docstring.

    @ivar late: the jobs as they ended that are not written down yet, by id.
    """

    store: Store
    clock: Any
    late: dict[str, Job] = field(factory=dict, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)

    async def save(self, job: Job) -> None:
        """
        Write a job down.  Never fails.

        @param job: one that nobody is going to change any more.
        """
        with suppress(CancelledError):  # it is written all the same
            await whole(self._save(job))

    async def _save(self, job: Job) -> None:
        try:
            await self.store.jobs.save(job)
        except StoreError as problem:
            fmt = "job {job}: how it ended is not written down yet: {reason}"
            _log.error(fmt, event="job-not-stored", job=job.id, reason=str(problem))
            self.late[job.id] = job
            if len(self.late) > MOST:
                del self.late[next(iter(self.late))]
            self._expect()

    def _expect(self) -> None:
        if self._timer is None:
            self._timer = self.clock.callLater(PAUSE, self._due)

    def _due(self) -> None:
        self._timer = None
        Deferred.fromCoroutine(self._again())

    async def _again(self) -> None:
        try:
            while self.late:
                job = next(iter(self.late.values()))
                await self.store.jobs.save(job)
                self.late.pop(job.id, None)
        except StoreError:
            self._expect()

    async def stop(self) -> None:
        """
        Try a last time.  Never fails.
        """
        await self._again()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
