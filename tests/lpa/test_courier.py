# -*- test-case-name: tests.lpa.test_courier -*-
"""
Tests for L{cardgw.lpa.courier}.
"""

from __future__ import annotations

import json
from base64 import b64encode

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from cardgw.errors import DeliveryRefused
from cardgw.interfaces import ICourier
from cardgw.lpa import server_errors as server
from cardgw.lpa.courier import NotificationCourier
from cardgw.lpa.es9 import Es9Error
from cardgw.lpa.reasons_notices import FINAL
from cardgw.testing.http import FakeHTTP
from cardgw.values import Parcel
from tests.lpa.test_notification import result

PARCEL = Parcel("notification", "eid:1", 5, "smdp.example.test", result(), trusted=frozenset({b"ci"}))


def refusal(subject: str, reason: str) -> bytes:
    """
    The body of an answer that refuses.
    """
    data = {"subjectCode": subject, "reasonCode": reason, "message": "words of the server"}
    return json.dumps({"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}}).encode()


class DeliverTests(SynchronousTestCase):
    """
    To the server.
    """

    def deliver(self, status: int = 204, body: bytes = b"") -> Deferred[None]:
        self.http = FakeHTTP(lambda _: (status, body))
        return Deferred.fromCoroutine(NotificationCourier().deliver(PARCEL, self.http))

    def test_interface(self) -> None:
        """
        It is a courier for notifications.
        """
        verifyObject(ICourier, NotificationCourier())
        self.assertEqual(NotificationCourier().kind, PARCEL.kind)

    def test_asItIs(self) -> None:
        """
        The notification is sent byte for byte as the eUICC gave it, to the server that it names, trusting what the card trusts.
        """
        self.successResultOf(self.deliver())
        (request,) = self.http.requests
        self.assertEqual(request.url, "https://smdp.example.test/gsma/rsp2/es9plus/handleNotification")
        self.assertEqual(json.loads(request.body), {"pendingNotification": b64encode(result()).decode()})
        self.assertEqual(request.trusted, {b"ci"})

    def test_success(self) -> None:
        """
        204, an empty 200 and a header that says success all mean that the server has it.
        """
        good = json.dumps({"header": {"functionExecutionStatus": {"status": "Executed-Success"}}}).encode()
        for status, body in ((204, b""), (200, b""), (200, good)):
            self.successResultOf(self.deliver(status, body))

    def test_final(self) -> None:
        """
        A server that says that it will never take it is not asked again; the text says why, with the codes.
        """
        for (subject, reason), why in FINAL.items():
            error = self.failureResultOf(self.deliver(200, refusal(subject, reason)), DeliveryRefused).value
            for words in (why, f"{subject}/{reason}", PARCEL.address, "words of the server"):
                self.assertIn(words, str(error))

    def test_another(self) -> None:
        """
        A refusal for another reason is tried again.
        """
        for subject, reason in (("8.8.5", "6.4"), ("1.2", "5.1"), ("", "")):
            self.failureResultOf(self.deliver(200, refusal(subject, reason)), Es9Error)

    def test_httpErrors(self) -> None:
        """
        So is an HTTP error, and an answer that cannot be read.
        """
        for status in (400, 404, 500, 503):
            self.failureResultOf(self.deliver(status), server.HttpStatusError)
        self.failureResultOf(self.deliver(200, b"<html>"), server.MalformedServerAnswer)

    def test_noHost(self) -> None:
        """
        An address that is none is an error of its own, and nothing is sent.
        """
        http, strange = FakeHTTP(), evolve(PARCEL, address="a/b")
        self.failureResultOf(Deferred.fromCoroutine(NotificationCourier().deliver(strange, http)), server.AddressRefused)
        self.assertEqual(http.requests, [])
