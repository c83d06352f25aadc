# -*- test-case-name: tests.functional.test_ramhttp_crowd -*-
"""
Hundreds of cards over HTTP that wait, then all have something to do; and hundreds that end anyhow.
"""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, ensureDeferred, gatherResults
from twisted.internet.task import deferLater

from cardgw.apdu.command import Command
from cardgw.errors import CardGatewayError
from cardgw.interfaces import ICardChannel
from cardgw.transports.ramhttp.contact_channel import ContactChannel
from cardgw.transports.ramhttp.requests import RamRequest
from cardgw.transports.ramhttp.session import ContactSession
from cardgw.transports.ramhttp.site import RamChannel
from cardgw.values import CardRequest
from cardgw.virtual.ram_client import Outcome
from cardgw.virtual.ram_kinds import OURS, RAM_CLIENT
from tests.functional.leaks import open_files
from tests.functional.ramhttp import ALL, CHALLENGE, SELECT, RamHttpTestCase, reactor, run

WAITING, SESSIONS, AT_ONCE = 300, 240, 80
KINDS = (ContactSession, ContactChannel, RamChannel, RamRequest)


class CrowdTestCase(RamHttpTestCase):
    """
    Many clients.
    """

    def kept(self) -> set[object]:
        """
        What there is of L{KINDS} in this process.
        """
        gc.collect()
        return {each for each in gc.get_objects() if isinstance(each, KINDS)}

    async def left(self) -> None:
        """
        Wait until all connections are gone, too; forget what tests look at.
        """
        await self.empty()
        while self.service.site.connections.here:
            await deferLater(reactor, 0.01)
        self.gateway.channels.clear()
        self.gateway.ends.clear()
        self.gateway.results[:] = [each for each in self.gateway.results if not isinstance(each, CardGatewayError)]
        await deferLater(reactor, 0)


class WaitingTests(CrowdTestCase):
    """
    They wait until there is something to do.
    """

    async def test_allServed(self) -> None:
        """
        Each has a command in the end, and answers it; meanwhile they have no thread, and one file descriptor each.  Nothing is
        left of them.
        """
        others, waiting = self.kept(), list[Deferred[None]]()

        async def job(channel: ICardChannel) -> bytes:
            await run(channel, SELECT)
            if channel.info.request == CardRequest("wait"):
                waiting.append(Deferred())
                await waiting[-1]
            return (await run(channel, CHALLENGE))[0].data

        self.start(job, max_sessions_per_address=WAITING, poll=1.0, idle=20.0)
        await self.client(OURS, keep=False).run()
        await self.left()
        self.gateway.results.clear()
        files, threads, timers = open_files(), threading.active_count(), len(reactor.getDelayedCalls())
        clients = [self.client(OURS, self.slot(card_of(number)), path="/wait", keep=False) for number in range(WAITING)]
        visits = [ensureDeferred(each.run()) for each in clients]
        while len(waiting) < WAITING or min(each.posts for each in clients) < 3:  # all of them have asked again
            await deferLater(reactor, 0.01)
        self.assertEqual((threading.active_count(), len(self.service.crowd.here)), (threads, WAITING))
        self.assertLessEqual(open_files(), files + 2 * WAITING)  # both ends are in this process
        for each in waiting:
            each.callback(None)
        outcomes: list[Outcome] = await gatherResults(visits)
        self.assertEqual({each.good for each in outcomes}, {True})
        self.assertEqual(sorted(self.gateway.results), [number.to_bytes(8, "big") for number in range(WAITING)])
        await self.left()
        self.assertEqual((open_files(), threading.active_count()), (files, threads))
        self.assertLessEqual(len(reactor.getDelayedCalls()), timers)
        self.assertEqual(self.kept() - others, set())


def card_of(number: int) -> Callable[[bytes], bytes]:
    """
    A card whose random number is its own.
    """
    return lambda command: number.to_bytes(8, "big") + b"\x90\x00" if command[1] == CHALLENGE.ins else b"\x90\x00"


class LeakTests(CrowdTestCase):
    """
    They end anyhow.
    """

    def random_visit(self, dice: random.Random) -> Deferred[Outcome]:
        """
        A card that ends anyhow.
        """
        end = dice.choice(("drop_at", "vanish_at", "repost_at", "cancel_at", "pull_at", "none"))
        at = dice.randrange(1, 6)
        slot = self.slot(pull_at=at) if end == "pull_at" else self.slot()
        manners: dict[str, Any] = {end: at} if end not in ("pull_at", "none") else {}
        kind = dice.choice(ALL) if end != "vanish_at" else RAM_CLIENT
        return ensureDeferred(self.client(kind, slot, keep=False, **manners).run())

    async def test_randomEnds(self) -> None:
        """
        Sessions that end at random leave no file descriptor, timer, thread or session.
        """

        async def job(channel: ICardChannel) -> None:
            for _ in range(4):
                await run(channel, Command(0, 0xCA, expected=256))

        others, dice = self.kept(), random.Random(7)
        self.start(job, max_sessions_per_address=AT_ONCE * 3)
        await self.random_visit(dice)
        await self.left()
        before, timers, threads = open_files(), len(reactor.getDelayedCalls()), threading.active_count()
        for _ in range(SESSIONS // AT_ONCE):
            await DeferredList([self.random_visit(dice) for _ in range(AT_ONCE)], fireOnOneErrback=True)
        await self.left()
        found = (open_files(), len(reactor.getDelayedCalls()), threading.active_count(), self.gateway.running)
        self.assertEqual(found, (before, timers, threads, 0))
        self.assertEqual(self.kept() - others, set())
