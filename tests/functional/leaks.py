# -*- test-case-name: tests.functional.test_vpcd_leaks,tests.functional.test_gp_leaks -*-
"""
What is left of many cards that dial in, and end anyhow.
"""

from __future__ import annotations

import gc
import random
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from cardgw.errors import CardGatewayError
from cardgw.interfaces import ICardChannel
from cardgw.testing import FakeGateway
from cardgw.transports.vpcd.protocol import VpcdProtocol
from cardgw.transports.vpcd.service import VpcdService, VpcdTransport
from cardgw.transports.vpcd.settings import VpcdSettings
from tests.functional.operators import reactor

USUAL = frozenset(("peer-lost", "peer-silent", "peer-misbehaved"))
"""How sessions with such cards fail."""


def open_files() -> int:
    """
    File descriptors of this process.
    """
    return len(list(Path("/proc/self/fd").iterdir()))


class LeakTestCase(TestCase):
    """
    The transport vpcd with a gateway that does one thing with each card.

    @cvar kinds: of what nothing may be left.
    @ivar done: how often that went well.
    @ivar failures: how it failed.
    """

    timeout = 60
    SESSIONS = 400
    AT_ONCE = 80
    kinds: tuple[type, ...] = (VpcdProtocol,)

    async def work(self, channel: ICardChannel) -> object:
        """
        What is done with a card.
        """
        raise NotImplementedError

    def random_visit(self, dice: random.Random) -> Deferred[Any]:
        """
        A card that ends anyhow.
        """
        raise NotImplementedError

    async def attend(self, channel: ICardChannel) -> None:
        """
        What the gateway does.
        """
        self.running += 1
        try:
            await self.work(channel)
            self.done += 1
        except CardGatewayError as error:
            self.failures.add(error.code)
        finally:
            self.running -= 1

    async def start(self, **settings: Any) -> None:
        """
        Start the transport.
        """
        self.running, self.done, self.failures = 0, 0, set[str]()
        made = VpcdSettings(listen=("tcp:0:interface=127.0.0.1",), poll=0.05, close_timeout=0.1, **settings)
        service = VpcdTransport().make_service(made, FakeGateway(reactor, self.attend))
        assert isinstance(service, VpcdService)
        self.service = service
        service.startService()
        self.addCleanup(service.stopService)

    @property
    def endpoint(self) -> TCP4ClientEndpoint:
        """
        Where cards dial in.
        """
        port: Any = self.service.ports[0].getHost()
        return TCP4ClientEndpoint(reactor, "127.0.0.1", port.port)

    async def empty(self) -> None:
        """
        Wait until all sessions are gone.
        """
        while self.service.factory.crowd.here or self.running:
            await deferLater(reactor, 0.01)
        await deferLater(reactor, 0)

    def kept(self) -> set[object]:
        """
        What there is of L{kinds} in this process.
        """
        gc.collect()
        return {each for each in gc.get_objects() if isinstance(each, self.kinds)}

    async def crowd(self, dice: random.Random, others: set[object]) -> None:
        """
        Many cards; they leave no file descriptor, timer or job, and nothing of L{kinds}.

        @param others: what there was of these before the transport was started.
        """
        before, timers = open_files(), len(reactor.getDelayedCalls())
        for _ in range(self.SESSIONS // self.AT_ONCE):
            await DeferredList([self.random_visit(dice) for _ in range(self.AT_ONCE)], fireOnOneErrback=True)
        await self.empty()
        self.assertEqual((open_files(), len(reactor.getDelayedCalls()), self.running), (before, timers, 0))
        self.assertEqual(self.kept() - others, set())
