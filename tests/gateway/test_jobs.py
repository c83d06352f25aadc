# -*- test-case-name: tests.gateway.test_jobs -*-
"""
L{cardgw.gateway.jobs}.
"""

from __future__ import annotations

import gc
from typing import Any
from weakref import ref

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred, fail

from cardgw.errors import CardError, GatewayStopping, NobodyToAsk, PeerLost, PluginError
from cardgw.gateway.endings import PAUSE
from cardgw.gateway.faults import OtherCard, StoreError
from cardgw.gateway.records import Job, JobState
from cardgw.gateway.visit import Visit
from cardgw.values import CardRequest, Question
from tests.gateway.fakes import QuietChannel
from tests.gateway.watched import Watched
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

    def test_letGo(self) -> None:
        """
        What an operation had in its hands when it failed is gone with it, whoever has the error.
        """

        async def use() -> Any:
            key = QuietChannel()
            held.append(ref(key))
            try:
                raise ValueError
            except ValueError:
                raise CardError("it is tired") from PeerLost(repr(key))

        held: list[Any] = []
        _, running = self.begin()
        Deferred.fromCoroutine(use()).chainDeferred(self.gates[0])
        outcome = self.successResultOf(running)
        self.assertIsInstance(outcome.error, CardError)
        gc.collect()
        self.assertIsNone(held[0]())

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

    def test_fairToLatecomers(self) -> None:
        """
        However many it is.
        """
        for _ in range(60):
            self.queue(requester="token:anna")
        self.queue(requester="token:bert")
        order = [job.requester for job in (self.next(), self.next()) if job]
        self.assertEqual((order, self.visit.queued), (["token:anna", "token:bert"], 59))

    def slow(self, method: str) -> Deferred[None]:
        """
        The store is slow the next time.

        @return: fire it to have it answer.
        """
        late: Deferred[None] = Deferred()
        table = Watched(self.store.jobs)
        table.answers[method] = lambda ask: late.addCallback(lambda _: ask())
        self.patch(self.store, "jobs", table)
        return late

    def test_leavesMeanwhile(self) -> None:
        """
        A card that goes in the moment in which its job is begun: the job stays where it was, as if nothing had been.
        """
        job = self.queue(operation="test.run")
        late = self.slow("change")
        beginning = Deferred.fromCoroutine(self.jobs.next(self.visit, self.served))
        self.visit.leaving = True
        late.callback(None)
        self.assertIsNone(self.successResultOf(beginning))
        self.assertEqual((self.stored(job.id), self.jobs.absent, self.served), (job, 1, {}))

    def test_stoppedMeanwhile(self) -> None:
        """
        So it is where the transport does not wait any more; a job for the card that is here has failed.
        """
        waits = self.queue(operation="test.run")
        for job, state in ((waits, JobState.QUEUED), (self.queue(channel="v1", operation="test.run"), JobState.FAILED)):
            self.visit.identity = job.card if not job.channel else ""
            self.visit.leaving = False
            late = self.slow("change")
            beginning = Deferred.fromCoroutine(self.jobs.next(self.visit, self.served))
            beginning.cancel()
            self.failureResultOf(beginning, CancelledError)
            self.visit.leaving = True
            late.callback(None)
            self.assertEqual(self.state(job.id), state)
        self.assertEqual(self.jobs.absent, 1)

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

    def test_cancelBeginning(self) -> None:
        """
        One that begins while it is being cancelled winds up too.
        """
        job = self.queue()
        late = self.slow("change")
        cancelling = Deferred.fromCoroutine(self.jobs.cancel(job, "token:bert"))
        begun = self.next()
        assert begun is not None
        running = Deferred.fromCoroutine(self.jobs.run(self.visit, begun))
        late.callback(None)
        self.assertTrue(self.successResultOf(cancelling))
        self.successResultOf(running)
        self.assertEqual(self.state(job.id), JobState.CANCELLED)

    def test_endNotWritten(self) -> None:
        """
        Where it cannot be written down how a job ended, that is known here until it can.
        """
        job, running = self.begin()
        table = Watched(self.store.jobs)
        table.answers["save"] = lambda ask: fail(StoreError("disk full"))
        self.patch(self.store, "jobs", table)
        self.gates[0].callback({"iccid": "89"})
        self.assertIsNone(self.successResultOf(running).error)
        known = self.jobs.live(job.id)
        assert known is not None
        self.assertEqual((known.state, self.state(job.id)), (JobState.DONE, JobState.RUNNING))
        self.clock.advance(PAUSE)
        self.assertEqual((self.state(job.id), self.jobs.live(job.id)), (JobState.DONE, None))

    def test_afterTheEnd(self) -> None:
        """
        What an operation says after its end counts no more: the job may have begun anew elsewhere.
        """
        job, running = self.begin()
        self.gates[0].errback(PeerLost())
        self.successResultOf(running)
        again = self.next()
        session = self.sessions[0]
        self.clock.advance(100.0)
        session.stage("late")
        session.percent(50)
        session.achieved({"late": True})
        self.failureResultOf(session.ask(Question("text", "Well?")), NobodyToAsk)
        self.assertEqual(self.stored(job.id), again)
        self.assertEqual(self.kinds()[-1], "job.queued")

    def test_noJson(self) -> None:
        """
        What JSON cannot write is a defect of the operation; the job comes to its end all the same.
        """
        for result in ({"x": b"bytes"}, {"x": float("nan")}):
            job, running = self.begin()
            self.sessions[-1].stage("first", key=b"bytes")
            self.clock.advance(100.0)
            self.sessions[-1].stage("second", key=b"bytes", count=2)
            self.gates[-1].callback(result)
            self.assertIsInstance(self.successResultOf(running).error, PluginError)
            stored = self.stored(job.id)
            self.assertEqual((stored.state, stored.facts), (JobState.FAILED, {"key": "b'bytes'", "count": "2"}))
        self.assertEqual(len(self.flushLoggedErrors()), 2)

    def test_anotherCard(self) -> None:
        """
        A job for one card is not done to another that has claimed to be this one; what a card asked for itself may be anybody's.
        """
        job, running = self.begin()
        with self.assertRaises(OtherCard) as raised:
            self.sessions[0].identified(ANOTHER)
        self.gates[0].errback(raised.exception)
        self.successResultOf(running)
        self.assertEqual((self.state(job.id), self.stored(job.id).card), (JobState.FAILED, CARD))
        asked = self.jobs.asked_by_card(self.visit, "test.run", CardRequest("download"))
        Deferred.fromCoroutine(self.jobs.run(self.visit, asked))
        self.sessions[1].identified(ANOTHER)
        self.assertEqual(self.sessions[1].identity, CARD)

    def tidied(self) -> int:
        """
        Whether something is queued to put the card in order.
        """
        found = self.store.jobs.find(operation="notifications.send-all", states=frozenset({JobState.QUEUED}))
        return len(self.successResultOf(found))

    def test_cutShort(self) -> None:
        """
        Where a job was cut short, something may be left on its card, which is put in order at the next visit.
        """
        _, running = self.begin(operation="test.run")
        self.gates[-1].callback({})
        self.successResultOf(running)
        self.assertEqual(self.tidied(), 0)
        _, running = self.begin(operation="test.run")
        self.visit.leaving = True
        self.gates[-1].errback(PeerLost())
        self.successResultOf(running)
        self.assertEqual(self.tidied(), 1)

    def test_cancelledWhileAtWork(self) -> None:
        """
        So it is where somebody has cancelled it, or the gateway is being stopped, though the operation gave a result.
        """
        for cancelled in (True, False):
            _, running = self.begin()
            self.jobs.stopping = not cancelled
            if cancelled:
                self.visit.run.cancel("token:bert")  # type: ignore[union-attr]
            else:
                self.gates[-1].callback({})
            self.successResultOf(running)
            self.assertEqual(self.tidied(), 1)
            found = self.successResultOf(self.store.jobs.find(operation="notifications.send-all"))
            self.successResultOf(Deferred.fromCoroutine(self.jobs.cancel(found[0], "x")))

    def test_claimedVisits(self) -> None:
        """
        Who only claims to be a card does not fill the queue; nor does anybody where it is full.
        """
        self.visit.leaving = True
        for achieved, expected in ((False, 0), (True, 1)):
            asked = self.jobs.asked_by_card(self.visit, "test.run", CardRequest("download"))
            running = Deferred.fromCoroutine(self.jobs.run(self.visit, asked))
            if achieved:
                self.sessions[-1].achieved({"enabled": True})
            self.gates[-1].errback(PeerLost())
            self.successResultOf(running)
            self.assertEqual(self.tidied(), expected)
        self.jobs.settings = evolve(self.jobs.settings, queue_limit=1)
        self.successResultOf(Deferred.fromCoroutine(self.jobs.tidy(ANOTHER)))
        self.successResultOf(Deferred.fromCoroutine(self.jobs.tidy("")))
        self.assertEqual(self.tidied(), 1)

    def test_untidy(self) -> None:
        """
        Only eUICCs have anything to put in order.
        """
        for card, expected in (("cuid:4790503278900612AB34", 0), ("uid:04A1B2C3", 0), ("", 0), (CARD, 1)):
            self.successResultOf(Deferred.fromCoroutine(self.jobs.tidy(card)))
            self.assertEqual(self.tidied(), expected)

    def test_expecting(self) -> None:
        """
        Whether jobs wait is counted anew where other gateways queue some too, and whenever somebody wants it.
        """
        self.queue()
        self.successResultOf(self.store.jobs.add(Job("1", "test.again", card=ANOTHER, requester="token:carl")))
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(self.jobs.expecting())), 1)
        self.jobs.shared = True
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(self.jobs.expecting())), 2)

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
