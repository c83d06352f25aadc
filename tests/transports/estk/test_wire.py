# -*- test-case-name: tests.transports.estk.test_wire -*-
"""
Tests for L{cardgw.transports.estk.wire}.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import FrameTooLong
from cardgw.transports.estk.wire import CARD_VALUE_MAX, VALUE_MAX, Frame, Parser, Tag, encode

FRAMES = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=CARD_VALUE_MAX)).map(lambda pair: Frame(*pair)), max_size=8)


def cut(octets: bytes, places: list[int]) -> list[bytes]:
    """
    The pieces between some places.
    """
    ends = sorted({place % (len(octets) + 1) for place in places} | {0, len(octets)})
    return [octets[start:end] for start, end in pairwise(ends)]


class EncodeTests(SynchronousTestCase):
    """
    L{encode} makes tag, little-endian length, value.
    """

    def test_transcripts(self) -> None:
        """
        A bare command has length 0; the length counts only the value, low byte first.
        """
        self.assertEqual(encode(Tag.LOCK_APDU), bytes.fromhex("fd0000"))
        self.assertEqual(encode(Tag.APDU, bytes.fromhex("80e2910003bf2800")), bytes.fromhex("fe080080e2910003bf2800"))
        self.assertEqual(encode(Tag.MESSAGE_BOX, b"x" * 0x118)[:3], bytes.fromhex("001801"))

    def test_limits(self) -> None:
        """
        The length field ends at 65535.
        """
        self.assertEqual(encode(0, bytes(VALUE_MAX))[:3], b"\x00\xff\xff")
        self.assertRaises(ValueError, encode, 0, bytes(VALUE_MAX + 1))


class ParserTests(SynchronousTestCase):
    """
    L{Parser} gives back whole frames, however the stream was cut.
    """

    @given(FRAMES, st.lists(st.integers(0, 5000), max_size=12))
    def test_anyCuts(self, frames: list[Frame], places: list[int]) -> None:
        """
        Cutting and joining the stream anywhere changes nothing.
        """
        parser = Parser()
        stream = b"".join(encode(*frame) for frame in frames)
        self.assertEqual([frame for piece in cut(stream, places) for frame in parser.feed(piece)], frames)
        self.assertEqual(parser.pending, 0)

    def test_byteByByte(self) -> None:
        """
        A header that arrives in three pieces is no shorter frame.
        """
        parser = Parser()
        stream = encode(Tag.DOWNLOAD_PROFILE, b"LPA:1\x02h\x02m") + encode(Tag.APDU, b"\x90\x00")
        found = [frame for at in range(len(stream)) for frame in parser.feed(stream[at : at + 1])]
        self.assertEqual(found, [(2, b"LPA:1\x02h\x02m"), (0xFE, b"\x90\x00")])

    def test_unknownTag(self) -> None:
        """
        A tag that no document has is a frame like any other; its value is not taken for frames.
        """
        self.assertEqual(list(Parser().feed(b"\x55\x03\x00abc\x03\x00\x00")), [(0x55, b"abc"), (3, b"")])

    def test_tooLong(self) -> None:
        """
        The header alone ends it; the value is not waited for.
        """
        self.assertRaises(FrameTooLong, list, Parser(508).feed(b"\xfe\xfd\x01"))
        self.assertEqual(list(Parser(509).feed(b"\xfe\xfd\x01")), [])

    def test_wholeButTooLong(self) -> None:
        """
        The limit also holds for a frame that is there as a whole.
        """
        error = self.assertRaises(FrameTooLong, list, Parser(4).feed(encode(2, b"12345")))
        self.assertIn("tag 02 with 5 bytes, at most 4 are allowed", str(error))

    def test_framesBeforeTooLong(self) -> None:
        """
        What came before a frame that is too long is still given.
        """
        frames = iter(Parser(4).feed(encode(1) + encode(2, b"12345")))
        self.assertEqual(next(frames), (1, b""))
        self.assertRaises(FrameTooLong, next, frames)

    def test_leftover(self) -> None:
        """
        Frames that were not asked for are given by the next call.
        """
        parser = Parser()
        self.assertEqual(next(iter(parser.feed(encode(1) + encode(2) + encode(3)))), (1, b""))
        self.assertEqual(parser.pending, 6)
        self.assertEqual(list(parser.feed(b"")), [(2, b""), (3, b"")])

    @given(st.binary(max_size=2000))
    def test_rubbish(self, octets: bytes) -> None:
        """
        Whatever arrives gives frames or L{FrameTooLong}, and no more is kept than one frame.
        """
        parser = Parser(16)
        try:
            for frame in parser.feed(octets):
                self.assertLessEqual(len(frame.value), 16)
        except FrameTooLong:
            return
        self.assertLess(parser.pending, 19)
