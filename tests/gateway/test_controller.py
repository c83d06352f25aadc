# -*- test-case-name: tests.gateway.test_controller -*-
"""
L{cardgw.gateway.controller}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail

from cardgw.errors import MissingPlugin, OperationRefused, ParameterError
from cardgw.gateway.control import Control, JobRequest
from cardgw.gateway.controller import Controller
from cardgw.gateway.endings import Endings
from cardgw.gateway.faults import (
    Conflict,
    NotAsking,
    NoTranscript,
    StoreError,
    Unauthenticated,
    UnknownCard,
    UnknownJob,
    UnknownParcel,
    WrongCode,
)
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.records import REDACTED, WHOLE, Health, Job, JobState, Principal, Role
from cardgw.gateway.tokens import Tokens
from cardgw.lazy import LazyTransport
from cardgw.testing import FakeHTTP
from cardgw.values import Parcel, ParcelState, Question
from tests.gateway.fakes import QuietChannel
from tests.gateway.watched import Watched
from tests.gateway.world import ANOTHER, CARD, OPERATOR, GatewayTestCase, numbers

HEALTH = Health("store", True)
TEST = LazyTransport("test", "cards of tests", "no.such.Thing")


class ControllerTests(GatewayTestCase):
    """
    What people and programs can do.
    """

    def setUp(self) -> None:
        super().setUp()
        outbox = Outbox(self.store, FakeHTTP(), {}, self.clock, self.hub, numbers())
        tokens = Tokens(self.store, self.clock, numbers())
        controller = Controller(self.inventory, outbox, tokens, self.inventory.claims, lambda: [TEST], lambda: [HEALTH])
        self.control: Control = controller

    def submit(self, card: str, operation: str = "test.again", who: Principal = OPERATOR, **more: Any) -> Job:
        """
        Queue a job.
        """
        job, _ = self.successResultOf(self.control.submit(who, JobRequest(operation, card, {}, **more)))
        assert isinstance(job, Job)
        return job

    def refused(self, kind: type[Exception], waiting: Deferred[Any]) -> Exception:
        """
        The error that something fails with.
        """
        error: Exception = self.failureResultOf(waiting, kind).value
        return error

    def audit(self) -> list[tuple[str, str]]:
        """
        Who has done what, the first first.
        """
        found = self.successResultOf(self.control.audit())
        return [(entry.who, entry.action) for entry in reversed(found)]

    def test_identities(self) -> None:
        """
        A card that has no EID is named by its identity, here or not, whatever the case of its letters.
        """
        cuid = "cuid:4790503278900612AB34"
        absent = self.submit(cuid.lower())
        self.assertEqual((absent.card, self.state(absent.id)), (cuid, JobState.QUEUED))
        self.found, self.kind = cuid, "globalplatform"
        name, _ = self.visit()
        self.gates[0].callback({})
        self.assertEqual(self.state(absent.id), JobState.DONE)
        self.assertEqual(self.control.card(OPERATOR, cuid.lower()).id, name)
        self.assertEqual(self.submit(cuid.lower()).card, cuid)
        found = self.successResultOf(self.control.jobs(OPERATOR, card=cuid.lower()))
        self.assertEqual({job.card for job in found}, {cuid})
        self.assertEqual(self.successResultOf(self.control.outbox(OPERATOR, card=cuid.lower())), ())
        for text in ("cuid:1", "uid:04", "imei:1"):
            self.refused(UnknownCard, self.control.submit(OPERATOR, JobRequest("test.again", text, {})))
        for key in (cuid, cuid.lower()):
            job, new = self.successResultOf(self.control.submit(OPERATOR, JobRequest("test.again", key, {}, key="k")))
            self.assertEqual((job.card, new), (cuid, key == cuid))

    def visit(self) -> tuple[str, QuietChannel]:
        """
        A card that stays.
        """
        channel, _ = self.arrive()
        return list(self.inventory.visits)[-1], channel

    def test_cards(self) -> None:
        """
        A card that is here is found by its id and by its identity.
        """
        card, _ = self.visit()
        self.assertEqual([each.id for each in self.control.cards(OPERATOR)], [card])
        for name in (card, CARD):
            self.assertEqual(self.control.card(OPERATOR, name).id, card)
        for name in (ANOTHER, "", "nonsense"):
            self.assertRaises(UnknownCard, self.control.card, OPERATOR, name)

    def test_cameAgain(self) -> None:
        """
        Where a card seems to be here twice, its identity means the later one: the earlier connection is probably dead.
        """
        self.visit()
        card, _ = self.visit()
        self.assertEqual(self.control.card(OPERATOR, CARD).id, card)
        self.assertEqual(len(self.control.cards(OPERATOR)), 2)

    def test_submit(self) -> None:
        """
        A job for a card that is here begins at once; it is in the audit journal.
        """
        card, _ = self.visit()
        job = self.submit(card)
        self.assertEqual((self.state(job.id), self.stored(job.id).channel), (JobState.RUNNING, card))
        self.assertEqual(self.audit(), [("token:anna", "job.submit")])
        self.gates[0].callback({"done": True})
        self.assertEqual(self.successResultOf(self.control.job(OPERATOR, job.id)).result, {"done": True})

    def test_submitByIdentity(self) -> None:
        """
        A job for an identity begins when the card comes.
        """
        job = self.submit(CARD)
        self.assertEqual(self.state(job.id), JobState.QUEUED)
        self.visit()
        self.assertEqual(self.state(job.id), JobState.RUNNING)

    def test_comesMeanwhile(self) -> None:
        """
        A card that is recognised while a job for it is being stored, and has looked for one before that, gets it.
        """
        table: Any = type(self.store.jobs)
        stored: Deferred[None] = Deferred()

        async def slowly(jobs: Any, job: Job, key: str) -> tuple[Job, bool]:
            await stored
            found: tuple[Job, bool] = await add(jobs, job, key)
            return found

        add = table.add
        self.patch(table, "add", lambda *arguments: Deferred.fromCoroutine(slowly(*arguments)))
        submitted = self.control.submit(OPERATOR, JobRequest("test.again", CARD, {}))
        self.visit()
        self.assertEqual(self.sessions, [])
        stored.callback(None)
        job, _ = self.successResultOf(submitted)
        self.assertEqual((len(self.sessions), self.state(job.id)), (1, JobState.RUNNING))

    def test_refusals(self) -> None:
        """
        What cannot be done is refused before it is queued.
        """
        card, _ = self.visit()
        submit = self.control.submit
        self.refused(MissingPlugin, submit(OPERATOR, JobRequest("no.such", card, {})))
        self.refused(ParameterError, submit(OPERATOR, JobRequest("test.run", card, {"colour": "red"})))
        for other in ("00000000", "eid:123", ""):
            self.refused(UnknownCard, submit(OPERATOR, JobRequest("test.run", other, {})))
        channel: Any = self.inventory.visits[card].channel
        channel.info = evolve(channel.info, application=bytes(5))
        self.refused(OperationRefused, submit(OPERATOR, JobRequest("test.run", card, {})))
        self.jobs.settings = evolve(self.jobs.settings, queue_limit=1)
        self.submit(ANOTHER)
        self.refused(Conflict, submit(OPERATOR, JobRequest("test.run", ANOTHER, {})))

    def test_key(self) -> None:
        """
        With the same key the same job is given again, but not for another request.
        """
        first, second = (self.submit(CARD, key="k") for _ in range(2))
        self.assertEqual(first.id, second.id)
        self.refused(Conflict, self.control.submit(OPERATOR, JobRequest("test.run", CARD, {}, "k")))
        other = Principal("token:bert", Role.OPERATOR)
        self.assertNotEqual(self.submit(CARD, who=other, key="k").id, first.id)

    def test_keyLater(self) -> None:
        """
        Nor does it matter that the card has gone since, or that the queue is full.
        """
        card, channel = self.visit()
        first = self.submit(card, key="k")
        channel._lost(None)
        self.assertEqual(self.submit(card, key="k").id, first.id)
        second = self.submit(ANOTHER, key="l")
        self.jobs.settings = evolve(self.jobs.settings, queue_limit=1)
        self.assertEqual(self.submit(ANOTHER, key="l").id, second.id)
        self.refused(Conflict, self.control.submit(OPERATOR, JobRequest("test.run", CARD, {"code": "1"}, "l")))

    def test_keyElsewhere(self) -> None:
        """
        Another card is another request, also where both are named by what they are called while they are here.
        """
        card, _ = self.visit()
        first = self.submit(card, key="k")
        again, _ = self.visit()
        self.found = ANOTHER
        other, _ = self.visit()
        self.refused(Conflict, self.control.submit(OPERATOR, JobRequest("test.again", other, {}, "k")))
        for same in (again, CARD, card):
            self.assertEqual(self.submit(same, key="k").id, first.id)

    def test_notNoted(self) -> None:
        """
        A job that is queued is begun, even if it cannot be noted in the journal that it was.
        """
        card, _ = self.visit()
        audit = Watched(self.store.audit)
        audit.answers["add"] = lambda ask: fail(StoreError("disk full"))
        self.patch(self.store, "audit", audit)
        self.refused(StoreError, self.control.submit(OPERATOR, JobRequest("test.again", card, {})))
        self.assertEqual(len(self.sessions), 1)

    def test_live(self) -> None:
        """
        A job that is being done is shown as it is now.
        """
        card, _ = self.visit()
        job = self.submit(card)
        self.sessions[0].stage("first", iccid="89")
        self.assertEqual(self.successResultOf(self.control.job(OPERATOR, job.id)).stage, "first")
        self.assertEqual([each.stage for each in self.successResultOf(self.control.jobs(OPERATOR, card=card))], ["first"])
        self.assertEqual([each.id for each in self.successResultOf(self.control.jobs(OPERATOR, card=CARD))], [job.id])
        self.refused(UnknownJob, self.control.job(OPERATOR, "0"))

    def test_cancel(self) -> None:
        """
        A job can be cancelled until it has ended.
        """
        card, _ = self.visit()
        for job in (self.submit(card), self.submit(ANOTHER)):
            self.assertEqual(self.successResultOf(self.control.cancel(OPERATOR, job.id)).state, JobState.CANCELLED)
            self.refused(Conflict, self.control.cancel(OPERATOR, job.id))

    def test_cancelElsewhere(self) -> None:
        """
        A job that another gateway is doing cannot be cancelled here.
        """
        job = self.queue(state=JobState.RUNNING, node="there")
        self.refused(Conflict, self.control.cancel(OPERATOR, job.id))

    def test_answer(self) -> None:
        """
        A question is answered once.
        """
        card, _ = self.visit()
        job = self.submit(card)
        self.refused(NotAsking, self.control.answer(OPERATOR, job.id, "x"))
        asking = self.sessions[0].ask(Question("text", "Well?"))
        waiting = self.successResultOf(self.control.job(OPERATOR, job.id))
        self.assertEqual((waiting.state, waiting.question), (JobState.WAITING, Question("text", "Well?")))
        self.successResultOf(self.control.answer(OPERATOR, job.id, "well"))
        self.assertEqual(self.successResultOf(asking), "well")
        self.refused(NotAsking, self.control.answer(OPERATOR, job.id, "well"))

    def test_disconnect(self) -> None:
        """
        A card is sent away.
        """
        card, _ = self.visit()
        self.successResultOf(self.control.disconnect(OPERATOR, card))
        self.assertEqual(self.audit(), [("token:anna", "card.disconnect")])
        self.refused(UnknownCard, self.control.disconnect(OPERATOR, "00000000"))

    def test_guest(self) -> None:
        """
        Who has the code of a card may manage this card and no other, and sees nobody else's jobs.
        """
        channel, _ = self.arrive("manage")
        code = channel.events[-1].split("Code: ")[1].split("\n")[0]
        other, _ = self.visit()
        self.refused(WrongCode, self.control.claim("WRONG1", "127.0.0.1"))
        claim = self.successResultOf(self.control.claim(code, "127.0.0.1"))
        guest = self.successResultOf(self.control.authenticate(claim.token))
        card = claim.card.id
        self.assertEqual([each.id for each in self.control.cards(guest)], [card])
        self.assertRaises(UnknownCard, self.control.card, guest, other)
        for elsewhere in (other, ANOTHER):
            self.refused(UnknownCard, self.control.submit(guest, JobRequest("test.run", elsewhere, {})))
        strange = self.submit(card)
        self.refused(UnknownJob, self.control.job(guest, strange.id))
        self.refused(UnknownJob, self.control.cancel(guest, strange.id))
        self.gates[-1].callback({})
        own = self.submit(card, who=guest)
        self.assertEqual([job.id for job in self.successResultOf(self.control.jobs(guest))], [own.id])
        self.successResultOf(channel.close())
        self.refused(Unauthenticated, self.control.authenticate(claim.token))

    def test_guestsJobs(self) -> None:
        """
        However many jobs others have on the card, a page of a guest's jobs is full; of other cards there is nothing.
        """
        channel, _ = self.arrive("manage")
        other, _ = self.visit()
        visit = next(iter(self.inventory.visits.values()))
        guest = Principal(f"code:{visit.id}", Role.OPERATOR, visit.id)
        own = [self.submit(visit.id, who=guest).id for _ in range(3)]
        for _ in range(3):
            self.submit(visit.id)

        def page(**query: Any) -> list[str]:
            return [job.id for job in self.successResultOf(self.control.jobs(guest, **query))]

        self.assertEqual((page(limit=2), page(limit=2, before=own[1])), ([own[2], own[1]], [own[0]]))
        self.assertEqual([page(card=card) for card in (visit.id, CARD, other, ANOTHER)], [own[::-1], own[::-1], [], []])
        self.successResultOf(channel.close())

    def test_guestByIdentity(self) -> None:
        """
        What a guest queues is for this visit, however the card is named: it does not wait for the next one.
        """
        channel, _ = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        guest = Principal(f"code:{visit.id}", Role.OPERATOR, visit.id)
        self.submit(CARD, who=guest)
        later = self.submit(CARD, who=guest)
        self.successResultOf(channel.close())
        self.gates[0].callback({})
        self.assertEqual(self.state(later.id), JobState.FAILED)

    def test_guestsOutbox(self) -> None:
        """
        A guest sees what this card has given while it was here, and nothing else: a card may claim to be any other.
        """
        _, _ = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        guest = Principal(f"code:{visit.id}", Role.OPERATOR, visit.id)
        tools = self.jobs.tools
        self.jobs.tools = evolve(tools, outbox=self.control.outbox_)  # type: ignore[attr-defined]
        self.submit(visit.id, who=guest)
        keep = self.store.outbox.keep
        strange = [self.successResultOf(keep(Parcel("notification", card, 1, "h", b"a"), 0.0)).id for card in (CARD, ANOTHER)]
        own = [
            self.successResultOf(self.sessions[0].outbox.keep(Parcel("notification", CARD, number, "h", b"b"))).id
            for number in (2, 3)
        ]

        def seen(**which: Any) -> list[str]:
            """
            What the guest sees.
            """
            return [entry.id for entry in self.successResultOf(self.control.outbox(guest, **which))]

        self.assertEqual(seen(), own[::-1])
        self.assertEqual((seen(before=own[1]), seen(limit=1), seen(card=CARD)), ([own[0]], [own[1]], own[::-1]))
        self.assertEqual((seen(card=ANOTHER), seen(state=ParcelState.DELIVERED)), ([], []))
        self.assertEqual(len(self.successResultOf(self.control.outbox(OPERATOR))), 4)
        for entry in strange:
            self.refused(UnknownParcel, self.control.give_up(guest, entry))
            self.refused(UnknownParcel, self.control.deliver(guest, entry))
        self.successResultOf(self.control.give_up(guest, own[0]))

    def test_tokens(self) -> None:
        """
        Tokens are made, used and revoked; who did it is in the audit journal.
        """
        secret = self.successResultOf(self.control.add_token(OPERATOR, "bert", Role.VIEWER))
        who = self.successResultOf(self.control.authenticate(secret))
        self.assertEqual((who.name, who.role, who.card), ("token:bert", Role.VIEWER, ""))
        self.assertEqual([token.name for token in self.successResultOf(self.control.tokens())], ["bert"])
        self.successResultOf(self.control.revoke_token(OPERATOR, "bert"))
        self.refused(Unauthenticated, self.control.authenticate(secret))
        self.assertEqual(self.audit(), [("token:anna", "token.add"), ("token:anna", "token.revoke")])

    def test_lists(self) -> None:
        """
        Operations are those that settings enable.
        """
        self.assertEqual([each.name for each in self.control.operations()], sorted(self.names))
        self.assertRaises(MissingPlugin, self.control.operation, "no.such")
        self.assertEqual((self.control.transports(OPERATOR), self.control.health()), ([(TEST, 0)], [HEALTH]))

    def test_transports(self) -> None:
        """
        A guest does not learn how many other cards are here.
        """
        card, _ = self.visit()
        self.visit()
        guest = Principal(f"code:{card}", Role.OPERATOR, card)
        self.assertEqual([self.control.transports(who) for who in (OPERATOR, guest)], [[(TEST, 2)], [(TEST, 1)]])

    def test_transcript(self) -> None:
        """
        Who may see a job may see what was said to its card; the same key is no other way to record it.
        """
        self.visit()
        job = self.submit(CARD, record=REDACTED, key="k")
        self.assertEqual(job.record, REDACTED)
        self.refused(NoTranscript, self.control.transcript(OPERATOR, job.id))
        self.gates[0].callback({})
        found = self.successResultOf(self.control.transcript(OPERATOR, job.id))
        self.assertIn("# TRANSPORT: test\n", found.text)
        guest = Principal("code:00000000", Role.OPERATOR, "00000000")
        self.refused(UnknownJob, self.control.transcript(guest, job.id))
        self.refused(UnknownJob, self.control.transcript(OPERATOR, "none"))
        request = JobRequest("test.again", CARD, {}, key="k", record=WHOLE)
        self.refused(Conflict, self.control.submit(OPERATOR, request))

    def test_transcriptAtOnce(self) -> None:
        """
        Who sees that a job has ended gets its transcript, though that is written down only now.
        """
        self.visit()
        written: Deferred[None] = Deferred()

        async def save(endings: Endings, job: Job) -> None:
            await written

        self.patch(Endings, "save", save)
        job = self.submit(CARD, record=REDACTED)
        self.gates[0].callback({})
        self.assertEqual(self.successResultOf(self.control.job(OPERATOR, job.id)).state, JobState.DONE)
        found = self.control.transcript(OPERATOR, job.id)
        self.assertNoResult(found)
        written.callback(None)
        self.assertIn("done", self.successResultOf(found).text)
