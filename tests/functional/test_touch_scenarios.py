# -*- test-case-name: tests.functional.test_touch_scenarios -*-
"""
A card here lent to a Scripting Server, over real sockets: the day, and each odd server that there is.  A test reads like a row of
a table: what the server does, and what whoever lends the card sees of it.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from cardgw.apdu.memory import Card, MemoryChannel
from cardgw.bridges.touch import Outcome, touch
from cardgw.bridges.touch_errors import (
    TouchAddressInUse,
    TouchAddressUnknown,
    TouchMoved,
    TouchNoScript,
    TouchServerError,
    TouchServerLost,
    TouchServerMisbehaved,
    TouchServerSilent,
)
from cardgw.bridges.touch_http import HttpLine
from cardgw.bridges.touch_session import parse
from cardgw.bridges.touch_tls import policy
from cardgw.errors import CardGatewayError, PeerLost
from cardgw.values import ChannelInfo, Feature, Reset
from cardgw.virtual.http_lines import Message
from cardgw.virtual.ram_server import Oddities, RamServer
from cardgw.virtual.ram_session import RESET_CARD, RamSession, Script, command, play
from cardgw.virtual.ram_tlv import RESPONSE, close, notification, tlv
from tests.bridges.touches import ATR, FakeWatcher

reactor: Any = _reactor
CHALLENGE, SELECT, UNKNOWN = (bytes.fromhex(each) for each in ("0084000008", "00A4040000", "00200081"))
DAY = (RESET_CARD, notification(1, "Größe ✓", 30), *(command(each) for each in (UNKNOWN, SELECT, CHALLENGE, CHALLENGE)))
ANSWERS = (b"\x6d\x00", b"\x90\x00", bytes(8) + b"\x90\x00", bytes(8) + b"\x90\x00")
INFO = ChannelInfo(
    "pcsc",
    atr=ATR,
    offers=frozenset({Feature.EXTENDED_LENGTH}),
    max_command=65544,
    max_response=65538,
    resets=frozenset((Reset.COLD, Reset.WARM)),
)


def answer(octets: bytes) -> bytes:
    """
    A card that gives random numbers.
    """
    if octets[1] == 0x84:
        return bytes(octets[4]) + b"\x90\x00"
    return b"\x90\x00" if octets[1] == 0xA4 else b"\x6d\x00"


class TouchTestCase(TestCase):
    """
    A server, and a card that is lent to it.
    """

    timeout = 30

    async def serve(self, script: Script, oddities: Oddities | None = None, **options: Any) -> RamServer:
        """
        Listen.
        """
        self.server = RamServer(reactor, {"test": script}, oddities=oddities, **options)
        port: IListeningPort = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(self.server)
        self.addCleanup(port.stopListening)
        self.addCleanup(self.server.stop)
        self.port = port.getHost().port  # type: ignore[attr-defined]
        return self.server

    def lend(self, card: Card = answer, path: str = "/rt/test", session: str = "", **options: Any) -> Deferred[Outcome]:
        """
        Lend a card to it.
        """
        self.watcher, self.channel = FakeWatcher(), MemoryChannel(INFO, card)
        where = parse(f"http://127.0.0.1:{self.port}{path}", session)
        return touch(self.channel, HttpLine(reactor, where, policy(), **options), reactor, self.watcher)

    async def good(self, script: Script | None = None, **oddities: Any) -> Outcome:
        """
        With such a server all goes as always.
        """
        await self.serve(script or play(*DAY), Oddities(**oddities))
        outcome = await self.lend()
        self.assertTrue(outcome.good)
        if script is None:
            (session,) = self.server.sessions.values()
            heard = tuple(value for items in session.heard for tag, value in items if tag == RESPONSE)
            self.assertEqual((outcome.commands, heard), (4, ANSWERS))
        return outcome

    async def bad(self, error: type[CardGatewayError], *words: str, **oddities: Any) -> None:
        """
        With such a server it is a named error, in which there are these words.
        """
        await self.serve(play(*DAY), Oddities(**oddities))
        await self.fails(self.lend(), error, *words)

    async def fails(self, lending: Deferred[Outcome], error: type[CardGatewayError], *words: str) -> None:
        """
        It fails so.
        """
        raised = await self.assertFailure(lending, error)
        for each in words:
            self.assertIn(each, str(raised))
        self.assertFalse(self.channel.held)

    @property
    def posts(self) -> list[Message]:
        """
        What has come.
        """
        return self.server.requests


class DayTests(TouchTestCase):
    """
    All goes well.
    """

    async def test_units(self) -> None:
        """
        Reset, text, four commands, one in each template, 204.
        """
        await self.good()
        self.assertEqual(len(self.posts), 7)
        self.assertIn(("notified", 1, "Größe ✓", 30), self.watcher.told)
        self.assertEqual(self.watcher.names()[:2] + self.watcher.names()[-1:], ["connected", "reset", "ended"])
        self.assertEqual([each.get("Content-Length") for each in self.posts[1:3]], ["31", "5"])
        self.assertEqual([each.pieces for each in self.posts], [1] * 7)

    async def test_batch(self) -> None:
        """
        All in one template; 301 commands in one.
        """
        await self.good(play(b"".join(DAY)))
        self.assertEqual(len(self.posts), 2)
        outcome = await self.good(play(command(SELECT) * 301))
        self.assertEqual(outcome.commands, 301)
        self.assertEqual(self.posts[1].body[-4:].hex(), "8002012d")

    async def test_idle(self) -> None:
        """
        Nothing to do, again and again.
        """
        await self.good(play(b"", b"", b""))
        self.assertEqual([each.body.hex() for each in self.posts[1:]], ["ab03800100"] * 3)

    async def test_long(self) -> None:
        """
        A command of 65 007 bytes.
        """
        await self.good(play(command(bytes.fromhex("00A4040000FDEA") + bytes(65002))))
        self.assertEqual(self.posts[1].body.hex(), "ab0723029000800101")

    async def test_status(self) -> None:
        """
        61xx and 6Cxx do not reach the server.
        """

        def card(octets: bytes) -> bytes:
            if octets[1] == 0xC0:
                return b"DATA\x90\x00"
            return b"\x6c\x04" if octets[4:] == b"\0" else b"\x61\x04"

        await self.serve(play(command(bytes.fromhex("00B0000000")), command(bytes.fromhex("00CA000004"))))
        self.assertTrue((await self.lend(card)).good)
        self.assertEqual([each.body.hex().upper() for each in self.posts[1:]], ["AB0B2306444154419000800101"] * 2)

    async def test_noCommand(self) -> None:
        """
        What is no command does not kill it.
        """
        await self.good(play(command(bytes.fromhex("00A4040005AA")), command(SELECT)))
        self.assertEqual([each.body.hex() for each in self.posts[1:]], ["ab0723026700800101", "ab0723029000800101"])

    async def test_error(self) -> None:
        """
        The server says that something went wrong, and ends.
        """
        await self.serve(play(notification(-1, "The card is blocked.")))
        outcome = await self.lend()
        self.assertEqual((outcome.good, outcome.failed, outcome.notice), (False, True, "The card is blocked."))

    async def test_sessions(self) -> None:
        """
        An id of a session goes with the first POST; user and password as Basic.
        """
        await self.serve(play(RESET_CARD))
        await self.lend(session="4711")
        self.assertEqual([each.get("Cookie") for each in self.posts], ["JSESSIONID=4711", f"JSESSIONID={1:032X}"])


class OddTests(TouchTestCase):
    """
    Servers that are odd, but can be served.
    """

    async def test_framing(self) -> None:
        """
        Chunks; bodies that end with the connection; HTTP/1.0 with a length; head and body in two segments.
        """
        await self.good(chunked=True)
        await self.good(until_close=True)
        await self.good(http10=True)
        await self.good(split=True)

    async def test_longForm(self) -> None:
        """
        A length of four bytes.
        """
        await self.good(outer="84")

    async def test_unknown(self) -> None:
        """
        Unknown tags, E1 among them, are skipped, with a word.
        """
        for extra in (tlv(0x99, b"x"), tlv(0x25), tlv(0x9F7F, b"x"), close("bye")):
            await self.good(extra=extra)
            self.assertIn("warned", self.watcher.names())

    async def test_cookies(self) -> None:
        """
        More cookies than one; others later.
        """
        await self.good(cookies=("a=1; Path=/", "b=2"), late_cookies=("c=3",))
        self.assertEqual(self.posts[1].get("Cookie"), f"a=1; b=2; JSESSIONID={1:032X}")
        self.assertEqual(self.posts[2].get("Cookie"), f"a=1; b=2; JSESSIONID={1:032X}; c=3")

    async def test_drop(self) -> None:
        """
        The connection is closed after a POST was read: the same body once more.
        """
        await self.good(drop_at=3)
        self.assertEqual(self.posts[2].body, self.posts[3].body)

    async def test_idleConnection(self) -> None:
        """
        A connection that is closed while the card works.
        """

        async def slow(octets: bytes) -> bytes:
            await deferLater(reactor, 0.3)
            return answer(octets)

        await self.serve(play(command(SELECT), command(SELECT)), Oddities(idle=0.1))
        self.assertEqual((await self.lend(slow)).commands, 2)

    async def test_doneAtOnce(self) -> None:
        """
        204 as the first reply.
        """
        self.assertEqual((await self.good(play())).commands, 0)

    async def test_twiceConnected(self) -> None:
        """
        Two cards at once.
        """
        await self.serve(play(*DAY))
        first = self.lend()
        outcomes = [await each for each in (first, self.lend())]
        self.assertEqual([each.commands for each in outcomes], [4, 4])
        self.assertEqual(len(self.server.sessions), 2)


class BadTests(TouchTestCase):
    """
    Servers that cannot be served: each is an error with a name.
    """

    async def test_empty(self) -> None:
        """
        200 without a body, at first or later.
        """
        for at in (1, 3):
            await self.bad(TouchServerMisbehaved, empty_at=at)

    async def test_outer(self) -> None:
        """
        AE, and indefinite lengths.  The server is told.
        """
        for outer in ("AE", "AE80", "AA80"):
            await self.bad(TouchServerMisbehaved, outer=outer)
            self.assertIn(b"\xe1", self.posts[-1].body)

    async def test_redirect(self) -> None:
        """
        302: nothing is sent elsewhere.
        """
        for at in (1, 3):
            await self.bad(
                TouchMoved, "https://elsewhere.example/", instead={at: (302, b"")}, location="https://elsewhere.example/"
            )
            self.assertEqual(len(self.posts), at)

    async def test_status(self) -> None:
        """
        Errors of HTTP, with a body and without: never a success.
        """
        for status, error in (
            (404, TouchAddressUnknown),
            (409, TouchAddressInUse),
            (410, TouchAddressUnknown),
            (500, TouchServerError),
            (504, TouchNoScript),
        ):
            for at in (1, 3):
                await self.bad(error, f"HTTP status {status}", instead={at: (status, b"")})
                await self.bad(error, f"HTTP status {status}: No script", instead={at: (status, b"No script\n")})

    async def test_unknownPath(self) -> None:
        """
        A server that does not know the address.
        """
        await self.serve(play())
        await self.fails(self.lend(path="/rt/other"), TouchAddressUnknown, "Not found")

    async def test_late(self) -> None:
        """
        No reply in time.
        """
        await self.serve(play(*DAY), Oddities(delay=1))
        await self.fails(self.lend(patience=0.2), TouchServerSilent)

    async def test_dropFirst(self) -> None:
        """
        The connection is closed after the very first POST: a session may have begun, so that is not posted again.
        """
        await self.bad(TouchServerLost, drop_at=1)
        self.assertEqual(len(self.posts), 1)


class LossTests(TouchTestCase):
    """
    The card, or the holder, does not want any more.
    """

    async def test_pulled(self) -> None:
        """
        The card is pulled out in the midst of a template: the server has the answers so far, and the reason.
        """

        def card(octets: bytes) -> bytes:
            if octets == CHALLENGE:
                raise PeerLost
            return answer(octets)

        await self.serve(play(command(SELECT) + command(CHALLENGE) + command(SELECT)))
        await self.fails(self.lend(card), PeerLost)
        self.assertTrue(self.posts[-1].body.startswith(bytes.fromhex("AB")))
        self.assertIn(bytes.fromhex("23029000" + "2300" + "E1"), self.posts[-1].body)
        (session,) = self.server.sessions.values()
        self.assertTrue(session.lost)

    async def test_cancelled(self) -> None:
        """
        The holder gives up while the server thinks: it is told on another connection, and answers both with the end.
        """

        async def script(session: RamSession) -> None:
            await session.transmit(SELECT)
            thinking.callback(None)
            await Deferred()

        thinking: Deferred[None] = Deferred()
        await self.serve(script)
        lending = self.lend()
        await thinking
        reactor.callLater(0.05, lending.cancel)
        outcome = await lending
        self.assertTrue(outcome.cancelled)
        (session,) = self.server.sessions.values()
        self.assertEqual((session.lost, session.posts), ("Session canceled", 3))

    async def test_pulledWhileWaiting(self) -> None:
        """
        The card is pulled out while the server thinks: so is that told.
        """

        async def script(session: RamSession) -> None:
            await session.transmit(SELECT)
            reactor.callLater(0.05, self.channel.lose)
            await Deferred()

        await self.serve(script)
        await self.fails(self.lend(), PeerLost)
        (session,) = self.server.sessions.values()
        self.assertTrue(session.lost)
        self.assertEqual(session.posts, 3)

    async def test_remote(self) -> None:
        """
        A script that waits for its answers one by one, as remote card terminals do.
        """

        async def script(session: RamSession) -> None:
            found.append(await session.reset())
            found.extend([await session.transmit(each) for each in (SELECT, CHALLENGE)])
            await session.notify(0, "Done")

        found: list[bytes] = []
        await self.serve(script)
        outcome = await self.lend()
        self.assertEqual((found, outcome.notice), ([ATR, *ANSWERS[1:3]], "Done"))
