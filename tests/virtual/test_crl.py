"""
Tests for L{cardgw.virtual.crl}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.crl import PART_NUMBER, TOTAL_PARTS, issue_crl
from cardgw.virtual.pki import make_pki

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class IssueTests(SynchronousTestCase):
    """
    L{issue_crl}.
    """

    pki = make_pki(now=NOW)

    def test_whole(self) -> None:
        """
        The CI signs it; it names the certificates that were revoked, and has a number.
        """
        crl = x509.load_der_x509_crl(issue_crl(self.pki.ci, [self.pki.dp_auth, self.pki.ds_tls], number=7, now=NOW))
        self.assertTrue(crl.is_signature_valid(self.pki.ci.key.public_key()))
        self.assertEqual(crl.issuer, self.pki.ci.certificate.subject)
        serials = {self.pki.dp_auth.certificate.serial_number, self.pki.ds_tls.certificate.serial_number}
        self.assertEqual({each.serial_number for each in crl}, serials)
        self.assertEqual(crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number, 7)
        authority = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        self.assertEqual(authority.key_identifier, self.pki.ci_id)
        assert crl.next_update_utc is not None
        self.assertTrue(crl.last_update_utc < NOW < crl.next_update_utc < NOW + timedelta(days=31))

    def test_part(self) -> None:
        """
        A part says which of how many it is, with the extensions of SGP.22.
        """
        crl = x509.load_der_x509_crl(issue_crl(self.pki.ci, part=(2, 300)))
        values = {each.oid: getattr(each.value, "value", b"") for each in crl.extensions}
        self.assertEqual((values[PART_NUMBER], values[TOTAL_PARTS]), (bytes.fromhex("020102"), bytes.fromhex("0202012c")))

    def test_adding(self) -> None:
        """
        One that adds to another names that one.
        """
        crl = x509.load_der_x509_crl(issue_crl(self.pki.ci, number=9, adds_to=7))
        self.assertEqual(crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number, 7)

    def test_brainpool(self) -> None:
        """
        A CI on another curve can do it too.
        """
        pki = make_pki("brainpool")
        self.assertTrue(x509.load_der_x509_crl(issue_crl(pki.ci)).is_signature_valid(pki.ci.key.public_key()))
