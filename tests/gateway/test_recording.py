# -*- test-case-name: tests.gateway.test_recording -*-
"""
L{cardgw.gateway.recording}.
"""

from __future__ import annotations

import json
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.apdu.transcript import Exchange, parse
from cardgw.apdu.transcript_channel import CUT
from cardgw.errors import PeerLost
from cardgw.gateway.faults import NoTranscript, StoreError
from cardgw.gateway.recording import IDENTITY, OUTCOME, PARAMETERS, SOMEBODY, WITHHELD, Recording, transcript_of
from cardgw.gateway.records import REDACTED, WHOLE, Job, JobState, Recorded
from cardgw.gateway.store.transcripts import TranscriptTable
from cardgw.gateway.visit import Visit
from cardgw.interfaces import ISession
from cardgw.testing import KnowingCard
from cardgw.values import ChannelInfo, Feature
from tests.gateway.fakes import APPLICATION
from tests.gateway.world import CARD, GatewayTestCase
from tests.logs import captured

VERIFY = Command(0x00, 0x20, 0x00, 0x01, b"1234")
GOOD = Response(b"\x0a\x0b", 0x9000)
JOB = Job("j", "test.run", card=CARD)
INFO = ChannelInfo("estk", "192.0.2.7:4711", application=APPLICATION, offers=frozenset({Feature.SHOW}))


class RecordingTests(SynchronousTestCase):
    """
    L{Recording}.
    """

    def record(self, kind: str, times: int = 1, job: Job = JOB, **more: Any) -> str:
        """
        The transcript of one command, sent some times.
        """
        card = KnowingCard({VERIFY.encode(): GOOD.encode()})
        recording = Recording(kind, **more)
        channel = recording.over(MemoryChannel(INFO, card), job, Clock())
        for _ in range(times):
            self.successResultOf(channel.exchange(Script.of(VERIFY)))
        return recording.text

    def test_whole(self) -> None:
        """
        Everything that was said is in it, and what is known of the card.
        """
        found = parse(self.record(WHOLE))
        self.assertEqual(found.exchanges, (Exchange(VERIFY, GOOD, 0),))
        self.assertEqual((found.transport, found.notes[IDENTITY], found.notes["OPERATION"]), ("estk", CARD, "test.run"))
        self.assertEqual((found.notes["APPLICATION"], found.notes["OFFERS"]), ("A000000001", "show"))

    def test_redacted(self) -> None:
        """
        Neither data, nor whose card it was, nor where.
        """
        text = self.record(REDACTED)
        self.assertIn("00200001 Lc 4\n# Received in 0ms\n9000, 2 bytes\n", text)
        for secret in ("31323334", "0A0B", CARD, "192.0.2.7"):
            self.assertNotIn(secret, text)
        self.assertEqual(parse(text).notes[IDENTITY], SOMEBODY)

    def test_parameters(self) -> None:
        """
        Those of a whole transcript are in it as they are, but for secret ones; those of a redacted one are not.
        """
        parameters = {"name": "two  spaces\nü", "code": "4711", "other": 1}
        found = parse(self.record(WHOLE, job=evolve(JOB, parameters=parameters, hidden=frozenset({"code", "absent"})))).notes
        self.assertEqual(json.loads(found[PARAMETERS]), {"name": "two  spaces\nü", "other": 1})
        self.assertEqual(found[WITHHELD], "code")
        text = self.record(REDACTED, job=evolve(JOB, parameters=parameters))
        for secret in (PARAMETERS, WITHHELD, "spaces", "4711"):
            self.assertNotIn(secret, text)

    def test_long(self) -> None:
        """
        It does not grow for ever, and can still be read.
        """
        text = self.record(WHOLE, 1000, most=1000)
        self.assertLess(len(text), 1200)
        self.assertTrue(text.endswith("\n# CUT: more was said than is kept\n"))
        self.assertIn(CUT, parse(text).notes)
        self.assertGreater(len(parse(text).exchanges), 10)


class JobTests(GatewayTestCase):
    """
    Jobs that are recorded.
    """

    def setUp(self) -> None:
        super().setUp()
        self.lost_after: int | None = None

    async def body(self, session: ISession) -> dict[str, Any]:
        """
        Says one thing to the card, then waits.
        """
        await session.channel.exchange(Script.of(VERIFY))
        return await super().body(session)

    def run_job(self, **different: Any) -> tuple[Job, Deferred[Any]]:
        """
        A job that is being done.
        """
        card = KnowingCard({VERIFY.encode(): GOOD.encode()}, lost_after=self.lost_after)
        self.visit = Visit("v1", MemoryChannel(INFO, card), 0.0, CARD)
        self.queue(**different)
        job = self.successResultOf(Deferred.fromCoroutine(self.jobs.next(self.visit, {})))
        assert isinstance(job, Job)
        return job, Deferred.fromCoroutine(self.jobs.run(self.visit, job))

    def transcript(self, job: Job) -> Deferred[Recorded]:
        """
        That of a job.
        """
        stored: Deferred[Any] = self.store.jobs.get(job.id)
        return Deferred.fromCoroutine(transcript_of(self.store, stored, lambda job: succeed(None)))

    def test_done(self) -> None:
        """
        The transcript is there as soon as the job has ended.
        """
        job, running = self.run_job(record=WHOLE)
        self.assertIn("not come", self.failureResultOf(self.transcript(job), NoTranscript).value.detail)
        seen: list[Any] = []
        self.hub.subscribe(lambda event: seen.append(self.successResultOf(self.transcript(job)).kind))
        self.gates[0].callback({})
        self.successResultOf(running)
        self.assertEqual(seen, [WHOLE])
        found = self.successResultOf(self.transcript(job))
        self.assertEqual([each.command for each in parse(found.text).exchanges], [VERIFY])

    def test_failed(self) -> None:
        """
        It is there likewise when the job failed, and says why.
        """
        job, running = self.run_job(record=REDACTED)
        self.gates[0].errback(PeerLost())
        self.successResultOf(running)
        text = self.successResultOf(self.transcript(job)).text
        self.assertIn("9000, 2 bytes", text)
        self.assertEqual(parse(text).notes[OUTCOME], "queued peer-lost")
        self.assertEqual(self.stored(job.id).record, REDACTED)

    def test_cancelled(self) -> None:
        """
        Or was cancelled.
        """
        job, running = self.run_job(record=REDACTED)
        self.successResultOf(Deferred.fromCoroutine(self.jobs.cancel(self.stored(job.id), "anna")))
        self.successResultOf(running)
        notes = parse(self.successResultOf(self.transcript(job)).text).notes
        self.assertEqual((self.state(job.id), notes[OUTCOME]), (JobState.CANCELLED, "cancelled operation-cancelled"))

    def test_neverBegun(self) -> None:
        """
        There is none of what has ended without a card.
        """
        job = self.queue(record=REDACTED)
        self.successResultOf(Deferred.fromCoroutine(self.jobs.cancel(job, "anna")))
        self.assertIn("did not come to a card", self.failureResultOf(self.transcript(job), NoTranscript).value.detail)

    def test_lost(self) -> None:
        """
        A card that is lost has left a command without an answer.
        """
        self.lost_after = 0
        job, running = self.run_job(record=WHOLE, operation="test.run")
        self.successResultOf(running)
        self.assertEqual(self.state(job.id), JobState.FAILED)
        (each,) = parse(self.successResultOf(self.transcript(job)).text).exchanges
        self.assertEqual((each.command, each.response), (VERIFY, None))

    def test_again(self) -> None:
        """
        Where a job was begun anew, the last time counts.
        """
        job, running = self.run_job(record=WHOLE)
        self.gates[0].errback(PeerLost())
        self.successResultOf(running)
        again = self.successResultOf(Deferred.fromCoroutine(self.jobs.next(self.visit, {})))
        assert isinstance(again, Job)
        running = Deferred.fromCoroutine(self.jobs.run(self.visit, again))
        self.gates[1].callback({})
        self.successResultOf(running)
        self.assertEqual(len(parse(self.successResultOf(self.transcript(job)).text).exchanges), 1)

    def test_unwanted(self) -> None:
        """
        Other jobs are not recorded.
        """
        job, running = self.run_job()
        run = self.jobs.runs[job.id]
        self.gates[0].callback({})
        self.successResultOf(running)
        self.assertIsNone(run.recording)
        self.assertIn("not asked for", self.failureResultOf(self.transcript(job), NoTranscript).value.detail)

    def test_notKept(self) -> None:
        """
        Should the transcript not be kept, the job is all the same, and the log says so.
        """
        events = captured(self)
        job, running = self.run_job(record=WHOLE)
        broken: Deferred[None] = Deferred()
        self.patch(TranscriptTable, "keep", lambda *_: broken)
        self.gates[0].callback({})
        self.successResultOf(running)
        broken.errback(StoreError("full"))
        self.assertEqual(self.state(job.id), JobState.DONE)
        self.assertEqual([each["event"] for each in events if "event" in each], ["transcript-not-kept"])
