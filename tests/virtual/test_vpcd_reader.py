# -*- test-case-name: tests.virtual.test_vpcd_reader -*-
"""
Tests for L{cardgw.virtual.vpcd_reader}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from cardgw.transports.vpcd.wire import Control, encode
from cardgw.virtual.vpcd_reader import Manners, Reader, ReaderFactory
from tests.connections.sockets import FakeSocket

ATR = bytes.fromhex("3B00")


class ReaderTests(SynchronousTestCase):
    """
    L{Reader} and L{ReaderFactory}.
    """

    def insert(self, **manners: Any) -> Reader:
        """
        A card dials in.
        """
        self.clock, self.wire = Clock(), FakeSocket()
        factory = ReaderFactory(self.clock, Manners(**manners))
        factory.buildProtocol(None).makeConnection(self.wire)
        reader: Reader = self.successResultOf(factory.inserted.get())
        return reader

    def test_manners(self) -> None:
        """
        It writes the length first, as vpcd does; or all in pieces, or at once.
        """
        for manners, expected in (({}, b"\x00\x01"), ({"fragment": 1}, b"\x00"), ({"split": False}, b"\x00\x01\x04")):
            reader = self.insert(**manners)
            reader.atr()
            self.assertEqual(self.wire.take(), expected)
            self.clock.pump([0, 0])
            self.assertEqual(expected + self.wire.take(), b"\x00\x01\x04")

    def test_answers(self) -> None:
        """
        Answers come in the order of the questions; what was not asked for is kept apart.
        """
        reader = self.insert(split=False)
        reader.control(Control.POWER_ON, Control.RESET)
        atr, answer = reader.atr(), reader.transmit(b"\x00\xb0\x00\x00")
        self.clock.pump([0, 0])
        self.assertEqual(self.wire.take(), bytes.fromhex("0001 01 0001 02 0001 04 0004 00B00000"))
        reader.dataReceived(encode(ATR) + encode(b"\x90\x00") + encode(b"?"))
        found = self.successResultOf(atr), self.successResultOf(answer), reader.unasked
        self.assertEqual(found, (ATR, b"\x90\x00", [b"?"]))

    def test_gone(self) -> None:
        """
        When the card is gone there are no more answers.
        """
        reader = self.insert()
        answer = reader.transmit(bytes(4))
        reader.drop()
        self.assertTrue(self.wire.disconnecting)
        reader.connectionLost(Failure(ConnectionDone()))
        self.failureResultOf(answer, ConnectionDone)
        self.assertIsNone(self.successResultOf(reader.gone))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_hard(self) -> None:
        """
        It may drop the connection without a goodbye.
        """
        self.insert().drop(hard=True)
        self.assertTrue(self.wire.disconnected)
