# -*- test-case-name: tests.scp.test_certificate -*-
"""
L{cardgw.scp.certificate}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.scp.certificate import Usage, is_issued_by
from cardgw.scp.certificate_errors import ScpCertificateExpired, ScpRootUnknown
from tests.scp.scp11_rig import X509Plan, make_pki, private_key

ROOT = X509Plan("root", "root", Usage.CERTIFICATES)


class IssuedTests(SynchronousTestCase):
    """
    Who names whom.
    """

    def test_names(self) -> None:
        """
        A leaf names its authority, that one the root, and the root itself, in both forms.
        """
        for form in ("x509", "gp"):
            pki = make_pki("card", form=form)
            self.assertTrue(is_issued_by(pki.leaf, pki.authority))
            self.assertTrue(is_issued_by(pki.authority, pki.root))
            self.assertTrue(is_issued_by(pki.root, pki.root))
            self.assertFalse(is_issued_by(pki.leaf, pki.root))
            self.assertFalse(is_issued_by(pki.authority, pki.leaf))

    def test_forms(self) -> None:
        """
        One form does not name the other.
        """
        self.assertFalse(is_issued_by(make_pki("card", form="gp").authority, make_pki("card").root))

    def test_identifiers(self) -> None:
        """
        Of two issuers of the same name, the key identifier tells which it was; where one has none, the name counts.
        """
        right, wrong = private_key("right"), private_key("wrong")
        leaf = X509Plan("leaf", "root").issue(private_key("leaf").public_key(), right)
        self.assertTrue(is_issued_by(leaf, ROOT.issue(right.public_key(), right)))
        self.assertFalse(is_issued_by(leaf, ROOT.issue(wrong.public_key(), wrong)))
        self.assertTrue(is_issued_by(leaf, evolve(ROOT, identifiers=False).issue(wrong.public_key(), wrong)))


class ErrorTests(SynchronousTestCase):
    """
    L{cardgw.scp.certificate_errors}.
    """

    def test_words(self) -> None:
        """
        People read which one and why; a card holder reads one sentence about all.
        """
        self.assertEqual(
            str(ScpCertificateExpired("the certificate of CN=card")),
            "A certificate of the secure channel has expired: the certificate of CN=card. Is the clock of this machine right?",
        )
        self.assertEqual(ScpRootUnknown().brief, ScpCertificateExpired().brief)
