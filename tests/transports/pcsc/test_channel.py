# -*- test-case-name: tests.transports.pcsc.test_channel,tests.transports.pcsc.test_channel_contract -*-
"""
Tests for L{cardgw.transports.pcsc.channel}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script, Step
from cardgw.errors import ChannelClosed, LimitReached, NotSupported, PeerMisbehaved, PeerSilent
from cardgw.transports.pcsc.channel import PATIENCE, reason_of
from cardgw.transports.pcsc.codes import Code, Disposition, Protocol
from cardgw.transports.pcsc.driver import PcscError
from cardgw.transports.pcsc.errors import CardInUse, CardMute, CardReset, CardTakenOut, PcscStopped, ReaderFailed, ReaderUnplugged
from cardgw.values import Feature, Reset
from tests.transports.pcsc.fake_machine import SoftCard
from tests.transports.pcsc.stage import EXTENDED_ATR, READER, T1_ATR, Stage

READ = Command(0, 0xB0, expected=256)
LONG = Command(0x80, 0xE2, 0x91, 0x00, bytes(1000), 65536)
THREE = Script.of(READ, READ, READ)


class OpenTests(SynchronousTestCase):
    """
    L{open_card} connects.
    """

    def test_info(self) -> None:
        """
        The channel says what the card is, and people's name of the reader.
        """
        info = Stage(SoftCard(atr=T1_ATR)).channel().info
        self.assertEqual((info.transport, info.peer, info.atr), ("pcsc", "bench", T1_ATR))

    def test_failures(self) -> None:
        """
        A card that cannot be had is told of by name, and nothing of it is kept.
        """
        stage = Stage(SoftCard(mute=True))
        self.assertIn("bench: SCARD_W_UNRESPONSIVE_CARD", str(self.failureResultOf(stage.open(), CardMute).value))
        self.assertEqual(stage.driver.contexts, set())
        stage = Stage()
        stage.driver.other_owns(READER)
        self.failureResultOf(stage.open(), CardInUse)

    def test_busy(self) -> None:
        """
        Another program's transaction is waited for, but not for ever.  When it ends, the thread leaves the card, and the next
        one gets it.
        """
        stage = Stage(busy_timeout=30.0)
        stage.driver.other_begins(READER)
        opening = stage.open()
        stage.reactor.advance(29.9)
        self.assertNoResult(opening)
        stage.reactor.advance(0.1)
        error = self.failureResultOf(opening, CardInUse).value
        self.assertEqual(error.detail, "bench: it was not to be had within 30 s")
        self.assertTrue(stage.worker.stuck)
        again = stage.open()
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.successResultOf(again)
        self.assertEqual((len(stage.driver.contexts), len(stage.driver.handles)), (1, 1))

    def test_cancelled(self) -> None:
        """
        Where nobody wants the card any more, it is left.
        """
        stage = Stage()
        stage.driver.other_begins(READER)
        opening = stage.open()
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.assertEqual((stage.driver.contexts, stage.driver.handles), (set(), {}))

    def test_cancelledBefore(self) -> None:
        """
        Nor is it in the way of who opens it after that.
        """
        stage = Stage(share="exclusive")
        stage.driver.other_begins(READER)
        opening = stage.open()
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        again = stage.open()
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.successResultOf(again)
        self.assertEqual(len(stage.driver.handles), 1)

    def test_cancelledInVain(self) -> None:
        """
        So it is where connecting fails after that.
        """
        stage = Stage()
        stage.driver.other_begins(READER)
        opening = stage.open()
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        stage.driver.remove(READER)
        stage.driver.go()
        self.assertEqual(stage.driver.contexts, set())


class ExchangeTests(SynchronousTestCase):
    """
    Commands and answers.
    """

    def test_t0(self) -> None:
        """
        With T=0 a command of case 4 goes without Le.
        """
        stage = Stage()
        self.successResultOf(stage.channel().exchange(Script.of(Command(0, 0xA4, 4, 0, b"\x3f\x00", 256))))
        self.assertEqual(stage.transmitted(), [bytes.fromhex("00A40400023F00")])

    def test_extended(self) -> None:
        """
        Long commands reach the cards that take them, and no others; a script is refused as a whole.
        """
        stage = Stage(SoftCard(lambda _: bytes(65536) + b"\x90\x00", EXTENDED_ATR, Protocol.T1))
        (answer,) = self.successResultOf(stage.channel().exchange(Script.of(LONG)))
        self.assertEqual((len(answer.data), stage.transmitted()), (65536, [LONG.encode()]))
        for refused in (LONG, Command(0, 0xB0, expected=256, extended=True)):
            stage = Stage(SoftCard(atr=T1_ATR, protocols=Protocol.T1))
            error = self.failureResultOf(stage.channel().exchange(Script.of(READ, refused)), NotSupported).value
            self.assertEqual((error.detail, stage.transmitted()), ("bench: commands of more than 261 bytes", []))

    def test_limits(self) -> None:
        """
        A card that does not answer in time is lost, and its thread left to itself until it does; then the card is left.
        """
        for slow, limit in ((False, 60.0), (True, 180.0)):
            stage = Stage(SoftCard(silent=True))
            channel = stage.channel()
            running, gone = channel.exchange(Script((Step(READ, slow=slow),))), channel.when_gone()
            stage.reactor.advance(limit - 0.1)
            self.assertNoResult(running)
            stage.reactor.advance(0.1)
            error = self.failureResultOf(running, PeerSilent).value
            self.assertEqual((error.unanswered, len(stage.driver.handles)), (1, 1))
            self.assertIsInstance(self.successResultOf(gone), PeerSilent)
            stage.card.silent = False
            stage.driver.go()
            self.assertEqual((stage.driver.handles, stage.driver.contexts, stage.reader.holder), ({}, set(), 0))
            self.assertEqual((stage.card.resets, stage.reactor.getDelayedCalls()), ([Disposition.RESET], []))

    def test_cancelledAndSilent(self) -> None:
        """
        A card that does not answer a command that was cancelled is lost as well.
        """
        stage = Stage(SoftCard(silent=True))
        channel = stage.channel()
        cancelled = channel.exchange(THREE)
        cancelled.cancel()
        self.failureResultOf(cancelled, CancelledError)
        running = channel.exchange(THREE)
        stage.reactor.advance(60)
        self.assertEqual(self.failureResultOf(running, PeerSilent).value.unanswered, 0)

    def lost_in_script(self, answer: int, stage: Stage) -> None:
        """
        After so many answers the card does not answer.
        """
        count = [answer]

        def answering(octets: bytes) -> bytes:
            count[0] -= 1
            stage.card.silent = not count[0]
            return b"\x90\x00"

        stage.card.answer = answering
        channel = stage.channel()
        self.seen: list[Response] = []
        self.successResultOf(channel.hold())
        self.running, self.gone = channel.exchange(THREE, self.seen.append), channel.when_gone()
        self.assertNoResult(self.running)

    def test_losses(self) -> None:
        """
        A card that is taken out, a reader that is unplugged, a pcscd that ends: the script fails by name, with what was
        answered and what was not.
        """
        for happen, expected in (
            (lambda stage: stage.driver.remove(READER), CardTakenOut),
            (lambda stage: stage.driver.unplug(READER), ReaderUnplugged),
            (lambda stage: stage.driver.stop(), PcscStopped),
        ):
            stage = Stage()
            self.lost_in_script(2, stage)
            happen(stage)
            stage.driver.go()
            error = self.failureResultOf(self.running, expected).value
            self.assertEqual((len(error.responses), error.unanswered, len(self.seen)), (2, 1, 2))
            self.assertIsInstance(self.successResultOf(self.gone), expected)
            self.assertEqual((stage.driver.contexts, stage.reactor.getDelayedCalls()), (set(), []))

    def test_restarted(self) -> None:
        """
        A pcscd that was started anew knows nothing of the card.
        """
        stage = Stage()
        channel = stage.channel()
        stage.driver.stop()
        stage.driver.start()
        error = self.failureResultOf(channel.exchange(THREE), PcscStopped).value
        self.assertEqual((error.unanswered, "SCARD_E_INVALID_HANDLE" in error.detail), (0, True))

    def test_resetInScript(self) -> None:
        """
        Another program resets the card in spite of the transaction: its state is lost, and so is the card.
        """
        stage = Stage()
        self.lost_in_script(1, stage)
        stage.driver.other_resets(READER)
        stage.card.silent = False
        stage.driver.go()
        error = self.failureResultOf(self.running, CardReset).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 0))

    def test_shortAnswer(self) -> None:
        """
        An answer without a status word ends the channel.
        """
        stage = Stage(SoftCard(lambda _: b"\x90"))
        channel = stage.channel()
        error = self.failureResultOf(channel.exchange(THREE), PeerMisbehaved).value
        self.assertEqual((error.unanswered, "an answer of 1 bytes" in error.detail), (1, True))
        self.failureResultOf(channel.exchange(THREE), PeerMisbehaved)

    def test_goneTwice(self) -> None:
        """
        Who tells of the end first is believed.
        """
        stage = Stage()
        channel = stage.channel()
        gone = channel.when_gone()
        channel.gone(CardTakenOut("bench"))
        channel.gone(ReaderUnplugged("bench"))
        self.assertIsInstance(self.successResultOf(gone), CardTakenOut)
        self.assertEqual(stage.called("disconnect"), ["disconnect"])


class HoldTests(SynchronousTestCase):
    """
    Holding, and other programs.
    """

    def test_transaction(self) -> None:
        """
        Who holds the card has a transaction; the release ends it.
        """
        stage = Stage()
        channel = stage.channel()
        self.successResultOf(channel.hold())
        self.assertTrue(stage.reader.holder)
        channel.release()
        self.assertFalse(stage.reader.holder)

    def test_busy(self) -> None:
        """
        Another program's transaction is waited for; who waits too long loses the card, until the other has ended.
        """
        stage = Stage(busy_timeout=30.0)
        channel = stage.channel()
        stage.driver.other_begins(READER)
        held, gone = channel.hold(), channel.when_gone()
        stage.reactor.advance(29.9)
        self.assertNoResult(held)
        stage.reactor.advance(0.1)
        self.assertIn("bench", str(self.failureResultOf(held, CardInUse).value))
        self.assertIsInstance(self.successResultOf(gone), CardInUse)
        free = stage.worker.when_free()
        self.assertNoResult(free)
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.successResultOf(free)
        self.assertEqual((stage.reader.holder, stage.driver.handles), (0, {}))

    def test_cancelled(self) -> None:
        """
        Who gives up waiting for another program leaves no transaction behind, and the card stays.
        """
        stage = Stage()
        channel = stage.channel()
        stage.driver.other_begins(READER)
        held = channel.hold()
        held.cancel()
        self.failureResultOf(held, CancelledError)
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.assertEqual((stage.reader.holder, stage.called("end")), (0, ["end", "end"]))
        self.successResultOf(channel.hold())

    def test_reset(self) -> None:
        """
        A card that another program has reset meanwhile is begun with anew; the channel says what it is then.
        """
        for held in (True, False):
            stage = Stage(SoftCard(atr=T1_ATR, protocols=Protocol.T1))
            channel = stage.channel()
            stage.card.atr = EXTENDED_ATR
            stage.driver.other_resets(READER)
            if held:
                self.successResultOf(channel.hold())
            self.successResultOf(channel.exchange(THREE))
            self.assertIn(Feature.EXTENDED_LENGTH, channel.info.offers)

    def test_otherProtocol(self) -> None:
        """
        If it speaks another protocol then, so do the commands that are on their way to it.
        """
        stage = Stage(SoftCard(atr=T1_ATR, protocols=Protocol.T1))
        channel = stage.channel()
        stage.card.protocols = Protocol.T0
        stage.driver.other_resets(READER)
        self.successResultOf(channel.exchange(Script.of(Command(0, 0xA4, 4, 0, b"\x3f\x00", 256))))
        self.assertEqual(stage.transmitted(), [bytes.fromhex("00A40400023F00")])

    def test_gone(self) -> None:
        """
        A card that goes while another program has it.
        """
        stage = Stage()
        channel = stage.channel()
        stage.driver.other_begins(READER)
        held = channel.hold()
        channel.gone(CardTakenOut("bench"))
        self.failureResultOf(held, CardTakenOut)
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.assertEqual(stage.driver.contexts, set())


class ResetTests(SynchronousTestCase):
    """
    Resets.
    """

    def test_kinds(self) -> None:
        """
        Warm is a reset, cold takes its power; the ATR may be another one afterwards.
        """
        for kind, expected in ((Reset.WARM, Disposition.RESET), (Reset.COLD, Disposition.UNPOWER)):
            stage = Stage()
            channel = stage.channel()
            stage.card.atr = T1_ATR
            self.assertIsNone(self.successResultOf(channel.reset(kind)))
            self.assertEqual((stage.card.resets, channel.info.atr), ([expected], T1_ATR))

    def test_turns(self) -> None:
        """
        A reset waits for the script that runs, and is waited for.
        """
        stage = Stage(SoftCard(silent=True))
        channel = stage.channel()
        calls = (lambda: channel.exchange(THREE), lambda: channel.reset(Reset.WARM), lambda: channel.exchange(THREE))
        waiting: list[Deferred[Any]] = [call() for call in calls]
        self.assertNoResult(waiting[1])
        stage.card.silent = False
        stage.driver.go()
        for each in waiting:
            self.successResultOf(each)
        self.assertEqual(stage.called("transmit", "reconnect"), ["transmit"] * 3 + ["reconnect"] + ["transmit"] * 3)

    def test_lost(self) -> None:
        """
        A card that does not come back after a reset is lost.
        """
        stage = Stage()
        channel = stage.channel()
        stage.card.mute = True
        self.failureResultOf(channel.reset(Reset.WARM), CardMute)
        self.failureResultOf(channel.reset(Reset.WARM), CardMute)

    def test_cancelled(self) -> None:
        """
        A reset that is cancelled happens nevertheless.
        """
        stage = Stage()
        channel = stage.channel()
        stage.driver.other_begins(READER)
        resetting = channel.reset(Reset.WARM)
        resetting.cancel()
        self.failureResultOf(resetting, CancelledError)
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.assertEqual(stage.card.resets, [Disposition.RESET])


class CloseTests(SynchronousTestCase):
    """
    Closing.
    """

    def test_left(self) -> None:
        """
        The card is left as settings say before the channel is gone.
        """
        for word, expected in (("reset", [Disposition.RESET]), ("unpower", [Disposition.UNPOWER]), ("leave", [])):
            stage = Stage(close=word)
            channel = stage.channel()
            self.successResultOf(channel.hold())
            self.assertIsNone(self.successResultOf(channel.close()))
            self.assertEqual((stage.card.resets, stage.driver.contexts), (expected, set()))
            self.assertEqual(stage.reactor.getDelayedCalls(), [])

    def test_waits(self) -> None:
        """
        A command in flight is waited for a while, though its script has ended; nothing works meanwhile.
        """
        stage = Stage(SoftCard(silent=True))
        channel = stage.channel()
        running, closed = channel.exchange(THREE), channel.close()
        self.assertEqual(self.failureResultOf(running, ChannelClosed).value.unanswered, 1)
        for each in (channel.exchange(THREE), channel.hold(), channel.reset(Reset.WARM)):
            self.failureResultOf(each, ChannelClosed)
        channel.release()
        self.assertNoResult(closed)
        stage.card.silent = False
        stage.driver.go()
        self.successResultOf(closed)
        self.assertEqual(len(stage.transmitted()), 1)

    def test_waitsNotForEver(self) -> None:
        """
        After that the card is left to the thread.
        """
        stage = Stage(SoftCard(silent=True))
        channel = stage.channel()
        channel.exchange(THREE).addErrback(lambda failure: failure.trap(LimitReached) and None)
        closed = channel.close(LimitReached("a test"))
        self.failureResultOf(channel.exchange(THREE), LimitReached)
        stage.reactor.advance(PATIENCE)
        self.successResultOf(closed)
        self.assertIsInstance(self.successResultOf(channel.when_gone()), LimitReached)

    def test_goneMeanwhile(self) -> None:
        """
        A card that goes while the channel is being closed was closed all the same.
        """
        stage = Stage(SoftCard(silent=True))
        channel = stage.channel()
        channel.exchange(THREE).addErrback(lambda failure: failure.trap(ChannelClosed) and None)
        closed, gone = channel.close(), channel.when_gone()
        channel.gone(CardTakenOut("bench"))
        self.successResultOf(closed)
        self.assertIsNone(self.successResultOf(gone))

    def test_otherProgram(self) -> None:
        """
        Another program's transaction delays the reset, but not the end.
        """
        stage = Stage(busy_timeout=30.0)
        channel = stage.channel()
        stage.driver.other_begins(READER)
        closed = channel.close()
        self.assertNoResult(closed)
        stage.reactor.advance(PATIENCE)
        self.successResultOf(closed)
        stage.driver.other_ends(READER)
        stage.driver.go()
        self.assertEqual((stage.card.resets, stage.driver.contexts), ([Disposition.RESET], set()))


class ReasonTests(SynchronousTestCase):
    """
    L{reason_of} names what a thread fails with.
    """

    def test_reasons(self) -> None:
        """
        Codes have names, errors are what they are, and a defect of ours is logged.
        """
        known = PeerSilent("bench")
        self.assertIs(reason_of(Failure(known), "bench"), known)
        self.assertIsInstance(reason_of(Failure(PcscError(Code.SCARD_E_NO_SERVICE)), "bench"), PcscStopped)
        self.assertIsInstance(reason_of(Failure(ArithmeticError("a defect")), "bench"), ReaderFailed)
        self.assertEqual(len(self.flushLoggedErrors(ArithmeticError)), 1)
