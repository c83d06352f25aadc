# -*- test-case-name: tests.testing.test_card -*-
"""
Tests for L{cardgw.testing.card}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.errors import PeerLost
from cardgw.testing.card import KnowingCard, PatientCard


class PatientCardTests(SynchronousTestCase):
    """
    L{PatientCard}.
    """

    def test_commandFirst(self) -> None:
        """
        A command waits for its answer; answers go to commands in order.
        """
        card = PatientCard()
        first, second = card(b"first"), card(b"second")
        self.assertNoResult(first)
        card.answer(Response(b"1", 0x9000))
        self.assertEqual(self.successResultOf(first), b"1\x90\x00")
        self.assertNoResult(second)
        self.assertEqual(card.sent, [b"first", b"second"])
        card.answer(Response(b"", 0x6A82))
        self.assertEqual(self.successResultOf(second), b"\x6a\x82")

    def test_answerFirst(self) -> None:
        """
        An answer may be given in advance.
        """
        card = PatientCard()
        card.answer(Response(b"", 0x9000), Response(b"", 0x6A82))
        self.assertEqual(self.successResultOf(card(b"")), b"\x90\x00")
        self.assertEqual(self.successResultOf(card(b"")), b"\x6a\x82")


class KnowingCardTests(SynchronousTestCase):
    """
    L{KnowingCard}.
    """

    def test_answers(self) -> None:
        """
        What it does not know it does not support.
        """
        card = KnowingCard({b"?": b"!\x90\x00"})
        self.assertEqual((card(b"?"), card(b"?"), card(b"what")), (b"!\x90\x00", b"!\x90\x00", b"\x6d\x00"))
        self.assertEqual(card.sent, [b"?", b"?", b"what"])

    def test_lost(self) -> None:
        """
        It is lost after some answers; the command that it did not answer has reached it.
        """
        card = KnowingCard({}, b"\x90\x00", lost_after=1)
        card(b"first")
        self.assertRaises(PeerLost, card, b"second")
        self.assertEqual(card.sent, [b"first", b"second"])
