# -*- test-case-name: tests.web.test_lpac -*-
"""
Tests for L{cardgw.web.lpac}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardError
from cardgw.gateway.records import Job, JobState, problem_of
from cardgw.web.lpac import lpac_envelope


class EnvelopeTests(SynchronousTestCase):
    """
    L{lpac_envelope}.
    """

    def check(self, job: Job, kind: str, code: int, message: str, data: object) -> None:
        """
        A job gives this envelope.
        """
        self.assertEqual(lpac_envelope(job), {"type": kind, "payload": {"code": code, "message": message, "data": data}})

    def test_running(self) -> None:
        """
        What runs is progress.
        """
        self.check(Job("1", "x"), "progress", 0, "queued", None)
        job = Job("1", "x", state=JobState.RUNNING, stage="es9p_initiate_authentication")
        self.check(job, "progress", 0, "es9p_initiate_authentication", None)

    def test_done(self) -> None:
        """
        What is done is a success, with its result.
        """
        self.check(Job("1", "x", state=JobState.DONE, result={"a": 1}), "lpa", 0, "success", {"a": 1})
        self.check(Job("1", "x", state=JobState.DONE), "lpa", 0, "success", {})

    def test_failed(self) -> None:
        """
        What has failed says at which stage, or, if it came to none, with what.
        """
        refused = problem_of(CardError("6A82"))
        job = Job("1", "x", state=JobState.FAILED, stage="es10b_prepare_download", error=refused)
        self.check(job, "lpa", -1, "es10b_prepare_download", "6A82")
        self.check(Job("1", "x", state=JobState.FAILED, error=refused), "lpa", -1, "card", "6A82")
        self.check(Job("1", "x", state=JobState.CANCELLED), "lpa", -1, "cancelled", "")
