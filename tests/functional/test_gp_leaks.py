# -*- test-case-name: tests.functional.test_gp_leaks -*-
"""
Many cards at a time that are loaded, and end anyhow.
"""

from __future__ import annotations

import gc
import random
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from cardgw.errors import CardGatewayError
from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel
from cardgw.operations.gp_install import GpInstall
from cardgw.scp.channel import SecureChannel
from cardgw.scp.keys import KeySet
from cardgw.scp.messaging import SecureMessaging
from cardgw.testing import FakeGateway, session_for
from cardgw.transports.vpcd.service import VpcdService, VpcdTransport
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.virtual.vicc import Manners
from tests.functional.gp import DEK, ENC, MAC, GpCard
from tests.functional.operators import reactor
from tests.functional.test_vpcd_leaks import open_files, protocols
from tests.gp.cap_maker import make_components, zipped

KEYS = KeySet.of_aes(48, *(bytes.fromhex(each) for each in (ENC, MAC, DEK)))
CAP = zipped(make_components(code=2_000)).hex()
LAST = 20
"""After so many commands a card has all that is loaded."""


def sessions() -> set[object]:
    """
    Secure channels of this process, and what protects them.
    """
    gc.collect()
    return {each for each in gc.get_objects() if isinstance(each, (SecureChannel, SecureMessaging))}


class LeakTests(TestCase):
    """
    Nothing is left behind.
    """

    timeout = 60
    SESSIONS = 120
    AT_ONCE = 30

    async def attend(self, channel: ICardChannel) -> None:
        """
        What the gateway does.
        """
        self.running += 1
        operation = GpInstall()
        session = session_for(operation, stack(channel), {"keys": "issuer", "cap": CAP})
        session.key_sets = {"issuer": KEYS}
        try:
            await operation.run(session)
            self.done += 1
        except CardGatewayError as error:
            self.failures.add(error.code)
        finally:
            self.running -= 1

    async def start(self) -> None:
        """
        Start the transport.
        """
        self.running, self.done, self.failures = 0, 0, set[str]()
        settings = VpcdSettings(
            listen=("tcp:0:interface=127.0.0.1",), apdu_timeout=1.0, slow_timeout=1.0, poll=0.05, close_timeout=0.1
        )
        service = VpcdTransport().make_service(settings, FakeGateway(reactor, self.attend))
        assert isinstance(service, VpcdService)
        self.service = service
        service.startService()
        self.addCleanup(service.stopService)

    async def visit(self, manners: Manners) -> None:
        """
        A card comes, and goes.
        """
        port: Any = self.service.ports[0].getHost()
        vicc = GpCard().vicc(manners)
        await connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port.port), vicc)
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

    async def empty(self) -> None:
        """
        Wait until all sessions are gone.
        """
        while self.service.factory.crowd.here or self.running:
            await deferLater(reactor, 0.01)
        await deferLater(reactor, 0)

    async def test_randomEnds(self) -> None:
        """
        Loads that are broken off at random leave no file descriptor, timer, job, protocol or secure channel.
        """
        others = protocols() | sessions()
        await self.start()
        await self.visit(Manners())
        await self.empty()
        self.assertEqual((self.done, self.failures), (1, set()))
        before, timers, dice = open_files(), len(reactor.getDelayedCalls()), random.Random(7)
        for _ in range(self.SESSIONS // self.AT_ONCE):
            await DeferredList([self.random_visit(dice) for _ in range(self.AT_ONCE)], fireOnOneErrback=True)
        await self.empty()
        self.assertEqual((open_files(), len(reactor.getDelayedCalls()), self.running), (before, timers, 0))
        self.assertEqual((protocols() | sessions()) - others, set())
        self.assertEqual(self.failures - {"peer-lost", "peer-silent", "peer-misbehaved", "answer-not-authentic"}, set())
        self.assertIn("peer-lost", self.failures)
