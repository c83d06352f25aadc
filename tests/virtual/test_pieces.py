# -*- test-case-name: tests.virtual.test_pieces -*-
"""
Tests for L{cardgw.virtual.pieces}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.pieces import Pieces, cut


class PiecesTests(SynchronousTestCase):
    """
    L{cut} and L{Pieces}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.written: list[bytes] = []
        self.pieces = Pieces(self.clock, self.written.append)

    @given(st.binary(max_size=50), st.integers(0, 60))
    def test_cut(self, octets: bytes, size: int) -> None:
        """
        Nothing is lost, and no piece is too long.
        """
        found = cut(octets, size)
        self.assertEqual(b"".join(found), octets)
        self.assertTrue(all(0 < len(each) <= (size or len(octets)) for each in found))

    def test_turns(self) -> None:
        """
        The first piece is written at once, each further one in a turn of its own, in order.
        """
        self.pieces.write(b"1", b"2")
        self.pieces.write(b"3")
        self.assertEqual(self.written, [b"1"])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(0)
        self.assertEqual((self.written, self.clock.getDelayedCalls()), ([b"1", b"2", b"3"], []))

    def test_flush(self) -> None:
        """
        What waits can be written at once.
        """
        self.pieces.write(b"1", b"2", b"3")
        for _ in range(2):
            self.pieces.flush()
        self.assertEqual((self.written, self.clock.getDelayedCalls()), ([b"1", b"23"], []))

    def test_end(self) -> None:
        """
        What waits is not written after the end.
        """
        self.pieces.write(b"1", b"2")
        self.pieces.end()
        self.pieces.end()
        self.assertEqual((self.written, self.clock.getDelayedCalls()), ([b"1"], []))
