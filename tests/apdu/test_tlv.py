# -*- test-case-name: tests.apdu.test_tlv -*-
"""
Tests for L{cardgw.apdu.tlv}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from tests.apdu.strategies import data_objects, tags


class EncodeTests(SynchronousTestCase):
    """
    L{tlv.encode} and L{tlv.length}.
    """

    def test_lengths(self) -> None:
        """
        The length field is as short as it can be (ISO/IEC 8825-1, 8.1.3).
        """
        for size, expected in ((0, "00"), (0x7F, "7f"), (0x80, "8180"), (0xFF, "81ff"), (0x100, "820100"), (0x10000, "83010000")):
            self.assertEqual(tlv.length(size).hex(), expected)

    def test_tags(self) -> None:
        """
        Tags are numbers as they are written.
        """
        self.assertEqual(tlv.encode(0xBF2E, b"").hex(), "bf2e00")
        self.assertEqual(tlv.encode(0x80, b"\x01", b"\x02").hex(), "80020102")
        self.assertEqual(tlv.encode(0x00).hex(), "0000")

    @given(tags, st.binary(max_size=70000))
    def test_roundTrip(self, tag: int, value: bytes) -> None:
        """
        What was encoded is decoded again.
        """
        encoded = tlv.encode(tag, value)
        found = tlv.only(encoded, tag)
        self.assertEqual((found.tag, found.value, found.raw), (tag, value, encoded))


class DecodeTests(SynchronousTestCase):
    """
    L{tlv.decode} and its relatives.
    """

    def test_longerThanNeeded(self) -> None:
        """
        A length field that is longer than needed is read, and kept in C{raw}: signatures are over what was received.
        """
        raw = bytes.fromhex("BF2D82000180")
        found = tlv.decode(raw)[0]
        self.assertEqual((found.tag, found.value, found.raw), (0xBF2D, b"\x80", raw))

    @given(st.lists(data_objects, max_size=5))
    def test_sequence(self, items: list[bytes]) -> None:
        """
        Data objects one after another are found, in order, byte for byte.
        """
        self.assertEqual([found.raw for found in tlv.decode(b"".join(items))], items)
        self.assertEqual([found.raw for found in tlv.walk(b"".join(items))], items)

    @given(st.lists(data_objects, min_size=1, max_size=3), st.data())
    def test_cutShort(self, items: list[bytes], data: st.DataObject) -> None:
        """
        A sequence that is cut within an object is a C{ValueError}.
        """
        whole = b"".join(items)
        cut = data.draw(st.integers(len(whole) - len(items[-1]) + 1, len(whole) - 1))
        self.assertRaises(ValueError, tlv.decode, whole[:cut])

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Any bytes are a sequence whose parts make up the whole, or a C{ValueError}.
        """
        try:
            found = tlv.decode(octets)
        except ValueError:
            return
        self.assertEqual(b"".join(item.raw for item in found), octets)

    def test_unsupported(self) -> None:
        """
        Indefinite lengths, lengths of more than four bytes and tags of more than four are refused.
        """
        for octets in ("3080", "30850000000001", "3085", "9F8181818101"):
            self.assertRaises(ValueError, tlv.decode, bytes.fromhex(octets))
        self.assertEqual(tlv.decode(bytes.fromhex("9F81810100"))[0].tag, 0x9F818101)

    def test_texts(self) -> None:
        """
        Errors name the tag.
        """
        error = self.assertRaises(ValueError, tlv.decode, bytes.fromhex("BF2D0501"))
        self.assertEqual(str(error), "data object BF2D: 5 bytes announced, 1 present")

    def test_header(self) -> None:
        """
        A header can be read although the value is not there yet.
        """
        self.assertEqual(tlv.header(bytes.fromhex("00BF36820123"), 1), (0xBF36, 0x123, 6))


class TlvsTests(SynchronousTestCase):
    """
    L{tlv.Tlvs} and L{tlv.only}.
    """

    def setUp(self) -> None:
        self.found = tlv.decode(bytes.fromhex("8001018101028001 03A0038401FF"))

    def test_find(self) -> None:
        """
        The first, all, and the value of those with a tag.
        """
        self.assertEqual(self.found.need(0x80).value, b"\x01")
        self.assertEqual([item.value for item in self.found.every(0x80)], [b"\x01", b"\x03"])
        self.assertEqual((self.found.value(0x81), self.found.value(0x99), self.found.value(0x99, b"?")), (b"\x02", b"", b"?"))
        self.assertIsNone(self.found.find(0x99))

    def test_need(self) -> None:
        """
        What is missing is named.
        """
        self.assertEqual(str(self.assertRaises(ValueError, self.found.need, 0xBF25)), "data object BF25 is missing")

    def test_children(self) -> None:
        """
        A constructed object has objects inside.
        """
        self.assertEqual(self.found.need(0xA0).children().value(0x84), b"\xff")

    def test_tooMany(self) -> None:
        """
        A sequence of very many small objects is refused: looking at each would stop everybody else.
        """
        self.assertEqual(len(tlv.decode(b"\x04\0" * 8192)), 8192)
        self.assertRaises(ValueError, tlv.decode, b"\x04\0" * 8193)
        self.assertRaises(ValueError, tlv.only, b"\x04\0" * 100_000, 0x04)

    def test_only(self) -> None:
        """
        One object, this one, and nothing else.
        """
        self.assertEqual(tlv.only(bytes.fromhex("8000"), 0x80).value, b"")
        for octets, found in (("", "nothing"), ("8100", "81"), ("80008000", "80 80")):
            error = self.assertRaises(ValueError, tlv.only, bytes.fromhex(octets), 0x80)
            self.assertEqual(str(error), f"expected one data object 80, found {found}")
