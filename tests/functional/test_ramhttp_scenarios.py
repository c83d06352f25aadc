# -*- test-case-name: tests.functional.test_ramhttp_scenarios -*-
"""
Clients of RAMOverHTTP at our server, over real sockets: what was measured of real ones, row by row.

What clients punish (L{tests.functional.ramhttp.Visitors.problems}) is looked for in each session: replies without Content-Length,
in two segments, with a second cookie or an unknown tag, 204 at first, an empty 200, an error without a word, a redirection.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from cardgw.apdu.atr import make_atr
from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import NotSupported, ParameterError
from cardgw.gateway.stack import stack
from cardgw.interfaces import ICardChannel
from cardgw.values import Feature
from cardgw.virtual.ram_kinds import OCF13, OCF20, OURS, RAM_CLIENT
from cardgw.virtual.ram_tlv import COMMAND, extent, plain
from tests.functional.ramhttp import (
    ALL,
    ATR,
    DAY,
    SELECT,
    UNKNOWN,
    RamHttpTestCase,
    day,
    reactor,
    run,
)

STATUSES = b"\x90\x00"


class DayTests(RamHttpTestCase):
    """
    All goes well.
    """

    async def test_transcript(self) -> None:
        """
        Reset, text, four commands, 204.
        """
        self.start(day)
        for kind in ALL:
            outcome = await self.content(kind)
            self.assertEqual((outcome.resets, outcome.apdus), (1, 4))
            self.assertIn("Test", [each.text for each in outcome.notifications])
            self.assertEqual(outcome.connections, 1)
            self.assertLessEqual(outcome.posts, 9)
            self.assertEqual(outcome.exchanges[-1].reply.status, 204)
        self.assertEqual(self.gateway.results, [DAY] * len(ALL))
        self.assertEqual(self.gateway.requests, [("arrival", "")] * len(ALL))

    async def test_many(self) -> None:
        """
        301 commands in one template: tag 80 says 1, 301, or 45, and is not believed.
        """

        async def job(channel: ICardChannel) -> int:
            steps = (Step(SELECT, data=False),) * 301
            return len(await channel.exchange(Script(steps, pipelined=True)))

        self.start(job, template_seconds=1000.0)
        for kind in ALL:
            outcome = await self.content(kind)
            self.assertEqual((outcome.apdus, outcome.posts <= 4), (301, True), (kind.name, outcome.posts))
        self.assertEqual(self.gateway.results, [301] * len(ALL))

    async def test_errors(self) -> None:
        """
        A bad status in the midst of a template: all answers are there.
        """

        async def job(channel: ICardChannel) -> list[int]:
            steps = tuple(Step(each, data=False) for each in (SELECT, UNKNOWN, SELECT))
            return [each.status for each in await channel.exchange(Script(steps, pipelined=True))]

        self.start(job)
        for kind in ALL:
            await self.content(kind)
        self.assertEqual(self.gateway.results, [[0x9000, 0x6D00, 0x9000]] * len(ALL))

    async def test_nothing(self) -> None:
        """
        A job that does nothing: there is a template all the same, before 204.
        """

        async def job(channel: ICardChannel) -> None:
            return None

        self.start(job)
        for kind in ALL:
            await self.content(kind)

    async def test_idle(self) -> None:
        """
        A job that thinks: AA 00 in time, again and again.
        """

        async def job(channel: ICardChannel) -> list[int]:
            await deferLater(reactor, 0.7)
            return [each.status for each in await run(channel, SELECT)]

        self.start(job)
        for kind in ALL:
            outcome = await self.content(kind)
            self.assertGreaterEqual([each.reply.body for each in outcome.exchanges].count(b"\xaa\x00"), 2)
        self.assertEqual(self.gateway.results, [[0x9000]] * len(ALL))

    async def test_texts(self) -> None:
        """
        Texts are UTF-8, and come in their order.
        """

        async def job(channel: ICardChannel) -> None:
            await channel.show("Größe ✓")
            await run(channel, SELECT)
            await channel.show("协议")

        self.start(job)
        for kind in ALL:
            outcome = await self.content(kind)
            self.assertEqual([each.text for each in outcome.notifications][:2], ["Größe ✓", "协议"])
            self.assertTrue(all(each.number >= 0 for each in outcome.notifications))

    async def test_paths(self) -> None:
        """
        The rest of the path is what the card's side asks for; a query does not hurt.
        """
        self.start(day)
        await self.content(RAM_CLIENT, path="/profile.download/LPA:1$smdp.example$A%20B?x=1")
        await self.content(OCF20, path="/")
        self.assertEqual(self.gateway.requests, [("profile.download", "LPA:1$smdp.example$A B"), ("arrival", "")])

    async def test_sessions(self) -> None:
        """
        Two cards of one client at the same time, and one more after them.
        """
        self.start(day)
        for kind in ALL:
            both = [Deferred.fromCoroutine(self.content(kind)) for _ in range(2)]
            for each in both:
                await each
            await self.content(kind)
        self.assertEqual(self.gateway.results, [DAY] * 3 * len(ALL))

    async def test_cookies(self) -> None:
        """
        A cookie of another name, given with C{-s}, is no matter; a session id that nobody knows is said to be none.
        """
        self.start(day)
        await self.content(OCF20, session="SID=4711")
        await self.content(OURS, session="X=1")
        self.assertEqual(self.gateway.results, [DAY] * 2)
        for kind in (OCF13, OCF20, OURS):
            outcome = await self.come(kind, session="4711")
            self.assertEqual((outcome.good, outcome.exchanges[0].reply.status), (False, 404))


class SizeTests(RamHttpTestCase):
    """
    What is long.
    """

    async def test_extended(self) -> None:
        """
        Commands and answers of extended length, for each as long as it can have them.
        """
        sizes: list[int] = []

        async def job(channel: ICardChannel) -> list[int]:
            info = channel.info
            room = min(info.max_response - 2, 4000)
            long = Command(0, 0x84, expected=room)
            found = [len(each.data) for each in await run(channel, Command(0, 0xA4, data=bytes(1500)), long)]
            sizes.append(info.max_command)
            return found

        def transmit(octets: bytes) -> bytes:
            if octets[1] == 0x84:
                return bytes(int.from_bytes(octets[-2:], "big")) + STATUSES
            return STATUSES

        self.start(job, extended_length="yes")
        for kind in ALL:
            await self.content(kind, self.slot(transmit))
        self.assertEqual(self.gateway.results, [[0, 4000], [0, 4000], [0, 2046], [0, 4000]])
        self.assertEqual(sizes[2], 2000)
        self.assertGreater(min(sizes[0], sizes[1]), 60000)

    async def test_room(self) -> None:
        """
        ram-client has 4096 bytes for an answer, and says so by nothing but what it is.
        """
        rooms: list[int] = []

        async def job(channel: ICardChannel) -> None:
            rooms.append(channel.info.max_response)

        self.start(job, extended_length="yes")
        for kind in ALL:
            await self.content(kind)
        self.assertEqual(rooms[0], 4096)
        self.assertEqual(rooms[2], 2048)

    async def test_tooLong(self) -> None:
        """
        What a client cannot take is refused here, by name, and the client lives.
        """

        async def job(channel: ICardChannel) -> object:
            try:
                return await run(channel, Command(0, 0xA4, data=bytes(2001)))
            except NotSupported as error:
                return error.code

        self.start(job, extended_length="yes")
        await self.content(OCF20)
        self.assertEqual(self.gateway.results, ["not-supported"])

    async def test_answers(self) -> None:
        """
        A thousand answers of 256 bytes: no template of answers has more than 65 535 bytes, at which ram-client cuts its length.
        """

        async def job(channel: ICardChannel) -> int:
            steps = (Step(Command(0, 0x84, expected=256)),) * 1000
            return sum(len(each.data) for each in await channel.exchange(Script(steps, pipelined=True)))

        self.start(job, template_seconds=1000.0, completes="yes")
        for kind in ALL:
            outcome = await self.content(kind)
            self.assertLessEqual(max(map(len, outcome.bodies)), 65535 + 4)
            self.assertLessEqual(outcome.posts, 10)
        self.assertEqual(self.gateway.results, [256000] * len(ALL))


class CardTests(RamHttpTestCase):
    """
    What lies between client and card.
    """

    async def test_completed(self) -> None:
        """
        61xx reaches us from ram-client alone: the answer is fetched before anything else is done, also in a pipelined script.
        """

        class T0:
            """
            A card that gives nothing but with GET RESPONSE, and forgets it with the next command.
            """

            def __init__(self) -> None:
                self.waiting = b""
                self.number = 0

            def __call__(self, octets: bytes) -> bytes:
                if octets[1] == 0xC0:
                    data, self.waiting = self.waiting, b""
                    return data + STATUSES if data else b"\x69\x85"
                self.number += 1
                self.waiting = bytes((self.number,)) * 4
                return b"\x61\x04"

        async def job(channel: ICardChannel) -> bytes:
            steps = tuple(Step(Command(0, 0xCA, number, data=b"x", expected=256)) for number in range(5))
            return b"".join(each.data for each in await stack(channel).exchange(Script(steps, pipelined=True)))

        self.start(job)
        for kind in ALL:
            await self.content(kind, self.slot(T0()))
        self.assertEqual(self.gateway.results, [b"".join(bytes((each,)) * 4 for each in range(1, 6))] * len(ALL))

    async def test_channels(self) -> None:
        """
        There are no logical channels with Java's clients, which die of MANAGE CHANNEL and change the class: refused here.
        """
        opening, other = Command(0, 0x70, expected=1), Command(1, 0xA4, 4)

        async def job(channel: ICardChannel) -> list[object]:
            found: list[object] = [Feature.LOGICAL_CHANNELS in channel.info.offers]
            for each in (opening, other):
                try:
                    found.append((await run(channel, each))[0].status)
                except NotSupported as error:
                    found.append(error.code)
            return found

        def transmit(octets: bytes) -> bytes:
            return b"\x01\x90\x00" if octets[1] == 0x70 else STATUSES if octets[0] == 1 else b"\x6e\x00"

        self.start(job)
        atr = make_atr(bytes.fromhex("8073C02113"), 1)
        for kind in ALL:
            await self.content(kind, self.slot(transmit, atr))
        able, unable = [True, 0x9000, 0x9000], [False, "not-supported", "not-supported"]
        self.assertEqual(self.gateway.results, [able, unable, unable, able])

    async def test_protocols(self) -> None:
        """
        A card of T=0 at an OpenCard client; ATRs of any kind.
        """
        self.start(day)
        for atr in ("3B60000000", "3B021450", "3F6525082204689000", ATR.hex()):
            for kind in (OCF13, OCF20):
                await self.content(kind, self.slot(atr=bytes.fromhex(atr)))

    async def test_reset(self) -> None:
        """
        A reset tells the ATR that the card has now.
        """

        async def job(channel: ICardChannel) -> bytes | None:
            await day(channel)
            return channel.info.atr

        self.start(job)
        for kind in ALL:
            await self.content(kind)
        self.assertEqual(self.gateway.results, [ATR] * len(ALL))


class FailureTests(RamHttpTestCase):
    """
    What goes wrong is said so that all see it.
    """

    async def test_job(self) -> None:
        """
        The job fails: a negative notification says why, and is the last of all; ram-client ends with it.
        """

        async def job(channel: ICardChannel) -> None:
            await run(channel, SELECT)
            raise ParameterError("the activation code is used up")

        self.start(job)
        for kind in ALL:
            outcome = await self.come(kind)
            last = outcome.notifications[-1]
            self.assertEqual((last.number, last.text), (-1, "A parameter is wrong."), kind.name)
            if kind is RAM_CLIENT:
                self.assertEqual((outcome.text, outcome.status), ("Error -1", 1))
            self.assertTrue(_last_template(outcome).startswith(b"\xe0"))

    async def test_unknownLink(self) -> None:
        """
        A link that nobody knows, or that is used: 404 and 409 with a word, for the old client, too.
        """
        self.start(day)
        self.gateway.links["T1"] = "link:1"
        waiting: Any = await self.content(RAM_CLIENT, path="/link/T1")
        self.assertEqual(self.gateway.requests, [("link", "link:1")])
        for path, status in (("/link/none", 404), ("/link/T1", 409)):
            for kind in ALL:
                outcome = await self.come(kind, path=path)
                self.assertEqual((outcome.good, outcome.exchanges[0].reply.status), (False, status), waiting)
                self.assertNotIn("Update complete", outcome.text)
        self.assertIn("URL http", (await self.come(OCF13, path="/link/none")).text)

    async def test_tokens(self) -> None:
        """
        401 without the token; with it, in the URL, ram-client comes in.
        """
        self.start(day, tokens=("door",))
        for kind in ALL:
            outcome = await self.come(kind)
            self.assertEqual((outcome.good, outcome.exchanges[0].reply.status), (False, 401))
        await self.content(RAM_CLIENT, user="opensesame")
        await self.content(OURS, user="x:opensesame")

    async def test_full(self) -> None:
        """
        There is no room: 503 with a word.
        """
        self.start(day, max_sessions=1)
        first = Deferred.fromCoroutine(self.content(OURS, pause=0.05))
        await deferLater(reactor, 0.05)
        for kind in ALL:
            outcome = await self.come(kind)
            self.assertEqual((outcome.good, outcome.exchanges[0].reply.status), (False, 503))
        await first

    async def test_elsewhere(self) -> None:
        """
        A path outside of the prefix, and other methods.
        """
        self.start(day, prefix="/cards")
        outcome = await self.come(OCF13)
        self.assertEqual((outcome.good, outcome.exchanges[0].reply.status), (False, 404))


def _last_template(outcome: Any) -> bytes:
    """
    The last element of the last template.
    """
    bodies = [each.reply.body for each in outcome.exchanges if each.reply.status == 200]
    begin, end = extent(bodies[-1], 1, 2)
    items = list(plain(bodies[-1][begin:end]))
    return bytes((items[-1][0],)) if items[-1][0] != COMMAND else b""
