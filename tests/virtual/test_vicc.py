# -*- test-case-name: tests.virtual.test_vicc -*-
"""
Tests for L{cardgw.virtual.vicc}.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.atr import Atr
from cardgw.transports.vpcd.wire import Control, control, encode
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.vicc import Manners, Outcome, Vicc, dial, euicc_atr
from tests.connections.sockets import FakeSocket

COMMAND = bytes.fromhex("80CA005A00")
ANSWER = b"\x01\x90\x00"
ATR = euicc_atr(Options())
ON, OFF, RESET = control(Control.POWER_ON), control(Control.POWER_OFF), control(Control.RESET)
GET_ATR = control(Control.GET_ATR)


class AtrTests(SynchronousTestCase):
    """
    L{euicc_atr}.
    """

    def test_options(self) -> None:
        """
        It tells the logical channels and the protocol, and that there is no extended length.
        """
        for channels, told in ((0, 1), (3, 4), (19, 20)):
            for delivery, protocol in ((Delivery.T0, 0), (Delivery.T1, 1)):
                atr = Atr.decode(euicc_atr(Options(channels=channels, delivery=delivery)))
                self.assertEqual((atr.channels, atr.protocols, atr.extended_length), (told, (protocol,), False))


class ViccTests(SynchronousTestCase):
    """
    L{Vicc} answers.
    """

    def begin(self, **manners: Any) -> Vicc:
        """
        Connect.
        """
        self.clock, self.wire = Clock(), FakeSocket()
        self.told: list[str] = []
        self.vicc = Vicc(self.clock, lambda command: ANSWER, ATR, Manners(**manners), lambda what, facts: self.told.append(what))
        self.vicc.makeConnection(self.wire)
        return self.vicc

    def end(self, reason: Exception | None = None) -> Outcome:
        """
        The connection is gone.
        """
        self.vicc.connectionLost(Failure(reason or ConnectionDone()))
        return self.successResultOf(self.vicc.done)

    def test_session(self) -> None:
        """
        Power on, ATR, commands, a reset, power off.
        """
        self.begin().dataReceived(ON + GET_ATR)
        self.assertEqual(self.wire.take(), encode(ATR))
        self.vicc.dataReceived(encode(COMMAND) + RESET)
        self.assertEqual((self.wire.take(), self.told), (encode(ANSWER), ["reset", "apdu", "reset"]))
        self.clock.advance(3)
        self.vicc.dataReceived(OFF)
        self.assertEqual(self.end(), Outcome(apdus=1, resets=2, goodbye=True, seconds=3.0, reason="closed"))

    @given(st.integers(1, 20))
    def test_cuts(self, size: int) -> None:
        """
        However the reader's messages are cut.
        """
        self.begin()
        stream = ON + GET_ATR + encode(COMMAND)
        for at in range(0, len(stream), size):
            self.vicc.dataReceived(stream[at : at + size])
        self.assertEqual(self.wire.take(), encode(ATR) + encode(ANSWER))

    def test_unknown(self) -> None:
        """
        Messages of one byte that no document has, and empty ones, are skipped.
        """
        self.begin().dataReceived(encode(b"\x03") + encode(b"") + GET_ATR)
        self.assertEqual(self.wire.take(), encode(ATR))

    def test_empty(self) -> None:
        """
        There may be no card at first, or none any more.
        """
        self.begin(empty=1).dataReceived(GET_ATR + GET_ATR)
        self.assertEqual(self.wire.take(), encode(b"") + encode(ATR))
        self.vicc.atr = b""
        self.vicc.dataReceived(GET_ATR + encode(COMMAND))
        self.assertEqual(self.wire.take(), encode(b"") * 2)

    def test_fragments(self) -> None:
        """
        Its messages may be cut; one piece in each turn of the reactor.
        """
        self.begin(fragment=2)
        pieces: list[bytes] = []
        self.patch(self.wire, "write", pieces.append)
        self.vicc.dataReceived(encode(COMMAND))
        self.assertEqual(len(pieces), 1)
        self.clock.advance(0)
        self.assertEqual(pieces, [b"\x00\x03", b"\x01\x90", b"\x00"])

    def test_delay(self) -> None:
        """
        Commands may take time; what comes meanwhile waits.
        """
        self.begin(delay=1.0).dataReceived(encode(COMMAND) + GET_ATR)
        self.assertEqual(self.wire.take(), b"")
        self.clock.advance(1)
        self.assertEqual(self.wire.take(), encode(ANSWER) + encode(ATR))

    def test_pull(self) -> None:
        """
        It may go in the midst of it, and say so or not.
        """
        for hard in (False, True):
            self.begin(pull_at=2, hard=hard).dataReceived(ON + encode(COMMAND) * 3)
            self.assertEqual((self.wire.take(), self.vicc.apdus), (encode(ANSWER), 2))
            self.assertEqual((self.wire.disconnecting, self.wire.disconnected), (True, hard))
            self.assertEqual(self.end(ConnectionLost()).goodbye, False)

    def test_silent(self) -> None:
        """
        It may fall silent.
        """
        self.begin(silent_at=1).dataReceived(encode(COMMAND) + GET_ATR)
        self.vicc.dataReceived(GET_ATR)
        self.assertEqual(self.wire.take(), b"")
        self.end()

    def test_garbage(self) -> None:
        """
        It may answer anything.
        """
        self.begin(garbage_at=1, garbage=b"\xff\xffx").dataReceived(encode(COMMAND))
        self.assertEqual(self.wire.take(), b"\xff\xffx")
        self.end()

    def test_defect(self) -> None:
        """
        What the card raises is what the session fails with.
        """
        self.begin()
        self.patch(self.vicc, "_card", lambda command: 1 // 0)
        self.vicc.dataReceived(encode(COMMAND))
        self.vicc.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(self.vicc.done, ZeroDivisionError)

    def test_noTimers(self) -> None:
        """
        Nothing is left of a session that was busy.
        """
        self.begin(delay=1.0, fragment=1).dataReceived(GET_ATR + encode(COMMAND))
        self.end()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_dial(self) -> None:
        """
        L{dial} gives the outcome; cancelling it drops the connection.
        """
        reactor = MemoryReactorClock()
        dialling = dial(reactor, TCP4ClientEndpoint(reactor, "127.0.0.1", 1), lambda command: ANSWER, ATR)
        protocol: Any = reactor.tcpClients[0][2].buildProtocol(None)
        wire = FakeSocket()
        protocol.makeConnection(wire)
        dialling.cancel()
        self.assertTrue(wire.disconnecting)
        protocol.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(dialling)
