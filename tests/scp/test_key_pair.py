"""
Tests of L{cardgw.scp.key_pair}.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.scp.curves import CURVES, is_signature
from cardgw.scp.key_pair import EllipticPair, LocalKeyPair, check_public, load_private

RSA = rsa.generate_private_key(65537, 1024)
EC = ec.generate_private_key(ec.SECP256R1())
PKCS8 = PrivateFormat.PKCS8


class LocalKeyPairTests(SynchronousTestCase):
    """
    Key pairs in this process.
    """

    def test_agree(self) -> None:
        """
        Two pairs of a curve have the x coordinate in common; with RSA and with two curves there is nothing.
        """
        for curve in CURVES.values():
            one, other = (LocalKeyPair(ec.generate_private_key(curve.group)) for _ in range(2))
            mine, theirs = EllipticPair.of(one), EllipticPair.of(other)
            self.assertEqual(mine.agree(theirs.public), theirs.agree(mine.public))
            self.assertEqual(len(mine.agree(theirs.public)), curve.size)
        self.assertRaises(ParameterError, LocalKeyPair(RSA).agree, EC.public_key())
        self.assertRaises(ParameterError, EllipticPair.of, LocalKeyPair(RSA))
        self.assertRaises(ValueError, one.agree, EC.public_key())

    def test_signElliptic(self) -> None:
        """
        Signatures are r and s, as long as the curve wants.
        """
        for curve in CURVES.values():
            private = ec.generate_private_key(curve.group)
            signature = LocalKeyPair(private).sign(b"load file", curve.digest)
            self.assertEqual(len(signature), 2 * curve.size)
            self.assertTrue(is_signature(private.public_key(), signature, b"load file"))

    def test_signRsa(self) -> None:
        """
        PKCS#1 1.5, or PSS.
        """
        pair, digest = LocalKeyPair(RSA), hashes.SHA256()
        RSA.public_key().verify(pair.sign(b"data", digest), b"data", padding.PKCS1v15(), digest)
        pss = padding.PSS(padding.MGF1(digest), 32)
        RSA.public_key().verify(pair.sign(b"data", digest, pss=True), b"data", pss, digest)

    def test_put(self) -> None:
        """
        What puts it on a card gets the key itself.
        """
        self.assertIs(LocalKeyPair(EC).put(lambda key: key), EC)

    def test_unfit(self) -> None:
        """
        Keys that cards have nothing for are refused.
        """
        self.assertRaises(ParameterError, LocalKeyPair, ec.generate_private_key(ec.SECP256K1()))
        self.assertRaises(ParameterError, check_public, ed25519.Ed25519PrivateKey.generate().public_key())

    def test_repr(self) -> None:
        """
        It is shown what kind of key it is, and no more.
        """
        self.assertEqual(repr(LocalKeyPair(RSA)), "<key pair of RSA 1024>")
        self.assertEqual(repr(EllipticPair.of(LocalKeyPair(EC))), "<key pair of secp256r1>")


class LoadPrivateTests(SynchronousTestCase):
    """
    Private keys from files.
    """

    def test_forms(self) -> None:
        """
        PEM and DER, RSA and elliptic curves.
        """
        for key in (RSA, EC):
            for encoding in (Encoding.PEM, Encoding.DER):
                pair = load_private(key.private_bytes(encoding, PKCS8, NoEncryption()))
                self.assertEqual(pair.public, key.public_key())

    def test_passphrase(self) -> None:
        """
        An encrypted one needs its passphrase, and one that is not must not have one.
        """
        sealed = EC.private_bytes(Encoding.PEM, PKCS8, BestAvailableEncryption(b"open"))
        self.assertEqual(load_private(sealed, b"open").public, EC.public_key())
        plain = EC.private_bytes(Encoding.DER, PKCS8, NoEncryption())
        for octets, passphrase in ((sealed, None), (sealed, b"shut"), (plain, b"open"), (b"none", None)):
            text = str(self.assertRaises(ParameterError, load_private, octets, passphrase))
            self.assertNotIn("shut", text)

    def test_kind(self) -> None:
        """
        Other kinds of key are refused.
        """
        other = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PKCS8, NoEncryption())
        self.assertRaises(ParameterError, load_private, other)
