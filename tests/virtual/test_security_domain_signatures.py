# -*- test-case-name: tests.virtual.test_security_domain_signatures -*-
"""
Tests for L{cardgw.virtual.security_domain_signatures}.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.keys import KeyType
from cardgw.scp.curves import CURVES, encode_point, sign
from cardgw.virtual.security_domain_keys import StoredKey, stored_pair
from cardgw.virtual.security_domain_signatures import is_signed, signed

DATA = b"what is signed"
RSA = rsa.generate_private_key(65537, 1024)
RSA_KEY = StoredKey(KeyType.RSA_MODULUS, RSA.public_key().public_numbers().n.to_bytes(128, "big"), exponent=b"\x01\x00\x01")


class SignatureTests(SynchronousTestCase):
    """
    L{is_signed} and L{signed}.
    """

    def check(self, stored: StoredKey, signature: bytes) -> None:
        """
        This one is right; a bit, a byte or the data changed are not.
        """
        self.assertTrue(is_signed(stored, signature, DATA))
        self.assertFalse(is_signed(stored, signature, DATA + b"x"))
        self.assertFalse(is_signed(stored, signature[:-1] + bytes((signature[-1] ^ 1,)), DATA))
        self.assertFalse(is_signed(stored, signature[:-1], DATA))
        self.assertFalse(is_signed(stored, b"", DATA))

    def test_rsa(self) -> None:
        """
        In the three ways that there are.
        """
        sha1, sha256 = SHA1(), SHA256()
        self.check(RSA_KEY, RSA.sign(DATA, PKCS1v15(), sha1))
        self.check(RSA_KEY, RSA.sign(DATA, PKCS1v15(), sha256))
        self.check(RSA_KEY, RSA.sign(DATA, PSS(MGF1(sha256), 32), sha256))

    def test_curves(self) -> None:
        """
        As r and s, on every curve; the card can sign so, too.
        """
        for curve in CURVES.values():
            private = ec.generate_private_key(curve.group)
            public = StoredKey(KeyType.EC_PUBLIC, encode_point(private.public_key()), curve.reference)
            self.check(public, sign(private, DATA))
            self.check(public, signed(stored_pair(private), DATA) or b"")

    def test_macs(self) -> None:
        """
        With symmetric keys.
        """
        for stored, size in ((StoredKey(KeyType.AES, bytes(range(32))), 16), (StoredKey(KeyType.DES, bytes(range(16))), 8)):
            mac = signed(stored, DATA) or b""
            self.assertEqual(len(mac), size)
            self.check(stored, mac)

    def test_unfit(self) -> None:
        """
        Keys that sign nothing.
        """
        for stored in (RSA_KEY, StoredKey(KeyType.DES, bytes(24))):
            self.assertIs(signed(stored, DATA), None)
        self.assertFalse(is_signed(stored_pair(ec.generate_private_key(ec.SECP256R1())), b"x" * 64, DATA))
