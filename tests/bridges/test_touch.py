"""
Tests for L{cardgw.bridges.touch}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.bridges.touch import Outcome, Session
from cardgw.bridges.touch_errors import TouchAddressInUse, TouchServerLost, TouchServerMisbehaved, TouchServerSilent
from cardgw.bridges.touch_waiting import GRACE
from cardgw.errors import NotSupported, PeerLost
from cardgw.interfaces import ICardChannel
from tests.bridges.touches import ATR, INFO, Touching

INITIATION = f"E822C018{ATR.hex().upper()}C1020105C2020102"
CANCELLED = "E1120C1053657373696F6E2063616E63656C6564"
NOTHING = "AB03800100"


class ValueTests(SynchronousTestCase):
    """
    L{Session} and L{Outcome}.
    """

    def test_secretsAreNotShown(self) -> None:
        """
        Neither the cookie nor the password is in the representation.
        """
        shown = repr(Session("https://cards.example/rt", "JSESSIONID=4711", "Basic c2VjcmV0"))
        self.assertNotIn("4711", shown)
        self.assertNotIn("c2VjcmV0", shown)

    def test_good(self) -> None:
        """
        A session is good unless the server told of an error, or it was cancelled.
        """
        self.assertTrue(Outcome(3).good)
        self.assertFalse(Outcome(3, "no", failed=True).good)
        self.assertFalse(Outcome(3, cancelled=True).good)


class SessionTests(SynchronousTestCase):
    """
    Sessions that go as the server wants.
    """

    def test_transcript(self) -> None:
        """
        A card is introduced with its answer to reset and its limits, does what the server asks for, and is held until the server
        has no more; the line is closed.
        """
        touching = Touching(lambda octets: b"\x6e\x00" if octets[1] == 0x20 else b"\x62\x00\x90\x00")
        self.assertEqual(touching.line.sent, [INITIATION])
        self.assertTrue(touching.channel.held)
        touching.line.say("C000")
        self.assertEqual(touching.last(), f"AB1DC018{ATR.hex().upper()}800100")
        touching.line.say("E00902010" + "00C0454657374")
        self.assertEqual(touching.last(), NOTHING)
        touching.line.say("220400200081", "221100A404040BE82B0601040181C31F020100")
        self.assertEqual(touching.line.sent[3:], ["AB0723026E00800101", "AB09230462009000800101"])
        self.assertEqual(touching.commands, ["00200081", "00A404040BE82B0601040181C31F020100"])
        touching.line.end()
        self.assertEqual(self.successResultOf(touching.done), Outcome(2, "Test"))
        self.assertFalse(touching.channel.held)
        self.assertEqual(touching.line.closed, 1)
        expected = ["connected", "reset", "notified", "command", "answer", "command", "answer", "ended"]
        self.assertEqual(touching.watcher.names(), expected)

    def test_nothingToDo(self) -> None:
        """
        A server that has nothing to ask for ends it well.
        """
        touching = Touching()
        touching.line.end()
        self.assertEqual(self.successResultOf(touching.done), Outcome(0))

    def test_reportedErrors(self) -> None:
        """
        A notification with a negative number is a failure, whatever follows.
        """
        touching = Touching()
        touching.line.say("E007" + "0201FF0C024E6F", "E007" + "0201000C024F6B")
        touching.line.end()
        self.assertEqual(self.successResultOf(touching.done), Outcome(0, "No", failed=True))

    def test_prepared(self) -> None:
        """
        What is to be done first is done to the held card before the server learns of it.
        """
        ready: Deferred[None] = Deferred()
        seen: list[ICardChannel] = []

        async def prepare(channel: ICardChannel) -> None:
            seen.append(channel)
            await ready

        touching = Touching(prepare=prepare)
        self.assertEqual((seen, touching.line.sent, touching.channel.held), ([touching.channel], [], True))
        ready.callback(None)
        self.assertEqual(touching.line.sent, [INITIATION])

    def test_goneMeanwhile(self) -> None:
        """
        Where the card goes meanwhile, what is done to it is cancelled: nobody is asked for its PIN any more.
        """
        cancelled: list[Deferred[None]] = []

        async def prepare(channel: ICardChannel) -> None:
            await Deferred(cancelled.append)

        touching = Touching(prepare=prepare)
        touching.channel.lose(PeerLost("pulled"))
        self.failureResultOf(touching.done, PeerLost)
        self.assertEqual((len(cancelled), touching.line.sent, touching.line.closed), (1, [], 1))

    def test_notPrepared(self) -> None:
        """
        Where that fails the server never learns of the card.
        """

        async def prepare(channel: ICardChannel) -> None:
            raise NotSupported("that")

        touching = Touching(prepare=prepare)
        self.failureResultOf(touching.done, NotSupported)
        self.assertEqual((touching.line.sent, touching.channel.held, touching.line.closed), ([], False, 1))


class EndTests(SynchronousTestCase):
    """
    Sessions that end before that.
    """

    def test_cancelledWhileTheServerThinks(self) -> None:
        """
        The server is told on a second connection, once, and both requests end.
        """
        touching = Touching()
        touching.line.say("")
        touching.done.cancel()
        self.assertNoResult(touching.done)
        self.assertEqual((touching.last(), touching.line.again[-1]), (f"AB17{CANCELLED}800100", False))
        touching.line.end()
        self.assertEqual(self.successResultOf(touching.done), Outcome(0, cancelled=True))

    def test_serverDoesNotCare(self) -> None:
        """
        A server that does not answer that is not waited for.
        """
        touching = Touching()
        touching.line.say("")
        touching.done.cancel()
        touching.clock.advance(GRACE)
        self.assertEqual(self.successResultOf(touching.done), Outcome(0, cancelled=True))
        self.assertEqual((touching.line.cancelled, touching.line.closed), (2, 1))

    def test_cancelledTwice(self) -> None:
        """
        Whoever cancels once more does not want to wait at all.
        """
        touching = Touching()
        touching.line.say("")
        touching.done.cancel()
        touching.done.cancel()
        self.assertTrue(self.successResultOf(touching.done).cancelled)

    def test_cancelledAtTheBeginning(self) -> None:
        """
        A server that has not answered yet knows no session that could be ended.
        """
        touching = Touching()
        touching.done.cancel()
        self.assertEqual((touching.line.sent, touching.line.cancelled), ([INITIATION], 1))
        self.assertTrue(self.successResultOf(touching.done).cancelled)

    def test_cancelledWhileTheCardWorks(self) -> None:
        """
        The command comes to its end, no further one begins, and the server learns of both.
        """
        answer: Deferred[bytes] = Deferred()
        touching = Touching(lambda _: answer)
        touching.line.say("2204001000002204" + "00110000")
        touching.done.cancel()
        answer.callback(b"\x90\x00")
        self.assertEqual(touching.commands, ["00100000"])
        self.assertEqual(touching.last(), f"AB1B23029000{CANCELLED}800101")
        touching.line.end()
        self.assertEqual(self.successResultOf(touching.done), Outcome(1, cancelled=True))

    def test_cancelledWhileTheCardWorksLong(self) -> None:
        """
        A command that takes long is not waited for; it has no answer.
        """
        touching = Touching(lambda _: Deferred())
        touching.line.say("220400100000")
        touching.done.cancel()
        touching.clock.advance(GRACE)
        self.assertEqual(touching.last(), f"AB192300{CANCELLED}800101")
        touching.line.end()
        self.assertTrue(self.successResultOf(touching.done).cancelled)

    def test_takenOutWhileItWorks(self) -> None:
        """
        The command has an empty answer, and the server is told why.
        """

        def card(octets: bytes) -> bytes:
            if octets[1] == 0x11:
                raise PeerLost
            return b"\x90\x00"

        touching = Touching(card)
        touching.line.say("2204001000002204001100002204" + "00120000")
        text = b"The card's side closed the connection.".hex().upper()
        self.assertEqual(touching.last(), f"AB3323029000{2300}E1280C26{text}800102")
        touching.line.end()
        self.failureResultOf(touching.done, PeerLost)
        self.assertEqual(touching.watcher.names()[-1], "ended")

    def test_takenOutWhileTheServerThinks(self) -> None:
        """
        The server is told on a second connection.
        """
        touching = Touching()
        touching.line.say("")
        touching.channel.lose()
        self.assertEqual(touching.line.sent[-1][:6], "AB2DE1")
        touching.line.end()
        self.failureResultOf(touching.done, PeerLost)

    def test_garbage(self) -> None:
        """
        What is no template ends the session, and the server is told.
        """
        touching = Touching()
        touching.line.asked.pop().callback(b"\xae\x80\x00\x00")
        self.assertTrue(touching.last().startswith("AB2DE1"), touching.last())
        touching.line.end()
        self.failureResultOf(touching.done, TouchServerMisbehaved)

    def test_connectionDies(self) -> None:
        """
        Where the connection dies, or no answer comes, the server is told that the session is over, if it can be reached: it
        need not wait for the card.  One that has never answered knows of none.
        """
        for error in (TouchServerLost, TouchServerSilent):
            touching = Touching()
            touching.line.say("")
            touching.line.asked.pop().errback(error())
            self.assertEqual((touching.last()[:2], touching.line.again[-1]), ("AB", False))
            self.assertIn("E1", touching.last())
            touching.line.asked.pop().errback(TouchServerLost())
            self.failureResultOf(touching.done, error)
            first = Touching()
            first.line.asked.pop().errback(error())
            self.failureResultOf(first.done, error)
            self.assertEqual(first.line.sent, [INITIATION])

    def test_serverFails(self) -> None:
        """
        The failure of the server is that of the session; the card is free again.
        """
        touching = Touching()
        touching.line.asked.pop().errback(TouchAddressInUse())
        self.failureResultOf(touching.done, TouchAddressInUse)
        self.assertFalse(touching.channel.held)

    def test_noReset(self) -> None:
        """
        A card that cannot be started anew here ends the session, and the server is told.
        """
        touching = Touching(info=type(INFO)("pcsc", atr=ATR))
        touching.line.say("C000")
        self.assertIn("E1", touching.last())
        touching.line.end()
        self.failureResultOf(touching.done, NotSupported)
