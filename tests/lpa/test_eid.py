# -*- test-case-name: tests.lpa.test_eid -*-
"""
Tests for L{cardgw.lpa.eid}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.eid import check_digits, eid_digits, eid_octets, is_eid

EID = "89049032123451234512345678901235"
"""That of the SGP.26 test certificate."""
DIGITS = "0123456789"


class CheckTests(SynchronousTestCase):
    """
    The last two digits.
    """

    def test_good(self) -> None:
        """
        As a number, an EID leaves 1 when divided by 97.
        """
        self.assertTrue(is_eid(EID))
        self.assertEqual(check_digits(EID[:30]), "35")

    @given(st.text(DIGITS, min_size=30, max_size=30), st.integers(0, 31), st.integers(1, 9))
    def test_everyDigit(self, digits: str, at: int, change: int) -> None:
        """
        The check digits make any 30 digits an EID; one other digit, and it is none.
        """
        eid = digits + check_digits(digits)
        self.assertTrue(is_eid(eid))
        other = str((int(eid[at]) + change) % 10)
        self.assertFalse(is_eid(eid[:at] + other + eid[at + 1 :]))

    def test_noEid(self) -> None:
        """
        Other lengths, letters and digits of other scripts are none.
        """
        for text in ("", EID[:-1], EID + "0", "F" + EID[1:], "٨" + EID[1:]):
            self.assertFalse(is_eid(text))

    def test_noDigits(self) -> None:
        """
        Check digits are of 30 digits.
        """
        for text in ("", EID, "x" * 30, "٨" * 30):
            self.assertRaises(ValueError, check_digits, text)


class OctetTests(SynchronousTestCase):
    """
    As cards keep it.
    """

    def test_vector(self) -> None:
        """
        The digits stand in the bytes in their order, unlike an ICCID's.
        """
        self.assertEqual(eid_octets(EID).hex(), EID)
        self.assertEqual(eid_digits(bytes.fromhex(EID)), EID)

    @given(st.text(DIGITS, min_size=32, max_size=32))
    def test_thereAndBack(self, digits: str) -> None:
        """
        Whatever its check digits are, nothing is lost.
        """
        self.assertEqual(eid_digits(eid_octets(digits)), digits)

    def test_groups(self) -> None:
        """
        People write it in groups.
        """
        self.assertEqual(eid_octets("8904 9032 1234 5123 4512 3456 7890 1235"), eid_octets(EID))

    def test_wrong(self) -> None:
        """
        Other sizes, and nibbles that are no digits, are refused.
        """
        for octets in (b"", bytes(15), bytes(17), b"\xff" + bytes(15)):
            self.assertRaises(ValueError, eid_digits, octets)
        for text in ("", EID[1:], "F" + EID[1:], "٨" + EID[1:]):
            self.assertRaises(ValueError, eid_octets, text)
