# -*- test-case-name: tests.virtual.test_ram_matrix -*-
"""
What was measured of real clients, row by row: the software ones do the same with the software server.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from cardgw.virtual.ram_kinds import OCF13, OCF20, OURS, RAM_CLIENT, Kind
from cardgw.virtual.ram_server import Oddities
from cardgw.virtual.ram_session import RESET_CARD, RamSession, Script, command, play
from cardgw.virtual.ram_tlv import close, notification, tlv
from tests.virtual.ram_rig import ATR, T0_ATR, RamTestCase

SELECT = bytes.fromhex("00A404000BE82B0601040181C31F020100")
CHALLENGE = bytes.fromhex("0084000045")
VERIFY = bytes.fromhex("00200081")
DAY = (RESET_CARD, notification(0, "Test"), *(command(each) for each in (VERIFY, SELECT, CHALLENGE, CHALLENGE)))
ALL = (RAM_CLIENT, OCF13, OCF20, OURS)
GOOD = {RAM_CLIENT: "Completed", OCF13: "Update complete", OCF20: "Update completed", OURS: "Completed"}
INVALID = "Server request invalid"
NO_DATA = "No data received from server. HTTP code 200 OK"
NULL = "java.lang.NullPointerException"


class MatrixTestCase(RamTestCase):
    """
    A row: what the server does, and what a client says last.
    """

    def ends(self, kind: Kind, text: str, script: Script | None = None, *, good: bool = False, **oddities: Any) -> None:
        """
        A client ends with these words.
        """
        self.serve(script or play(*DAY), Oddities(**oddities))
        self.outcome = self.run_client(kind)
        self.assertEqual((self.outcome.text, self.outcome.good), (text, good), kind.name)

    def succeeds(self, kind: Kind, script: Script | None = None, **oddities: Any) -> None:
        """
        A client is content.
        """
        self.ends(kind, GOOD[kind], script, good=True, **oddities)

    def bodies(self) -> list[str]:
        """
        What the client has posted.
        """
        return [each.hex().upper() for each in self.outcome.bodies]


class DayTests(MatrixTestCase):
    """
    All goes well.
    """

    def test_transcript(self) -> None:
        """
        Reset, text, commands, 204: octet by octet.
        """
        self.succeeds(RAM_CLIENT)
        atr, challenge = f"C018{ATR.hex().upper()}", "00" * 69
        self.assertEqual(
            self.bodies(),
            [
                f"E81A{atr}",
                f"AB1D{atr}800100",
                "AB03800100",
                "AB0723026D00800101",
                "AB0723029000800101",
                f"AB4C2347{challenge}9000800101",
                f"AB4C2347{challenge}9000800101",
            ],
        )
        self.assertEqual([(each.number, each.text) for each in self.outcome.notifications], [(0, "Test")])
        self.assertEqual((self.outcome.posts, self.outcome.connections, self.outcome.resets, self.outcome.status), (7, 1, 1, 0))

    def test_counts(self) -> None:
        """
        Each program counts in its own way; 301 commands in one template.
        """
        many = play(command(SELECT) * 301)
        for kind, count in ((RAM_CLIENT, "8002012D"), (OCF13, "800101"), (OCF20, "80012D"), (OURS, "8002012D")):
            self.succeeds(kind, many)
            self.assertEqual(self.outcome.apdus, 301)
            self.assertTrue(self.bodies()[1].endswith(f"23029000{count}"), kind.name)
        self.succeeds(OCF13)
        self.assertEqual(self.bodies()[1][-6:], "800101")

    def test_limits(self) -> None:
        """
        Later OpenCard clients tell their limits.
        """
        self.succeeds(OCF20)
        self.assertEqual(self.bodies()[0], f"E822C018{ATR.hex().upper()}C10207D0C2020800")

    def test_batch(self) -> None:
        """
        All in one template; a bad status in the midst stops nothing.
        """
        for kind in ALL:
            self.succeeds(kind, play(b"".join(DAY)))
            self.assertIn("23026D00230290002347", self.bodies()[1])
            self.assertEqual(self.outcome.posts, 2)

    def test_idle(self) -> None:
        """
        A template without anything is answered in kind.
        """
        for kind in ALL:
            self.succeeds(kind, play(b"", b"", command(SELECT)))
            self.assertEqual(self.bodies()[1], "AB03800101" if kind is OCF13 else "AB03800100")

    def test_long(self) -> None:
        """
        A command of 65 007 bytes.
        """
        for kind in ALL:
            self.succeeds(kind, play(command(bytes.fromhex("00A4040000FDEA") + bytes(65002) + b"\0\0")))
            self.assertEqual(self.outcome.apdus, 1)

    def test_utf8(self) -> None:
        """
        Texts are UTF-8.
        """
        for kind in ALL:
            self.succeeds(kind, play(notification(77, "Größe ✓ 协")))
            self.assertEqual(self.outcome.notifications[0].text, "Größe ✓ 协")


class FramingTests(MatrixTestCase):
    """
    How bodies end.
    """

    def test_chunked(self) -> None:
        """
        OpenCard clients die of it, at first or later.
        """
        for kind in (RAM_CLIENT, OURS):
            self.succeeds(kind, chunked=True)
        for kind in (OCF13, OCF20):
            self.ends(kind, NO_DATA, chunked=True)

    def test_empty(self) -> None:
        """
        200 without a body, at first or later.
        """
        for at, words in ((1, NO_DATA), (3, NULL)):
            self.ends(RAM_CLIENT, INVALID, empty_at=at)
            self.ends(OCF13, words, empty_at=at)
            self.ends(OCF20, words, empty_at=at)

    def test_http10(self) -> None:
        """
        HTTP/1.0 with a length, a connection each time.
        """
        for kind in ALL:
            self.succeeds(kind, http10=True)
            self.assertEqual(self.outcome.connections, 7)

    def test_segments(self) -> None:
        """
        Whether head and body came in one segment is seen.
        """
        for split, pieces in ((False, 1), (True, 2)):
            self.succeeds(OURS, split=split)
            self.assertEqual({each.reply.pieces for each in self.outcome.exchanges[:-1]}, {pieces})


class TagTests(MatrixTestCase):
    """
    What is in a template.
    """

    def test_outer(self) -> None:
        """
        Definite lengths, and AA.
        """
        for outer in ("AE", "AE80", "AA80"):
            self.ends(RAM_CLIENT, INVALID, outer=outer)
        for kind in (OCF13, OCF20):
            for outer in ("AE", "AE80"):
                self.ends(kind, "Expected tag 'AA'", outer=outer)
            self.ends(kind, "java.lang.NegativeArraySizeException", outer="AA80")

    def test_longForm(self) -> None:
        """
        A length of four bytes.
        """
        self.ends(RAM_CLIENT, INVALID, outer="84")
        for kind in (OCF13, OCF20, OURS):
            self.succeeds(kind, outer="84")

    def test_unknown(self) -> None:
        """
        ram-client stops at any tag that it does not know, and posts no more.
        """
        for extra in (tlv(0x99, b"x"), tlv(0x25), close("bye")):
            self.ends(RAM_CLIENT, "Error 1", extra=extra)
            self.assertEqual((self.outcome.posts, self.outcome.status), (1, 1))
            for kind in (OCF13, OCF20, OURS):
                self.succeeds(kind, extra=extra)

    def test_twoBytes(self) -> None:
        """
        A tag of two bytes.
        """
        extra = tlv(0x9F7F, b"x")
        self.ends(RAM_CLIENT, "Invalid TLV encoding", extra=extra)
        self.succeeds(OCF13, extra=extra)

    def test_negative(self) -> None:
        """
        A negative notification is the end for ram-client, without another POST; -6 is not.
        """
        script = play(notification(-1, "No"), command(SELECT))
        self.ends(RAM_CLIENT, "Error -1", script)
        self.assertEqual((self.outcome.posts, self.outcome.notifications[0].text), (1, "No"))
        for kind in (OCF13, OCF20):
            self.succeeds(kind, script)
        self.succeeds(RAM_CLIENT, play(notification(-6, "No"), command(SELECT)))
        self.assertEqual(self.outcome.apdus, 1)


class StatusTests(MatrixTestCase):
    """
    What is not 200.
    """

    def test_doneAtOnce(self) -> None:
        """
        204 as the first reply.
        """
        self.succeeds(RAM_CLIENT, play())
        for kind in (OCF13, OCF20):
            self.ends(kind, "No data received from server. HTTP code 204 No Content", play())

    def test_notFound(self) -> None:
        """
        404, with a body and without.
        """
        self.ends(RAM_CLIENT, "URL is invalid or not found on server", instead={1: (404, b"")})
        self.ends(OCF13, "URL http://localhost:8080/rt/test not found", instead={1: (404, b"no")})
        self.ends(OCF13, "No data received from server. HTTP code 404 Not Found", instead={1: (404, b"")})

    def test_noScript(self) -> None:
        """
        504, at first and later.
        """
        words = "Server did not initiate connection to card. See server log"
        self.ends(RAM_CLIENT, words, instead={1: (504, b"")})
        self.ends(RAM_CLIENT, "Server aborted connection to card", instead={3: (504, b"")})
        self.ends(OCF13, "Update complete", instead={3: (504, b"")}, good=True)
        self.ends(OCF20, "Update failed with HTTP code 504", instead={3: (504, b"")})

    def test_error(self) -> None:
        """
        500: what is meant as an error is a success for the old client, where it has no body.
        """
        words = "Server HTTP code 500\nServer send unexpected HTTP code"
        self.ends(RAM_CLIENT, words, instead={3: (500, b"")})
        self.ends(OCF13, "Update complete", instead={3: (500, b"")}, good=True)
        self.ends(OCF20, "Update failed with HTTP code 500", instead={3: (500, b"")})
        url = "http://localhost:8080/rt/test"
        for kind in (OCF13, OCF20):
            said = f"IO error: Server returned HTTP response code: 500 for URL: {url}"
            self.ends(kind, said, instead={3: (500, b"x")})

    def test_redirect(self) -> None:
        """
        ram-client fails; OpenCard follows, with a GET.
        """
        self.ends(
            RAM_CLIENT,
            "Server HTTP code 302\nServer send unexpected HTTP code",
            instead={1: (302, b"")},
            location="/rt/test",
        )
        url = "http://localhost:8080/rt/test"
        said = f"IO error: Server returned HTTP response code: 405 for URL: {url}"
        self.ends(OCF13, said, instead={1: (302, b"")}, location="/rt/test")
        self.assertEqual([each.method for each in self.server.requests], ["POST", "GET"])


class TimeTests(MatrixTestCase):
    """
    What takes long.
    """

    def test_late(self) -> None:
        """
        45 s: ram-client gives up after 40 s.
        """
        self.serve(play(*DAY), Oddities(delay=45))
        outcome = self.run_client(RAM_CLIENT, seconds=50)
        self.assertEqual((outcome.text, outcome.seconds, outcome.status), ("Error -13", 40.0, 1))
        self.assertTrue(self.run_client(OCF13, seconds=400).good)

    def test_poll(self) -> None:
        """
        A script that says nothing for 30 s: 504 at first; later a template without anything, or 504 from an old server.
        """

        async def silent(session: RamSession) -> None:
            await session.transmit(SELECT)

        async def never(session: RamSession) -> None:
            await session.ask()
            await self.pause

        for impatient, script, words, posts in (
            (False, never, "Completed", 4),
            (True, never, "Server aborted connection to card", 2),
        ):
            self.pause: Any = deferLater(self.clock, 70)
            self.serve(script, impatient=impatient)
            outcome = self.run_client(RAM_CLIENT, seconds=100)
            self.assertEqual((outcome.text, outcome.posts), (words, posts))
            self.server.stop()
        self.serve(silent)
        self.assertTrue(self.run_client(RAM_CLIENT).good)

    def test_idleConnection(self) -> None:
        """
        The server closes a connection while the card works: another one.
        """
        for kind in ALL:
            self.serve(play(*DAY), Oddities(idle=3))
            outcome = self.run_client(kind, self.slot(delay=5), seconds=40)
            self.assertEqual((outcome.good, outcome.connections), (True, 5), kind.name)

    def test_latency(self) -> None:
        """
        Each exchange takes a round trip, and so does the connection.
        """
        self.serve(play(*DAY))
        self.assertEqual(self.run_client(OURS, seconds=3, latency=0.25).seconds, 2.0)


class LossTests(MatrixTestCase):
    """
    What gets lost.
    """

    def test_drop(self) -> None:
        """
        The server drops the connection after reading a POST: the same body once more, silently.
        """
        for kind in ALL:
            self.succeeds(kind, drop_at=3)
            self.assertEqual((self.outcome.again, self.outcome.connections), (1, 2))
            self.assertEqual(self.server.requests[2].body, self.server.requests[3].body)

    def test_dropFirst(self) -> None:
        """
        On a connection that is new, only Java does so.
        """
        self.ends(RAM_CLIENT, "Networking error: the connection was closed by the server", drop_at=1)
        self.succeeds(OCF13, drop_at=1)

    def test_half(self) -> None:
        """
        A client may lose the connection in the midst of a reply, and posts again.
        """
        self.serve(play(*DAY))
        self.assertEqual(self.run_client(OURS, drop_at=4, drop_bytes=20).again, 1)
        posted = [each.body for each in self.server.requests]
        self.assertEqual(posted[3], posted[4])

    def test_reset(self) -> None:
        """
        Or before the POST has left.
        """
        self.serve(play(*DAY))
        outcome = self.run_client(OURS, drop_at=4, drop_bytes=-1)
        self.assertEqual((outcome.good, outcome.again, outcome.connections, len(self.server.requests)), (True, 1, 2, 7))

    def test_anew(self) -> None:
        """
        Each POST may have a connection of its own.
        """
        self.serve(play(*DAY))
        outcome = self.run_client(OURS, anew=True)
        self.assertEqual((outcome.good, outcome.connections), (True, outcome.posts))

    def test_pulled(self) -> None:
        """
        The card is pulled out: told, with an answer without anything before it, or not told at all.
        """
        units = command(SELECT) + command(CHALLENGE)
        for kind, last in (
            (RAM_CLIENT, "AB1E" + "23029000" + "2300" + close("Card was removed.").hex().upper() + "800102"),
            (OURS, "AB1E" + "23029000" + "2300" + close("Card was removed.").hex().upper() + "800102"),
            (OCF20, "AB1C" + "23029000" + close("Card was removed.").hex().upper() + "800101"),
        ):
            self.serve(play(units))
            self.outcome = self.run_client(kind, self.slot(pull_at=2))
            self.assertEqual((self.bodies()[-1], self.outcome.good), (last, True))
        self.serve(play(units))
        self.outcome = self.run_client(OCF13, self.slot(pull_at=2))
        self.assertEqual((self.outcome.posts, self.outcome.good), (1, False))

    def test_cancel(self) -> None:
        """
        While it waits, a later OpenCard client says on another connection that the card was pulled out; both are told the end.
        """

        async def script(session: RamSession) -> None:
            await session.transmit(SELECT)
            await self.never

        self.never: Any = Deferred()
        self.serve(script)
        client = self.client(OCF20)
        self.clock.callLater(5, client.pull)
        outcome = self.over(client.run(), 10)
        self.assertEqual((outcome.seconds, outcome.good, outcome.connections), (5.0, True, 2))
        self.assertEqual([each.reply.status for each in outcome.exchanges[-2:]], [204, 204])
        self.assertIn("Session canceled", next(iter(self.server.sessions.values())).lost)
        self.server.stop()

    def test_twice(self) -> None:
        """
        A body may come a second time while the first waits; a client may vanish.
        """
        self.serve(play(*DAY), Oddities(delay=1))
        self.assertEqual(self.run_client(OURS, seconds=30, repost_at=2).again, 1)
        self.serve(play(*DAY), Oddities(delay=1))
        self.assertEqual(self.run_client(OURS, seconds=30, vanish_at=2).text, "vanished")


class CardTests(MatrixTestCase):
    """
    What lies between program and card.
    """

    def test_protocol(self) -> None:
        """
        ram-client speaks T=1 alone; without a card nobody posts anything.
        """
        self.serve(play(*DAY))
        outcome = self.run_client(RAM_CLIENT, self.slot(atr=T0_ATR))
        self.assertEqual((outcome.text, outcome.posts), ("Could not connect to card (Card protocol mismatch.)", 0))
        self.assertTrue(self.run_client(OCF13, self.slot(atr=T0_ATR)).good)
        for kind, words in ((RAM_CLIENT, "Could not connect to card (No smart card inserted.)"), (OCF13, "No card in reader")):
            outcome = self.run_client(kind, self.slot(atr=b""))
            self.assertEqual((outcome.text, outcome.posts), (words, 0))

    def test_status(self) -> None:
        """
        61xx and 6Cxx are passed on by ram-client, and resolved by the others.
        """

        def card(octets: bytes) -> bytes:
            if octets[1] == 0xC0:
                return b"DATA\x90\x00"
            if octets[4:5] == b"\0":
                return b"\x6c\x04"
            return b"\x61\x04"

        for octets, raw in (("00B0000000", "6C04"), ("00CA000004", "6104")):
            for kind in ALL:
                self.serve(play(command(bytes.fromhex(octets))))
                self.outcome = self.run_client(kind, self.slot(card))
                expected = f"AB072302{raw}800101" if kind is RAM_CLIENT else "AB0B2306444154419000800101"
                self.assertEqual(self.bodies()[-1], expected, kind.name)

    def test_channels(self) -> None:
        """
        Java opens no logical channel, and takes the number of one out of the class.
        """
        seen: list[str] = []

        def card(octets: bytes) -> bytes:
            seen.append(octets.hex())
            return b"\x90\x00"

        for kind, classes in ((RAM_CLIENT, ["01", "81", "41"]), (OCF13, ["00", "81", "00"]), (OURS, ["01", "81", "41"])):
            seen.clear()
            units = (command(bytes.fromhex(f"{cla}A40400")) for cla in ("01", "81", "41"))
            self.serve(play(*units))
            self.run_client(kind, self.slot(card))
            self.assertEqual([each[:2] for each in seen], classes)

    def test_thrown(self) -> None:
        """
        MANAGE CHANNEL, and what is no command, kill an OpenCard client without a word to the server.
        """
        for octets in ("0070000001", "00A40400", "00A4040005AA"):
            script = play(command(bytes.fromhex(octets)))
            self.succeeds(RAM_CLIENT, script)
            if octets == "00A40400":
                continue
            for kind in (OCF13, OCF20):
                self.serve(script)
                outcome = self.run_client(kind)
                self.assertTrue(outcome.text.startswith("java.lang.IllegalArgumentException"), outcome.text)
                self.assertEqual((outcome.posts, outcome.status), (1, 0))

    def test_longAnswer(self) -> None:
        """
        ram-client has room for answers of 4096 bytes, and for answers to one template of 65 535.
        """

        def card(octets: bytes) -> bytes:
            return bytes(octets[0] * 256 + octets[1]) + b"\x90\x00"

        self.serve(play(command(bytes.fromhex("0FFF0000"))))
        self.outcome = self.run_client(RAM_CLIENT, self.slot(card))
        self.assertIn("2300E1", self.bodies()[-1])
        self.serve(play(command(bytes.fromhex("0FFE0000")) * 16))
        self.outcome = self.run_client(RAM_CLIENT, self.slot(card))
        self.assertEqual((self.bodies()[1][:8], self.outcome.apdus), ("AB820043", 16))
