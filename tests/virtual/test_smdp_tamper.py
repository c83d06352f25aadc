"""
Tests for L{cardgw.virtual.smdp_tamper}.
"""

from __future__ import annotations

from base64 import b64decode

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual import smdp_tamper as tamper
from cardgw.virtual.certificates import verify
from cardgw.virtual.pki import make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import octets
from cardgw.virtual.smdp_orders import Order
from tests.virtual.card import Card

PKI = make_pki()
INITIATE, AUTHENTICATE, DELIVER = "initiateAuthentication", "authenticateClient", "getBoundProfilePackage"


class TamperTests(SynchronousTestCase):
    """
    Wrong answers.
    """

    def setUp(self) -> None:
        self.smdp = Smdp(PKI)
        self.smdp.add(Order("PROFILE-1", make_package(make_iccid(1), 3000)))
        self.card = Card(PKI, self.smdp)

    def package(self) -> bytes:
        """
        Download, and give the bound package.
        """
        self.card.initiate()
        self.card.authenticate()
        return octets(self.card.prepare(), "boundProfilePackage")

    def test_otherTransaction(self) -> None:
        """
        The transactionId is not the one that was asked about; nothing else changes.
        """
        self.smdp.tamper[AUTHENTICATE] = tamper.other_transaction()
        self.card.initiate()
        answer = self.card.authenticate()
        self.assertEqual(answer["transactionId"], tamper.OTHER_TRANSACTION)
        self.assertNotEqual(self.card.transaction, tamper.OTHER_TRANSACTION)

    def test_brokenSignature(self) -> None:
        """
        The signature has the right shape, and is wrong.
        """
        self.smdp.tamper[INITIATE] = tamper.broken_signature("serverSignature1")
        answer = self.card.initiate()
        signature = tlv.only(octets(answer, "serverSignature1"), 0x5F37)
        self.assertFalse(verify(PKI.dp_auth.key.public_key(), signature.value, octets(answer, "serverSigned1")))

    def test_missingField(self) -> None:
        """
        A field can be left out.
        """
        self.smdp.tamper[INITIATE] = tamper.field("serverCertificate", None)
        self.assertNotIn("serverCertificate", self.card.initiate())

    def test_base64(self) -> None:
        """
        Line breaks and spaces, and no padding: what clients should accept.
        """
        self.smdp.tamper[INITIATE] = tamper.together(
            tamper.spaced("serverCertificate"), tamper.unpadded("serverSignature1"), tamper.unpadded("serverSigned1")
        )
        answer = self.card.initiate()
        self.assertIn("\r\n", answer["serverCertificate"])
        self.assertNotIn("=", answer["serverSignature1"] + answer["serverSigned1"])
        self.assertEqual(b64decode(answer["serverCertificate"]), PKI.dp_auth.der)

    def test_status(self) -> None:
        """
        A success with a warning.
        """
        self.smdp.tamper[INITIATE] = tamper.status("Executed-WithWarning")
        self.card.initiate()
        self.assertEqual(self.card.status, "Executed-WithWarning")

    def test_signed1(self) -> None:
        """
        Another challenge, properly signed.
        """
        self.smdp.tamper[INITIATE] = tamper.signed1(euicc_challenge=bytes(16))
        answer = self.card.initiate()
        signed = octets(answer, "serverSigned1")
        self.assertEqual(tlv.only(signed, 0x30).children().value(0x81), bytes(16))
        signature = tlv.only(octets(answer, "serverSignature1"), 0x5F37).value
        self.assertTrue(verify(PKI.dp_auth.key.public_key(), signature, signed))

    def test_signed2(self) -> None:
        """
        A confirmation code is wanted where there is none; properly signed, so that the download goes on.
        """
        self.smdp.tamper[AUTHENTICATE] = tamper.signed2(confirmation=True)
        self.card.initiate()
        values = tlv.only(octets(self.card.authenticate(), "smdpSigned2"), 0x30).children()
        self.assertEqual(values.value(0x01), b"\xff")
        self.card.prepare("1234")
        self.assertEqual(self.card.status, "Executed-Success")

    def test_signed2OtherTransaction(self) -> None:
        """
        Another transaction, properly signed.
        """
        self.smdp.tamper[AUTHENTICATE] = tamper.signed2(transaction_id=bytes(16))
        self.card.initiate()
        values = tlv.only(octets(self.card.authenticate(), "smdpSigned2"), 0x30).children()
        self.assertEqual(values.value(0x80), bytes(16))

    def test_truncated(self) -> None:
        """
        The package ends early.
        """
        self.smdp.tamper[DELIVER] = tamper.truncated_package(7)
        self.assertRaises(ValueError, tlv.decode, self.package())

    def test_reordered(self) -> None:
        """
        The parts are in another order; the length is right.
        """
        self.smdp.tamper[DELIVER] = tamper.reordered_package()
        tags = [item.tag for item in tlv.only(self.package(), 0xBF36).children()]
        self.assertEqual(tags, [0xBF23, 0xA1, 0xA0, 0xA3])
