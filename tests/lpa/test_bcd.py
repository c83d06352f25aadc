# -*- test-case-name: tests.lpa.test_bcd -*-
"""
Tests for L{cardgw.lpa.bcd}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.bcd import iccid_digits, iccid_octets, swap, swapped


class SwapTests(SynchronousTestCase):
    """
    Two digits in a byte, the first in the low nibble.
    """

    def test_vector(self) -> None:
        """
        An odd number of digits is filled up with F.
        """
        self.assertEqual(swap("1234").hex(), "2143")
        self.assertEqual(swap("123").hex(), "21f3")
        self.assertEqual(swapped(bytes.fromhex("21f3")), "123f")

    @given(st.text("0123456789", max_size=30))
    def test_thereAndBack(self, digits: str) -> None:
        """
        Nothing is lost.
        """
        self.assertEqual(swapped(swap(digits)).rstrip("f"), digits)


class IccidTests(SynchronousTestCase):
    """
    The ICCID of a profile.
    """

    def test_nineteen(self) -> None:
        """
        Nineteen digits and one filler in ten bytes.
        """
        octets = bytes.fromhex("981032547698103214f5")
        self.assertEqual(iccid_digits(octets), "8901234567890123415")
        self.assertEqual(iccid_octets("8901234567890123415"), octets)

    def test_eighteen(self) -> None:
        """
        Eighteen digits leave a whole byte of fillers.
        """
        self.assertEqual(iccid_octets("890123456789012341").hex(), "981032547698103214ff")

    def test_fillerWithin(self) -> None:
        """
        Some cards put the filler in the midst of the digits; it counts for nothing.
        """
        self.assertEqual(iccid_digits(bytes.fromhex("981032547698f1321405")), "8901234567891234150")
        self.assertEqual(iccid_digits(bytes.fromhex("ff1032547698103214f5")), "01234567890123415")

    @given(st.text("0123456789", min_size=18, max_size=20))
    def test_thereAndBack(self, digits: str) -> None:
        """
        It is always ten bytes, and nothing is lost.
        """
        octets = iccid_octets(digits)
        self.assertEqual(len(octets), 10)
        self.assertEqual(iccid_digits(octets), digits)

    def test_wrong(self) -> None:
        """
        Nibbles that are neither digit nor filler, no digit at all, and other sizes are refused.
        """
        for octets in ("", "ff" * 10, "9a1032547698103214f5", "11" * 11):
            self.assertRaises(ValueError, iccid_digits, bytes.fromhex(octets))
        for digits in ("", "1" * 17, "1" * 21, "89012345678901234F", "٨" * 19):
            self.assertRaises(ValueError, iccid_octets, digits)
