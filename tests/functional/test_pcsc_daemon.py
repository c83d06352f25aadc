# -*- test-case-name: tests.functional.test_pcsc_daemon -*-
"""
The smart card service of the machine, pcscd, is absent, stopped, killed, and started again.
"""

from __future__ import annotations

from collections.abc import Callable

from cardgw.virtual.euicc import VirtualEuicc
from tests.functional.operators import identity, until
from tests.functional.pcsc import NICKNAME, PcscTestCase


class DaemonTests(PcscTestCase):
    """
    pcscd comes and goes.
    """

    async def test_absent(self) -> None:
        """
        The service starts without it, and says so; as soon as it is there, its cards are.
        """
        await self.start()
        await self.gateway.stop()
        self.daemon.stop()
        self.restart()
        said = await self.ready(ready=False)
        self.assertIn("[-] transport:pcsc: pcscd is not reachable since 2", said)
        self.daemon.start()
        self.assertEqual(await self.ready(), "[+] transport:pcsc: ok")
        await self.put_in(card := self.euicc())
        await self.here(card)
        self.assertEqual(self.defects(), [])

    async def test_idle(self) -> None:
        """
        It is stopped, or killed, while nothing is done: the cards are gone, and come back with it.
        """
        await self.start()
        card = self.euicc()
        for end in (self.daemon.stop, self.daemon.kill):
            await self.put_in(card)
            await self.here(card)
            end()
            await self.ready(ready=False)
            await self.nobody()
            self.daemon.start()
            self.assertEqual(await self.ready(), "[+] transport:pcsc: ok")
        await self.put_in(card)
        self.assertEqual((await self.run_job(identity(card), "lpa.info"))["eidValue"], card.eid.hex())
        self.assertEqual(self.defects(), [])

    async def test_midst(self) -> None:
        """
        In the midst of a job, too: the job is done when the card is there again.
        """
        await self.start()
        card = self.euicc()
        await self._midst(card, "Zoë", self.daemon.stop)
        await self._midst(card, "Ada", self.daemon.kill)
        self.assertEqual(self.defects(), [])

    async def _midst(self, card: VirtualEuicc, nickname: str, end: Callable[[], object]) -> None:
        vicc = await self.put_in_with_trap(card, NICKNAME, lambda _: end())
        await self.here(card)
        job = await self.submit(identity(card), "lpa.nickname", profile=card.profiles[1].iccid, nickname=nickname)
        await vicc.done
        await self.job(job, "queued")
        await self.ready(ready=False)
        self.daemon.start()
        await self.ready()
        again = await self.put_in(card)
        self.assertEqual((await self.job(job))["state"], "done")
        self.assertEqual(card.profiles[1].nickname, nickname)
        await self.daemon.pull(again)
        await self.nobody()

    async def test_nothingLeft(self) -> None:
        """
        Cards that come and go, and pcscd, leave no file descriptor and no thread in the service.
        """
        await self.start(readers=2)
        await self._round()
        before = self.footprint()
        for _ in range(4):
            await self._round()
        await until(lambda: self.footprint() <= before)
        self.assertEqual(self.defects(), [])

    async def _round(self) -> None:
        cards = [self.euicc(1), self.euicc(2)]
        viccs = [await self.put_in(card, slot=2 * number) for number, card in enumerate(cards)]
        for card in cards:
            await self.run_job(identity(card), "lpa.info")
        await self.daemon.pull(viccs[0])
        self.daemon.kill()
        await self.ready(ready=False)
        await self.nobody()
        self.daemon.start()
        await self.ready()
