# -*- test-case-name: tests.transports.estk.test_channel_time -*-
"""
Tests for L{cardgw.transports.estk.channel}: time limits.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from cardgw.apdu.script import Script, Step
from cardgw.errors import PeerSilent
from cardgw.transports.estk.channel import SHOWN_MAX
from tests.transports.estk.fakes import LIST, MORE, OK, ChannelTestCase, answer

SLOW = Script((Step(LIST, slow=True),))


class TimeTests(ChannelTestCase):
    """
    Cards and people may be slow, within limits.
    """

    def silent_after(self, seconds: float, what: str, done: Deferred[Any]) -> None:
        """
        Check that the card is given up then, and not before.
        """
        self.talk.clock.advance(seconds - 1)
        self.assertNoResult(done)
        self.talk.clock.advance(1)
        error = self.failureResultOf(done, PeerSilent).value
        self.assertEqual(error.detail, f"{what} did not come within {seconds:g} s")
        self.assertEqual(error.unanswered, 1)

    def test_command(self) -> None:
        """
        A card that does not answer a command is lost after a minute.
        """
        self.silent_after(60, "the answer to a command", self.channel.exchange(Script.of(LIST)))

    def test_slowCommand(self) -> None:
        """
        A command that may be slow has three.
        """
        self.silent_after(180, "the answer to a command", self.channel.exchange(SLOW))

    def test_box(self) -> None:
        """
        A card that shows a text answers when the holder has confirmed it; the next command is a usual one again.
        """
        self.channel.show("Hello")
        done = self.channel.exchange(Script.of(LIST, MORE))
        self.talk.clock.advance(299)
        self.talk.say(OK)
        self.silent_after(60, "the answer to a command", done)

    def test_boxLimit(self) -> None:
        """
        Even people have a limit.
        """
        self.channel.show("Hello")
        what = "the confirmation of a message box and the answer to a command"
        self.silent_after(300, what, self.channel.exchange(Script.of(LIST)))

    def test_boxDuringCommand(self) -> None:
        """
        A box that was sent while a command was under way may block before its answer or after it.
        """
        done = self.channel.exchange(Script.of(LIST, MORE))
        self.channel.show("Hello")
        self.talk.clock.advance(299)
        self.talk.say(OK)
        self.talk.clock.advance(299)
        self.talk.say(OK)
        self.successResultOf(done)

    def test_manyBoxes(self) -> None:
        """
        Who shows more than fits has to wait until the card takes it; that has the limit of a box.
        """
        shown = [self.channel.show("@" * 253) for _ in range(SHOWN_MAX // 256)]
        for each in shown[:-1]:
            self.successResultOf(each)
        self.assertNoResult(shown[-1])
        for _ in range(2):
            self.wire.producer.resumeProducing()
        self.successResultOf(shown[-1])
        self.talk.clock.advance(10_000)
        self.assertFalse(self.wire.half_closed)

    def test_manyBoxesUnread(self) -> None:
        """
        A card that takes nothing for so long is sent away, and nothing more is shown.
        """
        shown = [self.channel.show("@" * 253) for _ in range(SHOWN_MAX // 256)]
        self.talk.clock.advance(300)
        self.successResultOf(shown[-1])
        self.assertTrue(self.wire.half_closed)
        told = str(self.failureResultOf(self.channel.show("More"), PeerSilent).value)
        self.assertIn("the confirmation of message boxes did not come within 300 s", told)

    def test_betweenScripts(self) -> None:
        """
        While no command is under way the card may be silent: a server may be slow.
        """
        self.channel.exchange(Script.of(LIST))
        self.talk.say(OK)
        self.talk.clock.advance(10_000)
        self.assertFalse(self.wire.half_closed)

    def test_noTimers(self) -> None:
        """
        A session has one timer, however many commands.
        """
        self.channel.exchange(Script.of(*[LIST] * 50))
        (call,) = self.talk.clock.getDelayedCalls()
        for _ in range(49):
            self.talk.say(OK)
            self.assertEqual(self.talk.clock.getDelayedCalls(), [call])

    def test_trickle(self) -> None:
        """
        An answer that trickles in has the same limit.
        """
        done = self.channel.exchange(Script.of(LIST))
        for octet in answer("00" * 100 + "9000")[:59]:
            self.talk.clock.advance(1)
            self.talk.say(bytes((octet,)))
        self.talk.clock.advance(1)
        self.failureResultOf(done, PeerSilent)
