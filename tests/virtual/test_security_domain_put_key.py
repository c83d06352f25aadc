# -*- test-case-name: tests.virtual.test_security_domain_put_key -*-
"""
Tests for L{cardgw.virtual.security_domain_put_key}.
"""

from __future__ import annotations

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.keys import Curve, InnerLength, aes_key, des_key, ec_private_key, ec_public_key, rsa_public_key
from cardgw.scp.curves import encode_point
from cardgw.scp.keys import AesKey, DesKey
from cardgw.virtual.euicc_values import Refused
from cardgw.virtual.security_domain_put_key import read_keys

DEK = AesKey(bytes(16))
PRIVATE = ec.derive_private_key(0x1234567, ec.SECP521R1())


class ReadKeysTests(SynchronousTestCase):
    """
    L{read_keys}.
    """

    def refused(self, status: int, octets: bytes) -> None:
        """
        Data that are not taken.
        """
        error = self.assertRaises(Refused, read_keys, octets, DEK)
        self.assertEqual(error.status, status)

    def test_forms(self) -> None:
        """
        All kinds and forms that the host knows are read.
        """
        for size in (16, 24, 32):
            for inner in InnerLength:
                key = bytes(range(size))
                field = aes_key(key, DEK.encrypt, inner)
                for each in (field, evolve(field, usage=(b"\x18", b"\x00"))):
                    (found,) = read_keys(each.encode(), DEK)
                    self.assertEqual((found.value, found.check), (key, field.check))
        (found,) = read_keys(des_key(bytes(range(16)), DEK.encrypt, block=16).encode(), DEK)
        self.assertEqual(found.value, bytes(range(16)))
        dek = DesKey(bytes(range(24)))
        (found,) = read_keys(des_key(bytes(range(24)), dek.encrypt).encode(), dek)
        self.assertEqual(found.value, bytes(range(24)))

    def test_asymmetric(self) -> None:
        """
        Keys for elliptic curves must be on them; RSA keys are kept as they are.
        """
        point = encode_point(PRIVATE.public_key())
        made = ec_private_key(0x1234567, Curve.P521, DEK.encrypt).encode() + ec_public_key(point, Curve.P521).encode()
        private, public = read_keys(made + rsa_public_key((1 << 1023) + 1, 3).encode(), DEK)[:2]
        self.assertEqual((int.from_bytes(private.value, "big"), public.value, public.curve), (0x1234567, point, 2))
        self.refused(0x6A80, ec_public_key(point[:-1] + b"\x00", Curve.P521).encode())
        self.refused(0x6A80, ec_private_key((1 << 528) - 1, Curve.P521, DEK.encrypt).encode())
        self.refused(0x6A80, rsa_public_key(0x10001, 3).encode())

    def test_short(self) -> None:
        """
        Cards of some families want no length before an encrypted key.
        """
        (found,) = read_keys(aes_key(bytes(16), DEK.encrypt, InnerLength.NEEDED).encode(), DEK, short=True)
        self.assertEqual(found.value, bytes(16))
        error = self.assertRaises(Refused, read_keys, aes_key(bytes(16), DEK.encrypt).encode(), DEK, short=True)
        self.assertEqual(error.status, 0x6A80)

    def test_checkValue(self) -> None:
        """
        A check value that is wrong is named; so is another key than was meant.
        """
        field = aes_key(bytes(16), DEK.encrypt)
        self.refused(0x9485, evolve(field, check=b"\0\0\0").encode())
        self.refused(0x9485, aes_key(bytes(16), AesKey(b"x" * 16).encrypt).encode())
        (found,) = read_keys(evolve(field, check=b"").encode(), DEK)
        self.assertEqual(found.check, field.check)

    def test_unknown(self) -> None:
        """
        Types that there are not, nothing at all, and what is cut short.
        """
        self.refused(0x9484, bytes.fromhex("9001AA00"))
        self.refused(0x6A80, b"")
        whole = aes_key(bytes(16), DEK.encrypt).encode()
        for size in range(1, len(whole)):
            self.refused(0x6A80, whole[:size])
        self.refused(0x6A80, bytes.fromhex("880FAA") + bytes(14) + b"\0")

    @given(st.binary(max_size=60))
    def test_anything(self, octets: bytes) -> None:
        """
        Whatever comes, it is read or refused.
        """
        try:
            found = read_keys(octets, DEK)
        except Refused:
            return
        self.assertTrue(found)
