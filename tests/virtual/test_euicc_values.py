# -*- test-case-name: tests.virtual.test_euicc_values -*-
"""
Tests for L{cardgw.virtual.euicc_values}.
"""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import decode
from cardgw.virtual.euicc_values import (
    iccid_digits,
    iccid_octets,
    read_bits,
    read_integer,
    shaped,
    write_bits,
    write_integer,
    write_oid,
)


class BitsTests(SynchronousTestCase):
    """
    BIT STRINGs with named bits.
    """

    @given(st.frozensets(st.integers(0, 30)))
    def test_roundTrip(self, bits: frozenset[int]) -> None:
        """
        What was written is read.
        """
        self.assertEqual(bits, read_bits(write_bits(bits)))

    def test_events(self) -> None:
        """
        The notification events are coded as cards do: the number of unused bits, then the bits from the left.
        """
        self.assertEqual(["0780", "0640", "0520", "0410"], [write_bits((bit,)).hex() for bit in range(4)])

    def test_reset(self) -> None:
        """
        Bits 0 to 2 as lpac sends them.
        """
        self.assertEqual({0, 1, 2}, read_bits(bytes.fromhex("05E0")))

    def test_malformed(self) -> None:
        """
        Nothing at all, more than 7 unused bits, or unused bits of nothing are refused.
        """
        for value in ("", "0880", "01"):
            self.assertRaises(ValueError, read_bits, bytes.fromhex(value))


class NumbersTests(SynchronousTestCase):
    """
    INTEGER, OBJECT IDENTIFIER, ICCID.
    """

    @given(st.integers(0, 0x7FFFFFFF))
    def test_roundTrip(self, number: int) -> None:
        """
        What was written is read.
        """
        self.assertEqual(number, read_integer(write_integer(number)))

    def test_sign(self) -> None:
        """
        200 needs two bytes: the first bit is a sign.
        """
        self.assertEqual("00c8", write_integer(200).hex())
        self.assertRaises(ValueError, read_integer, b"\xc8")
        self.assertRaises(ValueError, read_integer, b"")

    def test_oid(self) -> None:
        """
        The first two arcs share a number, which may be long.
        """
        self.assertEqual(["88370a", "67811201020104"], [write_oid(oid).hex() for oid in ("2.999.10", "2.23.146.1.2.1.4")])

    def test_iccid(self) -> None:
        """
        ICCIDs of 19 and 20 digits: nibbles are swapped, F fills up.
        """
        known = {"8949449999999990031": "989444999999990930f1", "89000123456789012341": "98001032547698103214"}
        for digits, octets in known.items():
            self.assertEqual(octets, iccid_octets(digits).hex())
            self.assertEqual(digits, iccid_digits(bytes.fromhex(octets)))

    def test_noIccid(self) -> None:
        """
        Other lengths and other nibbles are refused.
        """
        for octets in ("98001032547698", "A8001032547698103214", "98F0FFFFFFFFFFFFFFFF"):
            self.assertRaises(ValueError, iccid_digits, bytes.fromhex(octets))


class ShapedTests(SynchronousTestCase):
    """
    L{shaped}: what is in a sequence.
    """

    def test_order(self) -> None:
        """
        Every tag in its order, optional ones may be absent.
        """
        for text in ("8000810082 00", "8000 8200"):
            items = decode(bytes.fromhex(text))
            self.assertIs(items, shaped(items, 0x80, 0x81, 0x82, optional=frozenset({0x81})))

    def test_wrong(self) -> None:
        """
        Missing, exchanged, repeated and unknown ones are refused.
        """
        for text in ("", "8100 8000", "8000", "8000 8100 8100", "8000 8100 8200", "8200"):
            self.assertRaises(ValueError, shaped, decode(bytes.fromhex(text)), 0x80, 0x81)
