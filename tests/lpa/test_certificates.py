# -*- test-case-name: tests.lpa.test_certificates -*-
"""
Tests for L{cardgw.lpa.certificates}.
"""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.lpa.certificates import (
    NEWER_POLICIES,
    WORDS,
    Role,
    check_dates,
    check_issuer,
    check_role,
    examine,
    key_identifier,
    load_roots,
)
from cardgw.lpa.server_errors import CertificateExpired, CertificateNotYetValid, MalformedCertificate, WrongCertificate
from cardgw.virtual.pki import make_pki
from tests.lpa.chains import DAY, NOW, ROLE, make, sgp26, usage


class ExamineTests(SynchronousTestCase):
    """
    L{examine}.
    """

    def test_sgp26(self) -> None:
        """
        What the DPauth certificate of SGP.26 says is found: role, SM-DP+ OID, key identifiers, and that it is no issuer.
        """
        facts = examine(sgp26("S_SM_DPauth_ECDSA_NIST"))
        self.assertEqual(facts.policies, {Role.DP_AUTH.value})
        self.assertEqual(facts.oid, "2.999.10")
        self.assertEqual(facts.authority.hex(), "f54172bdf98a95d65cbeb88a38a1c11d800a85c3")
        self.assertEqual(facts.identifier.hex(), "bd5a82cc1a96602118ba7560a1ff83a78b210be5")
        self.assertEqual((facts.authority_allowed, facts.self_issued, facts.gsma, facts.unfit), (False, False, True, ""))
        root = examine(sgp26("CI_ECDSA_NIST"))
        self.assertTrue(root.issued(facts))
        self.assertTrue(root.self_issued and root.authority_allowed)

    def test_identifier(self) -> None:
        """
        A key identifier is the SHA-1 of the uncompressed point.
        """
        pki = make_pki()
        self.assertEqual(key_identifier(pki.ci.key.public_key()), pki.ci_id)

    @given(st.binary(max_size=200))
    def test_garbage(self, octets: bytes) -> None:
        """
        What is not a certificate is refused with a sentence.
        """
        self.assertRaises(MalformedCertificate, examine, octets)

    def test_cut(self) -> None:
        """
        So is every certificate that is cut short or goes on after its end.
        """
        der = make("leaf").der
        for wrong in (der[:-1], der[:40], der + b"\0"):
            self.assertRaises(MalformedCertificate, examine, wrong)

    def test_unreadableParts(self) -> None:
        """
        What the library reads late is read at once: a key on no curve, an unknown curve or signature algorithm, a broken issuer.
        """
        leaf = make("leaf", make("issuer"))
        der, key = leaf.der, leaf.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        curve, algorithm = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d040302")
        for good, bad in (
            (key, key[:-1] + bytes((key[-1] ^ 1,))),
            (curve, curve[:-1] + b"\x63"),
            (algorithm, algorithm[:-1] + b"\x63"),
            (b"issuer", b"\xff" * 6),
        ):
            self.assertIn(good, der)
            self.assertRaises(MalformedCertificate, examine, der.replace(good, bad))


class RoleTests(SynchronousTestCase):
    """
    L{check_role}.
    """

    def test_policies(self) -> None:
        """
        Each certificate of an SM-DP+ or SM-DS is good for its own role alone.
        """
        pki = make_pki()
        discovery = ((pki.ds_tls, Role.DS_TLS), (pki.ds_auth, Role.DS_AUTH))
        for identity, good in ((pki.dp_tls, Role.TLS), (pki.dp_auth, Role.DP_AUTH), (pki.dp_pb, Role.DP_PB), *discovery):
            for role in Role:
                if role is good:
                    check_role(examine(identity.der), role)
                else:
                    error = self.assertRaises(WrongCertificate, check_role, examine(identity.der), role)
                    self.assertIn(f"{WORDS[good.value]}, not for {WORDS[role.value]}", str(error))

    def test_newerPolicies(self) -> None:
        """
        The policies of SGP.22 version 3 for chains with intermediate issuers are good as well.
        """
        for policy, good in ((policy, good) for good, policy in NEWER_POLICIES.items()):
            leaf = examine(make("leaf", policies=(policy,)).der)
            check_role(leaf, good)
            for role in set(Role) - {good}:
                self.assertRaises(WrongCertificate, check_role, leaf, role)

    def test_others(self) -> None:
        """
        Neither eUICC nor card manufacturer nor a certificate without a role is an SM-DP+.
        """
        pki = make_pki()
        for identity in (pki.euicc, pki.eum, pki.ci, make("web", host="smdp.example.test")):
            for role in Role:
                self.assertRaises(WrongCertificate, check_role, examine(identity.der), role)

    def test_ordinary(self) -> None:
        """
        Outside the GSMA's hierarchies a certificate without a role is good for TLS, but not one with another role.
        """
        check_role(examine(make("web").der), Role.TLS, gsma=False)
        check_role(examine(make("web").der), Role.DS_TLS, gsma=False)
        self.assertRaises(WrongCertificate, check_role, examine(make_pki().dp_tls.der), Role.DS_TLS, gsma=False)
        self.assertRaises(WrongCertificate, check_role, examine(make("web").der), Role.DP_AUTH, gsma=False)
        self.assertRaises(WrongCertificate, check_role, examine(make_pki().dp_auth.der), Role.TLS, gsma=False)

    def test_unfit(self) -> None:
        """
        An unknown critical extension, a key usage without signatures, an extended one without servers, and the right to issue
        certificates each make a certificate unfit.
        """
        policies = (Role.TLS.value,)
        strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.5"), b"\5\0")
        mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        for identity, word in (
            (make("leaf", policies=policies, extra=((strange, True),)), "critical extension 2.999.5"),
            (make("leaf", policies=policies, extra=((usage(certificates=True), True),)), "digitalSignature"),
            (make("leaf", policies=policies, extra=((mail, False),)), "serverAuth"),
            (make("leaf", policies=policies, ca=True), "issuer"),
        ):
            self.assertIn(word, str(self.assertRaises(WrongCertificate, check_role, examine(identity.der), Role.TLS)))
        check_role(
            examine(make("leaf", policies=policies, extra=((strange, False), (usage(signature=True), True))).der), Role.TLS
        )


class IssuerTests(SynchronousTestCase):
    """
    L{check_issuer}.
    """

    def test_right(self) -> None:
        """
        An issuer is a CA with the policy of one above an SM-DP+.
        """
        for policy in (ROLE + "0", ROLE + "0.0", ROLE + "0.0.1", Role.TLS.value, "2.5.29.32.0"):
            check_issuer(examine(make("CA", ca=True, policies=(policy,)).der), 0, Role.TLS)

    def test_subIssuers(self) -> None:
        """
        The issuer for SM-DP+s is none for SM-DSs, nor the other way round.
        """
        for policy, good, bad in (("0.0.1", Role.DP_AUTH, Role.DS_AUTH), ("0.0.2", Role.DS_TLS, Role.TLS)):
            facts = examine(make("CA", ca=True, policies=(ROLE + policy,)).der)
            check_issuer(facts, 0, good)
            self.assertRaises(WrongCertificate, check_issuer, facts, 0, bad)

    def test_manufacturer(self) -> None:
        """
        A card manufacturer issues certificates below the same CI, but not for an SM-DP+.
        """
        error = self.assertRaises(WrongCertificate, check_issuer, examine(make_pki().eum.der), 0, Role.DP_AUTH)
        self.assertIn("is for a card manufacturer; it may not issue", str(error))

    def test_notCa(self) -> None:
        """
        A certificate without the right to issue others is no issuer, whatever it signed.
        """
        policies = (ROLE + "0",)
        self.assertRaises(WrongCertificate, check_issuer, examine(make("no", policies=policies).der), 0, Role.TLS)
        limited = make("no", policies=policies, ca=True, extra=((usage(signature=True), True),))
        self.assertRaises(WrongCertificate, check_issuer, examine(limited.der), 0, Role.TLS)

    def test_pathLength(self) -> None:
        """
        The limit on further issuers below is kept.
        """
        facts = examine(make("CA", policies=(ROLE + "0",), ca=True, path_length=0).der)
        check_issuer(facts, 0, Role.TLS)
        self.assertRaises(WrongCertificate, check_issuer, facts, 1, Role.TLS)

    def test_critical(self) -> None:
        """
        An issuer with a critical extension that is not understood, a limit on names for example, vouches for nobody.
        """
        limit = x509.NameConstraints([x509.DNSName("example.com")], None)
        facts = examine(make("CA", policies=(ROLE + "0",), ca=True, extra=((limit, True),)).der)
        error = self.assertRaises(WrongCertificate, check_issuer, facts, 0, Role.TLS)
        self.assertIn("critical extension 2.5.29.30 is not known", str(error))


class DatesTests(SynchronousTestCase):
    """
    L{check_dates}.
    """

    def test_dates(self) -> None:
        """
        A certificate is good from its first to its last second.
        """
        facts = examine(make("leaf").der)
        for moment in ((NOW - DAY), NOW, NOW + DAY):
            check_dates(facts, moment.timestamp())
        error = self.assertRaises(CertificateExpired, check_dates, facts, (NOW + DAY).timestamp() + 1)
        self.assertIn("CN=leaf, on 2026-11-22 12:00 UTC", str(error))
        error2 = self.assertRaises(CertificateNotYetValid, check_dates, facts, (NOW - DAY).timestamp() - 1)
        self.assertIn("before 2026-11-20 12:00 UTC", str(error2))


class RootsTests(SynchronousTestCase):
    """
    L{load_roots}.
    """

    def test_directory(self) -> None:
        """
        All certificates of all PEM files are read, and other files left alone.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        pems = [make(name, ca=True).certificate.public_bytes(Encoding.PEM) for name in ("a", "b", "c")]
        (directory / "two.pem").write_bytes(pems[0] + pems[1])
        (directory / "one.crt").write_bytes(pems[2])
        (directory / "note.txt").write_text("hello")
        self.assertEqual(sorted(each.name for each in load_roots(str(directory), "roots")), ["CN=a", "CN=b", "CN=c"])

    def test_none(self) -> None:
        """
        No directory, no roots.
        """
        self.assertEqual(load_roots("", "roots"), ())

    def test_wrong(self) -> None:
        """
        A directory that is not there, has garbage or has nothing is an error that names the setting.
        """
        directory = Path(self.mktemp())
        error = self.assertRaises(SettingsError, load_roots, str(directory), "[https] roots")
        self.assertIn("[https] roots: expected a directory of PEM certificates", str(error))
        directory.mkdir()
        self.assertIn("no certificate in", str(self.assertRaises(SettingsError, load_roots, str(directory), "[https] roots")))
        (directory / "x.pem").write_text("garbage")
        self.assertRaises(SettingsError, load_roots, str(directory), "[https] roots")
