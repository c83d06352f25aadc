# -*- test-case-name: tests.bridges.test_card_side -*-
"""
Tests for L{cardgw.bridges.card_side}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.bridges.attach_errors import ReaderHungUp
from cardgw.bridges.attached_card import AttachedCard
from cardgw.bridges.card_side import MOST_WAITING, CardSide
from cardgw.errors import PeerLost
from cardgw.testing.card import PatientCard
from cardgw.transports.vpcd.wire import Control, control, encode
from cardgw.values import ChannelInfo, Feature, Reset
from tests.connections.sockets import FakeSocket

ATR = bytes.fromhex("3B01AA")
ON, OFF, RESET, GET_ATR = map(control, (Control.POWER_ON, Control.POWER_OFF, Control.RESET, Control.GET_ATR))
READ, WRITE = bytes.fromhex("00B0000000"), bytes.fromhex("00D6000000")
OK = Response(b"", 0x9000)
INFO = ChannelInfo(
    "memory", atr=ATR, offers=frozenset({Feature.SELECT}), resets=frozenset({Reset.COLD, Reset.WARM}), max_command=65535
)


class CardSideTests(SynchronousTestCase):
    """
    L{CardSide}.
    """

    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        """
        Connect.
        """
        self.patient, self.wire, self.clock = PatientCard(), FakeSocket(), Clock()
        self.channel = MemoryChannel(INFO, self.patient)
        self.card = AttachedCard(self.channel, b"")
        self.side = CardSide(self.card)
        self.side.makeConnection(self.wire)

    def say(self, octets: bytes) -> bytes:
        """
        The reader says something.

        @return: what is answered at once.
        """
        self.side.dataReceived(octets)
        return self.wire.take()

    def hang_up(self, reason: Exception | None = None) -> None:
        """
        The connection is gone.
        """
        self.side.connectionLost(Failure(reason or ConnectionDone()))

    def test_socket(self) -> None:
        """
        Small messages leave at once; what arrives is acknowledged at once, since vpcd waits for that between length and body.
        """
        self.assertIn(("nodelay", True), self.wire.options)
        self.wire.options.clear()
        self.say(GET_ATR[:2])
        self.assertEqual(self.wire.options, [("tcp", 1)])

    def test_session(self) -> None:
        """
        The reader looks whether there is a card, powers it on, sends commands, resets it, powers it off, and goes.
        """
        self.assertNoResult(self.side.begun)
        self.assertEqual(self.say(GET_ATR), encode(ATR))
        self.assertIsNone(self.successResultOf(self.side.begun))
        self.patient.answer(OK, OK)
        self.assertEqual(self.say(ON + GET_ATR + encode(READ)), encode(ATR) + encode(b"\x90\x00"))
        self.assertEqual(self.say(RESET + GET_ATR + encode(WRITE) + OFF), encode(ATR) + encode(b"\x90\x00"))
        self.assertEqual((self.patient.sent, self.channel.resets), ([READ, WRITE], [Reset.COLD, Reset.WARM]))
        self.hang_up()
        self.assertEqual(self.successResultOf(self.side.ended), "reader-closed")

    def test_order(self) -> None:
        """
        The card gets one command at a time, and answers come in the order of what was asked.
        """
        self.assertEqual(self.say(ON + encode(READ) + GET_ATR + encode(WRITE) + RESET + GET_ATR), b"")
        self.assertEqual((self.patient.sent, self.channel.resets), ([READ], [Reset.COLD]))
        self.patient.answer(Response(b"1", 0x9000))
        self.assertEqual(self.wire.take(), encode(b"1\x90\x00") + encode(ATR))
        self.assertEqual((self.patient.sent, self.channel.resets), ([READ, WRITE], [Reset.COLD]))
        self.patient.answer(OK)
        self.assertEqual((self.wire.take(), self.channel.resets), (encode(b"\x90\x00") + encode(ATR), [Reset.COLD, Reset.WARM]))

    @given(st.lists(st.integers(1, 7), min_size=1))
    def test_cut(self, sizes: list[int]) -> None:
        """
        It is the same however the network cuts what the reader says.
        """
        self.begin()
        said = (
            ON + GET_ATR + encode(READ) + RESET + encode(READ[:2]) + encode(b"") + encode(b"\x07") + OFF + encode(READ) + GET_ATR
        )
        self.patient.answer(OK)
        heard, number = b"", 0
        while said:
            size = sizes[number % len(sizes)]
            heard += self.say(said[:size])
            said, number = said[size:], number + 1
        expected = encode(ATR) + encode(b"\x90\x00") + encode(b"\x67\x00") + encode(b"") + encode(ATR)
        self.assertEqual((heard, self.patient.sent), (expected, [READ]))

    @given(st.lists(st.binary(max_size=40)))
    def test_garbage(self, pieces: list[bytes]) -> None:
        """
        Whatever it is told, it goes on.
        """
        self.begin()
        self.patient.answer(*[OK] * 100)
        for piece in pieces:
            self.say(piece)
        self.assertNoResult(self.side.ended)

    def test_longAnswer(self) -> None:
        """
        An answer that does not fit into a message is told to be an error.
        """
        self.say(ON + encode(READ))
        self.patient.answer(Response(bytes(65536), 0x9000))
        self.assertEqual(self.wire.take(), encode(b"\x6f\x00"))

    def test_flood(self) -> None:
        """
        A reader that does not wait for answers is not read until they are there.
        """
        self.say(ON + encode(READ) * (MOST_WAITING + 2))
        self.assertEqual(self.wire.producerState, "paused")
        self.patient.answer(*[OK] * (MOST_WAITING + 1))
        self.assertEqual(self.wire.producerState, "producing")
        self.patient.answer(OK)
        self.assertEqual(self.wire.take(), encode(b"\x90\x00") * (MOST_WAITING + 2))

    def test_hungUp(self) -> None:
        """
        A reader that closes otherwise than by powering off first is an error that says amid what.
        """
        for said, reason, words in (
            (b"", None, "before it asked for anything"),
            (ON + encode(READ), None, "in the midst of a command"),
            (ON, None, "while the card was powered on"),
            (GET_ATR, ConnectionLost(), "the connection broke"),
        ):
            self.begin()
            self.say(said)
            self.hang_up(reason)
            told = self.side.ended if said else self.side.begun
            self.assertEqual(self.failureResultOf(told, ReaderHungUp).value.detail, words)
            self.patient.answer(OK)
            self.assertEqual(self.wire.take(), b"")

    def test_lost(self) -> None:
        """
        A card that is lost amid a command, or a reset, is the end; nothing is answered.
        """
        for said in (encode(READ), RESET):
            self.begin()
            self.say(ON)
            if said == RESET:
                self.channel.lose()
            self.say(said + GET_ATR)
            self.channel.lose()
            self.failureResultOf(self.side.ended, PeerLost)
            self.assertEqual((self.say(GET_ATR), self.wire.take()), (b"", b""))

    def test_end(self) -> None:
        """
        It ends when it is told so, once, amid a command too.
        """
        self.say(ON + encode(READ) + GET_ATR)
        self.side.end("idle")
        self.side.end(PeerLost())
        self.assertEqual(self.successResultOf(self.side.ended), "idle")
        self.patient.answer(OK)
        self.assertEqual(self.wire.take(), b"")

    def test_endBefore(self) -> None:
        """
        Before the reader has asked for anything, those who wait for that are told.
        """
        self.side.end(PeerLost())
        self.failureResultOf(self.side.begun, PeerLost)
        self.assertNoResult(self.side.ended)

    def test_leave(self) -> None:
        """
        The card is taken out by closing the connection, whatever is going on.
        """
        self.say(ON + encode(READ))
        leaving = self.side.leave(self.clock, 5.0)
        self.assertTrue(self.wire.disconnecting)
        self.assertNoResult(leaving)
        self.hang_up()
        self.assertIsNone(self.successResultOf(leaving))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNone(self.successResultOf(self.side.leave(self.clock, 5.0)))

    def test_leaveStubborn(self) -> None:
        """
        A reader that does not take what was written is left alone.
        """
        leaving = self.side.leave(self.clock, 5.0)
        self.clock.advance(5.0)
        self.assertTrue(self.wire.disconnected)
        self.hang_up(ConnectionLost())
        self.assertIsNone(self.successResultOf(leaving))

    def test_leaveNobody(self) -> None:
        """
        Where there is no connection there is nothing to close.
        """
        side = CardSide(self.card)
        side.end(PeerLost())
        self.assertIsNone(self.successResultOf(side.leave(self.clock, 5.0)))
