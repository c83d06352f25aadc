# -*- test-case-name: tests.lpa.test_imei -*-
"""
Tests for L{cardgw.lpa.imei}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.es10 import context_parameters
from cardgw.lpa.imei import check_digit, clean_imei, device_identity, imei_octets

IMEI = "356938035643809"
FOURTEEN = st.text("0123456789", min_size=14, max_size=14)


class CleanTests(SynchronousTestCase):
    """
    What people write.
    """

    def test_checkDigit(self) -> None:
        """
        The fifteenth digit checks the others as Luhn's formula says.
        """
        self.assertEqual(check_digit(IMEI), 9)
        self.assertEqual(check_digit("49015420323751"), 8)

    def test_forms(self) -> None:
        """
        Hyphens, spaces, points and slashes between the digits count for nothing; a missing check digit is added.
        """
        for text in (IMEI, IMEI[:14], "35-693803-564380-9", "35 693803 564380 9", "35.693803/564380"):
            self.assertEqual(clean_imei(text), IMEI)

    @given(FOURTEEN, st.integers(1, 9))
    def test_wrongCheckDigit(self, digits: str, change: int) -> None:
        """
        Any other check digit is a typing error.
        """
        good = clean_imei(digits)
        self.assertEqual(clean_imei(good), good)
        self.assertRaises(ValueError, clean_imei, digits + str((int(good[-1]) + change) % 10))

    def test_noImei(self) -> None:
        """
        Other lengths and characters are refused, and not repeated in the error.
        """
        for text in ("", "35693803564380x", IMEI[:13], IMEI + "0", "٣" * 15):
            problem = str(self.assertRaises(ValueError, clean_imei, text))
            self.assertTrue(not text or text not in problem)


class OctetTests(SynchronousTestCase):
    """
    As servers get it.
    """

    def test_vector(self) -> None:
        """
        The check digit is in the high nibble of the last byte, F in the low one: SGP.22 4.2 says so since version 2.1, and other
        LPAs get it the wrong way round.
        """
        self.assertEqual(imei_octets(IMEI).hex(), "539683306534089f")

    @given(FOURTEEN)
    def test_eightBytes(self, digits: str) -> None:
        """
        It is always eight bytes, the last of which ends in F.
        """
        octets = imei_octets(clean_imei(digits))
        self.assertEqual((len(octets), octets[-1] & 0xF), (8, 0xF))

    def test_identity(self) -> None:
        """
        The type allocation code is the first four bytes of the IMEI.
        """
        tac, imei = device_identity("35-693803-564380-9")
        self.assertEqual((tac.hex(), imei.hex()), ("53968330", "539683306534089f"))

    def test_nothingKnown(self) -> None:
        """
        Without an IMEI a server gets a type allocation code that others give, and no IMEI.
        """
        for nothing in (None, ""):
            self.assertEqual(device_identity(nothing), (bytes.fromhex("35290611"), b""))

    def test_noImei(self) -> None:
        """
        What is none is refused.
        """
        self.assertRaises(ValueError, device_identity, "1")

    def test_context(self) -> None:
        """
        The whole parameter for AuthenticateServer, as it was captured, but for the last byte.
        """
        found = context_parameters("MID", *device_identity(IMEI))
        self.assertEqual(found.hex(), "a01980034d4944a112800453968330a1008208539683306534089f")
