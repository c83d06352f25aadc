# -*- test-case-name: tests.virtual.test_ram_tlv -*-
"""
Tests for L{cardgw.virtual.ram_tlv}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.ram_tlv import (
    Malformed,
    NegativeLength,
    close,
    cut_length,
    extent,
    find,
    length,
    liberal,
    notification,
    plain,
    signed,
    tlv,
    unsigned,
)

TAGS = st.sampled_from([0x22, 0x23, 0x80, 0xC0, 0xE0, 0xE1, 0xAA])
ITEMS = st.lists(st.tuples(TAGS, st.binary(max_size=300)), max_size=6)


class TlvTests(SynchronousTestCase):
    """
    Both readers, and what is written for them.
    """

    @given(ITEMS)
    def test_bothWays(self, items: list[tuple[int, bytes]]) -> None:
        """
        Both read what is written.
        """
        octets = b"".join(tlv(tag, value) for tag, value in items)
        self.assertEqual((list(plain(octets)), list(liberal(octets))), (items, items))

    @given(st.binary(max_size=40))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever comes is read or is malformed, and nothing else.
        """
        for reader in (plain, liberal):
            try:
                list(reader(octets))
            except Malformed:
                continue

    def test_lengths(self) -> None:
        """
        The shortest form; a program that knows no longer one than 82 cuts.
        """
        shown = {size: length(size).hex() for size in (0, 127, 128, 255, 256, 65535, 65536)}
        self.assertEqual(list(shown.values()), ["00", "7f", "8180", "81ff", "820100", "82ffff", "8400010000"])
        self.assertEqual((cut_length(65535).hex(), cut_length(65546).hex()), ("82ffff", "82000a"))

    def test_forms(self) -> None:
        """
        A tag of two bytes, and a length of four, are for one of the readers alone; the indefinite form is for none.
        """
        for octets in ("9f7f0101", "22840000000101"):
            self.assertRaises(Malformed, list, plain(bytes.fromhex(octets)))
            self.assertEqual([value for _, value in liberal(bytes.fromhex(octets))], [b"\x01"])
        for reader in (plain, liberal):
            self.assertRaises(NegativeLength, list, reader(bytes.fromhex("22800000")))
            self.assertRaises(Malformed, list, reader(bytes.fromhex("2205AA")))
        self.assertRaises(Malformed, extent, b"\xaa", 1, 4)

    @given(st.integers(-(2**31), 2**31 - 1))
    def test_signed(self, number: int) -> None:
        """
        As few bytes as the sign allows.
        """
        octets = signed(number)
        self.assertEqual(int.from_bytes(octets, "big", signed=True), number)
        if len(octets) > 1:
            self.assertNotEqual(int.from_bytes(octets[1:], "big", signed=True), number)

    def test_numbers(self) -> None:
        """
        301 takes two bytes; 200 takes two where there is a sign.
        """
        self.assertEqual((signed(301), signed(200), unsigned(200), unsigned(0)), (b"\x01\x2d", b"\x00\xc8", b"\xc8", b"\x00"))

    def test_texts(self) -> None:
        """
        Messages, as the notes have them.
        """
        self.assertEqual(notification(0, "Test").hex(), "e0090201000c0454657374")
        self.assertEqual(notification(1, "Selecting", 30).hex(), "e0110201010c0953656c656374696e67c3011e")
        self.assertEqual(close("Card was removed.").hex(), "e1130c114361726420776173" + b" removed.".hex())
        self.assertEqual(find(liberal(close("x")), 0x99), None)
