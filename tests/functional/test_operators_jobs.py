# -*- test-case-name: tests.functional.test_operators_jobs -*-
"""
Jobs of operators, over loopback: questions, cancellation, cards that are not here yet, and cards that vanish.
"""

from __future__ import annotations

from cardgw.transports.estk.wire import Tag
from cardgw.virtual.smdp_web import Misbehaviour
from tests.functional.download import has_session
from tests.functional.operators import NEW, ONE, TWO, OperatorsTestCase, activation_code, identity, until

CONFIRMATION = "0815-4711"
FETCH = "getBoundProfilePackage"
NICKNAME = b"\xbf\x29"
"""Tag of a request of ES10c.SetNickname."""
DELETE = b"\xbf\x33"
"""Tag of a request of ES10c.DeleteProfile."""


class QuestionTests(OperatorsTestCase):
    """
    A job needs an answer.
    """

    async def test_confirmationCode(self) -> None:
        """
        A download that turns out to need a confirmation code waits for it; anybody may give it, once, and nobody gets to see it.
        """
        await self.start()
        self.order(confirmation_code=CONFIRMATION)
        card = self.card()
        await self.managed(card)
        first, second = await self.operator("first"), await self.operator("second")
        feed = await second.follow(kind="job")
        job = await self.submit(identity(card), "profile.download", api=first, activation_code=activation_code("P-1"))
        waiting = await self.job(job, "waiting")
        question = waiting["question"]
        self.assertEqual((question["kind"], question["secret"], question["facts"]["iccid"]), ("confirmation-code", True, NEW))
        told = await until(lambda: feed.find("job.waiting"))
        self.assertEqual((told.data["job"], told.data["question"]), (job["id"], question))
        path = f"jobs/{job['id']}/answer"
        self.assertEqual((await self.with_token("").post(path, {"answer": CONFIRMATION})).refusal, (401, "token-needed"))
        answered = (await second.post(path, {"answer": CONFIRMATION})).only(200)
        self.assertIsNone(answered["question"])
        self.assertEqual((await first.post(path, {"answer": CONFIRMATION})).refusal, (409, "not-asking"))
        done = await self.job(job)
        self.assertEqual((done["state"], done["result"]["iccid"]), ("done", NEW))
        await until(lambda: feed.find("job.ended"))
        audit = await self.api.items("audit")
        noted = [(each["who"], each["action"]) for each in audit[:2]]
        self.assertEqual(noted, [("token:second", "job.answer"), ("token:first", "job.submit")])
        everything = str([done, audit, [each.data for each in feed.events], self.gateway.events])
        self.assertNotIn(CONFIRMATION, everything)
        self.assertNotIn("P-1", everything)
        feed.stop()

    async def test_wrongConfirmationCode(self) -> None:
        """
        A wrong answer costs one try, the job fails and says so, and the eUICC's session is cancelled.
        """
        await self.start()
        order = self.order(confirmation_code=CONFIRMATION)
        card = self.card()
        await self.managed(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await self.job(job, "waiting")
        (await self.api.post(f"jobs/{job['id']}/answer", {"answer": "1"})).only(200)
        failed = await self.job(job)
        self.assertEqual((failed["state"], failed["error"]["code"], order.wrong_codes), ("failed", "es9", 1))
        self.assertIn("confirmation code", str(failed["error"]).lower())
        self.assertEqual([each.iccid for each in card.profiles], [ONE, TWO])
        self.assertEqual((await self.run_job(identity(card), "lpa.info"))["eidValue"], card.eid.hex())

    async def test_unanswered(self) -> None:
        """
        A question that nobody answers is withdrawn in time, and the session is cancelled on both sides.
        """
        await self.start("[jobs]\nanswer_timeout = 0.2\n")
        self.order(confirmation_code=CONFIRMATION)
        card = self.card()
        await self.managed(card)
        code = await self.failed_job(identity(card), "profile.download", activation_code=activation_code("P-1"))
        self.assertEqual(code, "confirmation-code-needed")
        (cancelled,) = self.smdp.cancellations
        self.assertTrue(cancelled.verified)
        self.assertFalse(has_session(card, bytes.fromhex(cancelled.transaction_id)))

    async def test_consent(self) -> None:
        """
        Disabling the profile that carries the connection is asked about: no changes nothing, yes does it.
        """
        await self.start()
        card = self.card()
        phone, _ = await self.managed(card)
        for answer, state in (("no", "enabled"), ("Yes", "disabled")):
            job = await self.submit(identity(card), "lpa.disable", profile=ONE)
            question = (await self.job(job, "waiting"))["question"]
            self.assertEqual((question["kind"], question["secret"], question["facts"]["iccid"]), ("consent", False, ONE))
            (await self.api.post(f"jobs/{job['id']}/answer", {"answer": answer})).only(200)
            ended = await self.job(job)
            self.assertEqual(card.profiles[0].state, state, ended)
        self.assertEqual((ended["state"], ended["result"]["confirmed"]), ("done", True))
        self.assertTrue((await phone.done).rebooted)


class CancelTests(OperatorsTestCase):
    """
    Somebody thinks better of it.
    """

    async def test_running(self) -> None:
        """
        A download that is cancelled in its midst leaves no session behind, neither on the card nor at the server; the card stays.
        """
        await self.start()
        self.order()
        self.server.web.misbehave[FETCH] = Misbehaviour(silent=True)
        card = self.card()
        phone, _ = await self.managed(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        behind = await self.submit(identity(card), "lpa.info")
        await until(lambda: self.server.web.requests[FETCH])
        queued = (await self.api.post(f"jobs/{behind['id']}/cancel")).only(200)
        self.assertEqual((queued["state"], queued["started"], queued["error"]["detail"]), ("cancelled", None, "by token:admin"))
        cancelled = (await self.api.post(f"jobs/{job['id']}/cancel")).only(200)
        self.assertEqual((cancelled["state"], cancelled["error"]["code"]), ("cancelled", "operation-cancelled"))
        (session,) = self.smdp.cancellations
        self.assertTrue(session.verified)
        self.assertFalse(has_session(card, bytes.fromhex(session.transaction_id)))
        self.assertEqual((await self.api.post(f"jobs/{job['id']}/cancel")).refusal, (409, "conflict"))
        self.server.web.misbehave.clear()
        await self.run_job(identity(card), "profile.download", activation_code=activation_code("P-1"))
        self.assertEqual((await self.api.get(f"jobs/{behind['id']}")).only(200)["state"], "cancelled")
        self.assertFalse(phone.done.called)

    async def test_waiting(self) -> None:
        """
        A job that waits for an answer can be cancelled too.
        """
        await self.start()
        self.order(confirmation_code=CONFIRMATION)
        card = self.card()
        await self.managed(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await self.job(job, "waiting")
        cancelled = (await self.api.post(f"jobs/{job['id']}/cancel")).only(200)
        self.assertEqual((cancelled["state"], cancelled["question"]), ("cancelled", None))
        self.assertEqual(len(self.smdp.cancellations), 1)


class AbsentTests(OperatorsTestCase):
    """
    Work for cards that are not here.
    """

    async def test_nextVisit(self) -> None:
        """
        A job for a card that is not here is done when it comes, whatever it comes for.
        """
        await self.start()
        card = self.card()
        visits = ((Tag.DOWNLOAD_PROFILE, "/help"), (Tag.PROCESS_NOTIFICATION, ""), (Tag.REMOTE_MANAGEMENT, ""))
        for tag, text in visits:
            job = await self.submit(identity(card), "lpa.nickname", profile=TWO, nickname=f"by {tag:02x}")
            other = await self.submit(identity(self.card(2)), "lpa.info")
            self.assertEqual((job["state"], job["channel"]), ("queued", None))
            phone = await self.dial(card, tag, text)
            done = await self.job(job)
            self.assertEqual((done["state"], card.profiles[1].nickname), ("done", f"by {tag:02x}"), done)
            self.assertEqual((await self.api.get(f"jobs/{other['id']}")).only(200)["state"], "queued")
            if tag == Tag.REMOTE_MANAGEMENT:
                phone.say_goodbye()
            self.assertTrue((await phone.done).goodbye)

    async def test_whileServed(self) -> None:
        """
        A job for a card that is being served what it asked for itself comes after that.
        """
        await self.start()
        self.order()
        self.server.web.misbehave["initiateAuthentication"] = Misbehaviour(delay=0.3)
        card = self.card()
        phone = await self.dial(card, Tag.DOWNLOAD_PROFILE, activation_code("P-1"))
        (here,) = await until(lambda: self.api.items("cards"))
        self.assertIsNone(here["identity"])
        job = await self.submit(here["id"], "lpa.enable", profile=TWO)
        outcome = await phone.done
        told = "Installed: Example Example profile. Enable it in the profile menu.\nEnabled: Example Two. The card restarts now."
        self.assertEqual((outcome.boxes, outcome.rebooted, (await self.job(job))["state"]), ((told,), True, "done"))

    async def test_boxes(self) -> None:
        """
        What a card asked for itself comes first; its holder reads what came of all of it at the end, in one text.
        """
        await self.start()
        card = self.card()
        job = await self.submit(identity(card), "lpa.enable", profile=TWO)
        outcome = await self.visit(card, Tag.PROCESS_NOTIFICATION)
        self.assertEqual(outcome.boxes, ("There are no notifications.\nEnabled: Example Two. The card restarts now.",))
        self.assertTrue(outcome.rebooted)
        self.assertEqual((await self.job(job))["state"], "done")

    async def test_fair(self) -> None:
        """
        Who wants much done does not keep others from their turn.
        """
        await self.start()
        card = self.card()
        first, second = await self.operator("first"), await self.operator("second")
        jobs = [await self.submit(identity(card), "lpa.info", api=api) for api in (first, first, first, second)]
        await self.managed(card)
        for job in jobs:
            await self.job(job)
        begun = sorted(await self.api.items("jobs", card=identity(card)), key=lambda each: each["started"])
        self.assertEqual([each["requester"][-6:] for each in begun], [":first", "second", ":first", ":first"])


class VanishTests(OperatorsTestCase):
    """
    The card is lost in the midst of a job.
    """

    async def test_lost(self) -> None:
        """
        What can be repeated waits for the card's next visit, and is done then; anything else has failed.
        """
        await self.start()
        card = self.card()
        phone, _ = await self.managed(card)
        phone.leave_at = NICKNAME
        repeatable = await self.submit(identity(card), "lpa.nickname", profile=TWO, nickname="again")
        await phone.done
        queued = await self.job(repeatable, "queued")
        self.assertEqual((queued["runs"], queued["channel"], queued["error"]["code"]), (1, None, "peer-lost"))
        phone, _ = await self.managed(card)
        done = await self.job(repeatable)
        self.assertEqual((done["state"], done["runs"], card.profiles[1].nickname), ("done", 2, "again"))
        phone.leave_at = DELETE
        other = await self.submit(identity(card), "lpa.delete", confirm=True, profile=TWO)
        failed = await self.job(other)
        self.assertEqual((failed["state"], failed["error"]["code"]), ("failed", "peer-lost"))
        await phone.done
        await self.visit(card, Tag.PROCESS_NOTIFICATION)
        self.assertEqual((await self.job(other))["state"], "failed")
        self.assertEqual(len(card.profiles), 2)

    async def test_lostWhileAsking(self) -> None:
        """
        A card is lost while its job waits for an answer: nobody is asked any more.  Jobs that were queued behind share its fate.
        """
        await self.start()
        self.order(confirmation_code=CONFIRMATION)
        card = self.card()
        phone, _ = await self.managed(card)
        (here,) = await self.api.items("cards")
        download = await self.submit(here["id"], "profile.download", activation_code=activation_code("P-1"))
        info = await self.submit(here["id"], "lpa.info")
        delete = await self.submit(here["id"], "lpa.delete", confirm=True, profile=TWO)
        await self.job(download, "waiting")
        phone.drop()
        self.assertEqual((await self.job(delete))["error"]["code"], "peer-lost")
        for job in (download, info):
            waiting = await self.job(job, "queued")
            self.assertEqual((waiting["channel"], waiting["question"]), (None, None))
        await self.managed(card)
        await self.job(download, "waiting")
        (await self.api.post(f"jobs/{download['id']}/answer", {"answer": CONFIRMATION})).only(200)
        for job in (download, info):
            self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([each.iccid for each in card.profiles], [ONE, TWO, NEW])

    async def test_cameAgain(self) -> None:
        """
        A card dials in anew before the loss of its old connection was noticed: what is asked of it is done over the new one, and
        what broke off with the old one too.
        """
        await self.start()
        self.order(confirmation_code=CONFIRMATION)
        card = self.card()
        old, _ = await self.managed(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await self.job(job, "waiting")
        await self.managed(card)
        await self.run_job(identity(card), "lpa.nickname", profile=TWO, nickname="new")
        old.drop()
        await until(lambda: self._alone(job["id"]))
        await self.job(job, "waiting")
        (await self.api.post(f"jobs/{job['id']}/answer", {"answer": CONFIRMATION})).only(200)
        done = await self.job(job)
        self.assertEqual((done["state"], done["runs"], card.profiles[-1].iccid), ("done", 2, NEW))

    async def _alone(self, job: str) -> bool:
        return [each["job"] for each in await self.api.items("cards")] == [job]
