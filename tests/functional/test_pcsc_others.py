# -*- test-case-name: tests.functional.test_pcsc_others -*-
"""
Other programs use the same cards.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from cardgw.virtual.vicc import Manners
from tests.functional.operators import identity, until
from tests.functional.pcsc import PcscTestCase
from tests.functional.scard import PRESENT, SHARING_VIOLATION, Refused


class OthersTests(PcscTestCase):
    """
    Another program.
    """

    async def test_exclusive(self) -> None:
        """
        A card that another program has to itself when it is put in is not used, and the log says why; when it is let go, it is
        here at once.
        """
        await self.start()
        await self.gateway.stop()
        card, user = self.euicc(), await self.user()
        await self.put_in(card)
        await user.wait(self.daemon.names[0], PRESENT)
        await user.connect(self.daemon.names[0], "SCARD_SHARE_EXCLUSIVE")
        self.restart()
        event = await self.logged("card-not-opened")
        self.assertIn("Another program holds the card", event["message"])
        self.assertEqual(await self.api.items("cards"), [])
        await user.disconnect()
        await self.here(card)
        self.assertEqual(self.defects(), [])

    async def test_transaction(self) -> None:
        """
        A job for a card that another program has a transaction with fails after its time, by name; one that comes when it is
        over is done.
        """
        await self.start("busy_timeout = 0.5\n")
        card, user = self.euicc(), await self.user()
        await self.put_in(card)
        await self.here(card)
        await user.connect(self.daemon.names[0])
        await user.lock()
        job = await self.nickname(card)
        broken = await self.job(job, "queued", "failed")
        self.assertEqual(broken["error"]["code"], "card-in-use")
        await user.unlock()
        self.assertEqual((await self.run_job(identity(card), "lpa.info"))["eidValue"], card.eid.hex())
        self.assertEqual(self.defects(), [])

    async def test_shortTransaction(self) -> None:
        """
        One that is over in time does not matter.
        """
        await self.start()
        card, user = self.euicc(), await self.user()
        await self.put_in(card)
        await self.here(card)
        await user.connect(self.daemon.names[0])
        await user.lock()
        job = await self.submit(identity(card), "lpa.info")
        await self.job(job, "running")
        await user.unlock()
        self.assertEqual((await self.job(job))["state"], "done")

    async def test_killed(self) -> None:
        """
        One whose program is killed is over, too.
        """
        await self.start()
        card, user = self.euicc(), await self.user()
        await self.put_in(card)
        await self.here(card)
        await user.connect(self.daemon.names[0])
        await user.lock()
        job = await self.submit(identity(card), "lpa.info")
        await self.job(job, "running")
        await user.program.end()
        self.assertEqual((await self.job(job))["state"], "done")

    async def test_resetBetween(self) -> None:
        """
        A reset by another program between two jobs does not matter.
        """
        await self.start()
        card, user = self.euicc(), await self.user()
        await self.put_in(card)
        await self.here(card)
        for how in ("SCARD_RESET_CARD", "SCARD_UNPOWER_CARD"):
            await user.connect(self.daemon.names[0])
            await user.reset(how)
            await user.disconnect()
            self.assertEqual((await self.run_job(identity(card), "lpa.info"))["eidValue"], card.eid.hex())
        self.assertEqual(self.defects(), [])

    async def test_resetMeanwhile(self) -> None:
        """
        In the midst of a job no other program can reset the card: it has to wait for the end.
        """
        await self.start()
        card, user = self.euicc(), await self.user()
        vicc = await self.put_in(card)
        await self.here(card)
        await user.connect(self.daemon.names[0])
        vicc._manners, before, resets = Manners(delay=0.05), vicc.apdus, vicc.resets
        body = {"operation": "apdu.script", "card": identity(card), "parameters": {"script": "00CA0000\n" * 20}, "confirm": True}
        job = (await self.api.post("jobs", body)).only(202)
        await until(lambda: vicc.apdus >= before + 5)
        resetting = Deferred.fromCoroutine(user.reset())
        ended = await self.job(job)
        self.assertEqual((ended["state"], len(ended["result"]["answers"])), ("done", 20))
        await resetting
        self.assertEqual(vicc.resets, resets + 1)
        await self.run_job(identity(card), "lpa.info")
        self.assertEqual(self.defects(), [])

    async def test_exclusiveSetting(self) -> None:
        """
        With C{share = "exclusive"} other programs get the card when the service has let go of it.
        """
        await self.start('share = "exclusive"\n')
        card, user = self.euicc(), await self.user()
        await self.put_in(card)
        shown = await self.here(card)
        with self.assertRaises(Refused) as refused:
            await user.connect(self.daemon.names[0])
        self.assertEqual(refused.exception.result, SHARING_VIOLATION)
        await self.api.delete(f"cards/{shown['id']}")
        await self.nobody()
        await user.connect(self.daemon.names[0])
