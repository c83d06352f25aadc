"""
Tests for L{cardgw.virtual.smds}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.certificates import verify
from cardgw.virtual.smdp_answers import octets
from cardgw.virtual.smdp_tamper import field
from cardgw.virtual.smds import Record, Smds
from tests.virtual.card import CHALLENGE, OTHER, PKI, Card, info1

SUCCESS = "Executed-Success"


class SmdsTestCase(SynchronousTestCase):
    """
    A server, and a card.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.smds = Smds(PKI, clock=self.clock.seconds)
        self.card = Card(PKI, self.smds)

    def ask(self, event_id: str = "", **changes: bytes) -> Any:
        """
        The whole conversation.

        @return: the events, or subject and reason of a failure.
        """
        self.card.initiate(PKI.smds_host)
        answer = self.card.authenticate(event_id, **changes)
        return answer["eventEntries"] if self.card.status == SUCCESS else self.card.status


class InitiateTests(SmdsTestCase):
    """
    ES11.InitiateAuthentication (SGP.22 5.8.1).
    """

    def test_signed(self) -> None:
        """
        The eUICC's challenge and the address are signed by DSauth, whose certificate comes along.
        """
        answer = self.card.initiate(PKI.smds_host)
        signed, signature = octets(answer, "serverSigned1"), tlv.only(octets(answer, "serverSignature1"), 0x5F37)
        values = tlv.only(signed, 0x30).children()
        self.assertEqual((values.value(0x81), values.value(0x83)), (CHALLENGE, PKI.smds_host.encode()))
        self.assertTrue(verify(PKI.ds_auth.key.public_key(), signature.value, signed))
        self.assertEqual(octets(answer, "serverCertificate"), PKI.ds_auth.der)

    def test_refused(self) -> None:
        """
        Another address, an unknown or untrusted CI, and an old eUICC have the subject codes of an SM-DS.
        """
        for info, address, status in (
            (info1(PKI.ci_id), PKI.host, "8.9.1/3.8"),
            (info1(bytes(20)), PKI.smds_host, "8.9.2/3.1"),
            (info1(PKI.ci_id, version=b"\x01\x01\x00"), PKI.smds_host, "8.9.3/3.1"),
            (info1(bytes(20), signing=(PKI.ci_id,)), PKI.smds_host, "8.9.4/3.7"),
        ):
            self.card.initiate(address, info)
            self.assertEqual(self.card.status, status)

    def test_severalCis(self) -> None:
        """
        The server takes its first hierarchy that the eUICC knows.
        """
        smds = Smds(OTHER, PKI)
        answer = Card(PKI, smds).initiate(PKI.smds_host, info1(PKI.ci_id))
        self.assertEqual(octets(answer, "serverCertificate"), PKI.ds_auth.der)


class AuthenticateTests(SmdsTestCase):
    """
    ES11.AuthenticateClient (SGP.22 5.8.2).
    """

    def test_events(self) -> None:
        """
        All events of this eUICC come in the order of registration, those of others do not.
        """
        self.smds.register(PKI.eid, "B", "smdp.example.test")
        self.smds.register(bytes(16), "X", "smdp.example.test")
        self.smds.register(PKI.eid, "A", "other.example.test")
        expected = [
            {"eventId": "B", "rspServerAddress": "smdp.example.test"},
            {"eventId": "A", "rspServerAddress": "other.example.test"},
        ]
        self.assertEqual(self.ask(), expected)
        self.assertEqual(self.card.answer["transactionId"], self.card.transaction)

    def test_one(self) -> None:
        """
        With an event id only that one is given.
        """
        for event_id in "AB":
            self.smds.register(PKI.eid, event_id, "smdp.example.test")
        self.assertEqual(self.ask("B"), [{"eventId": "B", "rspServerAddress": "smdp.example.test"}])
        self.assertEqual(self.ask("C"), "8.9.5/3.9")

    def test_none(self) -> None:
        """
        Without an event it is 8.9.5/3.9.
        """
        self.assertEqual(self.ask(), "8.9.5/3.9")

    def test_notAuthentic(self) -> None:
        """
        An eUICC with a wrong signature or challenge, or below another CI, is not told anything.
        """
        self.smds.register(PKI.eid, "A", "smdp.example.test")
        for changes, status in (
            ({"signature": bytes(64)}, "8.1/6.1"),
            ({"challenge": bytes(16)}, "8.1/6.1"),
            ({"transaction_id": bytes(16)}, "8.10.1/3.9"),
            ({"euicc": OTHER.euicc.der, "eum": OTHER.eum.der}, "8.11.1/3.9"),
        ):
            self.assertEqual(self.ask("", **changes), status)

    def test_once(self) -> None:
        """
        A session is over after its answer, and after an hour.
        """
        self.ask()
        self.card.initiate(PKI.smds_host)
        response = self.card.server_response("")
        self.clock.advance(3601)
        for _ in range(2):
            self.card.call("authenticateClient", transactionId=self.card.transaction, authenticateServerResponse=response)
            self.assertEqual(self.card.status, "8.10.1/3.9")


class RecordTests(SmdsTestCase):
    """
    What SM-DP+s tell it.
    """

    def test_delete(self) -> None:
        """
        A record that is deleted is not told any more; one that is not there cannot be.
        """
        self.smds.register(PKI.eid, "A", "smdp.example.test")
        self.smds.register(PKI.eid, "B", "smdp.example.test")
        self.smds.delete(PKI.eid, "A")
        self.assertEqual(self.smds.records(PKI.eid), (Record("B", "smdp.example.test"),))
        self.assertRaises(KeyError, self.smds.delete, PKI.eid, "A")
        self.assertRaises(KeyError, self.smds.delete, bytes(16), "A")

    def test_twice(self) -> None:
        """
        An id is good for one record of an eUICC.
        """
        self.smds.register(PKI.eid, "A", "smdp.example.test")
        self.assertRaises(ValueError, self.smds.register, PKI.eid, "A", "other.example.test")
        self.smds.register(bytes(16), "A", "smdp.example.test")


class CallTests(SmdsTestCase):
    """
    Calls that go wrong.
    """

    def test_functions(self) -> None:
        """
        There are no others: an SM-DS has no profiles, and no cancelSession.
        """
        for function in ("getBoundProfilePackage", "cancelSession", "handleNotification"):
            self.assertRaises(LookupError, self.smds.handle, function, {})

    def test_onPurpose(self) -> None:
        """
        A call can be refused, and an answer changed.
        """
        self.smds.fail_next("initiateAuthentication", "8.9", "4.2")
        self.card.initiate(PKI.smds_host)
        self.assertEqual(self.card.status, "8.9/4.2")
        self.smds.register(PKI.eid, "A", "smdp.example.test")
        self.smds.tamper["authenticateClient"] = field("eventEntries", "soon")
        self.assertEqual(self.ask(), "soon")
