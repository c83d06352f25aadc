# -*- test-case-name: tests.functional.test_operators -*-
"""
Operators and the cards that stay for them: the service, its HTTP API, an SM-DP+ and phones, all over loopback.
"""

from __future__ import annotations

import signal

from cardgw.errors import GatewayStopping
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.smdp_web import Misbehaviour
from tests.functional.api_client import Api
from tests.functional.operators import HOST, NEW, ONE, TWO, OperatorsTestCase, activation_code, heard, identity, reactor, until

ENDED = "Remote management has ended."


class ClaimTests(OperatorsTestCase):
    """
    A card holder reads a code to somebody.
    """

    async def test_guest(self) -> None:
        """
        Whoever has the code sees and manages this card and no other, as long as it is here; the code is good once.
        """
        await self.start()
        first, second, absent = (self.card(number) for number in (1, 2, 3))
        (phone, code), _ = await self.managed(first), await self.managed(second)
        cards = await self.api.items("cards")
        self.assertEqual(
            [(each["identity"], each["managed"]) for each in cards], [(identity(first), True), (identity(second), True)]
        )
        own, other = (each["id"] for each in cards)
        nobody = self.with_token("")
        claimed = (await nobody.post("claims", {"code": f" {code[:3].lower()}-{code[3:]}"})).only(201)
        self.assertEqual(claimed["card"]["id"], own)
        self.assertEqual((await nobody.post("claims", {"code": code})).refusal, (403, "wrong-code"))
        guest = self.with_token(claimed["token"])
        self.assertEqual((await guest.get("whoami")).only(200)["card"], own)
        self.assertEqual([each["id"] for each in await guest.items("cards")], [own])
        for path in (f"cards/{other}", f"cards/{identity(second)}"):
            self.assertEqual((await guest.get(path)).refusal, (404, "unknown-card"))
            self.assertEqual((await guest.delete(path)).refusal, (404, "unknown-card"))
        for target in (other, identity(second), identity(absent)):
            body = {"operation": "lpa.info", "card": target}
            self.assertEqual((await guest.post("jobs", body)).refusal, (404, "unknown-card"))
        for path in ("tokens", "audit"):
            self.assertEqual((await guest.get(path)).refusal, (403, "forbidden"))
        hidden = await self.submit(own, "lpa.info")
        self.assertEqual((await guest.get(f"jobs/{hidden['id']}")).refusal, (404, "unknown-job"))
        result = await self.run_job(own, "lpa.profiles", api=guest)
        self.assertEqual([each["iccid"] for each in result["profiles"]], [ONE, TWO])
        self.assertEqual([each["operation"] for each in await guest.items("jobs")], ["lpa.profiles"])
        phone.say_goodbye()
        await phone.done
        await until(lambda: self._refused(guest))

    async def _refused(self, guest: Api) -> bool:
        return (await guest.get("whoami")).status == 401

    async def test_guesses(self) -> None:
        """
        After five wrong codes the right one is not looked at either, and the answer says when to come again.
        """
        await self.start()
        _, code = await self.managed(self.card())
        nobody = self.with_token("")
        for _ in range(5):
            self.assertEqual((await nobody.post("claims", {"code": "AAAAAA"})).refusal, (403, "wrong-code"))
        refused = await nobody.post("claims", {"code": code})
        self.assertEqual(refused.refusal, (429, "too-often"))
        self.assertEqual(await self.api.items("audit"), [])


class ManagementTests(OperatorsTestCase):
    """
    An operator's day.
    """

    async def test_operations(self) -> None:
        """
        All that an LPA does is done to a card that stays, by jobs; after enabling and disabling it is started anew (FB).
        """
        await self.start()
        self.order()
        card = self.card()
        phone, _ = await self.managed(card)
        here = identity(card)
        info = await self.run_job(here, "lpa.info")
        self.assertEqual(info["eidValue"], card.eid.hex())
        await self.run_job(here, "lpa.nickname", profile=TWO, nickname="Zoë")
        await self.run_job(here, "lpa.default-smdp", address="SMDP.example.test")
        self.assertEqual(card.default_smdp, HOST)
        installed = await self.run_job(here, "profile.download", activation_code=activation_code("P-1"))
        self.assertEqual((installed["iccid"], installed["notification"]), (NEW, "delivered"))
        self.assertEqual((await self.run_job(here, "notifications.list"))["notifications"], [])
        listed = (await self.run_job(here, "lpa.profiles"))["profiles"]
        self.assertEqual([each["iccid"] for each in listed], [ONE, TWO, NEW])
        self.assertEqual(listed[1]["profileNickname"], "Zoë")
        enabled = await self.run_job(here, "lpa.enable", profile="Zoë")
        self.assertEqual((enabled["replaced"], enabled["notifications"]["delivered"]), (ONE, 2))
        outcome = await phone.done
        self.assertEqual((outcome.rebooted, outcome.boxes[-1]), (True, "Enabled: Zoe. The card restarts now."))
        await self._second_visit(card)

    async def _second_visit(self, card: VirtualEuicc) -> None:
        phone, _ = await self.managed(card)
        here = identity(card)
        disabled = await self.run_job(here, "lpa.disable", profile="Zoë", accept_offline=True)
        self.assertEqual((disabled["profileState"], disabled["notifications"]["delivered"]), ("disabled", 1))
        self.assertTrue((await phone.done).rebooted)
        await self.managed(card)
        body = {"operation": "lpa.delete", "card": here, "parameters": {"profile": "Zoë"}}
        self.assertEqual((await self.api.post("jobs", body)).refusal, (409, "confirmation-needed"))
        deleted = await self.run_job(here, "lpa.delete", confirm=True, profile="Zoë")
        self.assertEqual(deleted["iccid"], TWO)
        (kept,) = (await self.run_job(here, "notifications.list"))["notifications"]
        self.assertEqual((kept["profileManagementOperation"], kept["delivered"]), ("delete", True))
        number = kept["seqNumber"]
        before = len(heard(self.smdp))
        self.assertEqual(len((await self.run_job(here, "notifications.send-all"))["kept"]), 1)
        self.assertEqual(len(heard(self.smdp)), before)
        self.assertEqual(len((await self.run_job(here, "notifications.send", numbers=[number]))["delivered"]), 1)
        self.assertEqual(heard(self.smdp)[before:], [(number, True)])
        removed = await self.run_job(here, "notifications.remove", confirm=True, numbers=[number])
        self.assertEqual([each["seqNumber"] for each in removed["removed"]], [number])
        script = await self.run_job(here, "apdu.script", confirm=True, script="80E2910003BF2000")
        self.assertIn("BF20", str(script).upper())
        await self.run_job(here, "lpa.reset", confirm=True, operational=True, default_smdp=True, accept_offline=True)
        self.assertEqual([each["iccid"] for each in (await self.run_job(here, "lpa.profiles"))["profiles"]], [])


class EndTests(OperatorsTestCase):
    """
    A card that stays goes again.
    """

    async def test_operator(self) -> None:
        """
        An operator sends it away: its holder is told.
        """
        await self.start()
        phone, _ = await self.managed(self.card())
        (here,) = await self.api.items("cards")
        (await self.api.delete(f"cards/{here['id']}")).only(202)
        outcome = await phone.done
        self.assertEqual((outcome.boxes[1:], outcome.goodbye), ((ENDED,), True))
        await until(self._empty)
        (noted,) = await self.api.items("audit")
        self.assertEqual((noted["who"], noted["action"], noted["target"]), ("token:admin", "card.disconnect", here["id"]))

    async def test_operatorWhileBusy(self) -> None:
        """
        An operator sends a card away on which something runs: that is cancelled first.
        """
        await self.start()
        self.order()
        self.server.web.misbehave["getBoundProfilePackage"] = Misbehaviour(silent=True)
        card = self.card()
        phone, _ = await self.managed(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await until(lambda: self.server.web.requests["getBoundProfilePackage"])
        (await self.api.delete(f"cards/{identity(card)}")).only(202)
        self.assertTrue((await phone.done).goodbye)
        self.assertEqual((await self.job(job))["state"], "cancelled")
        self.assertEqual(len(self.smdp.cancellations), 1)

    async def test_holder(self) -> None:
        """
        Its holder ends it (FC), and nobody calls that a failure.
        """
        await self.start()
        phone, _ = await self.managed(self.card())
        feed = await self.api.follow(kind="card")
        phone.say_goodbye()
        self.assertTrue((await phone.done).goodbye)
        gone = await until(lambda: feed.find("card.gone"))
        self.assertIsNone(gone.data["reason"])
        feed.stop()

    async def test_idle(self) -> None:
        """
        Nobody comes: it is sent away.
        """
        await self.start("[management]\nidle_timeout = 0.3\n")
        phone, _ = await self.managed(self.card())
        outcome = await phone.done
        self.assertEqual((outcome.boxes[1:], outcome.goodbye), ((ENDED,), True))

    async def test_stop(self) -> None:
        """
        The service is stopped: a card that only waits does not hold it up for the time of grace, and its holder is told.
        """
        await self.start()
        phone, _ = await self.managed(self.card())
        before = reactor.seconds()
        self.assertEqual(await self.gateway.stop(), -signal.SIGTERM)
        self.assertLess(reactor.seconds() - before, 15)
        outcome = await phone.done
        self.assertEqual((outcome.boxes[1:], outcome.goodbye), ((GatewayStopping().brief,), True))

    async def _empty(self) -> bool:
        return await self.api.items("cards") == []
