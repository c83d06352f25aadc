# -*- test-case-name: tests.virtual.test_euicc_stream -*-
"""
Tests for L{cardgw.virtual.euicc_stream}.
"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.virtual.euicc_stream import PackageStream, StreamError
from tests.virtual.bpp import cut

CHANNEL = encode(0xBF23, b"channel")
CONFIGURE = encode(0xA0, encode(0x87, b"conf"))
METADATA = encode(0xA1, encode(0x88, b"meta"), encode(0x88, b"data"))
KEYS = encode(0xA2, encode(0x87, b"keys"), encode(0x87, b"more"))
ELEMENTS = encode(0xA3, encode(0x86, b"e" * 1000), encode(0x86, b"f" * 1000), encode(0x86, b"g"))
WHOLE = encode(0xBF36, CHANNEL, CONFIGURE, METADATA, KEYS, ELEMENTS)
ITEMS = [
    (0xBF23, b"channel", True),
    (0xA0, b"conf", True),
    (0xA1, b"meta", False),
    (0xA1, b"data", True),
    (0xA2, b"keys", False),
    (0xA2, b"more", True),
    (0xA3, b"e" * 1000, False),
    (0xA3, b"f" * 1000, False),
    (0xA3, b"g", True),
]


class PackageStreamTests(SynchronousTestCase):
    """
    L{PackageStream}
    """

    def run_all(self, stream: PackageStream, segments: list[bytes]) -> list[tuple[int, bytes, bool]]:
        """
        Feed all of it.
        """
        from cardgw.apdu.tlv import decode

        found = [item for segment in segments for item in stream.feed(segment)]
        return [(item.section, decode(item.raw)[0].value, item.last) for item in found]

    def refused(self, *segments: bytes, strict: bool = False) -> int:
        """
        The section at which the last segment is refused.
        """
        stream = PackageStream(strict)
        for segment in segments[:-1]:
            stream.feed(segment)
        self.assertRaises(StreamError, stream.feed, segments[-1])
        return stream.section

    def test_segments(self) -> None:
        """
        Cut as SGP.22 2.5.5 says, a package is accepted by a strict eUICC.
        """
        stream = PackageStream(strict=True)
        self.assertEqual(ITEMS, self.run_all(stream, cut(WHOLE)))
        self.assertTrue(stream.done)

    @given(st.lists(st.integers(0, len(WHOLE)), max_size=30))
    def test_anyCuts(self, places: list[int]) -> None:
        """
        A lenient one accepts any cuts.
        """
        edges = [0, *sorted(places), len(WHOLE)]
        stream = PackageStream(strict=False)
        pieces = [WHOLE[start:end] for start, end in pairwise(edges)]
        self.assertEqual(ITEMS, self.run_all(stream, pieces))
        self.assertTrue(stream.done)

    def test_notDone(self) -> None:
        """
        A package is not done before its last byte.
        """
        stream = PackageStream(strict=False)
        stream.feed(WHOLE[:-1])
        self.assertFalse(stream.done)

    def test_wrongCuts(self) -> None:
        """
        A strict one refuses: a header without its first data object, sequences as a whole, two data objects at once.
        """
        one, two, three, four, *_ = cut(WHOLE)
        self.assertEqual(0xBF36, self.refused(one[:6], strict=True))
        self.assertEqual(0xA0, self.refused(one + two, strict=True))
        self.assertEqual(0xA0, self.refused(one, two[:2], strict=True))
        self.assertEqual(0xA1, self.refused(one, two, three + four, strict=True))
        self.assertEqual(0xA1, self.refused(one, two, three, METADATA[2:], strict=True))

    def test_order(self) -> None:
        """
        A section that is left out or repeated is refused at the one that was expected.
        """
        for parts, section in (
            ((CONFIGURE, METADATA, ELEMENTS), 0xBF23),
            ((CHANNEL, METADATA, ELEMENTS), 0xA0),
            ((CHANNEL, CONFIGURE, ELEMENTS), 0xA1),
            ((CHANNEL, CONFIGURE, METADATA, METADATA), 0xA3),
            ((CHANNEL, CONFIGURE, METADATA, KEYS, KEYS, ELEMENTS), 0xA3),
        ):
            self.assertEqual(section, self.refused(encode(0xBF36, *parts)))

    def test_noPackage(self) -> None:
        """
        Something else altogether is refused.
        """
        self.assertEqual(0xBF36, self.refused(b"\xbf\x37\x01\x00"))

    def test_child(self) -> None:
        """
        Each section has its own kind of data object.
        """
        wrong = encode(0xA0, encode(0x88, b"conf"))
        self.assertEqual(0xA0, self.refused(encode(0xBF36, CHANNEL, wrong, METADATA, ELEMENTS)))

    def test_empty(self) -> None:
        """
        No section is empty.
        """
        self.assertEqual(0xA1, self.refused(encode(0xBF36, CHANNEL, CONFIGURE, encode(0xA1), ELEMENTS)))

    def test_lengths(self) -> None:
        """
        A data object that reaches beyond its section, and a section beyond the package, are refused.
        """
        longer = CONFIGURE[:3] + b"\x05" + CONFIGURE[4:]
        self.assertEqual(0xA0, self.refused(encode(0xBF36, CHANNEL, longer, METADATA, ELEMENTS)))
        self.assertEqual(0xA0, self.refused(encode(0xBF36, CHANNEL) + CONFIGURE))
        self.assertEqual(0xA0, self.refused(encode(0xBF36, CHANNEL, CONFIGURE)))

    def test_more(self) -> None:
        """
        Nothing comes after the elements, neither inside the package nor behind it.
        """
        self.assertEqual(0xA3, self.refused(encode(0xBF36, CHANNEL, CONFIGURE, METADATA, ELEMENTS, encode(0xA4, b"x"))))
        self.assertEqual(0xA3, self.refused(WHOLE, b"\x00"))

    def test_badHeader(self) -> None:
        """
        A length of six bytes is none.
        """
        self.assertEqual(0xBF36, self.refused(b"\xbf\x36\x86" + bytes(8)))
