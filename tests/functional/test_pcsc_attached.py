# -*- test-case-name: tests.functional.test_pcsc_attached -*-
"""
Programs for smart cards that were not written here, with cards of the gateway that are attached as readers.
"""

from __future__ import annotations

from cardgw.bridges.attach_operation import SPARE_ATR
from cardgw.virtual.euicc import VirtualEuicc
from tests.functional.foreign import ForeignTestCase, missing, run
from tests.functional.operators import identity, until
from tests.functional.pcscd import PcscdTestCase
from tests.functional.vpcd import VpcdTestCase


class AttachedTests(PcscdTestCase, ForeignTestCase, VpcdTestCase):
    """
    A card of the gateway that is attached as a reader.
    """

    timeout = 60
    skip = PcscdTestCase.skip or missing("pcsc_scan", "opensc-tool")

    async def attached(self, card: VirtualEuicc, atr: bytes) -> None:
        """
        Put the card into a reader, look at it there, and take it out again.
        """
        pcscd = self.pcscd()
        job = await self.submit(identity(card), "card.attach", vpcd=await self.door(pcscd.slot(1)))
        await self.scan(pcscd.names[1], atr)
        await self.tool(pcscd.names[1], atr, card)
        await self.api.post(f"jobs/{job['id']}/cancel")
        self.assertEqual((await self.job(job))["state"], "cancelled")

        async def out() -> bool:
            return pcscd.names[1] not in "".join(each for each in (await run("opensc-tool", "-l")).splitlines() if "Yes" in each)

        await until(out)

    async def test_open(self) -> None:
        """
        One that has dialled in as virtual cards do shows its own ATR.
        """
        await self.start()
        card = self.euicc()
        vicc = await self.insert(card)
        await self.here(card)
        await self.attached(card, vicc.atr)

    async def test_bound(self) -> None:
        """
        One that is bound to its ISD-R (eSTK.me) is completed: it has an ATR, and its ISD-R can be selected.
        """
        await self.start()
        card = self.card()
        await self.managed(card)
        await self.attached(card, SPARE_ATR)
