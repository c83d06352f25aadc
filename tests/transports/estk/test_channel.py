# -*- test-case-name: tests.transports.estk.test_channel -*-
"""
Tests for L{cardgw.transports.estk.channel}: scripts, holding, texts.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from zope.interface.verify import verifyObject

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, Script, Step
from cardgw.errors import NotSupported, PeerSilent
from cardgw.interfaces import ICardChannel
from cardgw.transports.estk.channel import ISD_R
from cardgw.transports.estk.wire import VALUE_MAX, Parser, Tag, encode
from cardgw.values import Feature, Reset
from tests.transports.estk.fakes import LIST, LIST_FRAME, LOCK, MORE, MORE_FRAME, OK, UNLOCK, ChannelTestCase, answer


class InfoTests(ChannelTestCase):
    """
    The channel says what it is.
    """

    def test_interface(self) -> None:
        """
        It provides L{ICardChannel}.
        """
        self.assertTrue(verifyObject(ICardChannel, self.channel))

    def test_info(self) -> None:
        """
        The card has selected ISD-R; there is no SELECT; texts can be shown, and the card can be rebooted.
        """
        info = self.channel.info
        self.assertEqual((info.transport, info.peer, info.application), ("estk", "192.0.2.7:4711", ISD_R))
        self.assertEqual((info.offers, info.resets), (frozenset({Feature.SHOW}), frozenset({Reset.REBOOT})))
        self.assertTrue(info.self_carried)
        assert info.request is not None
        self.assertEqual((info.request.name, info.request.text), ("download", "LPA:1$127.0.0.1:8443$TS48V1"))


class ExchangeTests(ChannelTestCase):
    """
    Scripts go over the wire one APDU at a time.
    """

    def test_transcript(self) -> None:
        """
        The recorded notification list: lock and first APDU leave in one write, the next APDU on the answer.
        """
        self.successResultOf(self.channel.hold())
        self.assertEqual(self.heard(), b"")
        first = self.channel.exchange(Script((Step(LIST, (range(0x6100, 0x6200),)),)))
        self.assertEqual(self.heard(), LOCK + LIST_FRAME)
        self.talk.say(answer("6105"))
        self.assertEqual(self.successResultOf(first), (Response(b"", 0x6105),))
        second = self.channel.exchange(Script.of(MORE))
        self.assertEqual(self.heard(), MORE_FRAME)
        self.talk.say(answer("bf2802a000 9000"))
        self.assertEqual(self.successResultOf(second), (Response(bytes.fromhex("bf2802a000"), 0x9000),))
        self.channel.release()
        self.assertEqual(self.heard(), UNLOCK)
        self.assertEqual(self.channel.apdus, 2)

    def test_script(self) -> None:
        """
        The next command follows each answer; whoever watches sees them as they come.
        """
        seen: list[Response] = []
        done = self.channel.exchange(Script.of(LIST, MORE, LIST), seen.append)
        for frame in (LIST_FRAME, MORE_FRAME, LIST_FRAME):
            self.assertEqual(self.heard(), frame)
            self.assertNoResult(done)
            self.talk.say(OK)
        self.assertEqual(self.successResultOf(done), (Response(b"", 0x9000),) * 3)
        self.assertEqual(seen, [Response(b"", 0x9000)] * 3)

    def test_stops(self) -> None:
        """
        An answer that its step does not allow is the last.
        """
        done = self.channel.exchange(Script.of(LIST, MORE))
        self.talk.say(answer("6985"))
        self.assertEqual(self.successResultOf(done), (Response(b"", 0x6985),))
        self.assertEqual(self.heard(), LIST_FRAME)

    def test_empty(self) -> None:
        """
        A script without steps has no answers.
        """
        self.assertEqual(self.successResultOf(self.channel.exchange(Script(()))), ())

    def test_turns(self) -> None:
        """
        A second script waits for the first.
        """
        first, second = self.channel.exchange(Script.of(LIST)), self.channel.exchange(Script.of(MORE))
        self.assertEqual(self.heard(), LIST_FRAME)
        self.talk.say(OK)
        self.successResultOf(first)
        self.assertEqual(self.heard(), MORE_FRAME)
        self.talk.say(OK)
        self.successResultOf(second)

    def test_extended(self) -> None:
        """
        A command that does not fit a short APDU is refused before anything is sent.
        """
        long = Command(0x80, 0xE2, data=bytes(256))
        self.failureResultOf(self.channel.exchange(Script.of(LIST, long)), NotSupported)
        self.assertEqual(self.heard(), b"")

    def test_cutAnswer(self) -> None:
        """
        An answer that arrives byte by byte is one answer.
        """
        done = self.channel.exchange(Script((Step(LIST, (ANY,)),)))
        for octet in answer("bf2802a0009000"):
            self.assertNoResult(done)
            self.talk.say(bytes((octet,)))
        self.assertEqual(self.successResultOf(done), (Response(bytes.fromhex("bf2802a000"), 0x9000),))

    def test_watchRaises(self) -> None:
        """
        A defect of who watches is the script's failure, not the connection's.
        """

        def watch(response: Response) -> None:
            raise ZeroDivisionError

        self.talk.clock.advance(1)
        done = self.channel.exchange(Script.of(LIST, MORE), watch)
        self.talk.say(OK)
        self.failureResultOf(done, ZeroDivisionError)
        self.assertEqual(self.heard(), LIST_FRAME)
        self.assertFalse(self.wire.half_closed)

    def test_watchCancels(self) -> None:
        """
        Who watches may cancel: no further command is sent.
        """
        running: list[Deferred[Any]] = []
        running.append(self.channel.exchange(Script.of(LIST, MORE), lambda _: running[0].cancel()))
        self.talk.say(OK)
        self.failureResultOf(running[0], CancelledError)
        self.assertEqual(self.heard(), LIST_FRAME)


class CancelTests(ChannelTestCase):
    """
    Cancelling stops before the next command.
    """

    def test_lateAnswer(self) -> None:
        """
        The answer that is still to come is not taken for that of the next script, whose first command waits for it.
        """
        done = self.channel.exchange(Script.of(LIST, MORE))
        done.cancel()
        self.failureResultOf(done, CancelledError)
        other = self.channel.exchange(Script.of(MORE))
        self.assertEqual(self.heard(), LIST_FRAME)
        self.talk.say(answer("6a88"))
        self.assertEqual(self.heard(), MORE_FRAME)
        self.talk.say(OK)
        self.assertEqual(self.successResultOf(other), (Response(b"", 0x9000),))

    def test_noAnswer(self) -> None:
        """
        The answer that is still to come has its time limit; the next script has not reached the card.
        """
        done = self.channel.exchange(Script.of(LIST))
        done.cancel()
        self.failureResultOf(done, CancelledError)
        other = self.channel.exchange(Script.of(MORE))
        self.talk.clock.advance(60)
        error = self.failureResultOf(other, PeerSilent).value
        self.assertEqual((error.responses, error.unanswered), ((), 0))

    def test_waiting(self) -> None:
        """
        A script that waits for its turn can be cancelled alone.
        """
        first, second = self.channel.exchange(Script.of(LIST)), self.channel.exchange(Script.of(MORE))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.talk.say(OK)
        self.successResultOf(first)
        self.assertEqual(self.heard(), LIST_FRAME)

    def test_nothingElse(self) -> None:
        """
        After the late answer nothing is awaited.
        """
        self.failureResultOf(self._cancelled(), CancelledError)
        self.talk.say(OK)
        self.talk.clock.advance(1000)
        self.assertFalse(self.wire.half_closed)

    def _cancelled(self) -> Deferred[Any]:
        done = self.channel.exchange(Script.of(LIST))
        done.cancel()
        return done


class HoldTests(ChannelTestCase):
    """
    The card's APDU access is locked once per hold, and only if there was an APDU.
    """

    def test_once(self) -> None:
        """
        However many scripts, one lock and one unlock.
        """
        self.successResultOf(self.channel.hold())
        for _ in range(2):
            self.channel.exchange(Script.of(LIST))
            self.talk.say(OK)
        self.channel.release()
        self.channel.release()
        self.assertEqual(self.heard(), LOCK + LIST_FRAME * 2 + UNLOCK)

    def test_withoutCommands(self) -> None:
        """
        A hold without an APDU sends nothing.
        """
        self.successResultOf(self.channel.hold())
        self.channel.release()
        self.assertEqual(self.heard(), b"")

    def test_queue(self) -> None:
        """
        A second holder waits, and has a lock of its own.
        """
        self.successResultOf(self.channel.hold())
        second = self.channel.hold()
        self.assertNoResult(second)
        self.channel.release()
        self.successResultOf(second)
        self.channel.exchange(Script.of(LIST))
        self.assertEqual(self.heard(), LOCK + LIST_FRAME)


class ShowTests(ChannelTestCase):
    """
    Texts become message boxes.
    """

    def test_show(self) -> None:
        """
        In the GSM alphabet.
        """
        self.successResultOf(self.channel.show("caffè_1 $"))
        self.assertEqual(self.heard(), encode(Tag.MESSAGE_BOX, b"caff\x04\x111 \x02"))

    def test_long(self) -> None:
        """
        A long text becomes several, as few as possible.
        """
        self.channel.show("word " * 60)
        self.assertEqual([(tag, len(value)) for tag, value in self.talk.heard()], [(0, 249), (0, 49)])

    def test_nothing(self) -> None:
        """
        A text without anything to see blocks no card.
        """
        self.successResultOf(self.channel.show(" "))
        self.assertEqual(self.heard(), b"")

    def test_showMuch(self) -> None:
        """
        A text that would be dozens of boxes is cut off: the holder has to confirm each.
        """
        self.channel.show("word " * 10_000)
        frames = list(Parser(VALUE_MAX).feed(self.wire.take()))
        self.assertEqual(len(frames), 4)
        self.assertTrue(frames[-1].value.endswith(b"..."))
