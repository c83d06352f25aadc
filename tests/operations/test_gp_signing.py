"""
Tests of L{cardgw.operations.gp_signing}.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.gp.cap import Hash
from cardgw.operations.gp_signing import pair_of, public_of, signer, usual_hash, verifier
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.key_pair import KeyPair, LocalKeyPair, PrivateKey
from cardgw.scp.keys import KeySet
from tests.operations.gp_card import KEYS

RSA1024 = rsa.generate_private_key(65537, 1024)
RSA2048 = rsa.generate_private_key(65537, 2048)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
DATA = b"what is signed"


@frozen(eq=False)
class HasPair:
    """
    A key set with a key pair.
    """

    pair: KeyPair


@frozen(eq=False)
class HasPublic:
    """
    A key set with a public key alone.
    """

    public: Any


def pair(private: PrivateKey) -> HasPair:
    """
    A key set with this one.
    """
    return HasPair(LocalKeyPair(private))


def only(found: Any) -> Any:
    """
    Key sets, all of them this one.
    """
    return lambda name: found


class SigningTests(SynchronousTestCase):
    """
    Signatures, and whether they are right.
    """

    def signed(self, found: Any) -> bytes:
        """
        A signature, which is checked with the same key set, and a changed one, which is refused.
        """
        signature = signer("any", only(found))(DATA)
        verify = verifier("any", only(found))
        self.assertTrue(verify(signature, DATA))
        self.assertFalse(verify(signature, DATA + b"!"))
        self.assertFalse(verify(bytes((signature[0] ^ 1,)) + signature[1:], DATA))
        self.assertFalse(verify(signature[1:], DATA))
        return signature

    def test_rsa(self) -> None:
        """
        As long as the key wants: the older kind up to 1024 bits, PSS above.
        """
        RSA1024.public_key().verify(self.signed(pair(RSA1024)), DATA, padding.PKCS1v15(), SHA1())
        pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
        RSA2048.public_key().verify(self.signed(pair(RSA2048)), DATA, pss, SHA256())

    def test_rsaZeros(self) -> None:
        """
        A signature is as long as its key, also one that begins with zeros.
        """
        sign, verify = signer("any", only(pair(RSA2048))), verifier("any", only(pair(RSA2048)))
        signature = next(each for each in map(sign, repeat(DATA)) if not each[0])
        self.assertTrue(verify(signature, DATA))
        self.assertFalse(verify(signature[1:], DATA))

    def test_curves(self) -> None:
        """
        The numbers r and s, with the hash of the curve.
        """
        for private, algorithm in ((P256, SHA256()), (P384, SHA384())):
            signature = self.signed(pair(private))
            half = len(signature) // 2
            r, s = (int.from_bytes(each, "big") for each in (signature[:half], signature[half:]))
            private.public_key().verify(encode_dss_signature(r, s), DATA, ec.ECDSA(algorithm))

    def test_aes(self) -> None:
        """
        CMAC with the MAC key; with that of the card, where each has its own.
        """
        self.assertEqual(self.signed(KEYS), KEYS.mac.cmac(DATA))
        master = MasterKeys(1, KEYS.enc, KEYS.mac, KEYS.dek, diversification("kdf3"))
        card = bytes(range(10))
        self.assertEqual(signer("any", only(master), card)(DATA), master.for_card(card).mac.cmac(DATA))
        self.assertTrue(verifier("any", only(master), card)(master.for_card(card).mac.cmac(DATA), DATA))

    def test_refused(self) -> None:
        """
        Triple DES signs nothing, nor does a public key, which checks.
        """
        self.assertRaises(ParameterError, signer, "old", only(KeySet.of_des(1, bytes(range(16)))))
        self.assertRaises(ParameterError, verifier, "old", only(KeySet.of_des(1, bytes(range(16)))))
        for private in (P256, RSA2048):
            found = HasPublic(private.public_key())
            self.assertRaises(ParameterError, signer, "public", only(found))
            signature = signer("any", only(pair(private)))(DATA)
            self.assertTrue(verifier("public", only(found))(signature, DATA))

    def test_parts(self) -> None:
        """
        What a key set has.
        """
        self.assertIsNone(pair_of(KEYS))
        self.assertIsNone(public_of(KEYS))
        self.assertIs(public_of(HasPublic(found := P256.public_key())), found)
        self.assertIsNotNone(public_of(pair(P256)))

    def test_hash(self) -> None:
        """
        SHA-256, but for short RSA keys.
        """
        found = [usual_hash("any", only(each)) for each in (pair(RSA1024), pair(RSA2048), pair(P384), KEYS)]
        self.assertEqual(found, [Hash.SHA1, Hash.SHA256, Hash.SHA256, Hash.SHA256])
