# -*- test-case-name: tests.functional.test_gp_leaks -*-
"""
Many cards at a time that are loaded, and end anyhow.
"""

from __future__ import annotations

import random

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import connectProtocol

from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel
from cardgw.operations.gp_install import GpInstall
from cardgw.scp.channel import SecureChannel
from cardgw.scp.keys import KeySet
from cardgw.scp.messaging import SecureMessaging
from cardgw.testing import session_for
from cardgw.virtual.vicc import Manners
from tests.functional.gp import DEK, ENC, MAC, GpCard
from tests.functional.leaks import USUAL, LeakTestCase
from tests.gp.cap_maker import make_components, zipped

KEYS = KeySet.of_aes(48, *(bytes.fromhex(each) for each in (ENC, MAC, DEK)))
CAP = zipped(make_components(code=2_000)).hex()
LAST = 20
"""After so many commands a card has all that is loaded."""


class LeakTests(LeakTestCase):
    """
    Nothing is left behind.
    """

    SESSIONS = 120
    AT_ONCE = 30
    kinds = (*LeakTestCase.kinds, SecureChannel, SecureMessaging)

    async def work(self, channel: ICardChannel) -> None:
        """
        Load a package.
        """
        operation = GpInstall()
        session = session_for(operation, stack(channel), {"keys": "issuer", "cap": CAP})
        session.key_sets = {"issuer": KEYS}
        await operation.run(session)

    async def visit(self, manners: Manners) -> None:
        """
        A card comes, and goes.
        """
        vicc = GpCard().vicc(manners)
        await connectProtocol(self.endpoint, vicc)
        await vicc.done

    def random_visit(self, dice: random.Random) -> Deferred[None]:
        """
        A card that ends anyhow.
        """
        manners = Manners(
            fragment=dice.choice((0, 0, 7)),
            pull_at=dice.choice((None, *range(1, LAST))),
            hard=dice.random() < 0.5,
            silent_at=dice.choice((*[None] * 9, 9, 17)),
            garbage_at=dice.choice((*[None] * 9, 8, 16)),
            garbage=dice.randbytes(20),
        )
        return Deferred.fromCoroutine(self.visit(manners))

    async def test_randomEnds(self) -> None:
        """
        Loads that are broken off at random leave no file descriptor, timer, job, protocol or secure channel.
        """
        others = self.kept()
        await self.start(apdu_timeout=1.0, slow_timeout=1.0)
        await self.visit(Manners())
        await self.empty()
        self.assertEqual((self.done, self.failures), (1, set()))
        await self.crowd(random.Random(7), others)
        self.assertEqual(self.failures - USUAL - {"answer-not-authentic"}, set())
        self.assertIn("peer-lost", self.failures)
