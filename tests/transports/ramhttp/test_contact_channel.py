# -*- test-case-name: tests.transports.ramhttp.test_contact_channel -*-
"""
Tests for L{cardgw.transports.ramhttp.contact_channel}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelError, NotSupported, PeerMisbehaved, PeerSilent
from cardgw.transports.ramhttp.wire import AtrGiven, decode_request, encode_response
from cardgw.values import Feature, Reset
from tests.transports.ramhttp.fakes import ATR, EMPTY, EXTENDED, READ, Client


class ResetTests(SynchronousTestCase):
    """
    Resets.
    """

    def setUp(self) -> None:
        """
        A card is here.
        """
        self.client = Client()
        self.client.begin()
        self.channel = self.client.channel

    def test_reset(self) -> None:
        """
        The card is started anew; what it says then counts.
        """
        resetting = self.channel.reset(Reset.COLD)
        self.assertEqual(self.client.replies[0].body, bytes.fromhex("AA02C000"))
        self.client.atr = EXTENDED
        self.client.move()
        self.successResultOf(resetting)
        self.assertEqual(self.channel.info.atr, EXTENDED)
        self.assertIn(Feature.EXTENDED_LENGTH, self.channel.info.offers)
        self.assertEqual(self.channel.limits.max_command, self.channel.info.max_command)
        self.failureResultOf(self.channel.reset(Reset.WARM), NotSupported)

    def test_turns(self) -> None:
        """
        It waits for its turn, and is waited for.
        """
        before, resetting = self.channel.exchange(Script.of(READ)), self.channel.reset(Reset.COLD)
        after = self.channel.exchange(Script.of(READ))
        self.client.move()
        for each in (before, resetting, after):
            self.successResultOf(each)
        self.assertEqual(self.client.resets, 1)

    def test_afterCancel(self) -> None:
        """
        A script that was cancelled while its command was out is waited for; a reset that was cancelled, too.
        """
        cancelled = self.channel.exchange(Script.of(READ))
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        given_up = self.channel.reset(Reset.COLD)
        given_up.cancel()
        self.failureResultOf(given_up, CancelledError)
        resetting = self.channel.reset(Reset.COLD)
        self.assertNoResult(resetting)
        self.client.move()
        self.successResultOf(resetting)
        self.assertEqual(self.client.resets, 1)
        given_up = self.channel.reset(Reset.COLD)
        given_up.cancel()
        self.failureResultOf(given_up, CancelledError)
        running = self.channel.exchange(Script.of(READ))
        self.client.move()
        self.successResultOf(running)
        self.assertEqual(self.client.resets, 2)

    def test_notOut(self) -> None:
        """
        One that is cancelled before it went out does not go out.
        """
        self.client.house.clock.advance(25)
        self.client.replies.clear()
        given_up = self.channel.reset(Reset.COLD)
        given_up.cancel()
        self.failureResultOf(given_up, CancelledError)
        running = self.channel.exchange(Script.of(READ))
        self.client.post(EMPTY)
        self.client.move()
        self.successResultOf(running)
        self.assertEqual(self.client.resets, 0)

    def test_wrongAtr(self) -> None:
        """
        What is no ATR is the end.
        """
        resetting = self.channel.reset(Reset.COLD)
        self.client.replies.clear()
        self.client.post(encode_response([AtrGiven(b"\x90\x00")], 0))
        self.failureResultOf(resetting, PeerMisbehaved)
        self.client.move()
        self.assertEqual(self.client.texts[0][0], -1)

    def test_lost(self) -> None:
        """
        A card that does not come back from it is lost; so is one that is waited for.
        """
        resetting, waiting = self.channel.reset(Reset.COLD), self.channel.reset(Reset.COLD)
        self.client.house.clock.advance(90)
        self.failureResultOf(resetting, PeerSilent)
        self.failureResultOf(waiting, ChannelError)
        self.failureResultOf(self.channel.reset(Reset.COLD), ChannelError)

    def test_closedWhileWaiting(self) -> None:
        """
        Closing ends one that has to wait for what was cancelled.
        """
        cancelled = self.channel.exchange(Script.of(READ))
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        resetting = self.channel.reset(Reset.COLD)
        self.channel.close()
        self.failureResultOf(resetting, ChannelError)


class CommandTests(SynchronousTestCase):
    """
    Commands that must not go out.
    """

    def test_basicChannel(self) -> None:
        """
        A Java client dies of logical channels, and is not sent such commands.
        """
        client = Client()
        client.headers = {"user-agent": "Java/17"}
        client.begin()
        for command in (Command(0, 0x70), Command(1, 0xA4), Command(0x83, 0xCA), Command(0x40, 0xA4)):
            self.failureResultOf(client.channel.exchange(Script.of(READ, command)), NotSupported)
        self.assertEqual(list(client.replies), [])
        running = client.channel.exchange(Script.of(Command(0x84, 0xCA)))
        client.move()
        self.successResultOf(running)

    def test_others(self) -> None:
        """
        Others are.
        """
        client = Client()
        client.begin()
        running = client.channel.exchange(Script.of(Command(0, 0x70, expected=1), Command(1, 0xA4)))
        client.move()
        self.successResultOf(running)
        self.assertEqual(client.channel.info.atr, ATR)


class ShowTests(SynchronousTestCase):
    """
    Texts.
    """

    def test_show(self) -> None:
        """
        They are shown at once where there is nothing else, and not after the end.
        """
        client = Client()
        client.begin()
        self.successResultOf(client.channel.show("Hello"))
        client.house.clock.advance(1)
        client.move()
        self.assertEqual(client.texts, [(1, "Hello")])
        client.channel.close()
        client.channel.show("Too late").addErrback(lambda _: None)
        client.move()
        self.assertEqual(client.texts[1:], [(0, "Done.")])

    def test_seconds(self) -> None:
        """
        Before a long operation the holder is told how long it will take.
        """
        client = Client()
        client.begin()
        client.house.clock.advance(25)
        client.replies.clear()
        client.channel.show("Hold on")
        step = Step(Command(0x80, 0xE2, 0x91, 0, bytes(200)), data=False)
        client.channel.exchange(Script((step,) * 150, pipelined=True))
        client.post(EMPTY)
        (text, *_) = decode_request(client.replies[0].body)
        self.assertGreaterEqual(getattr(text, "seconds", 0), 3)
