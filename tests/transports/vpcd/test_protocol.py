# -*- test-case-name: tests.transports.vpcd.test_protocol -*-
"""
Tests for L{cardgw.transports.vpcd.protocol}.
"""

from __future__ import annotations

import socket

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import fail, succeed
from twisted.internet.error import ConnectionLost
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.script import Script
from cardgw.errors import GatewayStopping, PeerLost, PeerMisbehaved, PeerSilent
from cardgw.transports.vpcd.settings import VpcdSettings
from cardgw.transports.vpcd.wire import encode
from tests.logs import captured
from tests.transports.vpcd.fakes import ATR, EXTENDED, GET_ATR, OFF, READ, START, Talk


class ArrivalTests(SynchronousTestCase):
    """
    A card's side dials in.
    """

    def test_start(self) -> None:
        """
        The card is powered on and asked for its ATR; with it, it is here.
        """
        talk = Talk()
        self.assertEqual(talk.wire.take(), START)
        self.assertEqual(talk.wire.options[:2], [("nodelay", True), ("keepalive", True)])
        channel = talk.insert()
        self.assertEqual((channel.info.atr, channel.info.peer), (ATR, "192.0.2.7:4711"))
        self.assertEqual(talk.gateway.channels, [channel])

    def test_noCardYet(self) -> None:
        """
        A side without a card is asked again, until there is one.
        """
        talk = Talk()
        talk.answer(b"")
        talk.wire.take()
        for _ in range(3):
            talk.clock.advance(5)
            self.assertEqual(talk.wire.take(), START)
            talk.answer(b"")
        talk.clock.advance(5)
        self.assertEqual(talk.gateway.channels, [])
        talk.insert()

    def test_noCard(self) -> None:
        """
        One that never shows a card is sent away.
        """
        events = captured(self)
        talk = Talk(VpcdSettings(idle_timeout=12))
        talk.answer(b"")
        for _ in range(3):
            self.assertFalse(talk.wire.half_closed)
            talk.clock.advance(5)
            talk.answer(b"")
        self.assertTrue(talk.wire.half_closed)
        talk.hang_up()
        self.assertIn("a card did not come within 12 s", events[-1]["reason"])

    def test_silent(self) -> None:
        """
        So is one that does not answer at all.
        """
        events = captured(self)
        talk = Talk()
        talk.clock.advance(60)
        self.assertTrue(talk.wire.half_closed)
        talk.hang_up()
        self.assertIn("an answer to reset did not come within 60 s", events[-1]["reason"])

    def test_rubbish(self) -> None:
        """
        What is no ATR ends the session, and the gateway never hears of it.
        """
        talk = Talk()
        talk.answer(b"HTTP/1.1 400 Bad Request")
        self.assertTrue(talk.wire.half_closed)
        self.assertEqual(talk.gateway.channels, [])
        talk.answer(ATR)
        self.assertEqual(talk.gateway.channels, [])

    def test_tooLong(self) -> None:
        """
        Where no card takes long commands, a longer message than such cards send is not even waited for.
        """
        talk = Talk(VpcdSettings(extended_length="no"))
        gone = talk.insert().when_gone()
        talk.say(b"\x01\x03")
        self.assertTrue(talk.wire.half_closed)
        talk.hang_up()
        self.assertIn("259 bytes, at most 258 are allowed", str(self.successResultOf(gone)))

    @given(st.lists(st.binary(max_size=300), max_size=6))
    def test_anyRubbish(self, pieces: list[bytes]) -> None:
        """
        Whatever arrives, nothing is raised, and the session can end.
        """
        talk = Talk()
        for piece in pieces:
            talk.say(piece)
        talk.hang_up()
        self.assertEqual(talk.factory.crowd.here, set())

    def test_quickAck(self) -> None:
        """
        A message that comes in two pieces is acknowledged after the first, so that the second need not wait.
        """
        talk = Talk()
        acknowledged: list[int] = []
        self.patch(talk.wire, "setsockopt", lambda level, option, value: acknowledged.append(option))
        talk.say(encode(ATR)[:2])
        self.assertEqual(acknowledged, [socket.TCP_QUICKACK])
        talk.say(encode(ATR)[2:])
        self.assertEqual((len(acknowledged), len(talk.gateway.channels)), (1, 1))


class PresenceTests(SynchronousTestCase):
    """
    A card that is here.
    """

    def setUp(self) -> None:
        """
        It is.
        """
        self.talk = Talk()
        self.channel = self.talk.insert()

    def test_poll(self) -> None:
        """
        At rest it is asked for its ATR now and then, for as long as it stays.
        """
        for _ in range(100):
            self.talk.clock.advance(5)
            self.assertEqual(self.talk.wire.take(), GET_ATR)
            self.talk.answer(ATR)
        self.assertNoResult(self.channel.when_gone())

    def test_pollWhileBusy(self) -> None:
        """
        A command that comes while an ATR is awaited gets its own answer; while a command runs, nothing is asked.
        """
        self.talk.clock.advance(5)
        running = self.channel.exchange(Script.of(READ))
        self.talk.answer(ATR)
        self.talk.clock.advance(30)
        self.assertEqual(self.talk.wire.take(), GET_ATR + encode(READ.encode()))
        self.talk.answer(b"\x90\x00")
        self.successResultOf(running)

    def test_dead(self) -> None:
        """
        One that does not answer is gone.
        """
        gone = self.channel.when_gone()
        self.talk.clock.advance(5)
        self.talk.clock.advance(60)
        self.talk.hang_up()
        self.assertIsInstance(self.successResultOf(gone), PeerSilent)

    def test_takenOut(self) -> None:
        """
        Without an ATR the card is gone, and its side stays: another one may come, and gets a channel of its own.
        """
        gone, waiting = self.channel.when_gone(), self.channel.exchange(Script.of(READ))
        waiting.cancel()
        self.failureResultOf(waiting)
        self.talk.answer(b"\x90\x00")
        self.talk.clock.advance(5)
        self.talk.answer(b"")
        self.assertEqual(str(self.successResultOf(gone)), "The card's side closed the connection: the card was taken out")
        self.failureResultOf(self.channel.exchange(Script.of(READ)), PeerLost)
        other = self.talk.insert(EXTENDED)
        self.assertEqual((len(self.talk.gateway.channels), other.info.atr), (2, EXTENDED))
        self.talk.gateway.jobs[0].callback(None)
        self.assertFalse(self.talk.wire.half_closed)
        self.talk.gateway.jobs[1].callback(None)
        self.assertTrue(self.talk.wire.half_closed)

    def test_exchanged(self) -> None:
        """
        Another ATR is another card; a command that was on its way to the first one is lost with it.
        """
        self.talk.clock.advance(5)
        running = self.channel.exchange(Script.of(READ))
        self.talk.answer(EXTENDED)
        self.assertEqual(self.failureResultOf(running, PeerLost).value.unanswered, 1)
        self.talk.answer(b"\x90\x00")
        other = self.talk.insert(EXTENDED)
        running = other.exchange(Script.of(READ))
        self.talk.answer(b"\x6d\x00")
        self.assertEqual(self.successResultOf(running)[0].status, 0x6D00)

    def test_unasked(self) -> None:
        """
        What comes unasked ends the session.
        """
        gone = self.channel.when_gone()
        self.talk.answer(b"\x90\x00")
        self.talk.hang_up()
        self.assertIn("2 bytes came unasked", str(self.successResultOf(gone)))

    def test_twoAtOnce(self) -> None:
        """
        So does an answer to what has not even left.
        """
        running = self.channel.exchange(Script.of(READ, READ))
        self.talk.say(encode(b"\x90\x00") * 2)
        error = self.failureResultOf(running, PeerMisbehaved).value
        self.assertEqual((len(error.responses), error.unanswered), (1, 1))


class EndTests(SynchronousTestCase):
    """
    How sessions end.
    """

    def test_served(self) -> None:
        """
        When the gateway has done what it wanted, the card is powered off, and the connection closed.
        """
        talk = Talk()
        gone = talk.insert().when_gone()
        talk.gateway.jobs[0].callback(None)
        self.assertEqual((talk.wire.take(), talk.wire.half_closed), (OFF, True))
        talk.hang_up()
        self.assertIsNone(self.successResultOf(gone))
        self.assertEqual((talk.factory.crowd.here, talk.clock.getDelayedCalls()), (set(), []))

    def test_atOnce(self) -> None:
        """
        So it is where that took no time.
        """
        talk = Talk()
        self.patch(talk.gateway, "arrived", lambda channel: succeed(None))
        talk.answer(ATR)
        self.assertTrue(talk.wire.half_closed)

    def test_defect(self) -> None:
        """
        A defect of the gateway is logged, and the session ends.
        """
        talk = Talk()
        self.patch(talk.gateway, "arrived", lambda channel: fail(ArithmeticError("a defect")))
        talk.answer(ATR)
        self.assertTrue(talk.wire.half_closed)
        self.assertEqual(len(self.flushLoggedErrors(ArithmeticError)), 1)

    def test_hungUp(self) -> None:
        """
        A side that goes takes its card with it, whether it says goodbye or not.
        """
        for reason, told in ((None, "The card's side closed the connection"), (ConnectionLost(), "the connection broke")):
            talk = Talk()
            gone = talk.insert().when_gone()
            talk.hang_up(reason)
            found = self.successResultOf(gone)
            self.assertIsInstance(found, PeerLost)
            self.assertIn(told, str(found))

    def test_hungUpBefore(self) -> None:
        """
        One that has shown no card just goes.
        """
        events = captured(self)
        talk = Talk()
        talk.hang_up()
        self.assertEqual((events[-1]["reason"], talk.clock.getDelayedCalls()), ("goodbye", []))

    def test_afterGoodbye(self) -> None:
        """
        What still comes then is not read; a side that does not close is dropped.
        """
        talk = Talk()
        talk.insert()
        talk.session.end(GatewayStopping())
        talk.answer(b"\x90\x00", b"x")
        talk.clock.advance(5)
        talk.clock.advance(5)
        self.assertTrue(talk.wire.disconnected)

    def test_windUp(self) -> None:
        """
        Winding up cancels what is done; the goodbye follows.
        """
        talk = Talk()
        talk.session.wind_up()
        talk.insert()
        self.assertTrue(talk.session.busy)
        talk.session.wind_up()
        self.assertEqual((talk.gateway.cancelled, talk.wire.half_closed), (1, True))

    def test_log(self) -> None:
        """
        The end is logged, with all commands of all cards.
        """
        events = captured(self)
        talk = Talk()
        channel = talk.insert()
        channel.exchange(Script.of(READ))
        talk.answer(b"\x90\x00")
        talk.clock.advance(5)
        talk.answer(b"")
        other = talk.insert().exchange(Script.of(READ))
        talk.hang_up()
        self.failureResultOf(other, PeerLost)
        self.assertEqual((events[-1]["event"], events[-1]["apdus"]), ("session-ended", 2))
