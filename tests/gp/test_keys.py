# -*- test-case-name: tests.gp.test_keys -*-
"""
L{cardgw.gp.keys}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.commands import split_field
from cardgw.gp.keys import (
    Component,
    Curve,
    InnerLength,
    KeyField,
    KeyType,
    aes_check_value,
    aes_key,
    des_check_value,
    des_key,
    ec_private_key,
    ec_public_key,
    rsa_public_key,
)


def mirror(octets: bytes) -> bytes:
    """
    In place of an encryption.
    """
    return octets[::-1]


class CheckValueTests(SynchronousTestCase):
    """
    Check values.
    """

    def test_aes(self) -> None:
        """
        A block of 01, encrypted; of the key that cards for developers have, and of other lengths.
        """
        self.assertEqual(aes_check_value(bytes.fromhex("404142434445464748494A4B4C4D4E4F")).hex(), "504a77")
        self.assertEqual({len(aes_check_value(bytes(size))) for size in (16, 24, 32)}, {3})
        self.assertRaises(ParameterError, aes_check_value, bytes(8))

    def test_des(self) -> None:
        """
        A block of 00, encrypted; the first part of a key of two is its third.
        """
        key = bytes.fromhex("404142434445464748494A4B4C4D4E4F")
        self.assertEqual(des_check_value(key).hex(), "8baf47")
        self.assertEqual(des_check_value(key + key[:8]), des_check_value(key))
        self.assertRaises(ParameterError, des_check_value, bytes(8))


class SecretTests(SynchronousTestCase):
    """
    Keys that are encrypted.
    """

    def test_aes(self) -> None:
        """
        With the inner length, and without; where padding hides it, never without.
        """
        key = bytes(range(16))
        check = "03" + aes_check_value(key).hex()
        self.assertEqual(aes_key(key, mirror).encode().hex(), f"881110{mirror(key).hex()}{check}")
        self.assertEqual(aes_key(key, mirror, InnerLength.NEEDED).encode().hex(), f"8810{mirror(key).hex()}{check}")
        for inner in InnerLength:
            field = aes_key(bytes(24), mirror, inner).encode()
            self.assertEqual(field[:3].hex(), "882118")
            self.assertEqual(len(field), 2 + 1 + 32 + 4)
        self.assertEqual(aes_key(bytes(32), mirror).encode()[:3].hex(), "882120")

    def test_padding(self) -> None:
        """
        A key of 24 bytes is padded to whole blocks, and no other is.
        """
        sent: list[int] = []

        def encrypt(octets: bytes) -> bytes:
            sent.append(len(octets))
            return octets

        for size in (16, 24, 32):
            aes_key(bytes(size), encrypt)
        self.assertEqual(sent, [16, 32, 32])

    def test_des(self) -> None:
        """
        A key for Triple DES.
        """
        key = bytes(range(16))
        self.assertEqual(des_key(key, mirror).encode(), b"\x80\x10" + mirror(key) + b"\x03" + des_check_value(key))
        self.assertEqual(des_key(bytes(24), mirror, block=16).encode()[:3].hex(), "802118")

    def test_wrong(self) -> None:
        """
        Lengths that no key has, and an encryption that changes the length.
        """
        self.assertRaises(ParameterError, aes_key, bytes(15), mirror)
        self.assertRaises(ParameterError, des_key, bytes(8), mirror)
        self.assertRaises(ParameterError, aes_key, bytes(16), lambda octets: octets + b"x")

    def test_shown(self) -> None:
        """
        No key is in a C{repr}, not even encrypted, nor in an error.
        """
        key = b"secretsecretsecr"
        self.assertNotIn("secret", repr(aes_key(key, lambda octets: octets)))
        error = self.assertRaises(ParameterError, aes_key, key + b"s", mirror)
        self.assertNotIn("secret", str(error))


class PublicTests(SynchronousTestCase):
    """
    Keys of two parts.
    """

    def test_rsa(self) -> None:
        """
        Modulus, then exponent, with lengths as in BER-TLV; no check value.
        """
        field = rsa_public_key((1 << 1023) + 1, 65537).encode()
        self.assertEqual(field[:3].hex(), "a18180")
        self.assertEqual(field[3 + 128 :].hex(), "a00301000100")
        self.assertRaises(ParameterError, rsa_public_key, 0, 3)

    def test_ec(self) -> None:
        """
        Point or number, then the curve; no check value.
        """
        for curve in Curve:
            point = b"\x04" + bytes(2 * curve.size)
            field = ec_public_key(point, curve).encode()
            self.assertTrue(field.endswith(point + bytes((0xF0, 1, curve, 0))))
            private = ec_private_key(1, curve, mirror).encode()
            self.assertEqual((private[0], private[-4:]), (0xB1, bytes((0xF0, 1, curve, 0))))
        self.assertEqual(ec_public_key(b"\x04" + bytes(64), Curve.P256).encode()[:2].hex(), "b041")
        self.assertEqual(ec_private_key(1, Curve.P256, mirror).encode()[:3].hex(), "b12001")
        self.assertEqual(ec_private_key(1, Curve.P521, mirror).encode()[:3].hex(), "b15142")

    def test_wrong(self) -> None:
        """
        Points and numbers of other curves.
        """
        for point in (b"", b"\x04" + bytes(96), b"\x02" + bytes(64)):
            self.assertRaises(ParameterError, ec_public_key, point, Curve.P256)
        for number in (0, -1, 1 << 256):
            self.assertRaises(ParameterError, ec_private_key, number, Curve.P256, mirror)


class FieldTests(SynchronousTestCase):
    """
    L{KeyField}.
    """

    @given(st.sampled_from(KeyType), st.binary(max_size=300), st.binary(max_size=3))
    def test_roundTrip(self, kind: KeyType, value: bytes, check: bytes) -> None:
        """
        Type, length, value, and check value.
        """
        octets = KeyField((Component(kind, value),), check).encode()
        self.assertEqual(octets[0], kind)
        found, at = split_field(octets, 1)
        self.assertEqual((found, split_field(octets, at)), (value, (check, len(octets))))

    def test_extended(self) -> None:
        """
        Usage and access make it the extended format.
        """
        field = KeyField((Component(KeyType.AES, b"k"), Component(KeyType.EC_PARAMETERS, b"\0")), b"chk", (b"\x18", b""))
        self.assertEqual(field.encode().hex(), "ff8800016b" + "fff0000100" + "0363686b" + "011800")
