# -*- test-case-name: tests.functional.test_pcsc -*-
"""
Cards in readers of this machine: the service, its HTTP API, an SM-DP+, pcscd, and software eUICCs in virtual readers.
"""

from __future__ import annotations

from cardgw.virtual.smdp_web import Misbehaviour
from cardgw.virtual.vicc import Manners
from tests.functional.api_client import Json
from tests.functional.operators import NEW, ONE, activation_code, heard, identity, until
from tests.functional.pcsc import PcscTestCase


class DayTests(PcscTestCase):
    """
    All goes well.
    """

    async def test_operations(self) -> None:
        """
        A card that is put in is identified and stays; all that an LPA does is done to it by jobs.  After enabling it is started
        anew, and stays.
        """
        await self.start()
        self.order()
        card = self.euicc()
        vicc = await self.put_in(card)
        shown = await self.here(card)
        self.assertEqual((shown["transport"], shown["request"], shown["atr"]), ("pcsc", "arrival", vicc.atr.hex().upper()))
        self.assertEqual((shown["peer"], shown["managed"]), (self.daemon.names[0], True))
        self.assertEqual((shown["offers"], shown["resets"]), (["SELECT", "logical channels"], ["cold", "warm"]))
        who = identity(card)
        self.assertEqual((await self.run_job(who, "lpa.info"))["eidValue"], card.eid.hex())
        installed = await self.run_job(who, "profile.download", activation_code=activation_code("P-1"))
        self.assertEqual((installed["iccid"], installed["notification"]), (NEW, "delivered"))
        resets = vicc.resets
        enabled = await self.run_job(who, "lpa.enable", profile=NEW)
        self.assertEqual((enabled["replaced"], enabled["notifications"]["delivered"]), (ONE, 2))
        listed = (await self.run_job(who, "lpa.profiles"))["profiles"]
        self.assertEqual([each["iccid"] for each in listed if each["profileState"] == "enabled"], [NEW])
        self.assertEqual((vicc.resets, (await self.here(card))["id"]), (resets + 1, shown["id"]))
        self.assertEqual(self.defects(), [])

    async def test_two(self) -> None:
        """
        Cards in two readers at once have their jobs done at the same time.
        """
        await self.start(readers=2)
        cards = [self.euicc(1), self.euicc(2)]
        for number, card in enumerate(cards):
            self.order(f"P-{number}", number + 1)
            await self.put_in(card, slot=2 * number)
            await self.here(card)
        codes = [activation_code(f"P-{number}") for number in range(2)]
        jobs = [
            await self.submit(identity(card), "profile.download", activation_code=code)
            for card, code in zip(cards, codes, strict=True)
        ]
        for job in jobs:
            self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([len(card.profiles) for card in cards], [3, 3])
        peers = {each["peer"] for each in await self.api.items("cards")}
        self.assertEqual(peers, {self.daemon.names[0], self.daemon.names[2]})

    async def test_names(self) -> None:
        """
        Settings say which readers are used, and what they are called.
        """
        await self.start('readers = ["left"]\n[transports.pcsc.names]\nleft = "*00 01"\n')
        await self.put_in(other := self.euicc(2), slot=0)
        await self.put_in(card := self.euicc(1), slot=1)
        self.assertEqual((await self.here(card))["peer"], "left")
        self.assertEqual([each["identity"] for each in await self.api.items("cards")], [identity(card)], other.eid.hex())

    async def test_comesAndGoes(self) -> None:
        """
        A card that is pulled out is gone; put into whichever reader, it is here again, and what waits for it is done.
        """
        await self.start()
        card = self.euicc()
        vicc = await self.put_in(card)
        first = await self.here(card)
        await self.daemon.pull(vicc)
        await self.nobody()
        job = await self.submit(identity(card), "lpa.info")
        await self.put_in(card, slot=1)
        self.assertEqual((await self.job(job))["state"], "done")
        second = await self.here(card)
        self.assertNotEqual(second["id"], first["id"])
        self.assertEqual(second["peer"], self.daemon.names[1])

    async def test_exchanged(self) -> None:
        """
        A card that is pulled out, with another one put in at once, is another card.
        """
        await self.start()
        card, other = self.euicc(1), self.euicc(2)
        vicc = await self.put_in(card)
        await self.here(card)
        await self.daemon.pull(vicc)
        await self.put_in(other)
        await self.here(other)
        self.assertEqual([each["identity"] for each in await self.api.items("cards")], [identity(other)])

    async def test_arrival(self) -> None:
        """
        Settings can have an operation run on each card of a kind that comes; then it stays, and when it is put in anew, it is run
        anew.
        """
        await self.start('[transports.pcsc.requests]\neuicc = "lpa.info"\n')
        card = self.euicc()
        for count in (1, 2):
            vicc = await self.put_in(card)

            async def done(count: int = count) -> bool:
                return len(await self.api.items("jobs", state="done")) == count

            await until(done)
            self.assertTrue((await self.here(card))["managed"])
            await self.daemon.pull(vicc)
            await self.nobody()
        jobs = await self.api.items("jobs")
        self.assertEqual([(each["operation"], each["card"]) for each in jobs], [("lpa.info", identity(card))] * 2)

    async def test_laterVisit(self) -> None:
        """
        A notification that was delivered when the card had been taken out is tidied up when it is put in again.
        """
        await self.start()
        self.order()
        self.server.web.misbehave["handleNotification"] = Misbehaviour(drop=True)
        vicc = await self.put_in(card := self.euicc())
        await self.here(card)
        await self.run_job(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await self.daemon.pull(vicc)
        await self.nobody()
        (waiting,) = await self.api.items("outbox")
        self.assertEqual((waiting["state"], waiting["on_card"]), ("waiting", True))
        self.server.web.misbehave.clear()
        (await self.api.post(f"outbox/{waiting['id']}/deliver")).only(200)
        self.assertEqual((heard(self.smdp), len(card.notifications)), ([(0, True)], 1))
        (job,) = await until(lambda: self.api.items("jobs", operation="notifications.send-all"))
        await self.put_in(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual((card.notifications, len(heard(self.smdp))), ([], 1))

    async def test_disconnect(self) -> None:
        """
        An operator can send a card away.
        """
        await self.start()
        await self.put_in(card := self.euicc())
        shown = await self.here(card)
        self.assertLess((await self.api.delete(f"cards/{shown['id']}")).status, 300)
        await self.nobody()

    async def test_stop(self) -> None:
        """
        When the service stops, it ends, and the card can be used by others.
        """
        await self.start()
        await self.put_in(card := self.euicc())
        await self.here(card)
        await self.gateway.stop()
        user = await self.user()
        await user.connect(self.daemon.names[0], "SCARD_SHARE_EXCLUSIVE")
        self.assertEqual((await user.transmit(b"\x00\xa4\x04\x00\x00"))[0] & 0xF0, 0x60)
        self.assertEqual(self.defects(), [])

    async def stop_meanwhile(self, grace: str) -> Json:
        """
        Stop the service in the midst of a download, and start it again.

        @return: the job, then.
        """
        await self.start(f"grace = {grace}\n")
        self.order()
        card = self.euicc()
        vicc = await self.put_in(card)
        await self.here(card)
        vicc._manners = Manners(delay=0.03)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        before = vicc.apdus
        await until(lambda: vicc.apdus > before + 5)
        await self.gateway.stop()
        self.assertEqual(self.defects(), [])
        vicc._manners = Manners()
        self.restart()
        return await self.job(job)

    async def test_grace(self) -> None:
        """
        A job may end when the service stops.
        """
        ended = await self.stop_meanwhile("20")
        self.assertEqual((ended["state"], ended["runs"]), ("done", 1))

    async def test_noGrace(self) -> None:
        """
        One that takes too long is wound up; it may start anew, and does when the service has.
        """
        ended = await self.stop_meanwhile("0.1")
        self.assertEqual((ended["state"], ended["runs"], ended["result"]["iccid"]), ("done", 2, NEW))
        self.assertEqual(heard(self.smdp), [(0, True)])
