# -*- test-case-name: tests.web.test_lpac -*-
"""
A job in the envelope that lpac prints, for programs that read lpac's output.
"""

from __future__ import annotations

from typing import Any

from cardgw.gateway.records import ENDED, Job, JobState


def lpac_envelope(job: Job) -> dict[str, Any]:
    """
    As lpac's last line for a job that has ended, as its progress line for another.
    """
    if job.state not in ENDED:
        return _envelope("progress", 0, job.stage or job.state.value, None)
    if job.state is JobState.DONE:
        return _envelope("lpa", 0, "success", dict(job.result or {}))
    code, detail = (job.error.code, job.error.detail or job.error.title) if job.error is not None else (job.state.value, "")
    return _envelope("lpa", -1, job.stage or code, detail)


def _envelope(kind: str, code: int, message: str, data: Any) -> dict[str, Any]:
    return {"type": kind, "payload": {"code": code, "message": message, "data": data}}
