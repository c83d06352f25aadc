# -*- test-case-name: tests.lpa.test_recovery -*-
"""
Tests for L{cardgw.lpa.recovery}.
"""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.certificates import key_identifier
from cardgw.lpa.recovery import candidates, recover, signed_by
from tests.lpa.chains import make, sgp26

CURVES = (
    (ec.SECP256R1(), hashes.SHA256()),
    (ec.BrainpoolP256R1(), hashes.SHA256()),
    (ec.SECP384R1(), hashes.SHA384()),
    (ec.SECP256R1(), hashes.SHA384()),
)


class RecoveryTests(SynchronousTestCase):
    """
    L{recover} and L{candidates}.
    """

    def test_sgp26(self) -> None:
        """
        The DPauth certificate of SGP.26 fits two keys, and one of them is the test CI's.
        """
        certificate = x509.load_der_x509_certificate(sgp26("S_SM_DPauth_ECDSA_NIST"))
        found = [key_identifier(each).hex() for each in candidates(certificate)]
        self.assertEqual(found[:2], ["f54172bdf98a95d65cbeb88a38a1c11d800a85c3", "799584a9c8cc2a39b46f801049cc35b116ebce2a"])
        key = recover(certificate, bytes.fromhex(found[0]))
        ci = x509.load_der_x509_certificate(sgp26("CI_ECDSA_NIST")).public_key()
        self.assertEqual(key, ci)

    def test_curves(self) -> None:
        """
        The issuer's key is found on each curve that CIs use, also where the certificate's own key is on another one.
        """
        for curve, digest in CURVES:
            for own in (curve, ec.SECP256R1()):
                ci = make("CI", curve=curve)
                leaf = make("leaf", ci, curve=own, digest=digest)
                self.assertEqual(recover(leaf.certificate, ci.key_id), ci.key.public_key())

    def test_nobody(self) -> None:
        """
        No key is found for an identifier that is not the signer's.
        """
        ci = make("CI")
        self.assertIsNone(recover(make("leaf", ci).certificate, make("other").key_id))

    def test_notElliptic(self) -> None:
        """
        A signature that is not ECDSA with SHA-256 or SHA-384 fits no key.
        """
        ci = make("CI")
        self.assertEqual(list(candidates(make("leaf", ci, digest=hashes.SHA512()).certificate)), [])

    @settings(max_examples=10)
    @given(st.integers(1, 1 << 128))
    def test_verifies(self, secret: int) -> None:
        """
        Every candidate verifies the signature: to fit and to verify are the same.
        """
        ci = make("CI", curve=ec.SECP256R1())
        certificate = make(f"leaf {secret}", ci).certificate
        found = [each for each in candidates(certificate) if each.curve.name == "secp256r1"]
        self.assertIn(ci.key.public_key(), found)
        for each in found:
            self.assertTrue(signed_by(certificate, each))

    def test_signedBy(self) -> None:
        """
        A known key either signed a certificate or did not.
        """
        ci = make("CI")
        certificate = make("leaf", ci).certificate
        self.assertTrue(signed_by(certificate, ci.key.public_key()))
        self.assertFalse(signed_by(certificate, make("other").key.public_key()))
