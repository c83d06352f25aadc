# -*- test-case-name: tests.transports.estk.test_channel_end -*-
"""
Tests for L{cardgw.transports.estk.channel}: cards that misbehave, and all ways to end.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionLost

from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.errors import ChannelClosed, GatewayStopping, LimitReached, NotSupported, PeerLost, PeerMisbehaved
from cardgw.transports.estk.wire import Tag, encode
from cardgw.values import Reset
from tests.transports.estk.fakes import CLOSE, LIST, MORE, OK, UNLOCK, ChannelTestCase, box


class MisbehaviourTests(ChannelTestCase):
    """
    A card that breaks the rules is told so and loses its session.
    """

    def ended(self, words: str) -> PeerMisbehaved:
        """
        Check how the channel ends.
        """
        gone = self.channel.when_gone()
        self.assertTrue(self.heard().endswith(box("The card's side broke the rules of its protocol.") + CLOSE))
        self.talk.hang_up()
        error = self.successResultOf(gone)
        assert isinstance(error, PeerMisbehaved)
        self.assertIn(words, str(error))
        return error

    def test_unasked(self) -> None:
        """
        An answer without a command.
        """
        self.talk.say(OK)
        self.ended("an answer came without a command")

    def test_second(self) -> None:
        """
        A second answer in the same segment is not taken for that of the next command, which has not even left.
        """
        done = self.channel.exchange(Script.of(LIST, MORE))
        self.talk.say(OK + OK)
        error = self.failureResultOf(done, PeerMisbehaved).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 1))
        self.ended("two answers came at once")

    def test_short(self) -> None:
        """
        An answer without a status word.
        """
        done = self.channel.exchange(Script.of(LIST))
        self.talk.say(encode(Tag.APDU, b"\x90"))
        self.failureResultOf(done, PeerMisbehaved)
        self.ended("an answer of 1 bytes; it has 2 to 258")

    def test_long(self) -> None:
        """
        An answer that no short APDU has; the error tells how far the script had come.
        """
        done = self.channel.exchange(Script.of(LIST, MORE))
        self.talk.say(OK)
        self.talk.say(encode(Tag.APDU, bytes(259)))
        error = self.failureResultOf(done, PeerMisbehaved).value
        self.assertEqual((error.responses, error.unanswered), ((Response(b"", 0x9000),), 1))
        self.ended("an answer of 259 bytes")

    def test_oversizeFrame(self) -> None:
        """
        A frame over the limit, as soon as its header is there.
        """
        done = self.channel.exchange(Script.of(LIST))
        self.talk.say(b"\xfe\xfd\x01")
        self.failureResultOf(done, LimitReached)
        gone = self.channel.when_gone()
        self.talk.hang_up()
        self.assertIn("tag FE with 509 bytes", str(self.successResultOf(gone)))


class EndTests(ChannelTestCase):
    """
    However a channel ends, its script fails, nothing more is written, and it says once that it is gone.
    """

    def test_lost(self) -> None:
        """
        The card's side closes during a script: the failure tells what had been answered and what may have reached the card.
        """
        done, gone = self.channel.exchange(Script.of(LIST, MORE, LIST)), self.channel.when_gone()
        self.talk.say(OK)
        self.talk.hang_up()
        error = self.failureResultOf(done, PeerLost).value
        self.assertEqual((error.responses, error.unanswered), ((Response(b"", 0x9000),), 1))
        self.assertIsInstance(self.successResultOf(gone), PeerLost)
        self.failureResultOf(self.channel.exchange(Script.of(LIST)), PeerLost)
        self.failureResultOf(self.channel.show("x"), PeerLost)
        self.failureResultOf(self.channel.hold(), PeerLost)
        self.failureResultOf(self.channel.reset(Reset.REBOOT), PeerLost)
        self.channel.release()
        self.successResultOf(self.channel.close())
        self.assertEqual(self.talk.clock.getDelayedCalls(), [])

    def test_broken(self) -> None:
        """
        A connection that breaks says how.
        """
        gone = self.channel.when_gone()
        self.talk.hang_up(ConnectionLost())
        self.assertIn("the connection broke", str(self.successResultOf(gone)))

    def test_goodbyeDuringScript(self) -> None:
        """
        A card that says goodbye itself is gone.
        """
        done = self.channel.exchange(Script.of(LIST))
        self.talk.say(CLOSE)
        self.failureResultOf(done, PeerLost)
        self.assertTrue(self.wire.half_closed)

    def test_close(self) -> None:
        """
        Close unlocks, says goodbye, and is done when the connection is gone; the ordinary end has no reason.
        """
        self.successResultOf(self.channel.hold())
        self.channel.exchange(Script.of(LIST))
        self.talk.say(OK)
        self.heard()
        closed, again = self.channel.close(), self.channel.close()
        self.assertEqual(self.heard(), UNLOCK + CLOSE)
        self.assertNoResult(closed)
        for late in (self.channel.exchange(Script.of(LIST)), self.channel.show("x"), self.channel.reset(Reset.REBOOT)):
            self.failureResultOf(late, ChannelClosed)
        self.channel.release()
        self.failureResultOf(self.channel.hold(), ChannelClosed)
        gone = self.channel.when_gone()
        self.talk.hang_up()
        self.successResultOf(closed)
        self.successResultOf(again)
        self.assertIsNone(self.successResultOf(gone))
        self.assertEqual(self.heard(), b"")

    def test_closeWithReason(self) -> None:
        """
        A reason is told to the card holder, to the script under way, and to whoever waits for the end.
        """
        done = self.channel.exchange(Script.of(LIST))
        self.heard()
        self.channel.close(GatewayStopping("update"))
        self.assertEqual(self.heard(), box(GatewayStopping().brief) + CLOSE)
        self.assertEqual(self.failureResultOf(done, GatewayStopping).value.unanswered, 1)
        self.talk.say(OK)
        self.talk.hang_up()
        self.assertEqual(str(self.successResultOf(self.channel.when_gone())), "The gateway is being shut down: update")

    def test_neverCloses(self) -> None:
        """
        A card that stays is closed after some seconds, then dropped.
        """
        self.channel.close()
        self.talk.clock.advance(5)
        self.assertTrue(self.wire.disconnecting)
        self.talk.clock.advance(5)
        self.assertTrue(self.wire.disconnected)

    def test_reboot(self) -> None:
        """
        A reboot unlocks first; it is done when the card has vanished, which is an ordinary end.
        """
        self.successResultOf(self.channel.hold())
        done = self.channel.exchange(Script.of(LIST))
        self.heard()
        rebooted = self.channel.reset(Reset.REBOOT)
        self.assertEqual(self.heard(), UNLOCK + encode(Tag.REBOOT))
        self.failureResultOf(done, ChannelClosed)
        self.assertFalse(self.wire.half_closed)
        self.talk.clock.advance(5)
        self.assertTrue(self.wire.disconnecting)
        self.talk.hang_up()
        self.successResultOf(rebooted)
        self.assertIsNone(self.successResultOf(self.channel.when_gone()))

    def test_otherResets(self) -> None:
        """
        There are no others.
        """
        self.failureResultOf(self.channel.reset(Reset.COLD), NotSupported)
