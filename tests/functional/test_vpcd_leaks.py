# -*- test-case-name: tests.functional.test_vpcd_leaks -*-
"""
Hundreds of cards that dial in, and end anyhow.
"""

from __future__ import annotations

import random

from twisted.internet.defer import Deferred

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.interfaces import ICardChannel
from cardgw.values import Reset
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.vicc import Manners, Outcome, dial, euicc_atr
from tests.functional.leaks import USUAL, LeakTestCase
from tests.functional.operators import reactor

SCRIPT = Script.of(*[Command(0x80, 0xCA, 0, number, expected=256) for number in range(5)])
ATR = euicc_atr(Options())


class LeakTests(LeakTestCase):
    """
    Nothing is left behind.
    """

    async def work(self, channel: ICardChannel) -> None:
        """
        Some commands, a reset, and some more.
        """
        await channel.exchange(SCRIPT)
        await channel.reset(Reset.COLD)
        await channel.exchange(SCRIPT)

    def random_visit(self, dice: random.Random) -> Deferred[Outcome]:
        """
        A card that ends anyhow.
        """
        manners = Manners(
            fragment=dice.choice((0, 0, 1, 7)),
            empty=dice.choice((0, 0, 1, 9)),
            pull_at=dice.choice((None, *range(1, 11))),
            hard=dice.random() < 0.5,
            silent_at=dice.choice((None, None, 3)),
            garbage_at=dice.choice((None, None, 2)),
            garbage=dice.randbytes(20),
        )
        return dial(reactor, self.endpoint, lambda command: b"\x90\x00", ATR, manners=manners)

    async def test_randomEnds(self) -> None:
        """
        Sessions that are killed at random leave no file descriptor, timer, job or protocol.
        """
        others = self.kept()
        await self.start(idle_timeout=0.2, apdu_timeout=0.2)
        await self.random_visit(random.Random(1))
        await self.empty()
        await self.crowd(random.Random(11), others)
        self.assertEqual(self.failures - USUAL, set())
