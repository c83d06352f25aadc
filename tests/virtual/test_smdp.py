"""
Tests for L{cardgw.virtual.smdp}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from cardgw.apdu import tlv
from cardgw.virtual.certificates import verify
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import octets
from tests.virtual.card import CHALLENGE, OTHER, PKI, Card, SmdpTestCase, info1


class InitiateTests(SmdpTestCase):
    """
    ES9+.InitiateAuthentication (SGP.22 5.6.1).
    """

    def test_answer(self) -> None:
        """
        All fields of the standard; the transaction identifier is upper-case hexadecimal of 16 bytes.
        """
        answer = self.card.initiate()
        names = {"header", "transactionId", "serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed", "serverCertificate"}
        self.assertEqual(set(answer), names)
        self.assertEqual(answer["transactionId"], bytes.fromhex(answer["transactionId"]).hex().upper())
        self.assertEqual(octets(answer, "euiccCiPKIdToBeUsed"), b"\x04\x14" + PKI.ci_id)
        self.assertEqual(octets(answer, "serverCertificate"), PKI.dp_auth.der)

    def test_signed(self) -> None:
        """
        The eUICC's challenge, a challenge of the server's, and its address are signed by DPauth.
        """
        answer = self.card.initiate()
        signed, signature = octets(answer, "serverSigned1"), tlv.only(octets(answer, "serverSignature1"), 0x5F37)
        values = tlv.only(signed, 0x30).children()
        self.assertEqual((values.value(0x81), values.value(0x83)), (CHALLENGE, PKI.host.encode()))
        self.assertEqual(values.value(0x80).hex().upper(), answer["transactionId"])
        self.assertEqual(len(values.value(0x84)), 16)
        self.assertTrue(verify(PKI.dp_auth.key.public_key(), signature.value, signed))

    def test_address(self) -> None:
        """
        Case and port do not matter; another name is 8.8.1/3.8.
        """
        for address, status in (
            (PKI.host.upper(), "Executed-Success"),
            (PKI.host + ":8443", "Executed-Success"),
            ("else.test", "8.8.1/3.8"),
            ("", "8.8.1/3.8"),
        ):
            self.card.initiate(address)
            self.expect(status)

    def test_unknownCi(self) -> None:
        """
        An eUICC whose certificate is below no known CI is 8.8.2/3.1.
        """
        self.card.initiate(info=info1(bytes(20)))
        self.expect("8.8.2/3.1")

    def test_untrustedCi(self) -> None:
        """
        An eUICC that does not trust the server's CI is 8.8.4/3.7.
        """
        self.card.initiate(info=info1(bytes(20), signing=(PKI.ci_id,)))
        self.expect("8.8.4/3.7")

    def test_severalCis(self) -> None:
        """
        The server takes its first hierarchy that the eUICC knows.
        """
        smdp = Smdp(OTHER, PKI, host=PKI.host)
        for listed, chosen in (((PKI.ci_id,), PKI), ((PKI.ci_id, OTHER.ci_id), OTHER)):
            answer = Card(PKI, smdp).initiate(info=info1(*listed))
            self.assertEqual(octets(answer, "serverCertificate"), chosen.dp_auth.der)

    def test_version(self) -> None:
        """
        SGP.22 before version 2 is 8.8.3/3.1.
        """
        self.card.initiate(info=info1(PKI.ci_id, version=b"\x01\x01\x00"))
        self.expect("8.8.3/3.1")

    def test_malformed(self) -> None:
        """
        Missing fields are 1.6/2.2, malformed ones 1.6/2.1; no exception for a peer's mistakes.
        """
        right: dict[str, Any] = {"smdpAddress": PKI.host, "euiccChallenge": CHALLENGE, "euiccInfo1": info1(PKI.ci_id)}
        for change, status in (
            ({"smdpAddress": 1}, "1.6/2.1"),
            ({"euiccChallenge": None}, "1.6/2.2"),
            ({"euiccChallenge": b"short"}, "1.6/2.1"),
            ({"euiccInfo1": b"\xbf\x20"}, "1.6/2.1"),
            ({"euiccInfo1": tlv.encode(0xBF20, tlv.encode(0x82, b"\2"))}, "1.6/2.1"),
            ({"euiccInfo1": "?"}, "1.6/2.1"),
        ):
            self.card.call("initiateAuthentication", **(right | change))
            self.expect(status)

    def test_unknownFunction(self) -> None:
        """
        A function that does not exist is the caller's affair: HTTP 404.
        """
        self.assertRaises(LookupError, self.smdp.handle, "open", {})


class AuthenticateTests(SmdpTestCase):
    """
    ES9+.AuthenticateClient (SGP.22 5.6.3).
    """

    def setUp(self) -> None:
        super().setUp()
        self.card.initiate()

    def test_answer(self) -> None:
        """
        All fields of the standard; the metadata are the order's.
        """
        answer = self.card.authenticate()
        names = {"header", "transactionId", "profileMetadata", "smdpSigned2", "smdpSignature2", "smdpCertificate"}
        self.assertEqual(set(answer), names)
        self.assertEqual(octets(answer, "profileMetadata"), self.order.metadata(PKI.host))
        self.assertEqual(octets(answer, "smdpCertificate"), PKI.dp_pb.der)

    def test_signed(self) -> None:
        """
        DPpb signs smdpSigned2 and the eUICC's first signature, data object and all.
        """
        answer = self.card.authenticate()
        signed, signature = octets(answer, "smdpSigned2"), tlv.only(octets(answer, "smdpSignature2"), 0x5F37)
        self.assertTrue(verify(PKI.dp_pb.key.public_key(), signature.value, signed + self.card.euicc_signature1))
        self.assertEqual(tlv.only(signed, 0x30).children().value(0x01), b"\0")

    def test_confirmationWanted(self) -> None:
        """
        The flag says that the order has a confirmation code.
        """
        self.order.confirmation_code = "1234"
        signed = octets(self.card.authenticate(), "smdpSigned2")
        self.assertEqual(tlv.only(signed, 0x30).children().value(0x01), b"\xff")

    def test_certificates(self) -> None:
        """
        The chain of another CI is 8.11.1/3.9, that of another EUM 8.1.3/6.1.
        """
        self.card.authenticate(euicc=OTHER.euicc.der, eum=OTHER.eum.der)
        self.expect("8.11.1/3.9")
        self.card.initiate()
        self.card.authenticate(euicc=OTHER.euicc.der)
        self.expect("8.1.3/6.1")

    def test_signature(self) -> None:
        """
        A wrong signature, challenge or address is 8.1/6.1; another transaction 8.10.1/3.9.
        """
        for changes, status in (
            ({"signature": bytes(64)}, "8.1/6.1"),
            ({"challenge": bytes(16)}, "8.1/6.1"),
            ({"address": b"else.test"}, "8.1/6.1"),
            ({"address": b"\xff"}, "8.1/6.1"),
            ({"transaction_id": bytes(16)}, "8.10.1/3.9"),
        ):
            self.card.initiate()
            self.card.authenticate("PROFILE-1", **changes)
            self.expect(status)

    def test_matchingId(self) -> None:
        """
        An unknown MatchingID is 8.2.6/3.8; without one, nothing waits for this eUICC: 8.2.6/3.8.
        """
        for matching_id in ("ELSE", ""):
            self.card.initiate()
            self.card.authenticate(matching_id)
            self.expect("8.2.6/3.8")

    def test_unknownTransaction(self) -> None:
        """
        8.10.1/3.9, also where the session is over or too old.
        """
        response = self.card.server_response()
        for name in ("00", "zz", ""):
            self.card.call("authenticateClient", transactionId=name, authenticateServerResponse=response)
            self.expect("8.10.1/3.9")
        self.clock.advance(4000)
        self.card.call("authenticateClient", transactionId=self.card.transaction, authenticateServerResponse=response)
        self.expect("8.10.1/3.9")

    def test_twice(self) -> None:
        """
        A session is authenticated once.
        """
        response = self.card.server_response()
        for status in ("Executed-Success", "8.10.1/3.9"):
            self.card.call("authenticateClient", transactionId=self.card.transaction, authenticateServerResponse=response)
            self.expect(status)

    def test_euiccError(self) -> None:
        """
        An error of the eUICC's, sent on, is 8.1/4.2 with its code.
        """
        error = tlv.encode(0xBF38, tlv.encode(0xA1, tlv.encode(0x80, bytes(16)), tlv.encode(0x02, b"\x07")))
        answer = self.card.call("authenticateClient", transactionId=self.card.transaction, authenticateServerResponse=error)
        self.expect("8.1/4.2")
        self.assertIn("07", answer["header"]["functionExecutionStatus"]["statusCodeData"]["message"])

    def test_malformed(self) -> None:
        """
        What cannot be parsed is 1.6/2.1.
        """
        right = self.card.server_response()
        for wrong in (b"", right[:-1], right[1:], tlv.encode(0xBF38), tlv.encode(0xBF38, tlv.encode(0xA0)), right + b"\0\0"):
            self.card.call("authenticateClient", transactionId=self.card.transaction, authenticateServerResponse=wrong)
            self.expect("1.6/2.1")


class FailNextTests(SmdpTestCase):
    """
    Refusals on demand.
    """

    def test_failNext(self) -> None:
        """
        They come in their order, each once.
        """
        self.smdp.fail_next("initiateAuthentication", "8.8.5", "4.10", "expired")
        self.smdp.fail_next("initiateAuthentication", "8.1", "4.8")
        found = []
        for _ in range(3):
            self.card.initiate()
            found.append(self.card.status)
        self.assertEqual(found, ["8.8.5/4.10", "8.1/4.8", "Executed-Success"])

    def test_otherPki(self) -> None:
        """
        Identities can be replaced one by one: a server with a DPpb certificate of another CI.
        """
        smdp = Smdp(evolve(PKI, dp_pb=OTHER.dp_pb))
        smdp.add(self.order)
        card = Card(PKI, smdp)
        card.initiate()
        self.assertEqual(octets(card.authenticate(), "smdpCertificate"), OTHER.dp_pb.der)
