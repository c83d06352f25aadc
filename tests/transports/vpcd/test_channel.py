# -*- test-case-name: tests.transports.vpcd.test_channel,tests.transports.vpcd.test_channel_contract -*-
"""
Tests for L{cardgw.transports.vpcd.channel}.
"""

from __future__ import annotations

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.script import Script, Step
from cardgw.errors import NotSupported, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.transports.vpcd.channel import channel_info
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.transports.vpcd.wire import Control, control, encode
from cardgw.values import CardRequest, Feature, Reset
from tests.transports.vpcd.fakes import ATR, EXTENDED, GET_ATR, OFF, READ, Card, Talk

LONG = Command(0x80, 0xE2, 0x91, 0x00, bytes(1000), 65536)


class InfoTests(SynchronousTestCase):
    """
    L{channel_info} says what a card can do.
    """

    def test_plain(self) -> None:
        """
        A UICC: SELECT and logical channels, short commands, both resets.
        """
        info = channel_info("192.0.2.7:4711", ATR, VpcdSettings())
        self.assertEqual((info.transport, info.peer, info.atr), ("vpcd", "192.0.2.7:4711", ATR))
        self.assertEqual(info.offers, {Feature.SELECT, Feature.LOGICAL_CHANNELS})
        self.assertEqual(info.resets, {Reset.COLD, Reset.WARM})
        self.assertEqual((info.max_command, info.max_response), (261, 258))
        self.assertEqual((info.request, info.self_carried, info.application), (CardRequest("arrival"), False, None))

    def test_extended(self) -> None:
        """
        An ATR can say that commands may be long, and that there is one channel only.
        """
        info = channel_info("x", EXTENDED, VpcdSettings())
        self.assertEqual(info.offers, {Feature.SELECT, Feature.EXTENDED_LENGTH})
        self.assertEqual((info.max_command, info.max_response), (65535, 65535))

    def test_settings(self) -> None:
        """
        Settings know better than the ATR.
        """
        for atr, word, expected in ((ATR, "yes", True), (EXTENDED, "no", False)):
            info = channel_info("x", atr, VpcdSettings(extended_length=word))
            self.assertEqual(Feature.EXTENDED_LENGTH in info.offers, expected)

    def test_odd(self) -> None:
        """
        An ATR that contradicts itself says nothing, and is kept; what cannot be one is refused.
        """
        odd = bytes.fromhex("3B8001FF")
        info = channel_info("x", odd, VpcdSettings())
        self.assertEqual((info.atr, info.offers), (odd, {Feature.SELECT, Feature.LOGICAL_CHANNELS}))
        for wrong in ("3B", "9000", "6D00", "3B" + "00" * 33):
            self.assertRaises(PeerMisbehaved, channel_info, "x", bytes.fromhex(wrong), VpcdSettings())


class ExchangeTests(SynchronousTestCase):
    """
    Commands and answers.
    """

    def setUp(self) -> None:
        """
        A card is here.
        """
        self.talk = Talk()
        self.channel = self.talk.insert()

    def test_wire(self) -> None:
        """
        A command is one write: its length, then itself.
        """
        writes: list[bytes] = []
        self.patch(self.talk.wire, "write", writes.append)
        running = self.channel.exchange(Script.of(READ))
        self.assertEqual(writes, [bytes.fromhex("0005 80CA005A00")])
        self.talk.answer(b"\x01\x90\x00")
        self.assertEqual(self.successResultOf(running)[0].data, b"\x01")
        self.assertEqual(self.channel.apdus, 1)

    def test_limits(self) -> None:
        """
        Each command has its time: more of it where it may be slow.
        """
        for step, limit in ((Step(READ), 60), (Step(READ, slow=True), 180)):
            talk = Talk()
            running = talk.insert().exchange(Script((step,)))
            talk.clock.advance(limit - 0.1)
            self.assertNoResult(running)
            talk.clock.advance(0.1)
            error = self.failureResultOf(running, PeerSilent).value
            self.assertEqual(error.detail, f"the answer to a command did not come within {limit} s")
            self.assertEqual(error.unanswered, 1)
            self.assertTrue(talk.wire.half_closed)

    def test_shortOfStatus(self) -> None:
        """
        An answer without a status word, or one that is too long, ends the session.
        """
        for answer in (b"\x90", bytes(259)):
            talk = Talk()
            channel = talk.insert()
            running, gone = channel.exchange(Script.of(READ)), channel.when_gone()
            talk.answer(answer)
            error = self.failureResultOf(running, PeerMisbehaved).value
            self.assertIn(f"an answer of {len(answer)} bytes", str(error))
            self.assertTrue(talk.wire.value().endswith(OFF))
            talk.hang_up()
            self.assertIsInstance(self.successResultOf(gone), PeerMisbehaved)

    def test_noAnswer(self) -> None:
        """
        An empty message in place of an answer: the card is gone.
        """
        running = self.channel.exchange(Script.of(READ))
        self.talk.answer(b"")
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual((error.unanswered, self.talk.wire.half_closed), (1, True))

    def test_extended(self) -> None:
        """
        Long commands reach the cards that take them, and no others; those that no message can carry reach none.
        """
        self.failureResultOf(self.channel.exchange(Script.of(LONG)), NotSupported)
        talk = Talk()
        channel = talk.insert(EXTENDED)
        running = channel.exchange(Script.of(LONG))
        self.assertEqual(talk.wire.take(), encode(LONG.encode()))
        talk.answer(bytes(65533))
        self.assertEqual(len(self.successResultOf(running)[0].data), 65531)
        self.failureResultOf(channel.exchange(Script.of(Command(0, 0, data=bytes(65535)))), NotSupported)

    def test_pulled(self) -> None:
        """
        A card that is pulled out in the midst of a script: what was answered, and what was not, is told.
        """
        running = self.channel.exchange(Script.of(READ, READ, READ))
        self.talk.answer(b"\x90\x00")
        self.talk.hang_up()
        error = self.failureResultOf(running, PeerLost).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 1))


class ResetTests(SynchronousTestCase):
    """
    Resets.
    """

    def setUp(self) -> None:
        """
        A card is here.
        """
        self.talk = Talk()
        self.channel = self.talk.insert()

    def test_kinds(self) -> None:
        """
        Cold is power off and on, warm is a reset; the ATR says that it is done, and may be another one.
        """
        off_on = control(Control.POWER_OFF, Control.POWER_ON)
        for kind, expected, atr in ((Reset.COLD, off_on, ATR), (Reset.WARM, control(Control.RESET), EXTENDED)):
            resetting = self.channel.reset(kind)
            self.assertEqual(self.talk.wire.take(), expected + GET_ATR)
            self.assertNoResult(resetting)
            self.talk.answer(atr)
            self.successResultOf(resetting)
            self.assertEqual(self.channel.info.atr, atr)
        self.assertIn(Feature.EXTENDED_LENGTH, self.channel.info.offers)
        self.failureResultOf(self.channel.reset(Reset.REBOOT), NotSupported)

    def test_turns(self) -> None:
        """
        A reset waits for the script that runs, and is waited for.
        """
        before, resetting = self.channel.exchange(Script.of(READ)), self.channel.reset(Reset.WARM)
        after = self.channel.exchange(Script.of(READ))
        self.assertEqual(self.talk.wire.take(), encode(READ.encode()))
        self.talk.answer(b"\x90\x00")
        self.successResultOf(before)
        self.talk.answer(ATR)
        self.successResultOf(resetting)
        self.talk.answer(b"\x90\x00")
        self.successResultOf(after)

    def test_afterCancel(self) -> None:
        """
        The answer to a command that was cancelled is not taken for an ATR.
        """
        cancelled = self.channel.exchange(Script.of(READ))
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        resetting = self.channel.reset(Reset.WARM)
        self.talk.answer(b"\x90\x00")
        self.assertNoResult(resetting)
        self.talk.answer(ATR)
        self.successResultOf(resetting)

    def test_fails(self) -> None:
        """
        Without an ATR, with a wrong one, or without an answer the card is lost.
        """
        for answer, kind in ((b"", PeerLost), (b"\x6d\x00", PeerMisbehaved), (None, PeerSilent)):
            talk = Talk()
            channel = talk.insert()
            resetting, gone = channel.reset(Reset.COLD), channel.when_gone()
            if answer is None:
                talk.clock.advance(60)
            else:
                talk.answer(answer)
            self.failureResultOf(resetting, kind)
            self.failureResultOf(channel.reset(Reset.COLD), kind)
            talk.hang_up()
            self.assertIsInstance(self.successResultOf(gone), kind)

    def test_lost(self) -> None:
        """
        A card that goes in the midst of it is lost; a reset that nobody waits for any more ends well.
        """
        resetting = self.channel.reset(Reset.COLD)
        self.talk.hang_up()
        self.failureResultOf(resetting, PeerLost)
        card = Card(talk := Talk())
        card.move()
        channel = talk.gateway.channels[0]
        given_up = channel.reset(Reset.COLD)
        given_up.cancel()
        self.failureResultOf(given_up, CancelledError)
        card.move()
        self.assertNoResult(channel.when_gone())
