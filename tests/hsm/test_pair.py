"""
Tests of L{cardgw.hsm.pair}.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.hsm.errors import TokenUnusable
from cardgw.hsm.pair import TokenKeyPair
from cardgw.scp.aside import at_once
from cardgw.scp.curves import CURVES
from cardgw.scp.key_pair import LocalKeyPair, PublicKey
from tests.hsm.fake import WHERE, A, FakeObject, FakeToken, T, private, public, token, uri

EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 1024)


class TokenKeyPairTests(SynchronousTestCase):
    """
    A key pair in a token.
    """

    def pair(self, *objects: FakeObject, known: PublicKey | None = None) -> TokenKeyPair:
        """
        In a token with these.
        """
        self.fake = FakeToken(list(objects))
        return TokenKeyPair(token(self.fake), uri("enc"), WHERE, at_once, known)

    def test_agree(self) -> None:
        """
        The secret is as long as the curve wants, and does not stay in the token.
        """
        for curve in CURVES.values():
            own, other = ec.generate_private_key(curve.group), LocalKeyPair(ec.generate_private_key(curve.group))
            for octet_string in (False, True):
                key = private("enc", own)
                key.wants_octet_string = octet_string
                pair = self.pair(key, public("enc", own.public_key()))
                public_key = other.public
                assert isinstance(public_key, ec.EllipticCurvePublicKey)
                self.assertEqual(pair.agree(public_key), other.agree(own.public_key()))
                self.assertTrue(self.fake.sessions[0].derived.destroyed)

    def test_noAgreement(self) -> None:
        """
        With RSA, and with another curve.
        """
        self.assertRaises(ParameterError, self.pair(private("enc", RSA), known=RSA.public_key()).agree, EC.public_key())
        other = ec.generate_private_key(ec.SECP384R1()).public_key()
        self.assertRaises(ValueError, self.pair(private("enc", EC), known=EC.public_key()).agree, other)

    def test_sign(self) -> None:
        """
        ECDSA is given a hash, no longer than the curve; RSA the data.
        """
        pair = self.pair(private("enc", EC), known=EC.public_key())
        self.assertEqual([len(pair.sign(b"data", each)) for each in (hashes.SHA256(), hashes.SHA512())], [32, 32])
        pair, digest = self.pair(private("enc", RSA), public("enc", RSA.public_key())), hashes.SHA256()
        RSA.public_key().verify(pair.sign(b"data", digest), b"data", padding.PKCS1v15(), digest)
        pss = padding.PSS(padding.MGF1(digest), 32)
        RSA.public_key().verify(pair.sign(b"data", digest, pss=True), b"data", pss, digest)

    def test_public(self) -> None:
        """
        The public key is the token's, or the certificate's; they must not be two.
        """
        found = [self.pair(private("enc", EC), public("enc", EC.public_key())), self.pair(known=EC.public_key())]
        self.assertEqual([each.public for each in found], [EC.public_key()] * 2)
        self.assertIn("does not have the public key", self.unusable(self.pair(private("enc", EC))))
        other = ec.generate_private_key(ec.SECP256R1()).public_key()
        self.assertIn("not the one of the certificate", self.unusable(self.pair(public("enc", EC.public_key()), known=other)))

    def test_notUnderstood(self) -> None:
        """
        Keys that cards have nothing for are refused.
        """
        odd = public("enc", EC.public_key())
        odd.attributes[A.KEY_TYPE] = T.DH
        self.assertIn("neither RSA", self.unusable(self.pair(odd)))
        odd.attributes.update({A.KEY_TYPE: T.EC, A.EC_POINT: b"\x04\x02\x04\x01"})
        self.assertIn("not understood", self.unusable(self.pair(odd)))

    def unusable(self, pair: TokenKeyPair) -> str:
        """
        Why.
        """
        return str(self.assertRaises(TokenUnusable, lambda: pair.public))

    def test_shown(self) -> None:
        """
        What it is and where.
        """
        pair = self.pair(known=EC.public_key())
        self.assertEqual(repr(pair), '<key pair of secp256r1 in a token: token "issuer", object "enc">')
        self.assertEqual(repr(self.pair()), '<key pair in a token: token "issuer", object "enc">')
