# -*- test-case-name: tests.transports.vpcd.test_line -*-
"""
Tests for L{cardgw.transports.vpcd.line}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.connections.connection import Connection
from cardgw.transports.vpcd.line import Line
from tests.connections.sockets import FakeSocket
from tests.transports.vpcd.fakes import OFF


class LineTests(SynchronousTestCase):
    """
    L{Line} matches answers to questions.
    """

    def setUp(self) -> None:
        """
        A line on a clock.
        """
        self.clock, self.wire = Clock(), FakeSocket()
        self.silences: list[tuple[str, float]] = []
        self.line = Line(Connection(self.wire, self.clock, 5, lambda *facts: self.silences.append(facts)), 2)

    def test_order(self) -> None:
        """
        Answers come in the order of the questions, and the line counts them.
        """
        answers: list[tuple[str, bytes]] = []
        self.line.ask(b"1", 60, "one", lambda body: answers.append(("one", body)))
        self.line.ask(b"2", 60, "two", lambda body: answers.append(("two", body)))
        self.assertEqual((self.wire.take(), self.line.due), (b"12", 2))
        self.line.came(b"a")
        self.line.came(b"b")
        self.assertEqual((answers, self.line.due), ([("one", b"a"), ("two", b"b")], 0))

    def test_silence(self) -> None:
        """
        What does not come in time is told, by the name of the last question.
        """
        self.line.ask(b"1", 60, "one", lambda body: None)
        self.line.ask(b"2", 30, "two", lambda body: None)
        self.clock.advance(30)
        self.assertEqual(self.silences, [("two", 30)])

    def test_rest(self) -> None:
        """
        After a rest the owner is told so; while an answer is due there is none.
        """
        self.line.ask(b"1", 60, "one", lambda body: None)
        self.line.rest()
        self.clock.advance(2)
        self.assertEqual(self.silences, [])
        self.line.came(b"")
        self.line.rest()
        self.clock.advance(2)
        self.assertEqual(self.silences, [("anything to do", 2)])

    def test_depart(self) -> None:
        """
        The card is powered off, and the stream ends.
        """
        self.line.depart()
        self.assertEqual((self.wire.take(), self.wire.half_closed, self.line.leaving), (OFF, True, True))

    def test_lost(self) -> None:
        """
        Nothing is left of a line that is lost.
        """
        self.line.ask(b"1", 60, "one", lambda body: None)
        self.line.lost()
        self.assertEqual((self.line.due, self.line.leaving, self.clock.getDelayedCalls()), (0, True, []))
