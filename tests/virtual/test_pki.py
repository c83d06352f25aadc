"""
Tests for L{cardgw.virtual.pki}.
"""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.certificates import Identity, Policy
from cardgw.virtual.pki import ROLES, Fault, Pki, eid_digits, load_identity, load_pki, make_pki

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SGP26 = Path(__file__).resolve().parents[2].parent / "shared" / "sgp26"


def policy(identity: Identity) -> str:
    """
    The one policy of a certificate.
    """
    (found,) = identity.certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    return str(found.policy_identifier.dotted_string)


class EidTests(SynchronousTestCase):
    """
    EIDs.
    """

    @given(st.integers(0, 10**22 - 1))
    def test_checkDigits(self, number: int) -> None:
        """
        32 digits, and the whole number leaves 1 when divided by 97.
        """
        digits = eid_digits(number)
        self.assertEqual(len(digits), 32)
        self.assertEqual(int(digits) % 97, 1)

    def test_sgp26(self) -> None:
        """
        The EID of the SGP.26 eUICC.
        """
        self.assertEqual(eid_digits(1234512345123456789012), "89049032123451234512345678901235")


class MakePkiTests(SynchronousTestCase):
    """
    The hierarchy.
    """

    pki = make_pki(host="smdp.example.test", now=NOW)

    def test_chains(self) -> None:
        """
        The eUICC stands below the EUM; EUM, the SM-DP+'s three certificates and the SM-DS's two below the CI.
        """
        for role in ("eum", "dp_auth", "dp_pb", "dp_tls", "ds_auth", "ds_tls"):
            getattr(self.pki, role).certificate.verify_directly_issued_by(self.pki.ci.certificate)
        self.pki.euicc.certificate.verify_directly_issued_by(self.pki.eum.certificate)

    def test_policies(self) -> None:
        """
        Each has the policy of its role.
        """
        found = {role: policy(getattr(self.pki, role)) for role in ROLES if role != "tls_ci"}
        wanted = {
            "ci": Policy.CI,
            "eum": Policy.EUM,
            "euicc": Policy.EUICC,
            "dp_auth": Policy.DP_AUTH,
            "dp_pb": Policy.DP_PB,
            "dp_tls": Policy.DP_TLS,
            "ds_auth": Policy.DS_AUTH,
            "ds_tls": Policy.DS_TLS,
        }
        self.assertEqual(found, {role: each.value for role, each in wanted.items()})

    def test_names(self) -> None:
        """
        The TLS certificate names host and OID; DPauth and DPpb the OID alone.
        """
        names = {
            role: list(getattr(self.pki, role).certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
            for role in ("dp_auth", "dp_pb", "dp_tls")
        }
        oid = x509.RegisteredID(x509.ObjectIdentifier("2.999.10"))
        self.assertEqual(names, {"dp_auth": [oid], "dp_pb": [oid], "dp_tls": [x509.DNSName("smdp.example.test"), oid]})
        self.assertEqual((self.pki.smdp_oid, self.pki.host), ("2.999.10", "smdp.example.test"))

    def test_smdsNames(self) -> None:
        """
        The SM-DS has a host and an OID of its own.
        """
        pki = make_pki(smds_host="ds.example.test", now=NOW)
        names = pki.ds_tls.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(list(names), [x509.DNSName("ds.example.test"), x509.RegisteredID(x509.ObjectIdentifier("2.999.15"))])
        self.assertEqual((pki.smds_host, self.pki.smds_host), ("ds.example.test", "lpa.ds.example.test"))

    def test_eum(self) -> None:
        """
        The EUM may issue eUICC certificates only, of its own organization and IIN.
        """
        extensions = self.pki.eum.certificate.extensions
        basic = extensions.get_extension_for_class(x509.BasicConstraints)
        self.assertEqual((basic.value.ca, basic.value.path_length, basic.critical), (True, 0, True))
        (tree,) = extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
        self.assertEqual([each.value for each in tree.value], ["Example EUM", "89049032"])

    def test_euicc(self) -> None:
        """
        The eUICC's EID is the serial number of its subject; its organization is the EUM's.
        """
        subject = self.pki.euicc.certificate.subject
        self.assertEqual(subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value, self.pki.eid.hex())
        self.assertEqual(subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value, "Example EUM")

    def test_another(self) -> None:
        """
        Any number of eUICCs can stand below one EUM.
        """
        other = self.pki.another_euicc(77, now=NOW)
        self.assertEqual(other.eid.hex(), eid_digits(77))
        other.euicc.certificate.verify_directly_issued_by(self.pki.eum.certificate)

    def test_brainpool(self) -> None:
        """
        With Brainpool all is on that curve but TLS, which has a CI of its own.
        """
        pki = make_pki("brainpool", now=NOW)
        self.assertIsInstance(pki.dp_pb.key.curve, ec.BrainpoolP256R1)
        self.assertIsInstance(pki.euicc.key.curve, ec.BrainpoolP256R1)
        self.assertIsInstance(pki.dp_tls.key.curve, ec.SECP256R1)
        self.assertNotEqual(pki.tls_ci_id, pki.ci_id)
        pki.dp_tls.certificate.verify_directly_issued_by(pki.tls_ci.certificate)

    def test_nistHasOneCi(self) -> None:
        """
        With NIST P-256 one CI is above all.
        """
        self.assertEqual(self.pki.tls_ci_id, self.pki.ci_id)

    def test_lifetime(self) -> None:
        """
        Everything is valid at the time it was made.
        """
        for role in ROLES:
            certificate = getattr(self.pki, role).certificate
            self.assertTrue(certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc)


class ReplacedTests(SynchronousTestCase):
    """
    Wrong certificates of the SM-DP+.
    """

    pki = make_pki(now=NOW)

    def test_everyFaultOfEveryRole(self) -> None:
        """
        Only the named certificate changes, and its key fits.
        """
        for role in ("dp_auth", "dp_pb", "dp_tls", "ds_auth", "ds_tls"):
            for fault in Fault:
                wrong = self.pki.replaced(role, fault, now=NOW)
                changed = {each for each in ROLES if getattr(wrong, each) is not getattr(self.pki, each)}
                self.assertEqual(changed, {role})
                identity = getattr(wrong, role)
                self.assertEqual(identity.certificate.public_key(), identity.key.public_key())

    def test_otherCa(self) -> None:
        """
        Another CI of the same name: only the signature and the key identifier give it away.
        """
        wrong = self.pki.replaced("dp_auth", Fault.OTHER_CA, now=NOW).dp_auth.certificate
        self.assertEqual(wrong.issuer, self.pki.ci.certificate.subject)
        self.assertRaises(InvalidSignature, wrong.verify_directly_issued_by, self.pki.ci.certificate)

    def test_expired(self) -> None:
        """
        It ended before now.
        """
        self.assertLess(self.pki.replaced("dp_tls", Fault.EXPIRED, now=NOW).dp_tls.certificate.not_valid_after_utc, NOW)

    def test_tlsWithWrongPolicy(self) -> None:
        """
        A TLS certificate with the DPauth policy still passes every ordinary check of a TLS server.
        """
        wrong = self.pki.replaced("dp_tls", Fault.WRONG_POLICY, now=NOW).dp_tls
        self.assertEqual(policy(wrong), Policy.DP_AUTH.value)
        usage = wrong.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertIn(ExtendedKeyUsageOID.SERVER_AUTH, list(usage))


class FileTests(SynchronousTestCase):
    """
    Saving and loading.
    """

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())

    def test_saveAndLoad(self) -> None:
        """
        What was saved is what is loaded.
        """
        pki = make_pki("brainpool", now=NOW)
        pki.save(self.directory)
        again = load_pki(self.directory)
        self.assertEqual([getattr(again, role).der for role in ROLES], [getattr(pki, role).der for role in ROLES])
        self.assertEqual(again.dp_pb.key.private_numbers(), pki.dp_pb.key.private_numbers())

    def test_permissions(self) -> None:
        """
        Keys are readable by their owner alone, also where a file was there before.
        """
        self.directory.mkdir()
        (self.directory / "ci.key").write_text("")
        (self.directory / "ci.key").chmod(0o644)
        make_pki(now=NOW).save(self.directory)
        modes = {stat.S_IMODE(path.stat().st_mode) for path in self.directory.glob("*.key")}
        self.assertEqual(modes, {0o600})

    def test_roots(self) -> None:
        """
        A directory has the CI certificates alone, as clients want them.
        """
        make_pki(now=NOW).save(self.directory)
        self.assertEqual({path.name for path in (self.directory / "roots").iterdir()}, {"ci.pem", "tls_ci.pem"})

    def test_loadForAnotherHost(self) -> None:
        """
        The CI issues a TLS certificate for a host that the saved one does not name.
        """
        make_pki(now=NOW).save(self.directory)
        pki = load_pki(self.directory, host="other.test", now=NOW)
        self.assertEqual(pki.host, "other.test")
        pki.dp_tls.certificate.verify_directly_issued_by(pki.ci.certificate)

    def test_loadForAnotherSmds(self) -> None:
        """
        Likewise for the host of the SM-DS; nothing else changes.
        """
        saved = make_pki(now=NOW)
        saved.save(self.directory)
        pki = load_pki(self.directory, smds_host="other.test", now=NOW)
        self.assertEqual(pki.smds_host, "other.test")
        self.assertEqual([role for role in ROLES if getattr(pki, role).der != getattr(saved, role).der], ["ds_tls"])

    def test_withoutSmds(self) -> None:
        """
        A directory that was written before there were SM-DSs loads all the same: the CI issues their certificates.
        """
        saved = make_pki(now=NOW)
        saved.save(self.directory)
        for role in ("ds_auth", "ds_tls"):
            (self.directory / f"{role}.pem").unlink()
            (self.directory / f"{role}.key").unlink()
        pki = load_pki(self.directory, smds_host="ds.test", now=NOW)
        self.assertEqual((pki.smds_host, pki.dp_auth.der), ("ds.test", saved.dp_auth.der))
        for each in (pki.ds_auth, pki.ds_tls):
            each.certificate.verify_directly_issued_by(pki.ci.certificate)

    def test_strangeKey(self) -> None:
        """
        A key that is not the certificate's is refused.
        """
        make_pki(now=NOW).save(self.directory)
        error = self.assertRaises(ValueError, load_identity, self.directory / "ci.pem", self.directory / "eum.key")
        self.assertIn("is not the private key of", str(error))


class Sgp26Tests(SynchronousTestCase):
    """
    The GSMA's own test certificates.
    """

    if not SGP26.is_dir():
        skip = "the SGP.26 certificates are not beside the checkout"

    def test_load(self) -> None:
        """
        They load, and their CI issues a TLS certificate.
        """
        pki: Pki = load_pki(SGP26)
        self.assertEqual(pki.ci_id.hex(), "f54172bdf98a95d65cbeb88a38a1c11d800a85c3")
        self.assertEqual(pki.eid.hex(), "89049032123451234512345678901235")
        self.assertEqual((pki.host, pki.smdp_oid), ("testsmdpplus1.example.com", "2.999.10"))
        pki.dp_tls.certificate.verify_directly_issued_by(pki.ci.certificate)

    def test_sameExtensions(self) -> None:
        """
        Ours have the extensions of theirs, equally critical.
        """
        theirs, ours = load_pki(SGP26), make_pki()
        for role in ("ci", "eum", "euicc", "dp_auth", "dp_pb"):
            found = [
                {
                    each.oid.dotted_string: each.critical
                    for each in getattr(pki, role).certificate.extensions
                    if each.oid._name != "cRLDistributionPoints"
                }
                for pki in (theirs, ours)
            ]
            self.assertEqual(found[0], found[1], role)

    def test_lifetimes(self) -> None:
        """
        A year and a day from now our certificates are over; tests need not care.
        """
        self.assertLess(make_pki(now=NOW).dp_auth.certificate.not_valid_after_utc, NOW + timedelta(days=367))
