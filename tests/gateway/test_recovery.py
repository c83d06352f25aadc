# -*- test-case-name: tests.gateway.test_recovery -*-
"""
L{cardgw.gateway.recovery}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.gateway.records import JobState
from cardgw.gateway.recovery import recover
from cardgw.values import Parcel, ParcelState
from tests.gateway.world import ANOTHER, CARD, GatewayTestCase

RUNNING = {"state": JobState.RUNNING, "node": "here", "runs": 1}


class RecoveryTests(GatewayTestCase):
    """
    Jobs that a gateway was in the midst of when it was killed.
    """

    def recover(self) -> int:
        """
        It is started again.
        """
        found: int = self.successResultOf(Deferred.fromCoroutine(recover(self.jobs, self.clock.seconds())))
        return found

    def waiting(self) -> list[tuple[str, str]]:
        """
        What is queued now: operations and cards.
        """
        found = self.successResultOf(self.store.jobs.find(states=frozenset({JobState.QUEUED})))
        return sorted((job.operation, job.card) for job in found)

    def interrupted(self, **different: Any) -> str:
        """
        A job that was being done.
        """
        return self.queue(**{**RUNNING, **different}).id

    def test_achieved(self) -> None:
        """
        What had been achieved is the result.
        """
        job = self.interrupted(result={"iccid": "89"}, operation="test.run")
        self.assertEqual(self.recover(), 1)
        self.assertEqual((self.state(job), self.stored(job).result), (JobState.DONE, {"iccid": "89"}))

    def test_again(self) -> None:
        """
        What may start anew waits for its card.
        """
        job = self.interrupted()
        self.recover()
        self.assertEqual((self.state(job), self.stored(job).node), (JobState.QUEUED, ""))

    def test_failed(self) -> None:
        """
        Everything else has failed, and says how far it was.
        """
        for different in ({"operation": "test.run"}, {"requester": "card"}, {"runs": 3}):
            with self.subTest(str(different)):
                job = self.interrupted(stage="es10b_prepare_download", **different)
                self.recover()
                error = self.stored(job).error
                assert error is not None
                self.assertEqual((self.state(job), error.code), (JobState.FAILED, "job-interrupted"))
                self.assertEqual(error.detail, "at the stage es10b_prepare_download")

    def test_waiting(self) -> None:
        """
        A job that waited for an answer is no different: whoever was asked is asked again.
        """
        job = self.interrupted(state=JobState.WAITING)
        self.recover()
        self.assertEqual((self.state(job), self.stored(job).question), (JobState.QUEUED, None))

    def test_channel(self) -> None:
        """
        What was queued for a card that was here waits for its identity, or has failed.
        """
        waits = self.interrupted(state=JobState.QUEUED, channel="v1", runs=0)
        fails = self.interrupted(state=JobState.QUEUED, channel="v1", runs=0, card="")
        self.recover()
        self.assertEqual((self.state(waits), self.stored(waits).channel), (JobState.QUEUED, ""))
        error = self.stored(fails).error
        assert error is not None
        self.assertEqual((self.state(fails), error.detail), (JobState.FAILED, "before this was begun"))

    def test_tidied(self) -> None:
        """
        Cards on which something was at work are put in order at their next visit, once; others are not bothered.
        """
        for operation in ("test.run", "test.run", "test.again"):
            self.interrupted(operation=operation)
        self.queue(card=ANOTHER)
        self.recover()
        found = [("notifications.send-all", CARD), ("test.again", CARD), ("test.again", ANOTHER)]
        self.assertEqual(self.waiting(), sorted(found))
        self.assertEqual(self.jobs.absent, 3)

    def test_copies(self) -> None:
        """
        So are cards with copies of notifications that were delivered in their absence.
        """
        for number, (remove, state) in enumerate(((True, "delivered"), (False, "delivered"), (True, "waiting"))):
            parcel = Parcel("notification", CARD if number == 0 else ANOTHER, number, "h", b"x", remove=remove)
            entry = self.successResultOf(self.store.outbox.keep(parcel, 0.0))
            self.successResultOf(self.store.outbox.save(evolve(entry, state=ParcelState(state))))
        self.recover()
        self.assertEqual(self.waiting(), [("notifications.send-all", CARD)])

    def test_others(self) -> None:
        """
        Jobs of other gateways on the same store are left to these.
        """
        job = self.interrupted(node="there")
        self.assertEqual(self.recover(), 0)
        self.assertEqual(self.state(job), JobState.RUNNING)
