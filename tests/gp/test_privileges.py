# -*- test-case-name: tests.gp.test_privileges -*-
"""
L{cardgw.gp.privileges}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.privileges import (
    NONE,
    Privilege,
    check_privileges,
    decode_privileges,
    encode_privileges,
    named_privileges,
    privilege_names,
)


class PrivilegesTests(SynchronousTestCase):
    """
    Bytes and names.
    """

    def test_known(self) -> None:
        """
        Privileges of real cards.
        """
        isd = decode_privileges(bytes.fromhex("9EFE80"))
        self.assertEqual(
            " ".join(privilege_names(isd)),
            "SecurityDomain CardLock CardTerminate CardReset CVMManagement TrustedPath AuthorizedManagement TokenVerification "
            "GlobalDelete GlobalLock GlobalRegistry FinalApplication ReceiptGeneration",
        )
        self.assertEqual(encode_privileges(isd), bytes.fromhex("9EFE80"))
        mandated = privilege_names(decode_privileges(b"\xc1"))
        self.assertEqual(mandated, ("SecurityDomain", "DAPVerification", "MandatedDAPVerification"))
        self.assertEqual(privilege_names(NONE), ())

    @given(st.binary(min_size=3, max_size=3))
    def test_roundTrip(self, octets: bytes) -> None:
        """
        They are the same again, unless something in them lacks what it needs; bits without a name are shown.
        """
        privileges = decode_privileges(octets)
        self.assertEqual(int(privileges).to_bytes(3, "big"), octets)
        self.assertEqual("RFU(" in "".join(privilege_names(privileges)), bool(octets[2] & 0x07))
        try:
            self.assertEqual(decode_privileges(encode_privileges(privileges)), privileges)
        except ParameterError:
            self.assertFalse(octets[0] & 0xC0 == 0xC0)

    def test_sizes(self) -> None:
        """
        One byte where that does, else three; two are none.
        """
        self.assertEqual(encode_privileges(Privilege.CardReset), b"\x04")
        self.assertEqual(encode_privileges(Privilege.GlobalDelete), b"\0\x10\0")
        for octets in (b"", b"\0\0", bytes(4)):
            self.assertRaises(ValueError, decode_privileges, octets)

    def test_needed(self) -> None:
        """
        A privilege that needs another one is refused without it.
        """
        error = self.assertRaises(ParameterError, check_privileges, Privilege.MandatedDAPVerification)
        self.assertIn("MandatedDAPVerification needs SecurityDomain and DAPVerification", error.detail)
        self.assertRaises(ParameterError, check_privileges, Privilege(1 << 24))
        self.assertRaises(ParameterError, encode_privileges, Privilege.AuthorizedManagement)

    def test_names(self) -> None:
        """
        Names may be written in any way, and bring along what they need.
        """
        wanted = Privilege.SecurityDomain | Privilege.DAPVerification | Privilege.CardReset
        self.assertEqual(named_privileges(("dapverification", " CardReset ")), wanted)
        self.assertEqual(named_privileges(()), NONE)
        error = self.assertRaises(ParameterError, named_privileges, ("root",))
        self.assertIn("'root'", error.detail)
        self.assertIn("CardReset", error.hint)
        every = named_privileges(privilege_names(Privilege(sum(Privilege))))
        self.assertEqual(check_privileges(every), Privilege(sum(Privilege)))
