# -*- test-case-name: tests.virtual.test_euicc_identity -*-
"""
Tests for L{cardgw.virtual.euicc_identity}.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.certificates import Fault, Plan, Policy, issue
from cardgw.virtual.certificates import Identity as Someone
from cardgw.virtual.euicc_identity import (
    DP_AUTH,
    DP_PB,
    CertificateRefused,
    Chain,
    CurveRefused,
    Identity,
    OidMissing,
    check_server,
    key_id,
    make_key,
)
from cardgw.virtual.pki import Pki
from tests.virtual.bpp import flip
from tests.virtual.rig import pki_for

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def chain(pki: Pki) -> Chain:
    """
    The eUICC's identity.
    """
    return Chain(pki.eum.der, pki.euicc.der, pki.euicc.key)


class IdentityTests(SynchronousTestCase):
    """
    L{Identity}: what was put into the card.
    """

    def test_eid(self) -> None:
        """
        The EID is the serial number in the subject of the eUICC's certificate.
        """
        pki = pki_for("nist")
        self.assertEqual(pki.eid, Identity([chain(pki)], [pki.ci.certificate]).eid)

    def test_choose(self) -> None:
        """
        A CI can be used if the card trusts it and has an identity below it.
        """
        nist, brainpool = pki_for("nist"), pki_for("brainpool")
        both = [nist.ci.certificate, brainpool.ci.certificate]
        one, two = Identity([chain(nist)], both), Identity([chain(nist), chain(brainpool)], both)
        self.assertEqual((chain(nist), nist.ci.certificate), one.choose(nist.ci_id))
        self.assertIsNone(one.choose(brainpool.ci_id))
        self.assertIsNone(one.choose(bytes(20)))
        self.assertEqual((chain(brainpool), brainpool.ci.certificate), two.choose(brainpool.ci_id))
        self.assertEqual(chain(nist), two.main)

    def test_otherEid(self) -> None:
        """
        All certificates of one card name the same EID.
        """
        nist, other = pki_for("nist"), pki_for("brainpool").another_euicc(2)
        self.assertRaises(ValueError, Identity, [chain(nist), chain(other)], [nist.ci.certificate])

    def test_secret(self) -> None:
        """
        The key does not show in the representation.
        """
        self.assertNotIn("key", repr(chain(pki_for("nist"))))


class CheckServerTests(SynchronousTestCase):
    """
    L{check_server}: the certificate of an SM-DP+.
    """

    def issue(self, change: Callable[[Plan], Plan], curve: ec.EllipticCurve | None = None) -> bytes:
        """
        A certificate by the CI that is not quite that of an SM-DP+.
        """
        subject = pki_for("nist").dp_auth.certificate.subject
        names = tuple((each.oid, str(each.value)) for each in subject)
        plan = Plan(Policy.DP_AUTH, names, NOW, NOW + timedelta(days=1), oid="2.999.10")
        return issue(change(plan), ec.generate_private_key(curve or ec.SECP256R1()), pki_for("nist").ci).der

    def test_right(self) -> None:
        """
        The certificates of both roles give key and OID, on both curves.
        """
        for curve in ("nist", "brainpool"):
            pki = pki_for(curve)
            for who, policy in ((pki.dp_auth, DP_AUTH), (pki.dp_pb, DP_PB)):
                server = check_server(who.der, pki.ci.certificate, policy)
                self.assertEqual((who.key.public_key(), "2.999.10"), (server.key, server.oid))

    def test_noClock(self) -> None:
        """
        A card does not know the time: it accepts what is not valid yet.
        """
        self.assertEqual("2.999.10", check_server(self.issue(lambda plan: plan), pki_for("nist").ci.certificate, DP_AUTH).oid)

    def test_refused(self) -> None:
        """
        Another role, another CI of the same name, a CI's own kind of certificate, and rubbish are refused.
        """
        pki = pki_for("nist")
        for der in (
            pki.dp_pb.der,
            pki.dp_tls.der,
            pki.eum.der,
            pki.euicc.der,
            pki.replaced("dp_auth", Fault.OTHER_CA).dp_auth.der,
            pki.replaced("dp_auth", Fault.WRONG_POLICY).dp_auth.der,
            pki_for("brainpool").dp_auth.der,
            self.issue(lambda plan: evolve(plan, path_length=0)),
            b"\x30\x03abc",
        ):
            self.assertRaises(CertificateRefused, check_server, der, pki.ci.certificate, DP_AUTH)

    def test_flippedByte(self) -> None:
        """
        A certificate that is wrong anywhere is refused.
        """
        for curve in ("nist", "brainpool"):
            der, root = pki_for(curve).dp_auth.der, pki_for(curve).ci.certificate
            for at in range(len(der)):
                self.assertRaises(CertificateRefused, check_server, flip(der, at), root, DP_AUTH)
        self.flushWarnings()  # about the serial numbers that come of it

    def test_curve(self) -> None:
        """
        Keys on other curves are refused by name.
        """
        der = self.issue(lambda plan: plan, ec.SECP384R1())
        self.assertRaises(CurveRefused, check_server, der, pki_for("nist").ci.certificate, DP_AUTH)

    def test_noOid(self) -> None:
        """
        A certificate without a RegisteredID does not say whose it is.
        """
        for change in (lambda plan: evolve(plan, oid=None), lambda plan: evolve(plan, oid=None, host="a.example.test")):
            self.assertRaises(OidMissing, check_server, self.issue(change), pki_for("nist").ci.certificate, DP_AUTH)

    def test_keyId(self) -> None:
        """
        A CI is known by its subject key identifier.
        """
        self.assertEqual(pki_for("nist").ci_id, key_id(pki_for("nist").ci.certificate))


class SignatureTests(SynchronousTestCase):
    """
    Signatures are 64 bytes, r and s.
    """

    def test_roundTrip(self) -> None:
        """
        What the eUICC signs is right for the key in its certificate, for this message alone, and for no other length.
        """
        for curve in ("nist", "brainpool"):
            pki = pki_for(curve)
            signature = chain(pki).sign(b"message")
            server = evolve(check_server(pki.dp_auth.der, pki.ci.certificate, DP_AUTH), key=pki.euicc.key.public_key())
            self.assertTrue(server.signed(signature, b"message"))
            self.assertFalse(server.signed(signature, b"another"))
            self.assertFalse(server.signed(signature[:-1], b"message"))
            self.assertFalse(server.signed(bytes(64), b"message"))

    def test_server(self) -> None:
        """
        What a server signs is accepted.
        """
        pki = pki_for("nist")
        server = check_server(pki.dp_auth.der, pki.ci.certificate, DP_AUTH)
        who: Someone = pki.dp_auth
        self.assertTrue(server.signed(who.sign(b"message"), b"message"))


class MakeKeyTests(SynchronousTestCase):
    """
    L{make_key}
    """

    def test_deterministic(self) -> None:
        """
        The same random bytes give the same key, on both curves; others give others.
        """
        for curve in (ec.SECP256R1(), ec.BrainpoolP256R1()):
            first, again, other = (make_key(curve, partial(bytes.__mul__, bytes((seed,)))) for seed in (1, 1, 2))
            self.assertEqual(first.private_numbers(), again.private_numbers())
            self.assertNotEqual(first.private_numbers(), other.private_numbers())
            self.assertEqual(curve.name, first.curve.name)

    def test_zero(self) -> None:
        """
        Random bytes that are all zero still give a key.
        """
        self.assertEqual(1, make_key(ec.SECP256R1(), bytes).private_numbers().private_value)
