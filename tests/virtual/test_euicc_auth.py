# -*- test-case-name: tests.virtual.test_euicc_auth -*-
"""
Tests for L{cardgw.virtual.euicc_auth}.
"""

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import Tlvs, encode, only
from cardgw.virtual.certificates import Fault
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from tests.virtual.bpp import TRANSACTION, flip
from tests.virtual.rig import CONTEXT, DEVICE, Rig, pki_for

REQUIRED = encode(0x01, b"\xff")


class Base(SynchronousTestCase):
    """
    One card.
    """

    curve = "nist"

    def setUp(self) -> None:
        """
        Make it.
        """
        self.rig = Rig.make(curve=self.curve)
        self.pki = self.rig.pki

    def code(self, answer: bytes) -> int:
        """
        The code in an error answer of AuthenticateServer or PrepareDownload; 0 for a good one.
        """
        (choice,) = only(answer, int.from_bytes(answer[:2], "big")).children()
        if choice.tag == 0xA0:
            return 0
        identifier, code = choice.children()
        self.assertEqual((0xA1, 0x80, 0x02), (choice.tag, identifier.tag, code.tag))
        return code.value[0]

    def good(self, answer: bytes) -> Tlvs:
        """
        What is in a good answer.
        """
        return only(answer, int.from_bytes(answer[:2], "big")).children().need(0xA0).children()


class ChallengeTests(Base):
    """
    GetEUICCChallenge.
    """

    def test_challenge(self) -> None:
        """
        16 random bytes, other ones each time.
        """
        self.assertEqual((16, 16), (len(self.rig.begin()), len(self.rig.challenge)))
        self.assertNotEqual(self.rig.challenge, self.rig.begin())

    def test_entropy(self) -> None:
        """
        Whoever gives the entropy decides on the challenge.
        """
        card = VirtualEuicc.from_pki(self.pki, options=Options(pinned=True), random=lambda size: b"\x07" * size)
        self.assertEqual(b"\x07" * 16, Rig(self.pki, card).begin())

    def test_reset(self) -> None:
        """
        A new challenge ends the session.
        """
        self.rig.authenticate()
        self.rig.begin()
        self.assertEqual(4, self.code(self.rig.send(self.rig.preparation())))


class AuthenticateTests(Base):
    """
    AuthenticateServer.
    """

    def attempt(self, **changes: object) -> int:
        """
        The code after a new challenge.
        """
        self.rig.begin()
        return self.code(self.rig.send(self.rig.authentication(**changes)))  # type: ignore[arg-type]

    def test_right(self) -> None:
        """
        The eUICC signs what it was given, EUICCInfo2 and the context as it came, and gives both its certificates.
        """
        answer = self.rig.authenticate()
        signed, signature, euicc, eum = self.good(answer)
        self.assertEqual((self.pki.euicc.der, self.pki.eum.der), (euicc.raw, eum.raw))
        self.assertTrue(self.rig.check(signature, signed.raw))
        fields = signed.children()
        self.assertEqual([0x80, 0x83, 0x84, 0xBF22, 0xA0], [field.tag for field in fields])
        self.assertEqual((TRANSACTION, b"\x5e" * 16), (fields.value(0x80), fields.value(0x84)))
        self.assertEqual(CONTEXT, fields[-1].raw)
        self.assertEqual(self.rig.send(bytes.fromhex("BF2200")), fields.need(0xBF22).raw)

    def test_noChallenge(self) -> None:
        """
        Without a challenge there is no session: 4.  A challenge is good for one attempt.
        """
        self.assertEqual(4, self.code(self.rig.send(self.rig.authentication())))
        self.rig.begin()
        request = self.rig.authentication()
        self.assertEqual([0, 4], [self.code(self.rig.send(request)) for _ in range(2)])

    def test_unknownCi(self) -> None:
        """
        A CI that the card does not have: 7.
        """
        self.assertEqual(7, self.attempt(ci_id=bytes(20)))

    def test_ciWithoutIdentity(self) -> None:
        """
        The card must have an identity below the CI, too.
        """
        other = pki_for("nist" if self.curve == "brainpool" else "brainpool")
        roots = [self.pki.ci.certificate, other.ci.certificate]
        card = VirtualEuicc(self.pki.eum.der, self.pki.euicc.der, self.pki.euicc.key, roots, options=Options(pinned=True))
        self.rig = Rig(self.pki, card)
        self.assertEqual(7, self.attempt(ci_id=other.ci_id, signer=other.dp_auth))
        self.assertEqual(0, self.attempt())

    def test_certificate(self) -> None:
        """
        A certificate for another role, by another CI, or with a changed byte: 1.
        """
        pki = self.pki
        self.assertEqual(1, self.attempt(signer=pki.dp_pb))
        self.assertEqual(1, self.attempt(signer=pki.replaced("dp_auth", Fault.OTHER_CA).dp_auth))
        self.assertEqual(1, self.attempt(signer=pki.replaced("dp_auth", Fault.WRONG_POLICY).dp_auth))
        self.assertEqual(1, self.attempt(certificate=flip(pki.dp_auth.der, -1)))

    def test_expired(self) -> None:
        """
        The card has no clock: an expired certificate is as good as any.
        """
        self.assertEqual(0, self.attempt(signer=self.pki.replaced("dp_auth", Fault.EXPIRED).dp_auth))

    def test_signature(self) -> None:
        """
        A changed bit in the signature, or in what was signed, and a signature by another key: 2.
        """
        self.rig.begin()
        signed = self.rig.server_signed()
        right = self.pki.dp_auth.sign(signed)
        for changes in (
            {"signature": flip(right, 40)},
            {"signature": right[:-1]},
            {"signed": flip(signed, -1), "signature": right},
            {"signature": self.pki.dp_pb.sign(signed)},
        ):
            self.rig.begin()
            self.assertEqual(2, self.code(self.rig.send(self.rig.authentication(**changes))))  # type: ignore[arg-type]

    def test_challengeMismatch(self) -> None:
        """
        A right signature over another challenge: 6.
        """
        self.rig.begin()
        old = self.rig.server_signed()
        self.assertEqual(6, self.attempt(signed=old))

    def test_errorNamesTransaction(self) -> None:
        """
        An error names the transaction.
        """
        answer = self.rig.send(self.rig.authentication())
        wanted = encode(0xBF38, encode(0xA1, encode(0x80, TRANSACTION), encode(0x02, b"\4")))
        self.assertEqual(wanted, answer)

    def test_context(self) -> None:
        """
        The matching identifier may be absent; the IMEI may be there.
        """
        imei = encode(0xA1, encode(0x80, bytes(4)), encode(0xA1), encode(0x82, bytes(8)))
        self.assertEqual([0, 0], [self.attempt(context=encode(0xA0, part)) for part in (DEVICE, imei)])

    def test_malformed(self) -> None:
        """
        What does not have the structure of a request at all: 6A80.
        """
        tac = encode(0xA0, encode(0xA1, encode(0x80, bytes(3)), encode(0xA1)))
        imei = encode(0xA0, encode(0xA1, encode(0x80, bytes(4)), encode(0xA1), encode(0x82, bytes(7))))
        self.rig.begin()
        for request in (
            self.rig.authentication(context=b""),
            self.rig.authentication(context=tac),
            self.rig.authentication(context=imei),
            self.rig.authentication(signed=self.rig.server_signed(bytes(17))),
            self.rig.authentication(signed=self.rig.server_signed(b"")),
            self.rig.authentication()[:-1],
        ):
            self.rig.send(request)
            self.assertEqual(0x6A80, self.rig.sw)


class BrainpoolAuthenticateTests(AuthenticateTests):
    """
    The same on the other curve.
    """

    curve = "brainpool"


class TwoHierarchiesTests(SynchronousTestCase):
    """
    A card with identities on both curves.
    """

    def test_chosen(self) -> None:
        """
        It signs with the identity below the CI that the server chose.
        """
        pkis = [pki_for("nist"), pki_for("brainpool")]
        card = VirtualEuicc.from_pki(*pkis, options=Options(pinned=True))
        for pki in pkis:
            answer = evolve(Rig(pki, card)).authenticate()
            _, _, euicc, eum = only(answer, 0xBF38).children().need(0xA0).children()
            self.assertEqual((pki.euicc.der, pki.eum.der), (euicc.raw, eum.raw))
