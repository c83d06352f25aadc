# -*- test-case-name: tests.functional.test_pcsc_trouble -*-
"""
Cards that are pulled out of readers in the midst of a job, and readers that fail.
"""

from __future__ import annotations

import random

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.vicc import Manners, Vicc
from tests.functional.operators import ENDED, NEW, ONE, TWO, activation_code, heard, identity
from tests.functional.pcsc import LOAD, NICKNAME, PcscTestCase

COMMANDS = 60
"""About as many as it takes to identify a card and to download a small profile."""
PULLS = 6


def pull(vicc: Vicc) -> None:
    """
    Pull a card out.
    """
    vicc.drop()


class PulledOutTests(PcscTestCase):
    """
    In the midst of a job.
    """

    async def test_startsAnew(self) -> None:
        """
        A job that may start anew says why it broke off, and is done when the card comes back.
        """
        await self.start()
        card = self.euicc()
        vicc = await self.put_in_with_trap(card, NICKNAME, pull)
        await self.here(card)
        job = await self.nickname(card)
        await vicc.done
        await self.job(job, "queued")
        await self.nobody()
        await self.put_in(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([each.nickname for each in card.profiles], ["", "Zoë"])
        self.assertEqual(self.defects(), [])

    async def test_exchanged(self) -> None:
        """
        Another card that is put in at once has nothing done to it that was begun with the first one.
        """
        await self.start()
        card, other = self.euicc(1), self.euicc(2)
        vicc = await self.put_in_with_trap(card, NICKNAME, pull)
        await self.here(card)
        job = await self.nickname(card)
        await vicc.done
        second = await self.put_in(other)
        await self.here(other)
        await self.job(job, "queued")
        await self.daemon.pull(second)
        await self.put_in(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([each.nickname for each in other.profiles], ["", ""])

    async def test_doesNot(self) -> None:
        """
        One that may not has failed, with what had been answered until then.
        """
        await self.start()
        card = self.euicc()
        vicc = await self.put_in_with_trap(card, b"\x80\xe2\x77", pull)
        await self.here(card)
        body = {
            "operation": "apdu.script",
            "card": identity(card),
            "parameters": {"script": "00CA0000\n00CA0000\n80E277000100\n"},
            "confirm": True,
        }
        job = await self.job((await self.api.post("jobs", body)).only(202))
        await vicc.done
        self.assertEqual((job["state"], job["error"]["code"], len(job["result"]["answers"])), ("failed", "card-taken-out", 2))

    async def test_whileLoading(self) -> None:
        """
        A download whose package was being loaded says so, and goes on at the next visit.
        """
        await self.start()
        self.order()
        card = self.euicc()
        vicc = await self.put_in_with_trap(card, LOAD, pull)
        await self.here(card)
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        await vicc.done
        queued = await self.job(job, "queued", *ENDED)
        self.assertEqual((queued["state"], queued["error"]["code"]), ("queued", "installation-interrupted"))
        await self.put_in(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual([each.iccid for each in card.profiles], [ONE, TWO, NEW])

    async def test_anywhere(self) -> None:
        """
        It is pulled out again and again, at any command of a download; in the end the profile is there, once, its provider has
        heard of it, and the card has no notification left that could be sent.
        """
        dice = random.Random(4)
        await self.start()
        self.order()
        card = self.euicc()
        job = await self.submit(identity(card), "profile.download", activation_code=activation_code("P-1"))
        for _ in range(PULLS):
            await self._visit(card, dice)
        await self.put_in(card)
        ended = await self.job(job)
        self.assertEqual((ended["state"], ended["error"]), ("done", None))
        self.assertEqual([each.iccid for each in card.profiles], [ONE, TWO, NEW])
        await self.run_job(identity(card), "notifications.send-all")
        self.assertEqual((card.notifications, all(verified for _, verified in heard(self.smdp))), ([], True))
        self.assertEqual(self.defects(), [])

    async def _visit(self, card: VirtualEuicc, dice: random.Random) -> None:
        """
        The card is put in and pulled out; if the job has ended before, it is pulled out when it has.
        """
        vicc = await self.put_in(card, Manners(pull_at=dice.randrange(1, COMMANDS), hard=dice.random() < 0.5))
        job = (await self.api.items("jobs"))[0]
        await self.job(job, *ENDED, "running")
        if (await self.job(job, "queued", *ENDED))["state"] in ENDED:
            vicc.drop()
        await vicc.done
        await self.nobody()


class ReaderTests(PcscTestCase):
    """
    Readers that fail.
    """

    async def test_silent(self) -> None:
        """
        A card that does not answer is lost after its time, and the job says so; the other reader goes on.  When it is pulled
        out and put in anew, it is as good as before.
        """
        await self.start("apdu_timeout = 1.0\nslow_timeout = 1.0\n", readers=2)
        card, other = self.euicc(1), self.euicc(2)
        vicc = await self.put_in(card)
        await self.put_in(other, slot=2)
        await self.here(card)
        await self.here(other)
        vicc._manners = Manners(silent_at=vicc.apdus + 3)
        body = {"operation": "apdu.script", "card": identity(card), "parameters": {"script": "00CA0000\n" * 5}, "confirm": True}
        job = await self.job((await self.api.post("jobs", body)).only(202))
        self.assertEqual((job["state"], job["error"]["code"], len(job["result"]["answers"])), ("failed", "peer-silent", 2))
        await self.run_job(identity(other), "lpa.info")
        await self.daemon.pull(vicc)
        await self.put_in(card)
        await self.here(card)
        await self.run_job(identity(card), "lpa.info")
        self.assertEqual(self.defects(), [])

    async def test_all(self) -> None:
        """
        With as many readers as pcscd can have, cards come and go as ever.
        """
        await self.start(readers=8)
        card = self.euicc()
        for slot in (15, 0):
            vicc = await self.put_in(card, slot=slot)
            self.assertEqual((await self.here(card))["peer"], self.daemon.names[slot])
            await self.daemon.pull(vicc)
            await self.nobody()
        self.assertEqual(await self.ready(), "[+] transport:pcsc: ok")

    async def test_lost(self) -> None:
        """
        A reader that is not there any more when pcscd starts again is forgotten, and what waits for its card is done in another;
        one that is there only then is used.
        """
        await self.start(readers=2)
        card = self.euicc()
        await self.put_in(card, slot=2)
        await self.here(card)
        self.daemon.stop()
        await self.nobody()
        job = await self.nickname(card)
        self.daemon.configure(1)
        self.daemon.start()
        await self.ready()
        await self.put_in(card, slot=1)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual((await self.here(card))["peer"], self.daemon.names[1])
        self.daemon.stop()
        self.daemon.configure(3)
        self.daemon.start()
        await self.put_in(card, slot=5)
        self.assertEqual((await self.here(card))["peer"], self.daemon.names[5])
