# -*- test-case-name: tests.lpa.test_trust_chains -*-
"""
Tests for L{cardgw.lpa.trust}: intermediate issuers, and roots in PEM files.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.lpa.server_errors import (
    CertificateExpired,
    CiNotTrusted,
    SignatureInvalid,
    WrongCertificate,
)
from cardgw.lpa.settings import HostSettings
from cardgw.lpa.trust import Checked, Role
from cardgw.virtual.certificates import Identity
from cardgw.virtual.pki import make_pki
from tests.lpa.chains import DAY, NOW, ROLE, make
from tests.lpa.test_trust import HOST, trust


class ChainTests(SynchronousTestCase):
    """
    L{Trust} with issuers between CI and SM-DP+.
    """

    def setUp(self) -> None:
        """
        Make a CI and one below it.
        """
        self.ci = make("CI", ca=True, policies=(ROLE + "0",))
        self.sub = make("SubCA", self.ci, ca=True, policies=(ROLE + "0.0.1",))
        self.leaf = make("leaf", self.sub, policies=(ROLE + "0.0.1.1",))

    def check(self, *chain: Identity, ci: Identity | None = None) -> Checked:
        """
        Check a chain for authentication.
        """
        return trust((ci or self.ci).key_id).check([each.der for each in chain], Role.DP_AUTH, HOST)

    def test_intermediate(self) -> None:
        """
        Trust in the CI reaches through an intermediate issuer that is sent along, whatever else comes and in which order.
        """
        self.assertEqual(self.check(self.leaf, self.sub).ci, self.ci.key_id)
        self.assertEqual(self.check(self.leaf, self.ci, self.sub).ci, self.ci.key_id)

    def test_intermediateMissing(self) -> None:
        """
        Without it, the one that issued the certificate is named.
        """
        self.assertEqual(self.assertRaises(CiNotTrusted, self.check, self.leaf).ci, self.sub.key_id)

    def test_intermediateTrusted(self) -> None:
        """
        The intermediate issuer can be trusted itself.
        """
        self.assertEqual(self.check(self.leaf, self.sub, ci=self.sub).ci, self.sub.key_id)

    def test_manufacturer(self) -> None:
        """
        A card manufacturer below the trusted CI cannot make an SM-DP+.
        """
        eum = make("EUM", self.ci, ca=True, policies=(ROLE + "2",))
        leaf = make("leaf", eum, policies=(Role.DP_AUTH.value,))
        self.assertRaises(WrongCertificate, self.check, leaf, eum)

    def test_endAsIssuer(self) -> None:
        """
        Nor can an SM-DP+ make another one.
        """
        one = make("one", self.ci, policies=(Role.DP_AUTH.value,))
        two = make("two", one, policies=(Role.DP_AUTH.value,))
        self.assertRaises(WrongCertificate, self.check, two, one)

    def test_expiredIntermediate(self) -> None:
        """
        The dates of issuers are looked at, too.
        """
        sub = make("SubCA", self.ci, ca=True, policies=(ROLE + "0.0.1",), until=NOW - DAY / 2)
        self.assertRaises(CertificateExpired, self.check, make("leaf", sub, policies=(Role.DP_AUTH.value,)), sub)

    def test_sameName(self) -> None:
        """
        Another certificate with the issuer's name but another key is not taken for it.
        """
        other = make("SubCA", self.ci, ca=True, policies=(ROLE + "0.0.1",))
        self.assertEqual(self.check(self.leaf, other, self.sub).ci, self.ci.key_id)
        self.assertRaises(CiNotTrusted, self.check, self.leaf, other)

    def test_forgedIntermediate(self) -> None:
        """
        An issuer that only claims to be below the CI is not.
        """
        claim = x509.AuthorityKeyIdentifier(self.ci.key_id, None, None)
        sub = make("SubCA", make("CI", ca=True), ca=True, policies=(ROLE + "0",), authority=False, extra=((claim, False),))
        self.assertRaises(SignatureInvalid, self.check, make("leaf", sub, policies=(Role.DP_AUTH.value,)), sub)


class RootsTests(SynchronousTestCase):
    """
    L{Trust} by PEM files.
    """

    def directory(self, *roots: Identity | x509.Certificate) -> str:
        """
        A directory with these roots.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        for number, root in enumerate(roots):
            certificate = root.certificate if isinstance(root, Identity) else root
            (directory / f"{number}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        return str(directory)

    def test_root(self) -> None:
        """
        A root in a PEM file is trusted for all hosts; the checked certificate has its key identifier.
        """
        pki = make_pki(now=NOW)
        subject = trust(roots=self.directory(pki.ci))
        self.assertEqual(subject.check([pki.dp_auth.der], Role.DP_AUTH, HOST).ci, pki.ci_id)
        self.assertFalse(subject.judge([pki.dp_tls.der], Role.TLS, HOST).card_only)

    def test_oneHost(self) -> None:
        """
        A root that is set for one host is trusted for that one alone, whatever the port.
        """
        pki = make_pki(now=NOW)
        subject = trust(hosts={HOST.upper(): HostSettings(roots=self.directory(pki.ci))})
        subject.check([pki.dp_tls.der], Role.TLS, HOST)
        subject.check([pki.dp_auth.der], Role.DP_AUTH, f"{HOST}:8443")
        self.assertRaises(CiNotTrusted, subject.check, [pki.dp_tls.der], Role.TLS, "other.example.test")

    def test_gsmaRoot(self) -> None:
        """
        Below a CI of the GSMA, TLS needs the role also when the CI is known from a file.
        """
        pki = make_pki(now=NOW)
        subject = trust(roots=self.directory(pki.ci))
        self.assertRaises(WrongCertificate, subject.check, [pki.dp_auth.der], Role.TLS, HOST)
        self.assertRaises(WrongCertificate, subject.check, [make("web", pki.ci).der], Role.TLS, HOST)

    def test_ordinaryRoot(self) -> None:
        """
        Below an ordinary root, TLS needs no role of the GSMA, and its key may be of any kind; authentication does need one.
        """
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "RSA root")])
        root = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - DAY, NOW + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        web = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web")])
        leaf = x509.CertificateBuilder(name, web, key.public_key(), 2, NOW - DAY, NOW + DAY).sign(key, SHA256())
        subject = trust(roots=self.directory(root))
        verdict = subject.judge([leaf.public_bytes(Encoding.DER)], Role.TLS, HOST)
        self.assertEqual((verdict.ci, verdict.card_only), (b"", False))
        self.assertRaises(WrongCertificate, subject.check, [leaf.public_bytes(Encoding.DER)], Role.TLS, HOST)
        self.assertRaises(WrongCertificate, subject.check, [leaf.public_bytes(Encoding.DER)], Role.DP_AUTH, HOST)

    def test_pinned(self) -> None:
        """
        A self-signed certificate of a server can be put there itself.
        """
        web = make("web", host=HOST)
        trust(roots=self.directory(web)).judge([web.der], Role.TLS, HOST)
        self.assertRaises(CiNotTrusted, trust(roots=self.directory(make("web"))).judge, [web.der], Role.TLS, HOST)

    def test_notCa(self) -> None:
        """
        A certificate that may not issue others is no root for them.
        """
        web = make("web")
        leaf = make("leaf", web)
        self.assertRaises(CiNotTrusted, trust(roots=self.directory(web)).judge, [leaf.der, web.der], Role.TLS, HOST)

    def test_expiredRoot(self) -> None:
        """
        The dates of a root count.
        """
        root = make("root", ca=True, until=NOW - DAY / 2)
        self.assertRaises(CertificateExpired, trust(roots=self.directory(root)).judge, [make("l", root).der], Role.TLS, HOST)

    def test_missing(self) -> None:
        """
        A directory that is not there is named with its setting.
        """
        error = self.assertRaises(SettingsError, trust, hosts={HOST: HostSettings(roots="/nonexistent")})
        self.assertIn(f'[https.hosts."{HOST}"] roots', str(error))
