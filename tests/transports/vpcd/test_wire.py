# -*- test-case-name: tests.transports.vpcd.test_wire -*-
"""
Tests for L{cardgw.transports.vpcd.wire}.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import FrameTooLong
from cardgw.transports.vpcd.wire import BODY_MAX, Control, Parser, control, encode

MESSAGES = st.lists(st.binary(max_size=400), max_size=8)


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    """
    The pieces between some places.
    """
    ends = sorted({place % (len(octets) + 1) for place in places} | {0, len(octets)})
    return [octets[start:end] for start, end in pairwise(ends)]


class EncodeTests(SynchronousTestCase):
    """
    L{encode} and L{control} put a big-endian length in front.
    """

    def test_messages(self) -> None:
        """
        Control messages have one byte; an empty message is one, too.
        """
        self.assertEqual(control(Control.POWER_ON, Control.GET_ATR), bytes.fromhex("0001 01 0001 04"))
        self.assertEqual(control(Control.POWER_OFF) + control(Control.RESET), bytes.fromhex("000100 000102"))
        self.assertEqual(encode(bytes.fromhex("00A40000")), bytes.fromhex("0004 00A40000"))
        self.assertEqual((encode(b""), encode(bytes(0x118))[:2]), (b"\0\0", b"\x01\x18"))

    def test_limits(self) -> None:
        """
        The length ends at 65535.
        """
        self.assertEqual(len(encode(bytes(BODY_MAX))), 2 + BODY_MAX)
        self.assertRaises(ValueError, encode, bytes(BODY_MAX + 1))


class ParserTests(SynchronousTestCase):
    """
    L{Parser} gives back whole messages, however the stream was cut.
    """

    @given(MESSAGES, st.lists(st.integers(0, 4000), max_size=12))
    def test_anyCuts(self, messages: list[bytes], places: list[int]) -> None:
        """
        Cutting and joining the stream anywhere changes nothing.
        """
        parser = Parser()
        stream = b"".join(map(encode, messages))
        self.assertEqual([each for piece in cut(stream, places) for each in parser.feed(piece)], messages)
        self.assertEqual(parser.pending, 0)

    def test_byteByByte(self) -> None:
        """
        A length that arrives in two pieces is one.
        """
        parser = Parser()
        stream = encode(bytes(300)) + encode(b"\x90\x00")
        found = [each for at in range(len(stream)) for each in parser.feed(stream[at : at + 1])]
        self.assertEqual(found, [bytes(300), b"\x90\x00"])

    def test_pending(self) -> None:
        """
        It tells what waits for the rest of its message.
        """
        parser = Parser()
        self.assertEqual((list(parser.feed(b"\x00\x02")), parser.pending), ([], 2))
        self.assertEqual((list(parser.feed(b"\x90\x00")), parser.pending), ([b"\x90\x00"], 0))

    def test_tooLong(self) -> None:
        """
        The length alone ends it, also of a message that is there as a whole; what came before is given.
        """
        self.assertRaises(FrameTooLong, list, Parser(4).feed(b"\x00\x05"))
        self.assertEqual(list(Parser(5).feed(b"\x00\x05")), [])
        error = self.assertRaises(FrameTooLong, list, Parser(4).feed(encode(b"12345")))
        self.assertIn("5 bytes, at most 4 are allowed", str(error))
        messages = iter(Parser(4).feed(encode(b"1") + encode(b"12345")))
        self.assertEqual(next(messages), b"1")
        self.assertRaises(FrameTooLong, next, messages)

    def test_leftover(self) -> None:
        """
        Messages that were not asked for are given by the next call.
        """
        parser = Parser()
        messages = iter(parser.feed(encode(b"1") + encode(b"2")))
        self.assertEqual(next(messages), b"1")
        del messages
        self.assertEqual((parser.pending, list(parser.feed(b""))), (3, [b"2"]))

    @given(st.binary(max_size=2000))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Whatever arrives gives messages or L{FrameTooLong}, and no more is kept than one message.
        """
        parser = Parser(16)
        try:
            for message in parser.feed(octets):
                self.assertLessEqual(len(message), 16)
        except FrameTooLong:
            return
        self.assertLess(parser.pending, 18)
