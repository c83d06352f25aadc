# -*- test-case-name: tests.gateway.test_jobs -*-
"""
L{cardgw.gateway.jobs}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from cardgw.errors import CardError, GatewayStopping, PeerLost
from cardgw.gateway.records import Job, JobState
from cardgw.gateway.visit import Visit
from tests.gateway.fakes import QuietChannel
from tests.gateway.world import ANOTHER, CARD, GatewayTestCase


class JobsTests(GatewayTestCase):
    """
    Jobs from the queue to their end.
    """

    def setUp(self) -> None:
        super().setUp()
        self.channel = QuietChannel()
        self.visit = Visit("v1", self.channel, 0.0, CARD)
        self.served: dict[str, int] = {}

    def next(self) -> Job | None:
        """
        What is to be done next.
        """
        found: Job | None = self.successResultOf(Deferred.fromCoroutine(self.jobs.next(self.visit, self.served)))
        return found

    def begin(self, **different: Any) -> tuple[Job, Deferred[Any]]:
        """
        A job that is being done.
        """
        self.queue(**different)
        job = self.next()
        assert job is not None
        return job, Deferred.fromCoroutine(self.jobs.run(self.visit, job))

    def test_done(self) -> None:
        """
        A job is begun, done, and written down with its result.
        """
        job, running = self.begin()
        self.assertEqual((self.state(job.id), self.stored(job.id).node), (JobState.RUNNING, "here"))
        self.gates[0].callback({"iccid": "89"})
        outcome = self.successResultOf(running)
        self.assertEqual((outcome.text, outcome.error), ("done 1", None))
        stored = self.stored(job.id)
        self.assertEqual((stored.state, stored.result, stored.runs), (JobState.DONE, {"iccid": "89"}, 1))
        self.assertEqual(self.kinds(), ["job.queued", "job.started", "job.ended"])
        self.assertEqual((self.jobs.runs, self.visit.run, self.jobs.absent), ({}, None, 0))

    def test_failed(self) -> None:
        """
        What a job failed with is written down in words, with the status word where the card gave one.
        """
        job, running = self.begin()
        self.gates[0].errback(CardError("it is tired"))
        self.assertEqual(self.successResultOf(running).text, "The card answered with an error.")
        stored = self.stored(job.id)
        assert stored.error is not None
        self.assertEqual((stored.state, stored.error.code, stored.error.detail), (JobState.FAILED, "card", "it is tired"))

    def test_oldestFirst(self) -> None:
        """
        Jobs of one requester are done in their order; those of other cards are not touched.
        """
        first, second, other = self.queue(), self.queue(), self.queue(card=ANOTHER)
        self.assertEqual([job.id for job in (self.next(), self.next()) if job], [first.id, second.id])
        self.assertIsNone(self.next())
        self.assertEqual(self.state(other.id), JobState.QUEUED)

    def test_fair(self) -> None:
        """
        Who has queued many does not make the others wait for all of them.
        """
        for _ in range(3):
            self.queue(requester="token:anna")
        self.queue(requester="token:bert")
        order = [job.requester for job in iter(self.next, None)]
        self.assertEqual(order, ["token:anna", "token:bert", "token:anna", "token:anna"])

    def test_onceOnly(self) -> None:
        """
        A job that another gateway has taken in the meantime is left to it.
        """
        job = self.queue()
        self.successResultOf(self.store.jobs.change(job.id, frozenset({JobState.QUEUED}), {"state": JobState.RUNNING}))
        self.assertIsNone(self.next())

    def test_sameKey(self) -> None:
        """
        With the same key there is one job.
        """
        one, other = (Job(self.jobs.ids.job(), "test.again", card=CARD, requester="token:anna") for _ in range(2))
        first = self.successResultOf(Deferred.fromCoroutine(self.jobs.add(one, "k")))
        second = self.successResultOf(Deferred.fromCoroutine(self.jobs.add(other, "k")))
        self.assertEqual(((first[0].id, first[1]), (second[0].id, second[1])), ((one.id, True), (one.id, False)))
        self.assertEqual(self.jobs.absent, 1)

    def test_lost(self) -> None:
        """
        Where the card is lost in the midst, a job that may start anew waits for its next visit.
        """
        job, running = self.begin()
        self.gates[0].errback(PeerLost())
        self.successResultOf(running)
        stored = self.stored(job.id)
        self.assertEqual((stored.state, stored.channel, stored.runs), (JobState.QUEUED, "", 1))
        again = self.next()
        assert again is not None
        self.assertEqual((again.id, again.runs), (job.id, 2))

    def test_lostForGood(self) -> None:
        """
        It fails where the operation cannot start anew, after so many attempts, and where nobody is known to come again.
        """
        for different in ({"operation": "test.run"}, {"runs": 2}, {"requester": "code:v1"}):
            with self.subTest(str(different)):
                job, running = self.begin(**different)
                self.gates[-1].errback(PeerLost())
                self.successResultOf(running)
                self.assertEqual(self.state(job.id), JobState.FAILED)

    def test_cancelQueued(self) -> None:
        """
        A job that has not begun is cancelled at once.
        """
        job = self.queue()
        self.assertTrue(self.successResultOf(Deferred.fromCoroutine(self.jobs.cancel(job, "token:bert"))))
        stored = self.stored(job.id)
        assert stored.error is not None
        self.assertEqual((stored.state, stored.error.detail, self.jobs.absent), (JobState.CANCELLED, "by token:bert", 0))
        self.assertIsNone(self.next())

    def test_cancelRunning(self) -> None:
        """
        One that has begun winds up first.
        """
        job, running = self.begin()
        cancelling = Deferred.fromCoroutine(self.jobs.cancel(job, "token:bert"))
        self.assertTrue(self.successResultOf(cancelling))
        self.assertEqual(self.successResultOf(running).text, "The operation was cancelled.")
        self.assertEqual((self.state(job.id), self.channel.events), (JobState.CANCELLED, ["hold", "release"]))

    def test_cancelElsewhere(self) -> None:
        """
        One that another gateway has begun cannot be cancelled here.
        """
        job = self.queue(state=JobState.RUNNING)
        self.assertFalse(self.successResultOf(Deferred.fromCoroutine(self.jobs.cancel(job, "token:bert"))))

    def test_stopping(self) -> None:
        """
        When the gateway stops, a job that may start anew waits, another one has failed.
        """
        for name, state in (("test.run", JobState.FAILED), ("test.again", JobState.QUEUED)):
            job, running = self.begin(operation=name)
            running.cancel()
            self.assertIsInstance(self.successResultOf(running).error, GatewayStopping)
            self.assertEqual(self.state(job.id), state)

    def test_abandon(self) -> None:
        """
        What was queued for the card that was here waits for it, or has failed, when it goes.
        """
        self.visit.asked = True
        waits, fails = self.queue(channel="v1"), self.queue(channel="v1", operation="test.run")
        self.successResultOf(Deferred.fromCoroutine(self.jobs.abandon(self.visit)))
        self.assertEqual((self.state(waits.id), self.stored(waits.id).channel), (JobState.QUEUED, ""))
        self.assertEqual(self.state(fails.id), JobState.FAILED)
        self.assertEqual(self.jobs.absent, 1)

    def test_tidy(self) -> None:
        """
        What puts a card in order is queued once.
        """
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(self.jobs.tidy(CARD)))
        job = self.next()
        assert job is not None
        self.assertEqual((job.operation, job.requester), ("notifications.send-all", "gateway"))
        self.assertIsNone(self.next())

    def test_badParameters(self) -> None:
        """
        Parameters that an operation does not have fail the job, not the gateway.
        """
        job, running = self.begin(parameters={"colour": "red"})
        self.successResultOf(running)
        stored = self.stored(job.id)
        assert stored.error is not None
        self.assertEqual((stored.state, stored.error.code), (JobState.FAILED, "parameter"))
