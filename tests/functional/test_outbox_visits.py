# -*- test-case-name: tests.functional.test_outbox_visits -*-
"""
What providers are to hear, over loopback: kept while their server is away, delivered without the card, tidied up at its next
visit; what card holders do on their phones; and what is left of it all when the service was ended meanwhile.
"""

from __future__ import annotations

import signal

from cardgw.lpa.profile_states import DISABLE_PROFILE, delete_request, switch_request
from cardgw.lpa.profiles import Profile
from cardgw.transports.estk.wire import Tag
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.profile_package import pack_iccid
from cardgw.virtual.smdp_web import Misbehaviour
from tests.functional.api_client import Json
from tests.functional.operators import NEW, ONE, TWO, OperatorsTestCase, activation_code, heard, identity, until

NOTIFY = "handleNotification"
DOWN = Misbehaviour(drop=True)
TIDY = "notifications.send-all"


def on_the_phone(card: VirtualEuicc, *requests: bytes) -> None:
    """
    The holder uses the LPA on the phone, which sends no notifications.
    """
    for request in requests:
        answer = card.transmit(b"\x80\xe2\x91\x00" + bytes((len(request),)) + request)
        assert answer[0] == 0x61, answer.hex()


def changed(card: VirtualEuicc) -> None:
    """
    The holder disables one profile and deletes the other: that gives the notifications 0 and 1.
    """
    one, two = (Profile(each, b"", "", stored_iccid=pack_iccid(each, swapped=True)) for each in (ONE, TWO))
    on_the_phone(card, switch_request(DISABLE_PROFILE, one, refresh=False), delete_request(two))


class OutboxTestCase(OperatorsTestCase):
    """
    Looks at the outbox.
    """

    async def entries(self, **query: str) -> list[Json]:
        """
        What is in it, the oldest first.
        """
        return (await self.api.items("outbox", **query))[::-1]

    def up(self) -> None:
        """
        The SM-DP+ is back.
        """
        self.server.web.misbehave.clear()


class LaterTests(OutboxTestCase):
    """
    A server is away for a while.
    """

    async def test_downloaded(self) -> None:
        """
        At the end of a download the SM-DP+ is away: the holder reads that it will be told later.  It is, once, without the card,
        whose copy is removed at its next visit.
        """
        await self.start()
        self.order()
        self.server.web.misbehave[NOTIFY] = DOWN
        card = self.card()
        outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, activation_code("P-1"))
        told = "Installed: Example Example profile. Enable it in the profile menu. The provider will be told later."
        self.assertEqual(outcome.boxes, (told,))
        (waiting,) = await self.entries()
        self.assertEqual((waiting["state"], waiting["on_card"], waiting["attempts"]), ("waiting", True, 1))
        self.assertEqual((waiting["facts"], waiting["card"]), ({"event": "install", "iccid": NEW}, identity(card)))
        self.up()
        delivered = (await self.api.post(f"outbox/{waiting['id']}/deliver")).only(200)
        self.assertEqual((delivered["state"], delivered["attempts"], delivered["on_card"]), ("delivered", 2, True))
        self.assertEqual((heard(self.smdp), len(card.notifications)), ([(0, True)], 1))
        (job,) = await until(lambda: self.api.items("jobs", operation=TIDY))
        self.assertEqual((job["requester"], job["state"], job["card"]), ("gateway", "queued", identity(card)))
        await self.visit(card, Tag.DOWNLOAD_PROFILE, "/help")
        tidied = await self.job(job)
        self.assertEqual((tidied["state"], [each["iccid"] for each in tidied["result"]["removed"]]), ("done", [NEW]))
        (entry,) = await self.entries()
        self.assertEqual((entry["on_card"], card.notifications, len(heard(self.smdp))), (False, [], 1))

    async def test_stillDown(self) -> None:
        """
        An attempt that fails is counted and its reason shown; what somebody gives up is not tried any more, whoever asks for it.
        """
        await self.start()
        self.server.web.misbehave[NOTIFY] = DOWN
        card = self.card()
        changed(card)
        outcome = await self.visit(card, Tag.PROCESS_NOTIFICATION)
        self.assertEqual(outcome.boxes, ("2 notifications could not be sent and are tried again later.",))
        first, second = await self.entries(state="waiting")
        self.assertEqual([first["attempts"], second["attempts"]], [1, 0])
        tried = (await self.api.post(f"outbox/{first['id']}/deliver")).only(200)
        self.assertEqual((tried["state"], tried["attempts"]), ("waiting", 2))
        self.assertTrue(tried["reason"])
        given_up = (await self.api.post(f"outbox/{first['id']}/give-up")).only(200)
        self.assertEqual(given_up["state"], "given-up")
        self.assertEqual((await self.api.post(f"outbox/{first['id']}/give-up")).refusal, (409, "conflict"))
        self.up()
        outcome = await self.visit(card, Tag.PROCESS_NOTIFICATION)
        self.assertEqual(outcome.boxes, ("1 notification sent, 1 was left as it is.",))
        self.assertEqual([number for number, _ in heard(self.smdp)], [second["number"]])

    async def test_refused(self) -> None:
        """
        What its server will never take is not tried again.
        """
        await self.start()
        card = self.card()
        changed(card)
        self.smdp.fail_next(NOTIFY, "8.10.1", "3.9")
        outcome = await self.visit(card, Tag.PROCESS_NOTIFICATION)
        self.assertEqual(outcome.boxes, ("1 notification sent, 1 was refused by its server.",))
        refused, delivered = await self.entries()
        self.assertEqual((refused["state"], delivered["state"]), ("refused", "delivered"))

    async def test_again(self) -> None:
        """
        What was delivered is delivered again where somebody wants it, and never otherwise.
        """
        await self.start()
        card = self.card()
        changed(card)
        for box in ("2 notifications sent.", "1 notification was sent before."):
            outcome = await self.visit(card, Tag.PROCESS_NOTIFICATION)
            self.assertEqual(outcome.boxes, (box,))
        (_, entry) = await self.entries(state="delivered")
        self.assertEqual((entry["facts"]["event"], entry["on_card"], entry["remove"]), ("delete", True, False))
        await self.api.post(f"outbox/{entry['id']}/deliver")
        self.assertEqual(heard(self.smdp), [(0, True), (1, True), (1, True)])
        self.assertEqual(await self.api.items("jobs", operation=TIDY, state="queued"), [])
        self.assertEqual(len(await self.api.items("notifications", card=identity(card))), 2)


class TypedTests(OutboxTestCase):
    """
    A card holder types commands in place of an activation code.
    """

    async def test_commands(self) -> None:
        """
        C{/ln} lists, C{/process} sends and leaves; others help, list and switch profiles.
        """
        await self.start()
        card = self.card()
        changed(card)
        first, last = f"{ONE[:5]}...{ONE[-4:]}", f"{TWO[:5]}...{TWO[-4:]}"
        texts = {
            "/ln": f"Seq ICCID Operation\n1 {last} delete\n0 {first} disable",
            "/LN disable": f"Seq ICCID Operation\n0 {first} disable",
            "/process 0": "Notification 0 was delivered. It stays on the card.",
            "/process 7": "The card has no notification with this number.",
            "/profiles": f"1 Example One {first}\nNone is enabled.",
        }
        for text, box in texts.items():
            outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, text)
            self.assertEqual((outcome.boxes, outcome.goodbye), ((box,), True))
        self.assertEqual((heard(self.smdp), len(card.notifications)), ([(0, True)], 2))
        for text, part in (("/help", "/process <number>"), ("/ls", "/ln")):
            outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, text)
            self.assertIn(part, "".join(outcome.boxes))
        outcome = await self.visit(card, Tag.DOWNLOAD_PROFILE, "/enable 1")
        self.assertEqual((outcome.boxes, outcome.rebooted), (("Enabled: Example One. The card restarts now.",), True))


class RestartTests(OutboxTestCase):
    """
    The service is ended, and started again.
    """

    async def test_events(self) -> None:
        """
        Who comes back with the last event that it knows misses nothing; after a restart it is told that something may be missing.
        """
        await self.start()
        card = self.card()
        feed = await self.api.follow(kind="job")
        first = await self.submit(identity(card), "lpa.info")
        known = await until(lambda: feed.find("job.queued"))
        feed.stop()
        phone, _ = await self.managed(card)
        await self.job(first)
        again = await self.api.follow(known.id, kind="job,card")
        await until(lambda: again.find("job.ended"))
        missed = [each for each in again.kinds if each != "job.stage"]
        self.assertEqual(missed, ["card.arrived", "card.identified", "job.started", "job.ended"])
        self.assertEqual(await self.gateway.stop(), -signal.SIGTERM)
        self.assertTrue((await phone.done).goodbye)
        await until(lambda: again.ended)
        self.restart()
        last = await self.api.follow(again.events[-1].id)
        await until(lambda: last.events)
        self.assertEqual(last.kinds, ["gap"])
        last.stop()

    async def test_kept(self) -> None:
        """
        Jobs that wait, tokens and the outbox outlast the service.
        """
        await self.start()
        self.server.web.misbehave[NOTIFY] = DOWN
        card = self.card()
        changed(card)
        await self.visit(card, Tag.PROCESS_NOTIFICATION)
        job = await self.submit(identity(card), "lpa.nickname", profile=ONE, nickname="kept")
        await self.gateway.stop()
        self.restart()
        self.up()
        self.assertEqual((await self.job(job, "queued"))["runs"], 0)
        waiting = await self.entries(state="waiting")
        self.assertEqual(len(waiting), 2)
        await self.visit(card, Tag.PROCESS_NOTIFICATION)
        self.assertEqual(((await self.job(job))["state"], card.profiles[0].nickname), ("done", "kept"))
        self.assertEqual((heard(self.smdp), await self.entries(state="waiting")), ([(0, True), (1, True)], []))

    async def test_killed(self) -> None:
        """
        The service is killed in the midst of a download: the job waits again, and is done when the card comes back.
        """
        await self.start()
        self.order()
        self.server.web.misbehave["getBoundProfilePackage"] = Misbehaviour(silent=True)
        card = self.card()
        phone, _ = await self.managed(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await until(lambda: self.server.web.requests["getBoundProfilePackage"])
        await self.gateway.stop(signal.SIGKILL)
        await phone.done
        self.up()
        self.restart()
        self.assertEqual((await self.job(job, "queued"))["runs"], 1)
        await self.managed(card)
        done = await self.job(job)
        self.assertEqual((done["state"], done["runs"], done["result"]["notification"]), ("done", 2, "delivered"))
        self.assertEqual(([each.iccid for each in card.profiles], card.notifications), ([ONE, TWO, NEW], []))
