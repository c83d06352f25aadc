# -*- test-case-name: tests.functional.test_vpcd_leaks -*-
"""
Hundreds of cards that dial in, and end anyhow.
"""

from __future__ import annotations

import gc
import random
from pathlib import Path
from typing import Any

from twisted.internet import reactor as reactor_
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script
from cardgw.errors import CardGatewayError
from cardgw.interfaces import ICardChannel
from cardgw.testing import FakeGateway
from cardgw.transports.vpcd.protocol import VpcdProtocol
from cardgw.transports.vpcd.service import VpcdService, VpcdTransport
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.values import Reset
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.vicc import Manners, Outcome, dial, euicc_atr

reactor: Any = reactor_
SCRIPT = Script.of(*[Command(0x80, 0xCA, 0, number, expected=256) for number in range(5)])
ATR = euicc_atr(Options())


def protocols() -> set[VpcdProtocol]:
    """
    The sessions of this process.
    """
    gc.collect()
    return {each for each in gc.get_objects() if isinstance(each, VpcdProtocol)}


def open_files() -> int:
    """
    File descriptors of this process.
    """
    return len(list(Path("/proc/self/fd").iterdir()))


class LeakTests(TestCase):
    """
    Nothing is left behind.
    """

    timeout = 60
    SESSIONS = 400
    AT_ONCE = 80

    async def attend(self, channel: ICardChannel) -> None:
        """
        What the gateway does.
        """
        self.running += 1
        try:
            await channel.exchange(SCRIPT)
            await channel.reset(Reset.COLD)
            await channel.exchange(SCRIPT)
        except CardGatewayError as error:
            self.failures.add(error.code)
        finally:
            self.running -= 1

    async def start(self) -> None:
        """
        Start the transport.
        """
        self.running, self.failures = 0, set[str]()
        settings = VpcdSettings(
            listen=("tcp:0:interface=127.0.0.1",), idle_timeout=0.2, poll=0.05, apdu_timeout=0.2, close_timeout=0.1
        )
        service = VpcdTransport().make_service(settings, FakeGateway(reactor, self.attend))
        assert isinstance(service, VpcdService)
        self.service = service
        service.startService()
        self.addCleanup(service.stopService)

    def random_session(self, dice: random.Random) -> Deferred[Outcome]:
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
        port: Any = self.service.ports[0].getHost()
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port.port)
        return dial(reactor, endpoint, lambda command: b"\x90\x00", ATR, manners=manners)

    async def empty(self) -> None:
        """
        Wait until all sessions are gone.
        """
        while self.service.factory.crowd.here:
            await deferLater(reactor, 0.01)

    async def test_randomEnds(self) -> None:
        """
        Sessions that are killed at random leave no file descriptor, timer, job or protocol.
        """
        others = protocols()
        await self.start()
        await self.random_session(random.Random(1))
        await self.empty()
        before, timers, dice = open_files(), len(reactor.getDelayedCalls()), random.Random(11)
        for _ in range(self.SESSIONS // self.AT_ONCE):
            await DeferredList([self.random_session(dice) for _ in range(self.AT_ONCE)], fireOnOneErrback=True)
        await self.empty()
        await deferLater(reactor, 0)
        self.assertEqual((open_files(), len(reactor.getDelayedCalls()), self.running), (before, timers, 0))
        self.assertEqual(protocols() - others, set())
        self.assertEqual(self.failures - {"peer-lost", "peer-silent", "peer-misbehaved"}, set())
