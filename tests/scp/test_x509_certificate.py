# -*- test-case-name: tests.scp.test_x509_certificate -*-
"""
L{cardgw.scp.x509_certificate}.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attrs import evolve
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA224, SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.certificate import Usage
from cardgw.scp.certificate_errors import ScpCertificateMalformed, ScpCertificateMisused, ScpCertificateRefused
from cardgw.scp.x509_certificate import X509Certificate
from tests.scp.scp11_rig import DAY, NOW, X509Plan, private_key
from tests.scp.vectors import vectors

KEY, SIGNER = private_key("card leaf"), private_key("card root")
PLAN = X509Plan("card", "root")
MADE = PLAN.issue(KEY.public_key(), SIGNER)


def of_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """
    A certificate of some other kind of key.
    """
    name = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    built = builder.not_valid_before(NOW).not_valid_after(NOW).public_key(key.public_key()).sign(SIGNER, SHA256())
    return built.public_bytes(Encoding.DER)


class X509CertificateTests(SynchronousTestCase):
    """
    Read and checked.
    """

    def test_facts(self) -> None:
        """
        Names, dates, use and identifiers.
        """
        facts = MADE.facts
        self.assertEqual(facts.name, "the certificate of CN=card")
        self.assertEqual((facts.begins, facts.ends), (NOW - DAY, NOW + DAY))
        self.assertEqual((facts.usage, facts.below, facts.serial), (Usage.AGREEMENT, None, b"\x12\x34"))
        self.assertEqual(len(facts.key_identifier), 20)
        self.assertNotEqual(facts.key_identifier, facts.issuer_key_identifier)
        self.assertEqual(facts.key, KEY.public_key())

    def test_signature(self) -> None:
        """
        Its signer's key fits, with other digests too; others do not, be it for their curve.
        """
        self.assertTrue(MADE.is_signed_with(SIGNER.public_key()))
        self.assertTrue(evolve(PLAN, digest=SHA384()).issue(KEY.public_key(), SIGNER).is_signed_with(SIGNER.public_key()))
        self.assertFalse(MADE.is_signed_with(KEY.public_key()))
        self.assertFalse(MADE.is_signed_with(private_key("x", "secp384r1").public_key()))

    def test_unusedBits(self) -> None:
        """
        Nor is one whose last bits are said to be none, which would leave it as it is: a certificate has one form.
        """
        at = MADE.raw.rindex(b"\0" + MADE._parsed.signature)
        for unused in range(1, 8):
            wrong = MADE.raw[:at] + bytes((unused,)) + MADE.raw[at + 1 :]
            self.assertRaises(ScpCertificateMalformed, X509Certificate.decode, wrong)

    def test_weak(self) -> None:
        """
        A signature with a digest that is too short is none, though it be right.
        """
        weak: Any = SHA224()
        self.assertFalse(evolve(PLAN, digest=weak).issue(KEY.public_key(), SIGNER).is_signed_with(SIGNER.public_key()))

    def test_published(self) -> None:
        """
        Certificates of OpenSCP say that they are for key agreement.
        """
        for vector in vectors("scp11-openscp"):
            facts = X509Certificate.decode(bytes.fromhex(vector["cert_oce"])).facts
            self.assertEqual((facts.usage, facts.ends), (Usage.AGREEMENT, datetime(2026, 5, 9, 10, 21, 56, tzinfo=UTC)))
            self.assertIn("CN=OCE Certificate (TEST)", facts.name)

    def test_usage(self) -> None:
        """
        What is not said is not allowed; an authority without key usage may sign.
        """
        for usage, says, expected in (
            (Usage.AGREEMENT, False, Usage.NOTHING),
            (Usage.CERTIFICATES, False, Usage.CERTIFICATES),
            (Usage.CERTIFICATES, True, Usage.CERTIFICATES),
            (Usage.CERTIFICATES | Usage.AGREEMENT, True, Usage.CERTIFICATES | Usage.AGREEMENT),
        ):
            made = evolve(PLAN, usage=usage, says_usage=says).issue(KEY.public_key(), SIGNER)
            self.assertEqual(made.facts.usage, expected)

    def test_authority(self) -> None:
        """
        How many authorities may stand below is read.
        """
        made = evolve(PLAN, usage=Usage.CERTIFICATES, below=2).issue(KEY.public_key(), SIGNER)
        self.assertEqual(made.facts.below, 2)

    def test_critical(self) -> None:
        """
        A critical extension that is not understood makes it useless.
        """
        odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        problem = self.assertRaises(ScpCertificateMisused, evolve(PLAN, extra=(odd,)).issue, KEY.public_key(), SIGNER)
        self.assertIn("1.2.3.4", str(problem))

    def test_purposes(self) -> None:
        """
        Who has a certificate for servers, mail or code of the same authority is no card, whatever its key may do.
        """
        of_issuer = x509.ObjectIdentifier("1.2.840.114283.9")
        any_, server, mail = Purpose.ANY_EXTENDED_KEY_USAGE, Purpose.SERVER_AUTH, Purpose.EMAIL_PROTECTION
        for purposes, usage in (
            ([server], Usage.NOTHING),
            ([server, mail], Usage.NOTHING),
            ([server, any_], Usage.AGREEMENT),
            ([mail, of_issuer], Usage.AGREEMENT),
            ([of_issuer], Usage.AGREEMENT),
        ):
            plan = evolve(PLAN, extra=(x509.ExtendedKeyUsage(purposes),))
            self.assertEqual(plan.issue(KEY.public_key(), SIGNER).facts.usage, usage)

    def test_forever(self) -> None:
        """
        The last instant that can be written is understood.
        """
        made = evolve(PLAN, ends=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)).issue(KEY.public_key(), SIGNER)
        self.assertEqual(made.facts.ends.year, 9999)

    def test_serial(self) -> None:
        """
        A serial number is positive.
        """
        serial = b"\x02\x02\x12\x34"
        self.assertIn(serial, MADE.raw)
        for wrong in (b"\x02\x02\x92\x34", b"\x02\x02\x00\x00"):
            self.assertRaises(ScpCertificateMalformed, X509Certificate.decode, MADE.raw.replace(serial, wrong, 1))
        self.flushWarnings()

    def test_otherKeys(self) -> None:
        """
        Keys of RSA and of other curves are none of SCP11.
        """
        for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256K1())):
            self.assertRaises(ScpCertificateMalformed, X509Certificate.decode, of_key(key))

    def test_names(self) -> None:
        """
        Whatever a card writes into a name, people get one short line.
        """
        made = X509Plan("x\n" * 30, "root").issue(KEY.public_key(), SIGNER)
        self.assertNotIn("\n", made.facts.name)
        self.assertLess(len(made.facts.name), 130)

    @given(st.integers(0, len(MADE.raw) * 8 - 1))
    def test_tampered(self, bit: int) -> None:
        """
        With any bit changed it is no certificate, or not signed.
        """
        octets = bytearray(MADE.raw)
        octets[bit // 8] ^= 1 << bit % 8
        try:
            read = X509Certificate.decode(bytes(octets))
        except ScpCertificateRefused:
            return
        self.assertFalse(read.is_signed_with(SIGNER.public_key()))

    @given(st.binary(max_size=100))
    def test_anything(self, octets: bytes) -> None:
        """
        Nothing that a card may send makes another error.
        """
        self.assertRaises(ScpCertificateMalformed, X509Certificate.decode, octets)
