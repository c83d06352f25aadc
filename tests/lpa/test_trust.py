# -*- test-case-name: tests.lpa.test_trust -*-
"""
Tests for L{cardgw.lpa.trust}.
"""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa import trust as module
from cardgw.lpa.recovery import recover
from cardgw.lpa.server_errors import (
    CertificateExpired,
    CertificateNotYetValid,
    CiNotTrusted,
    MalformedCertificate,
    SignatureInvalid,
    WrongCertificate,
)
from cardgw.lpa.settings import HostSettings, HttpsSettings
from cardgw.lpa.trust import Checked, Role, Trust, check_signature
from cardgw.testing.trust import TrustTestsMixin
from cardgw.virtual.pki import Fault, Pki, make_pki
from tests.lpa.chains import DAY, NOW, make, sgp26

HOST = "smdp.example.test"


def trust(
    *ci: bytes, roots: str = "", test_ci: bool = False, card_ci: bool = True, hosts: Mapping[str, HostSettings] | None = None
) -> Trust:
    """
    A trust of these CIs.
    """
    options = HttpsSettings(trusted_ci=ci, roots=roots, test_ci=test_ci, card_ci=card_ci, hosts=hosts or {})
    return Trust(options, NOW.timestamp)


class TrustTests(TrustTestsMixin, SynchronousTestCase):
    """
    L{Trust} by key identifiers, beside what every L{ITrust} does.
    """

    pki: Pki
    role = Role.DP_AUTH

    def setUp(self) -> None:
        """
        Make a hierarchy.
        """
        self.pki = make_pki(now=NOW)

    def make_trust(self) -> Trust:
        """
        See L{TrustTestsMixin}.
        """
        return trust(self.pki.ci_id)

    def good(self) -> tuple[list[bytes], str]:
        """
        See L{TrustTestsMixin}.
        """
        return [self.pki.dp_auth.der], HOST

    def test_trusted(self) -> None:
        """
        A certificate of a trusted CI is authentic, although the CI's own certificate was never seen.
        """
        checked = trust(self.pki.ci_id).check([self.pki.dp_auth.der], Role.DP_AUTH, HOST)
        self.assertEqual(checked, Checked(self.pki.dp_auth.key.public_key(), "2.999.10", self.pki.ci_id))

    def test_brainpool(self) -> None:
        """
        The same on Brainpool P-256.
        """
        pki = make_pki("brainpool", now=NOW)
        checked = trust(pki.ci_id).check([pki.dp_auth.der], Role.DP_AUTH, HOST)
        self.assertEqual(checked.key, pki.dp_auth.key.public_key())

    def test_rootSentAlong(self) -> None:
        """
        A root that is sent along changes nothing, in whatever order the certificates come: only its identifier counts.
        """
        for chain in ([self.pki.dp_tls, self.pki.ci], [self.pki.dp_tls, self.pki.eum, self.pki.ci]):
            ders = [each.der for each in chain]
            self.assertEqual(trust(self.pki.ci_id).check(ders, Role.TLS, HOST).ci, self.pki.ci_id)
            self.assertRaises(CiNotTrusted, trust().check, ders, Role.TLS, HOST)

    def test_sgp26(self) -> None:
        """
        The certificates of SGP.26 are trusted when the test CIs are asked for, and not otherwise.
        """
        chain = [sgp26("S_SM_DPauth_ECDSA_NIST")]
        checked = trust(test_ci=True).check(chain, Role.DP_AUTH, HOST)
        self.assertEqual((checked.oid, checked.ci.hex()), ("2.999.10", "f54172bdf98a95d65cbeb88a38a1c11d800a85c3"))
        error = self.assertRaises(CiNotTrusted, Trust(HttpsSettings(), NOW.timestamp).check, chain, Role.DP_AUTH, HOST)
        self.assertIn("f54172bdf98a95d65cbeb88a38a1c11d800a85c3 (GSMA Test CI (SGP.26, NIST P-256))", str(error))
        self.assertIn("test_ci = true", str(error))

    def test_notTrusted(self) -> None:
        """
        A refused CI is named by its key identifier, with the setting that would allow it.
        """
        error = self.assertRaises(CiNotTrusted, trust().check, [self.pki.dp_auth.der], Role.DP_AUTH, HOST)
        self.assertEqual(error.ci, self.pki.ci_id)
        self.assertIn(f"was issued by the CI {self.pki.ci_id.hex()}", str(error))
        self.assertIn("trusted_ci in the table [https] of cardgw.toml", str(error))

    def test_card(self) -> None:
        """
        A CI that the card lists is trusted for this card, and not for the next one.
        """
        subject, card = trust(), frozenset({self.pki.ci_id})
        verdict = subject.judge([self.pki.dp_auth.der], Role.DP_AUTH, HOST, card)
        self.assertTrue(verdict.card_only)
        self.assertRaises(CiNotTrusted, subject.check, [self.pki.dp_auth.der], Role.DP_AUTH, HOST)
        both = trust(self.pki.ci_id).judge([self.pki.dp_auth.der], Role.DP_AUTH, HOST, card)
        self.assertFalse(both.card_only)

    def test_cardSwitchedOff(self) -> None:
        """
        What cards list does not count if the settings say so.
        """
        card = frozenset({self.pki.ci_id})
        self.assertRaises(CiNotTrusted, trust(card_ci=False).check, [self.pki.dp_auth.der], Role.DP_AUTH, HOST, card)

    def test_claims(self) -> None:
        """
        A certificate that only claims to be issued by a trusted CI has the wrong signature.
        """
        claim = x509.AuthorityKeyIdentifier(self.pki.ci_id, None, None)
        forged = make("forged", make("CI"), policies=(Role.TLS.value,), authority=False, extra=((claim, False),))
        error = self.assertRaises(SignatureInvalid, trust(self.pki.ci_id).check, [forged.der], Role.TLS, HOST)
        self.assertIn("CN=forged is not signed by the CI", str(error))

    def test_flippedBit(self) -> None:
        """
        A changed certificate has the wrong signature, or cannot be read.
        """
        subject = trust(self.pki.ci_id)
        der = self.pki.dp_auth.der
        subject.check([der], Role.DP_AUTH, HOST)
        for at in (len(der) - 3, len(der) - 40, der.index(self.pki.dp_auth.key_id) + 1, 120):
            wrong = der[:at] + bytes((der[at] ^ 1,)) + der[at + 1 :]
            self.assertRaises((SignatureInvalid, MalformedCertificate), subject.check, [wrong], Role.DP_AUTH, HOST)

    def test_faults(self) -> None:
        """
        Expired, not yet valid, of another CI, for another role: each is refused by its name, and which of the server's
        certificates it was is told.
        """
        for fault, error in (
            (Fault.EXPIRED, CertificateExpired),
            (Fault.NOT_YET_VALID, CertificateNotYetValid),
            (Fault.OTHER_CA, CiNotTrusted),
            (Fault.WRONG_POLICY, WrongCertificate),
        ):
            wrong = self.pki.replaced("dp_tls", fault, now=NOW)
            problem = self.assertRaises(error, trust(self.pki.ci_id).check, [wrong.dp_tls.der], Role.TLS, HOST)
            self.assertIn("for an SM-DP+'s TLS connection", str(problem))

    def test_clock(self) -> None:
        """
        The dates are looked at each time, also of a chain that is known.
        """
        moment = [NOW.timestamp()]
        subject = Trust(HttpsSettings(trusted_ci=(self.pki.ci_id,)), lambda: moment[0])
        subject.check([self.pki.dp_auth.der], Role.DP_AUTH, HOST)
        moment[0] += 400 * DAY.total_seconds()
        self.assertRaises(CertificateExpired, subject.check, [self.pki.dp_auth.der], Role.DP_AUTH, HOST)

    def test_remembers(self) -> None:
        """
        A key is recovered once per CI, and a signature checked once per certificate.
        """
        calls: list[bytes] = []

        def counted(certificate: x509.Certificate, identifier: bytes) -> ec.EllipticCurvePublicKey | None:
            calls.append(identifier)
            return recover(certificate, identifier)

        self.patch(module, "recover", counted)
        subject = trust(self.pki.ci_id)
        for _ in range(3):
            subject.check([self.pki.dp_auth.der], Role.DP_AUTH, HOST)
            subject.check([self.pki.dp_pb.der], Role.DP_PB, HOST)
        self.assertEqual(len(calls), 1)

    def test_length(self) -> None:
        """
        No certificate at all, and more than any chain has, are refused.
        """
        for chain in ([], [self.pki.dp_auth.der] * 9):
            self.assertRaises(MalformedCertificate, trust(self.pki.ci_id).check, chain, Role.DP_AUTH, HOST)

    def test_noIdentifier(self) -> None:
        """
        A certificate that does not name its issuer's key cannot be trusted by key identifier; the text says what helps.
        """
        leaf = make("leaf", make("Some CA"), policies=(Role.TLS.value,), authority=False)
        error = self.assertRaises(CiNotTrusted, trust(self.pki.ci_id).check, [leaf.der], Role.TLS, HOST)
        self.assertIn("issued by CN=Some CA and names no key identifier", str(error))
        self.assertIn("setting roots", str(error))


class SignatureTests(SynchronousTestCase):
    """
    L{check_signature}.
    """

    identity = make_pki().dp_auth

    @settings(max_examples=20)
    @given(st.binary(max_size=300))
    def test_right(self, message: bytes) -> None:
        """
        A signature is r and s, 32 bytes each, over exactly the message.
        """
        signature = self.identity.sign(message)
        key = self.identity.key.public_key()
        check_signature(key, signature, message)
        self.assertRaises(SignatureInvalid, check_signature, key, signature, message + b"\0")
        self.assertRaises(SignatureInvalid, check_signature, make("other").key.public_key(), signature, message)

    def test_size(self) -> None:
        """
        A signature of another size is refused.
        """
        key = self.identity.key.public_key()
        for size in (0, 63, 65, 70):
            self.assertRaises(SignatureInvalid, check_signature, key, b"\1" * size, b"")
        self.assertRaises(SignatureInvalid, check_signature, key, bytes(64), b"")

    def test_largerKey(self) -> None:
        """
        With a key on P-384, the halves have 48 bytes and the digest is SHA-384.
        """
        key = ec.generate_private_key(ec.SECP384R1()).public_key()
        self.assertRaises(SignatureInvalid, check_signature, key, b"\1" * 64, b"")
        self.assertRaises(SignatureInvalid, check_signature, key, b"\1" * 96, b"")
