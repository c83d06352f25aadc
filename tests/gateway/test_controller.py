# -*- test-case-name: tests.gateway.test_controller -*-
"""
L{cardgw.gateway.controller}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.errors import MissingPlugin, OperationRefused, ParameterError
from cardgw.gateway.control import Control, JobRequest
from cardgw.gateway.controller import Controller
from cardgw.gateway.faults import Conflict, NotAsking, Unauthenticated, UnknownCard, UnknownJob, UnknownParcel, WrongCode
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.records import Health, Job, JobState, Principal, Role
from cardgw.gateway.tokens import Tokens
from cardgw.testing import FakeHTTP
from cardgw.values import Parcel, Question
from tests.gateway.fakes import QuietChannel
from tests.gateway.world import ANOTHER, CARD, OPERATOR, GatewayTestCase, numbers

GUEST = Principal("code:x", Role.OPERATOR, "x")


class ControllerTests(GatewayTestCase):
    """
    What people and programs can do.
    """

    def setUp(self) -> None:
        super().setUp()
        outbox = Outbox(self.store, FakeHTTP(), {}, self.clock, self.hub, numbers())
        tokens = Tokens(self.store, self.clock, numbers())
        controller = Controller(self.inventory, outbox, tokens, self.inventory.claims, list, lambda: [Health("store", True)])
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
        A guest sees what is to be delivered of this card alone.
        """
        _, _ = self.arrive("manage")
        (visit,) = self.inventory.visits.values()
        guest = Principal(f"code:{visit.id}", Role.OPERATOR, visit.id)
        keep = self.store.outbox.keep
        own = self.successResultOf(keep(Parcel("notification", CARD, 1, "h", b"a"), 0.0))
        strange = self.successResultOf(keep(Parcel("notification", ANOTHER, 1, "h", b"a"), 0.0))
        self.assertEqual([entry.id for entry in self.successResultOf(self.control.outbox(guest))], [own.id])
        self.assertEqual(len(self.successResultOf(self.control.outbox(OPERATOR))), 2)
        self.refused(UnknownParcel, self.control.give_up(guest, strange.id))
        self.successResultOf(self.control.give_up(guest, own.id))

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
        self.assertEqual((self.control.transports(), self.control.health()), ([], [Health("store", True)]))
