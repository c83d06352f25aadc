# -*- test-case-name: tests.gateway.test_recovery -*-
"""
What becomes, at the start, of jobs that the same gateway was in the midst of when it was ended.
"""

from __future__ import annotations

from twisted.logger import Logger

from cardgw.errors import GatewayStopping
from cardgw.gateway.faults import JobInterrupted
from cardgw.gateway.jobs import Jobs
from cardgw.gateway.records import Job, JobState, problem_of

_log = Logger()


async def recover(jobs: Jobs, seconds: float) -> int:
    """
    Bring every job of this gateway into a state that is true:

      1. one that has achieved a result is done with it;
      2. one that may start anew waits for its card;
      3. any other has failed, and the text says how far it was.

    Cards on which one was at work, or which have copies of delivered notifications, are tidied up at their next visit.

    @param seconds: the time now, since 1970.
    @return: how many there were.
    @raise StoreError: the store cannot be used.
    """
    stranded = await jobs.store.jobs.stranded(jobs.node)
    for job in stranded:
        await _settle(jobs, job, seconds)
    touched = {job.card for job in stranded if job.card and job.state is not JobState.QUEUED}
    for card in sorted(touched.union(await jobs.store.outbox.untidy())):
        await jobs.tidy(card)
    await jobs.recount()
    if stranded:
        fmt = "{count} jobs were interrupted when the gateway was ended"
        _log.warn(fmt, event="jobs-interrupted", count=len(stranded))
    return len(stranded)


async def _settle(jobs: Jobs, job: Job, seconds: float) -> None:
    if job.result is not None and job.state is not JobState.QUEUED:
        changes = {"state": JobState.DONE, "ended": seconds, "question": None, "error": None}
        await jobs.store.jobs.change(job.id, frozenset({job.state}), changes)
    elif job.state is JobState.QUEUED:
        await jobs.let_go(job, GatewayStopping("before this was begun"))
    elif jobs.may_start_anew(job, GatewayStopping()):
        await jobs.let_go(job, GatewayStopping())
    else:
        where = f"at the stage {job.stage}" if job.stage else "before it had said how far it was"
        changes = {"state": JobState.FAILED, "ended": seconds, "question": None, "error": problem_of(JobInterrupted(where))}
        await jobs.store.jobs.change(job.id, frozenset({job.state}), changes)
