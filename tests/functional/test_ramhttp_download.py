# -*- test-case-name: tests.functional.test_ramhttp_download -*-
"""
Profiles are downloaded over HTTP while connections break: at each request in turn, before and after the gateway has got it.
Nothing is lost, and nothing comes twice.
"""

from __future__ import annotations

from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.profile_package import make_iccid
from cardgw.virtual.ram_client import Manners
from cardgw.virtual.ram_kinds import OURS, RAM_CLIENT, Kind
from tests.functional.lent import LentTestCase
from tests.functional.operators import activation_code, identity

UNSENT, UNREAD = -1, 0
"""Octets of the reply that are read before the connection is lost; of UNSENT, the request has not left either."""
NUMBERS = range(2, 26)
"""Of the requests behind the initiation; with the last ones the card only waits."""


class DownloadTests(LentTestCase):
    """
    A card and a broken connection each.
    """

    async def check(self, kind: Kind, read: int) -> None:
        """
        Break it at one request after the other.
        """
        self.kind = kind
        await self.start()
        for number in NUMBERS:
            self.order(f"P-{number}", number)
            self.manners = Manners(drop_at=number, drop_bytes=read)
            card = self.card(number, pinned=False, delivery=Delivery.T1)
            await self.lend(card)
            await self.here(card)
            await self.run_job(identity(card), "profile.download", activation_code=activation_code(f"P-{number}"))
            self.assertEqual([each.iccid for each in card.profiles].count(make_iccid(number)), 1)
            self.lending.cancel()
            await self.lending

    async def test_ourUnsent(self) -> None:
        """
        Ours, whose request does not arrive.
        """
        await self.check(OURS, UNSENT)

    async def test_ourUnread(self) -> None:
        """
        Ours, which gets no reply.
        """
        await self.check(OURS, UNREAD)

    async def test_ramClientUnread(self) -> None:
        """
        C{ram-client}, which gets no reply.
        """
        await self.check(RAM_CLIENT, UNREAD)
