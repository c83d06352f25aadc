"""
Tests for L{cardgw.virtual.smdp_checks}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import Tlv
from cardgw.virtual.certificates import Identity, Plan, Policy, issue
from cardgw.virtual.pki import Pki, eid_digits, make_pki
from cardgw.virtual.smdp_answers import Refusal
from cardgw.virtual.smdp_checks import check_euicc, check_signature

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PKI = make_pki(now=NOW)
OTHER = make_pki(now=NOW)
DAY = timedelta(days=1)


def plan(**changes: object) -> Plan:
    """
    An eUICC's certificate, or something near.
    """
    subject = ((NameOID.ORGANIZATION_NAME, "Example EUM"), (NameOID.SERIAL_NUMBER, eid_digits(5)))
    return evolve(Plan(Policy.EUICC, subject, NOW - DAY, NOW + DAY), **changes)  # type: ignore[arg-type]


def euicc(issuer: Identity = PKI.eum, **changes: object) -> bytes:
    """
    Its DER.
    """
    return issue(plan(**changes), ec.generate_private_key(ec.SECP256R1()), issuer).der


def eum(**changes: object) -> Identity:
    """
    An EUM's identity, or something near.
    """
    whole = plan(policy=Policy.EUM, path_length=0, constraint=("Example EUM", "89049032"), **changes)
    return issue(whole, ec.generate_private_key(ec.SECP256R1()), PKI.ci)


class CheckEuiccTests(SynchronousTestCase):
    """
    The chain from eUICC to CI.
    """

    def refused(self, euicc: bytes, eum: bytes = PKI.eum.der, pki: Pki = PKI, now: datetime = NOW) -> str:
        """
        The codes of the refusal.
        """
        refusal = self.assertRaises(Refusal, check_euicc, euicc, eum, pki.ci, now)
        return f"{refusal.subject}/{refusal.reason}"

    def test_right(self) -> None:
        """
        The EID and the key are those of the certificate.
        """
        found = check_euicc(PKI.euicc.der, PKI.eum.der, PKI.ci, NOW)
        self.assertEqual((found.eid, found.key), (PKI.eid, PKI.euicc.key.public_key()))

    def test_brainpool(self) -> None:
        """
        Also on the other curve.
        """
        pki = make_pki("brainpool", now=NOW)
        self.assertEqual(check_euicc(pki.euicc.der, pki.eum.der, pki.ci, NOW).eid, pki.eid)

    def test_otherCi(self) -> None:
        """
        An EUM below another CI is 8.11.1/3.9.
        """
        self.assertEqual(self.refused(OTHER.euicc.der, OTHER.eum.der), "8.11.1/3.9")

    def test_otherEum(self) -> None:
        """
        An eUICC below another EUM is 8.1.3/6.1.
        """
        self.assertEqual(self.refused(OTHER.euicc.der), "8.1.3/6.1")

    def test_expired(self) -> None:
        """
        Expired or not yet valid is 6.3, for either certificate.
        """
        self.assertEqual(self.refused(PKI.euicc.der, now=NOW + 366 * DAY), "8.1.3/6.3")
        self.assertEqual(self.refused(PKI.euicc.der, now=NOW - 2 * DAY), "8.1.2/6.3")

    def test_policies(self) -> None:
        """
        Each must have the policy of its role.
        """
        self.assertEqual(self.refused(euicc(policy=Policy.DP_AUTH)), "8.1.3/6.1")
        self.assertEqual(self.refused(PKI.euicc.der, PKI.dp_auth.der), "8.1.2/6.1")

    def test_eumThatMayNotSign(self) -> None:
        """
        An EUM's certificate must be a CA's.
        """
        weak = evolve(plan(policy=Policy.EUM), constraint=("Example EUM", "89049032"))
        maker = issue(weak, ec.generate_private_key(ec.SECP256R1()), PKI.ci)
        self.assertEqual(self.refused(euicc(maker), maker.der), "8.1.2/6.1")

    def test_eid(self) -> None:
        """
        The EID must begin with the EUM's IIN, the organization be equal, and the EID have 32 digits.
        """
        right = (NameOID.ORGANIZATION_NAME, "Example EUM")
        for subject in (
            (right, (NameOID.SERIAL_NUMBER, eid_digits(5, "89049033"))),
            ((NameOID.ORGANIZATION_NAME, "Else"), (NameOID.SERIAL_NUMBER, eid_digits(5))),
            (right, (NameOID.SERIAL_NUMBER, "89049032")),
            (right,),
        ):
            self.assertEqual(self.refused(euicc(subject=subject)), "8.1.3/6.1", subject)

    def test_eumWithoutConstraints(self) -> None:
        """
        An EUM whose certificate limits nothing may issue nothing.
        """
        maker = issue(plan(policy=Policy.EUM, path_length=0), ec.generate_private_key(ec.SECP256R1()), PKI.ci)
        self.assertEqual(self.refused(euicc(maker), maker.der), "8.1.3/6.1")

    def test_eumIsRight(self) -> None:
        """
        The other certificates of these tests are right but for what they are about.
        """
        maker = eum()
        self.assertEqual(check_euicc(euicc(maker), maker.der, PKI.ci, NOW).eid.hex(), eid_digits(5))

    @settings(max_examples=150)
    @given(st.data())
    def test_flippedBits(self, data: st.DataObject) -> None:
        """
        A certificate with a wrong bit anywhere in what was signed is refused, never with another exception.
        """
        whole, signed = bytearray(PKI.euicc.der), PKI.euicc.certificate.tbs_certificate_bytes
        whole[data.draw(st.integers(0, len(signed) - 1)) + whole.index(signed)] ^= 1 << data.draw(st.integers(0, 7))
        self.assertTrue(self.refused(bytes(whole)).startswith("8.1.3/"))

    @given(st.binary(max_size=40))
    def test_rubbish(self, rubbish: bytes) -> None:
        """
        Rubbish is no certificate.
        """
        self.assertEqual(self.refused(rubbish), "8.1.3/6.1")
        self.assertEqual(self.refused(PKI.euicc.der, rubbish), "8.1.2/6.1")


class CheckSignatureTests(SynchronousTestCase):
    """
    Signatures of the eUICC.
    """

    def test_signature(self) -> None:
        """
        Over the data objects as received, one after another; else 8.1/6.1.
        """
        key = PKI.euicc.key.public_key()
        signature = Tlv(0x5F37, PKI.euicc.sign(b"onetwo"), b"")
        check_signature(key, signature, b"one", b"two")
        refusal = self.assertRaises(Refusal, check_signature, key, signature, b"two", b"one")
        self.assertEqual((refusal.subject, refusal.reason), ("8.1", "6.1"))
