"""
Tests for L{cardgw.virtual.certificates}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha1

from attrs import evolve
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.certificates import Fault, Identity, Plan, Policy, issue, key_id, spoil, verify

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PLAN = Plan(
    Policy.DP_AUTH,
    ((NameOID.COMMON_NAME, "server"),),
    NOW,
    NOW + timedelta(days=9),
    oid="2.999.10",
    crl="http://ci.example.test/c",
)


def identity(plan: Plan = PLAN, issuer: Identity | None = None) -> Identity:
    """
    A new identity on P-256.
    """
    return issue(plan, ec.generate_private_key(ec.SECP256R1()), issuer)


class SignatureTests(SynchronousTestCase):
    """
    Raw ECDSA signatures.
    """

    someone = identity()

    @settings(max_examples=20)
    @given(st.binary(max_size=200))
    def test_signAndVerify(self, message: bytes) -> None:
        """
        A signature has 64 bytes and fits its message, and no other.
        """
        signature = self.someone.sign(message)
        public = self.someone.key.public_key()
        self.assertEqual(len(signature), 64)
        self.assertTrue(verify(public, signature, message))
        self.assertFalse(verify(public, signature, message + b"x"))

    def test_verifyRefusesOtherLengths(self) -> None:
        """
        A signature of any other length (DER, for example) is just wrong.
        """
        self.assertFalse(verify(self.someone.key.public_key(), b"\x30" * 70, b""))

    def test_verifyRefusesZero(self) -> None:
        """
        A signature of zeros is wrong.
        """
        self.assertFalse(verify(self.someone.key.public_key(), bytes(64), b""))

    def test_secretsAreNotShown(self) -> None:
        """
        The key is not in the representation.
        """
        self.assertNotIn("key=", repr(self.someone))


class IssueTests(SynchronousTestCase):
    """
    What certificates say.
    """

    def test_keyIdentifiers(self) -> None:
        """
        Key identifiers are SHA-1 of the uncompressed point; the authority's is that of the issuer's key.
        """
        issuer = identity(evolve(PLAN, policy=Policy.CI, path_length=-1))
        child = identity(issuer=issuer)
        point = child.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        extensions = child.certificate.extensions
        self.assertEqual(key_id(child.key.public_key()), sha1(point).digest())
        self.assertEqual(extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest, child.key_id)
        self.assertEqual(extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier, issuer.key_id)
        child.certificate.verify_directly_issued_by(issuer.certificate)

    def test_criticalExtensions(self) -> None:
        """
        Key usage and policies are critical (SGP.22 4.5.2.1.0).
        """
        extensions = identity().certificate.extensions
        self.assertEqual({type(each.value) for each in extensions if each.critical}, {x509.KeyUsage, x509.CertificatePolicies})

    def test_selfSignedHasNoAuthority(self) -> None:
        """
        A CI's certificate names no authority key.
        """
        kinds = {type(each.value) for each in identity().certificate.extensions}
        self.assertNotIn(x509.AuthorityKeyIdentifier, kinds)


class SpoilTests(SynchronousTestCase):
    """
    Plans of wrong certificates.
    """

    def test_expired(self) -> None:
        """
        It ended before the right one began.
        """
        self.assertLessEqual(spoil(PLAN, Fault.EXPIRED).not_after, PLAN.not_before)

    def test_notYetValid(self) -> None:
        """
        It begins in a year.
        """
        self.assertGreater(spoil(PLAN, Fault.NOT_YET_VALID).not_before, PLAN.not_after)

    def test_wrongHost(self) -> None:
        """
        It is for another name.
        """
        self.assertEqual(spoil(evolve(PLAN, host="a.test"), Fault.WRONG_HOST).host, "other.a.test")

    def test_wrongPolicy(self) -> None:
        """
        It is for another role, also where it is for DPauth.
        """
        self.assertIs(spoil(PLAN, Fault.WRONG_POLICY).policy, Policy.DP_PB)
        self.assertIs(spoil(evolve(PLAN, policy=Policy.DP_TLS), Fault.WRONG_POLICY).policy, Policy.DP_AUTH)

    def test_otherOid(self) -> None:
        """
        It names another SM-DP+.
        """
        self.assertEqual(spoil(PLAN, Fault.OTHER_OID).oid, "2.999.10.1")

    def test_otherCa(self) -> None:
        """
        The plan is the same; the issuer makes the difference.
        """
        ci = evolve(PLAN, policy=Policy.CI, path_length=-1)
        right, other = identity(ci), identity(ci)
        child = identity(spoil(PLAN, Fault.OTHER_CA), other)
        self.assertRaises(InvalidSignature, child.certificate.verify_directly_issued_by, right.certificate)
