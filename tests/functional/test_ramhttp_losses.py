# -*- test-case-name: tests.functional.test_ramhttp_losses -*-
"""
Clients of RAMOverHTTP that lose connections, cards and patience, at our server, over real sockets.  Nothing is done twice,
nothing is forgotten, and whoever waits for a card learns what has become of it.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelError, PeerLost
from cardgw.interfaces import ICardChannel
from cardgw.virtual.ram_kinds import OCF13, OCF20, OURS, RAM_CLIENT
from cardgw.virtual.ram_template import cancelled
from tests.functional.ramhttp import ALL, CHALLENGE, DAY, GOOD, SELECT, Job, RamHttpTestCase, day, reactor, run

COUNT = 5
BEFORE = -1
"""A connection is lost before a POST has left."""


class Counter:
    """
    A card that answers how often it was asked: whatever is done twice shows.
    """

    def __init__(self, *, distinct: bool = True) -> None:
        self.number = 0
        self._distinct = distinct

    def __call__(self, octets: bytes) -> bytes:
        self.number += 1
        return (bytes((self.number,)) if self._distinct else b"") + b"\x90\x00"


async def count(channel: ICardChannel) -> list[int]:
    """
    Ask such a card, one command in each template.
    """
    return [(await run(channel, CHALLENGE))[0].data[0] for _ in range(COUNT)]


async def same(channel: ICardChannel) -> int:
    """
    Commands whose answers are all the same: 9000 after 9000.
    """
    return sum([(await run(channel, SELECT))[0].status == 0x9000 for _ in range(COUNT)])


class RepeatTests(RamHttpTestCase):
    """
    The same body comes again.
    """

    async def lose_each(self, job: Job, expected: object, *places: int) -> None:
        """
        The connection is lost at each POST in turn.  Either all is done once, in order; or the job is told that that cannot be
        known.

        @param places: how many octets of the reply are read before.
        """
        self.start(job)
        for kind in ALL:
            for octets in places:
                for at in range(2 if octets == BEFORE else 1, COUNT + 3):
                    slot = self.slot(Counter(distinct=job is count))
                    outcome = await self.come(kind, slot, drop_at=at, drop_bytes=octets)
                    await deferLater(reactor, 0)
                    result = self.gateway.results[-1]
                    where = (kind.name, at, octets, outcome.text, slot.apdus, result)
                    if isinstance(result, ChannelError):
                        self.assertEqual((result.code, slot.apdus <= COUNT), ("answers-uncertain", True), where)
                        self.assertTrue(result.unanswered, where)
                    else:
                        self.assertEqual((result, slot.apdus, outcome.good), (expected, COUNT, True), where)
        await self.empty()

    async def test_lostAtEach(self) -> None:
        """
        The connection is lost at each POST in turn: before it has left, before the reply, or in its midst; the client posts again
        on another one.
        """
        await self.lose_each(count, list(range(1, COUNT + 1)), BEFORE, 0, 1, 30)

    async def test_sameAnswers(self) -> None:
        """
        The same where all answers look alike: an answer is never taken for another one.
        """
        await self.lose_each(same, COUNT, 0, 1, 30)

    async def test_lostBetween(self) -> None:
        """
        The same where the connection is reset when the reply had been read, and before the next POST has left.
        """
        await self.lose_each(same, COUNT, BEFORE)

    async def test_numbered(self) -> None:
        """
        The same with our client, which numbers its requests, and with ram-client, which keeps a cookie that does, as soon as it
        has shown so: nothing is in doubt, and the session goes on.
        """
        self.start(same)
        for kind, first in ((OURS, 2), (RAM_CLIENT, 4)):
            for octets in (BEFORE, 0, 1, 30):
                for at in range(first, COUNT + 3):
                    slot = self.slot(Counter(distinct=False))
                    outcome = await self.come(kind, slot, drop_at=at, drop_bytes=octets)
                    await deferLater(reactor, 0)
                    found = (outcome.good, slot.apdus, self.gateway.results[-1])
                    self.assertEqual(found, (True, COUNT, COUNT), (kind.name, at, octets))
        await self.empty()

    async def test_connections(self) -> None:
        """
        A client that has another connection, and port, for each POST.
        """
        self.start(same)
        for kind in ALL:
            slot = self.slot()
            outcome = await self.come(kind, slot, anew=True)
            result = self.gateway.results[-1]
            if outcome.good:
                self.assertEqual((slot.apdus, result), (COUNT, COUNT))
            else:  # it cannot be known whether the first 9000 is that of the second command: nothing is done twice
                self.assertEqual(result.code, "answers-uncertain")
                self.assertLessEqual(slot.apdus, 2)
            await self.empty()

    async def test_differentAnswers(self) -> None:
        """
        The same where answers differ: all is well.
        """
        self.start(count)
        for kind in ALL:
            counter = Counter()
            outcome = await self.come(kind, self.slot(counter), anew=True)
            self.assertEqual((outcome.text, outcome.good), (GOOD[kind], True))
            self.assertEqual(self.gateway.results[-1], list(range(1, COUNT + 1)))
            self.assertEqual(outcome.connections, outcome.posts)
            await self.empty()

    async def test_twice(self) -> None:
        """
        A body comes a second time while the first one is held, as from a proxy that tries again: the newer one is served, nothing
        is done twice, and the session goes on.
        """

        async def job(channel: ICardChannel) -> list[int]:
            found = await count(channel)
            await deferLater(reactor, 0.15)
            return found + await count(channel)

        self.start(job, poll=5.0)
        counter = Counter()
        outcome = await self.client(OURS, self.slot(counter), repost_at=COUNT + 1, aside=0.05).run()
        self.assertLessEqual(counter.number, 2 * COUNT)
        self.assertEqual(outcome.again, 1)
        await self.empty()

    async def test_afterTheEnd(self) -> None:
        """
        The connection is lost while the end is told: the client that asks again is told again.
        """
        self.start(day)
        for kind in ALL:
            posts = (await self.content(kind)).posts
            outcome = await self.come(kind, drop_at=posts, drop_bytes=5)
            self.assertEqual((outcome.text, outcome.again), (GOOD[kind], 1), kind.name)
        self.assertEqual(self.gateway.results, [DAY] * 2 * len(ALL))


class LossTests(RamHttpTestCase):
    """
    The card or the client goes.
    """

    def pipelined(self, results: list[Any]) -> Any:
        """
        A job of five commands in one template, which notes how it is lost.
        """

        async def job(channel: ICardChannel) -> None:
            try:
                steps = (Step(CHALLENGE, data=True),) * 5
                await channel.exchange(Script(steps, pipelined=True))
            except ChannelError as error:
                results.append((error.code, [each.data[0] for each in error.responses], error.unanswered))
                raise

        return job

    async def test_pulled(self) -> None:
        """
        The card is pulled out in the midst of a template: told by ram-client with an empty answer and a reason, by later OpenCard
        clients with the reason alone.  What it answered before is known, and that one command may have reached it.
        """
        results: list[Any] = []
        self.start(self.pipelined(results), completes="yes")
        for kind in (RAM_CLIENT, OCF20, OURS):
            outcome = await self.come(kind, self.slot(Counter(), pull_at=3))
            self.assertEqual(outcome.exchanges[-1].reply.status, 204)
            await self.empty()
            code, responses, unanswered = results.pop()
            self.assertEqual((responses, unanswered <= 1), ([1, 2], True), kind.name)
            self.assertIn(code, ("card-removed", "ended-by-client"), kind.name)
        self.assertIsInstance(self.gateway.ends[0], PeerLost)

    async def test_pulledWithoutAWord(self) -> None:
        """
        The same with the old OpenCard client, which dies of it: the server notices in time.
        """
        results: list[Any] = []
        self.start(self.pipelined(results), apdu_timeout=0.3)
        outcome = await self.come(OCF13, self.slot(Counter(), pull_at=3))
        self.assertFalse(outcome.good)
        await self.empty()
        self.assertEqual([(code.startswith("peer-"), responses, left) for code, responses, left in results], [(True, [], 5)])

    async def test_pulledBeforeReset(self) -> None:
        """
        The card is gone when it is to be started anew.
        """
        self.start(day)
        for kind in (RAM_CLIENT, OCF20, OURS):
            slot = self.slot()
            client = self.client(kind, slot)
            reactor.callLater(0, setattr, slot, "present", False)
            slot.present = True
            await client.run()
            await self.empty()
        self.assertTrue(all(isinstance(each, PeerLost) for each in self.gateway.results), self.gateway.results)

    async def test_cancelled(self) -> None:
        """
        The card is pulled out while the client waits for something to do: it says so on another connection, and both are told the
        end.
        """

        async def job(channel: ICardChannel) -> None:
            await run(channel, SELECT)
            await deferLater(reactor, 0.1)
            client.pull()
            await channel.when_gone()
            await run(channel, SELECT)

        self.start(job, poll=5.0)
        for kind in (OCF20, OURS):
            client = self.client(kind)
            outcome = await client.run()
            self.assertEqual((outcome.good, outcome.connections), (True, 2), kind.name)
            self.assertEqual([each.reply.status for each in outcome.exchanges[-2:]], [204, 204])
            self.assertEqual(sorted(each.body == cancelled() for each in outcome.exchanges[-2:]), [False, True])
            await self.empty()
        self.assertEqual([each.code for each in self.gateway.results], ["ended-by-client"] * 2)
        self.assertIn("Session canceled", str(self.gateway.results[0]))

    async def test_cancelledAtWork(self) -> None:
        """
        The same while a template is being executed.
        """
        results: list[Any] = []
        self.start(self.pipelined(results), completes="yes")
        slot = self.slot(Counter(), delay=0.1)
        client = self.client(OCF20, slot)
        running = Deferred.fromCoroutine(client.run())
        await deferLater(reactor, 0.15)
        await client.cancel()
        await running
        await self.empty()
        self.assertEqual(results[0][0], "ended-by-client")
        self.assertEqual(results[0][2], 5)

    async def test_vanished(self) -> None:
        """
        The client vanishes: while it waits, and when it should come back.
        """
        self.start(count, apdu_timeout=0.2)
        for kind in ALL:
            for at in (1, 3):
                outcome = await self.client(kind, self.slot(Counter(), delay=0.02), vanish_at=at, aside=0.01).run()
                self.assertIn(outcome.text, ("vanished", GOOD[kind]))
        await self.empty()
        lost = [each for each in self.gateway.results if isinstance(each, ChannelError)]
        self.assertTrue(all(each.code.startswith("peer-") for each in lost), lost)

    async def test_gone(self) -> None:
        """
        A client that is killed while it waits: after a while the card counts as lost.
        """

        async def job(channel: ICardChannel) -> None:
            await run(channel, SELECT)
            await channel.when_gone()

        self.start(job, poll=5.0)
        running = Deferred.fromCoroutine(self.client(RAM_CLIENT).run())
        await deferLater(reactor, 0.1)
        running.cancel()
        self.assertEqual(len(self.service.crowd.here), 1)
        await self.empty()
        (end,) = self.gateway.ends
        self.assertIsInstance(end, PeerLost)
        await self.assertFailure(running, Exception)

    async def test_again(self) -> None:
        """
        A client that begins anew in its session: the old one is over, the new one is served.
        """

        async def job(channel: ICardChannel) -> list[int]:
            await run(channel, SELECT)
            if len(self.gateway.channels) == 1:
                await channel.when_gone()
            return await day(channel)

        self.start(job, poll=5.0)
        first = self.client(OURS)
        running = Deferred.fromCoroutine(first.run())
        await deferLater(reactor, 0.1)
        cookie = (first.exchanges[0].reply.get("Set-Cookie") or "").split(";")[0]
        self.assertTrue((await self.client(OURS, session=cookie).run()).good)
        self.assertFalse((await running).good)
        await self.empty()
        lost, result = self.gateway.results
        self.assertEqual((lost.code, result), ("client-restarted", DAY))

    async def test_stopped(self) -> None:
        """
        The gateway is stopped: clients that wait are told the end at once.
        """

        async def job(channel: ICardChannel) -> None:
            await run(channel, SELECT)
            await channel.when_gone()

        self.start(job, poll=5.0, grace=0.1)
        waiting = [Deferred.fromCoroutine(self.client(kind).run()) for kind in ALL]
        await deferLater(reactor, 0.2)
        await self.stop()
        for each in waiting:
            outcome = await each
            self.assertEqual(self.problems(outcome), [])
            self.assertNotIn("Networking error", outcome.text)

    async def test_slow(self) -> None:
        """
        A command that takes the card longer than a client may be away, is waited for.
        """

        async def job(channel: ICardChannel) -> int:
            (answer,) = await channel.exchange(Script((Step(Command(0, 0x46), slow=True),)))
            return answer.status

        self.start(job, apdu_timeout=0.1, slow_timeout=5.0, idle=0.1)
        for kind in ALL:
            await self.content(kind, self.slot(lambda octets: b"\x90\x00", delay=0.5))
        self.assertEqual(self.gateway.results, [0x9000] * len(ALL))
