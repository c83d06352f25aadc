# -*- test-case-name: tests.virtual.test_euicc_prepare -*-
"""
Tests for L{cardgw.virtual.euicc_auth}: from PrepareDownload on.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import Tlvs, encode, only
from cardgw.virtual.certificates import Fault
from tests.virtual.bpp import OID_2_999_10, TRANSACTION
from tests.virtual.rig import Rig, hash_code

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


class PrepareTests(Base):
    """
    PrepareDownload.
    """

    def attempt(self, **changes: object) -> int:
        """
        The code after a new authentication.
        """
        self.rig.authenticate()
        return self.code(self.rig.send(self.rig.preparation(**changes)))  # type: ignore[arg-type]

    def test_right(self) -> None:
        """
        The eUICC gives a one-time key on the server's curve, signed together with the server's signature.
        """
        self.rig.authenticate()
        request = self.rig.preparation()
        signed, signature = self.good(self.rig.send(request))
        fields = signed.children()
        self.assertEqual([0x80, 0x5F49], [field.tag for field in fields])
        self.assertEqual((65, 4), (len(fields[1].value), fields[1].value[0]))
        proof = only(request, 0xBF21).children().need(0x5F37)
        self.assertTrue(self.rig.check(signature, signed.raw + proof.raw))

    def test_code(self) -> None:
        """
        The hashed confirmation code is given back, signed.
        """
        hashed = hash_code("1234")
        self.rig.authenticate()
        signed, _ = self.good(self.rig.send(self.rig.preparation(required=REQUIRED, hash_cc=hashed)))
        self.assertEqual(hashed, signed.children().need(0x04).value)

    def test_codeMissing(self) -> None:
        """
        Without a confirmation code where one is required: undefined error.
        """
        self.assertEqual(127, self.attempt(required=REQUIRED))

    def test_noSession(self) -> None:
        """
        Before a server was authenticated: 4.
        """
        self.assertEqual(4, self.code(self.rig.send(self.rig.preparation())))
        self.rig.begin()
        self.assertEqual(4, self.code(self.rig.send(self.rig.preparation())))

    def test_transaction(self) -> None:
        """
        Another transaction: 5.
        """
        self.assertEqual(5, self.attempt(transaction_id=bytes(16)))

    def test_certificate(self) -> None:
        """
        A certificate for another role, by another CI, or of another SM-DP+: 1.
        """
        pki = self.pki
        self.assertEqual(1, self.attempt(signer=pki.dp_auth))
        for fault in (Fault.OTHER_CA, Fault.WRONG_POLICY, Fault.OTHER_OID):
            self.assertEqual(1, self.attempt(signer=pki.replaced("dp_pb", fault).dp_pb))

    def test_signature(self) -> None:
        """
        A signature by another key, or that does not cover what the eUICC signed before: 2.
        """
        self.assertEqual(2, self.attempt(signature=bytes(64)))
        self.rig.authenticate()
        self.rig.signature1 = encode(0x5F37, bytes(64))
        self.assertEqual(2, self.code(self.rig.send(self.rig.preparation())))

    def test_again(self) -> None:
        """
        After a refused attempt the session is still there.
        """
        self.assertEqual(2, self.attempt(signature=bytes(64)))
        self.assertEqual(0, self.code(self.rig.send(self.rig.preparation())))

    def test_oldKey(self) -> None:
        """
        A server may bind to the one-time key of an attempt before; an unknown one gets a new key.
        """
        self.rig.prepare()
        first = self.rig.point
        self.rig.prepare(old_point=first)
        self.assertEqual(first, self.rig.point)
        self.rig.prepare()
        second = self.rig.point
        self.assertNotEqual(first, second)
        self.rig.prepare(old_point=first)
        self.assertNotIn(self.rig.point, (first, second))

    def test_malformed(self) -> None:
        """
        What does not have the structure of a request at all: 6A80.
        """
        self.rig.authenticate()
        for request in (
            self.rig.preparation(hash_cc=bytes(31)),
            self.rig.preparation(required=b""),
            self.rig.preparation(required=encode(0x01)),
            self.rig.preparation()[:-1],
        ):
            self.rig.send(request)
            self.assertEqual(0x6A80, self.rig.sw)


class CancelTests(Base):
    """
    CancelSession.
    """

    def test_right(self) -> None:
        """
        The eUICC signs transaction, SM-DP+ and reason; the session is over.
        """
        self.rig.authenticate()
        signed, signature = self.good(self.rig.send(self.request(3)))
        wanted = encode(0x30, encode(0x80, TRANSACTION), encode(0x81, OID_2_999_10), encode(0x82, b"\3"))
        self.assertEqual(wanted, signed.raw)
        self.assertTrue(self.rig.check(signature, signed.raw))
        self.assertEqual("BF4103810105", self.rig.send(self.request(3)).hex().upper())

    def request(self, reason: int, transaction_id: bytes = TRANSACTION) -> bytes:
        """
        CancelSessionRequest.
        """
        return encode(0xBF41, encode(0x80, transaction_id), encode(0x81, bytes((reason,))))

    def test_unknown(self) -> None:
        """
        No session, one that has no server yet, or another one: invalidTransactionId, 5.
        """
        answers = [self.rig.send(self.request(0))]
        self.rig.begin()
        answers += [self.rig.send(self.request(0)), self.rig.send(self.request(0, b""))]
        self.rig.authenticate()
        answers.append(self.rig.send(self.request(0, bytes(16))))
        self.assertEqual({"bf4103810105"}, {answer.hex() for answer in answers})
        self.assertEqual(1, len(self.good(self.rig.send(self.request(0)))[:1]))

    def test_reasons(self) -> None:
        """
        The reasons of SGP.22, and no other.
        """
        for reason in (0, 1, 2, 3, 4, 5, 127):
            self.rig.prepare()
            self.assertEqual(2, len(self.good(self.rig.send(self.request(reason)))))
        self.rig.prepare()
        self.rig.send(self.request(6))
        self.assertEqual(0x6A80, self.rig.sw)


class BrainpoolPrepareTests(PrepareTests):
    """
    The same on the other curve.
    """

    curve = "brainpool"
