# -*- test-case-name: tests.gateway.test_run -*-
"""
L{cardgw.gateway.run}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.errors import NobodyToAsk, PeerLost, PluginError
from cardgw.gateway.events import Event, EventHub
from cardgw.gateway.faults import NotAsking, OtherCard, StoreError
from cardgw.gateway.records import Job, JobState
from cardgw.gateway.run import BY_CARD, SAVE_EVERY, Run
from cardgw.interfaces import ICardObserver
from cardgw.values import Question
from tests.gateway.fakes import Memory
from tests.gateway.world import CARD
from tests.logs import captured

QUESTION = Question("confirmation-code", "Confirmation code?", {"provider": "P"}, secret=True)


class RunTests(SynchronousTestCase):
    """
    A job that is being done.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.saved: list[Job] = []
        self.identities: list[str] = []
        self.events: list[Event] = []
        self.hub = EventHub(epoch="e")
        self.doing = self.make("token:anna")

    def make(self, requester: str) -> Run:
        """
        A job of somebody.
        """
        job = Job("1", "test.run", requester=requester, state=JobState.RUNNING)
        self.observer = Memory()
        return Run(job, self.clock, self.observer, self.hub, self.save, self.identities.append, 300.0)

    def save(self, job: Job) -> Deferred[None]:
        """
        Write it down.
        """
        self.saved.append(job)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def follow(self) -> None:
        """
        Somebody looks on.
        """
        self.hub.subscribe(self.events.append)

    def test_progress(self) -> None:
        """
        Stages and percents reach observers, those who look on, and whoever asks for the job.
        """
        self.follow()
        self.doing.stage("first", {"iccid": "89"})
        self.doing.percent(40)
        self.assertEqual(self.observer.told, [("job_stage", "1", "first", {"iccid": "89"}), ("job_percent", "1", 40)])
        told = [(each.kind, each.data["stage"]) for each in self.events]
        self.assertEqual(told, [("job.stage", "first"), ("job.percent", "first")])
        now = self.doing.snapshot()
        self.assertEqual((now.stage, now.facts, now.percent), ("first", {"iccid": "89"}, 40))
        self.assertTrue(verifyObject(ICardObserver, self.observer))

    def test_rarelySaved(self) -> None:
        """
        Of a job that lasts, the stage is written down now and then: it tells how far it was, should the gateway be killed.
        """
        for name in ("first", "second"):
            self.doing.stage(name, {})
        self.assertEqual(self.saved, [])
        self.clock.advance(SAVE_EVERY)
        self.doing.stage("third", {})
        self.doing.stage("fourth", {})
        self.assertEqual([job.stage for job in self.saved], ["third"])

    def test_stageThatLasts(self) -> None:
        """
        So is a stage that lasts, once, and who the card is.
        """
        self.doing.stage("first", {})
        self.doing.identified(CARD)
        for done in (10, 20, 30):
            self.clock.advance(SAVE_EVERY / 2)
            self.doing.percent(done)
        self.assertEqual([(job.stage, job.percent, job.card) for job in self.saved], [("first", 20, CARD)])
        self.clock.advance(SAVE_EVERY)
        self.doing.percent(40)
        self.assertEqual(len(self.saved), 1)

    def test_identified(self) -> None:
        """
        When it is known who the card is, the job is for this card.
        """
        for _ in range(2):
            self.doing.identified(CARD)
        self.assertEqual((self.doing.identity, self.identities), (CARD, [CARD]))

    def test_otherScheme(self) -> None:
        """
        A card may tell who it is in more than one way; the job knows it by the first.  What is no identity is a defect of the
        operation.
        """
        self.doing.identified("cuid:4790503278900612AB34")
        self.doing.identified(CARD)
        self.assertEqual(self.doing.identity, "cuid:4790503278900612AB34")
        self.assertRaises(OtherCard, self.doing.identified, "cuid:00000000000000000001")
        for text in ("", "eid:1", "cuid:4790503278900612ab34"):
            self.assertRaises(PluginError, self.doing.identified, text)

    def test_achieved(self) -> None:
        """
        What has been done is written down at once.
        """
        self.successResultOf(self.doing.achieved({"iccid": "89"}))
        self.assertEqual(self.saved[-1].result, {"iccid": "89"})

    def test_question(self) -> None:
        """
        A question is shown, and the job waits; with the answer it goes on, and the answer is nowhere kept.
        """
        self.follow()
        asking = self.doing.ask(QUESTION)
        self.assertEqual((self.saved[-1].state, self.saved[-1].question), (JobState.WAITING, QUESTION))
        self.assertEqual(self.events[-1].data["question"]["kind"], "confirmation-code")
        self.doing.answer("1234")
        self.assertEqual(self.successResultOf(asking), "1234")
        self.assertEqual((self.saved[-1].state, self.saved[-1].question), (JobState.RUNNING, None))
        self.assertNotIn("1234", repr(self.saved) + repr(self.events))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answeredTwice(self) -> None:
        """
        An answer counts once.
        """
        self.assertRaises(NotAsking, self.doing.answer, "early")
        self.doing.ask(QUESTION)
        self.doing.answer("1234")
        self.assertRaises(NotAsking, self.doing.answer, "1234")

    def test_noAnswer(self) -> None:
        """
        Where nobody answers in time, it is as if there were nobody.
        """
        asking = self.doing.ask(QUESTION)
        self.clock.advance(300)
        error = self.failureResultOf(asking, NobodyToAsk).value
        self.assertIn("no answer within 300 s", str(error))
        self.assertEqual(self.saved[-1].state, JobState.RUNNING)

    def test_cardAsks(self) -> None:
        """
        Behind what a card asked for is only its holder, who cannot answer.
        """
        self.failureResultOf(self.make(BY_CARD).ask(QUESTION), NobodyToAsk)

    def test_givenUp(self) -> None:
        """
        A question whose asker is cancelled is withdrawn.
        """
        asking = self.doing.ask(QUESTION)
        asking.cancel()
        self.failureResultOf(asking, CancelledError)
        self.assertRaises(NotAsking, self.doing.answer, "late")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cardGone(self) -> None:
        """
        Nobody needs to answer for a card that is lost; where nothing was asked, nothing changes.
        """
        self.doing.card_gone(PeerLost())
        self.assertEqual(self.saved, [])
        asking = self.doing.ask(QUESTION)
        self.doing.card_gone(PeerLost("away"))
        self.failureResultOf(asking, PeerLost)
        self.assertRaises(NotAsking, self.doing.answer, "late")
        self.assertEqual((self.saved[-1].question, self.clock.getDelayedCalls()), (None, []))

    def test_cancel(self) -> None:
        """
        The work is cancelled once; who wanted it hears when it has wound up.
        """
        work: Deferred[Any] = Deferred()
        self.doing.work = work
        first, second = self.doing.cancel("token:anna"), self.doing.cancel("token:bert")
        self.failureResultOf(work, CancelledError)
        self.assertEqual(self.doing.cancelled_by, "token:anna")
        self.assertNoResult(first)
        self.doing.ended.callback(None)
        self.successResultOf(first)
        self.successResultOf(second)

    def test_storeFails(self) -> None:
        """
        A store that fails is logged; the work goes on.
        """
        self.doing.save = lambda job: fail(StoreError("disk full"))
        events = captured(self)
        self.doing.ask(QUESTION)
        self.assertIn("job-not-stored", [event["event"] for event in events])
        self.doing.answer("1")
