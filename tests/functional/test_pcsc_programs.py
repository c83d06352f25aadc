# -*- test-case-name: tests.functional.test_pcsc_programs -*-
"""
Programs for smart cards that were not written here, with our software cards in the virtual readers of vsmartcard.
"""

from __future__ import annotations

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.vicc import Vicc
from tests.functional.foreign import ForeignTestCase, missing
from tests.functional.operators import pki
from tests.functional.pcscd import PcscdTestCase, PrivatePcscd
from tests.functional.vpcd import make_vicc


class ReaderTests(PcscdTestCase, ForeignTestCase):
    """
    A card in a reader.
    """

    timeout = 60
    skip = PcscdTestCase.skip or missing("pcsc_scan", "opensc-tool")

    async def insert(self, delivery: Delivery) -> tuple[PrivatePcscd, Vicc, VirtualEuicc]:
        """
        Put an eUICC in.
        """
        card = VirtualEuicc.from_pki(pki(), options=Options(delivery=delivery))
        pcscd = self.pcscd()
        return pcscd, await pcscd.insert(make_vicc(card)), card

    async def test_programs(self) -> None:
        """
        Its ATR is read, and an eUICC asked for its EID; with T=0 and T=1.
        """
        for delivery in (Delivery.T0, Delivery.T1):
            pcscd, vicc, card = await self.insert(delivery)
            await self.scan(pcscd.names[0], vicc.atr)
            await self.tool(pcscd.names[0], vicc.atr, card)
            await pcscd.pull(vicc)
            pcscd.remove()
