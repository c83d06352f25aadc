# -*- test-case-name: tests.lpa.test_es9 -*-
"""
Tests for L{cardgw.lpa.es9}.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from cardgw.apdu.tlv import encode
from cardgw.interfaces import IHTTPClient
from cardgw.lpa.certificates import Role
from cardgw.lpa.es9 import Es9, Es9Error
from cardgw.lpa.reasons import es9_reason
from cardgw.lpa.server_errors import AddressRefused, HttpStatusError, MalformedServerAnswer

TX = "0123456789ABCDEF0123456789ABCDEF"
SUCCESS = {"functionExecutionStatus": {"status": "Executed-Success"}}


@implementer(IHTTPClient)
class FakeHttp:
    """
    Gives one answer, and remembers what was sent.
    """

    def __init__(self, status: int = 200, body: bytes = b"") -> None:
        self.answer = (status, body)
        self.sent: list[tuple[str, dict[str, str], Mapping[str, str], frozenset[bytes]]] = []
        self.roles: list[Any] = []

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        """
        See L{IHTTPClient}.
        """
        self.sent.append((url, json.loads(body), headers, trusted))
        self.roles.append(role)
        return succeed(self.answer)


def text(octets: bytes) -> str:
    """
    Base64.
    """
    return b64encode(octets).decode()


INITIATE = {
    "header": SUCCESS,
    "transactionId": TX,
    "serverSigned1": text(encode(0x30, b"signed")),
    "serverSignature1": text(encode(0x5F37, bytes(64))),
    "euiccCiPKIdToBeUsed": text(encode(0x04, bytes(20))),
    "serverCertificate": text(encode(0x30, b"certificate")),
}
AUTHENTICATE = {
    "header": SUCCESS,
    "transactionId": TX,
    "profileMetadata": text(encode(0xBF25, b"metadata")),
    "smdpSigned2": text(encode(0x30, b"signed")),
    "smdpSignature2": text(encode(0x5F37, bytes(64))),
    "smdpCertificate": text(encode(0x30, b"certificate")),
}
PACKAGE = {"header": SUCCESS, "transactionId": TX, "boundProfilePackage": text(encode(0xBF36, b"package"))}


class Es9TestCase(SynchronousTestCase):
    """
    ES9+ with a fake HTTP client.
    """

    def es9(self, answer: Any = None, status: int = 200, host: str = "smdp.example.com") -> Es9:
        """
        A server that answers so.
        """
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.http = FakeHttp(status, body)
        return Es9(self.http, host, frozenset({b"ci"}))

    def result(self, work: Any) -> Any:
        """
        What a coroutine gives.
        """
        return self.successResultOf(Deferred.fromCoroutine(work))

    def error(self, work: Any, kind: type[Exception] = MalformedServerAnswer) -> Any:
        """
        What a coroutine fails with.
        """
        return self.failureResultOf(Deferred.fromCoroutine(work), kind).value


class FunctionTests(Es9TestCase):
    """
    What is sent, and what is made of the answers.
    """

    def test_fake(self) -> None:
        """
        The fake is like the real one.
        """
        self.assertTrue(verifyObject(IHTTPClient, FakeHttp()))

    def test_initiateAuthentication(self) -> None:
        """
        The address, the challenge and EUICCInfo1 are sent, with the headers of SGP.22 6.5.1; each field of the answer is one
        data object as it came.
        """
        answer = self.result(self.es9(INITIATE).initiate_authentication(b"\1" * 16, encode(0xBF20, b"info")))
        url, sent, headers, trusted = self.http.sent[0]
        self.assertEqual(url, "https://smdp.example.com/gsma/rsp2/es9plus/initiateAuthentication")
        self.assertEqual(
            sent,
            {
                "smdpAddress": "smdp.example.com",
                "euiccChallenge": text(b"\1" * 16),
                "euiccInfo1": text(encode(0xBF20, b"info")),
            },
        )
        self.assertEqual(
            dict(headers),
            {"User-Agent": "gsma-rsp-lpad", "X-Admin-Protocol": "gsma/rsp/v2.2.2", "Content-Type": "application/json"},
        )
        self.assertEqual(trusted, frozenset({b"ci"}))
        self.assertEqual(answer.transaction_id, TX)
        self.assertEqual(answer.server_signed1, encode(0x30, b"signed"))
        self.assertEqual(answer.server_signature1, encode(0x5F37, bytes(64)))
        self.assertEqual(answer.ci_key_id, encode(0x04, bytes(20)))
        self.assertEqual(answer.certificate, encode(0x30, b"certificate"))

    def test_authenticateClient(self) -> None:
        """
        The transactionId is sent exactly as it came, with the eUICC's response.
        """
        answer = self.result(self.es9(AUTHENTICATE).authenticate_client(TX, b"\xbf\x38\x00"))
        url, sent = self.http.sent[0][:2]
        self.assertTrue(url.endswith("/gsma/rsp2/es9plus/authenticateClient"))
        self.assertEqual(sent, {"transactionId": TX, "authenticateServerResponse": text(b"\xbf\x38\x00")})
        self.assertEqual(answer.metadata, encode(0xBF25, b"metadata"))
        self.assertEqual(answer.smdp_signed2, encode(0x30, b"signed"))
        self.assertEqual(answer.smdp_signature2, encode(0x5F37, bytes(64)))
        self.assertEqual(answer.certificate, encode(0x30, b"certificate"))

    def test_authenticateForEvents(self) -> None:
        """
        An SM-DS gets the same request; the answer is a list, which is given as it came.
        """
        for entries in ([], [{"eventId": "A", "rspServerAddress": "h.test"}], [5, None]):
            es9 = self.es9({"header": SUCCESS, "transactionId": TX, "eventEntries": entries})
            self.assertEqual(self.result(es9.authenticate_for_events(TX, b"\xbf\x38\x00")), entries)
            url, sent = self.http.sent[0][:2]
            self.assertTrue(url.endswith("/gsma/rsp2/es9plus/authenticateClient"))
            self.assertEqual(sent, {"transactionId": TX, "authenticateServerResponse": text(b"\xbf\x38\x00")})

    def test_role(self) -> None:
        """
        The HTTP client is told what kind of server it must be: an SM-DP+, unless said otherwise.
        """
        self.result(self.es9(PACKAGE).get_bound_profile_package(TX, b""))
        self.assertEqual(self.http.roles, [Role.TLS])
        self.result(evolve(self.es9(PACKAGE), role=Role.DS_TLS).get_bound_profile_package(TX, b""))
        self.assertEqual(self.http.roles, [Role.DS_TLS])

    def test_getBoundProfilePackage(self) -> None:
        """
        The package is one data object.
        """
        package = self.result(self.es9(PACKAGE).get_bound_profile_package(TX, b"\xbf\x21\x00"))
        self.assertEqual(package, encode(0xBF36, b"package"))
        self.assertEqual(self.http.sent[0][1], {"transactionId": TX, "prepareDownloadResponse": text(b"\xbf\x21\x00")})

    def test_handleNotification(self) -> None:
        """
        A notification is delivered when the server answers 204; 200 with nothing or with success is as good.
        """
        for status, body in ((204, b""), (200, b""), (200, b" \r\n"), (200, json.dumps({"header": SUCCESS}).encode())):
            self.assertIsNone(self.result(self.es9(body, status).handle_notification(b"\xbf\x37\x00")))
            self.assertEqual(self.http.sent[0][1], {"pendingNotification": text(b"\xbf\x37\x00")})

    def test_addressOnly(self) -> None:
        """
        A notification's address is a host, perhaps with a port: a card must not choose a path on it, or a user name.
        """
        for host in ("evil.example/path?x=", "evil.example?", "evil.example#", "me@evil.example", "evil.example\\", ""):
            es9 = self.es9(status=204, host=host)
            self.assertIn("is not a host name", str(self.error(es9.handle_notification(b"\0"), AddressRefused)))

    def test_notDelivered(self) -> None:
        """
        A notification is not delivered if the server answers with an error of any kind.
        """
        failed = {"header": {"functionExecutionStatus": {"status": "Failed"}}}
        self.error(self.es9(failed).handle_notification(b""), Es9Error)
        self.error(self.es9(b"<html>Sorry</html>").handle_notification(b""))
        self.error(self.es9(b"", 500).handle_notification(b""), HttpStatusError)

    def test_cancelSession(self) -> None:
        """
        The answer to cancelSession is a header alone.
        """
        for answer in ({"header": SUCCESS}, b""):
            self.assertIsNone(self.result(self.es9(answer).cancel_session(TX, b"\xbf\x41\x00")))
        self.assertEqual(self.http.sent[0][1], {"transactionId": TX, "cancelSessionResponse": text(b"\xbf\x41\x00")})

    def test_spaces(self) -> None:
        """
        Spaces in an address, which some operators' notifications have, are left out.
        """
        es9 = self.es9(INITIATE, host=" smdp. example.com\n")
        self.result(es9.initiate_authentication(b"", b""))
        self.assertEqual(self.http.sent[0][0], "https://smdp.example.com/gsma/rsp2/es9plus/initiateAuthentication")
        self.assertEqual(self.http.sent[0][1]["smdpAddress"], "smdp.example.com")


class Base64Tests(Es9TestCase):
    """
    The ways in which servers write base64.
    """

    def package(self, value: str) -> Any:
        """
        Get a package that is written so.
        """
        return self.es9(PACKAGE | {"boundProfilePackage": value}).get_bound_profile_package(TX, b"")

    @given(st.binary(max_size=100), st.lists(st.sampled_from([" ", "\n", "\r\n", "\t"]), max_size=5), st.booleans(), st.data())
    def test_tolerant(self, octets: bytes, spaces: list[str], padded: bool, data: st.DataObject) -> None:
        """
        White space anywhere and missing padding do not matter.
        """
        package = encode(0xBF36, octets)
        value = text(package)
        if not padded:
            value = value.rstrip("=")
        for each in spaces:
            at = data.draw(st.integers(0, len(value)))
            value = value[:at] + each + value[at:]
        self.assertEqual(self.result(self.package(value)), package)

    def test_wrong(self) -> None:
        """
        Other characters, a lone one, another data object, more than one, and none are each told with the field's name.
        """
        for value in (
            "BF36!",
            "A",
            "",
            "é",
            text(encode(0xBF37, b"")),
            text(encode(0xBF36, b"") * 2),
            text(b"\xbf\x36\x05"),
            text(b"\xbf\x36\x82"),
        ):
            self.assertIn("getBoundProfilePackage: boundProfilePackage", str(self.error(self.package(value))))

    def test_verbatim(self) -> None:
        """
        A length that is not in its shortest form stays as it is: signatures are over the bytes as they came.
        """
        octets = b"\xbf\x36\x81\x01\x00"
        self.assertEqual(self.result(self.package(text(octets))), octets)
        self.assertEqual(b64decode(text(octets)), octets)


class StatusTests(Es9TestCase):
    """
    The header of an answer (SGP.22 6.5.1.4).
    """

    def refused(self, subject: str, reason: str, message: str = "", status: str = "Failed") -> Es9Error:
        """
        The error for a refusal.
        """
        data = {"subjectCode": subject, "reasonCode": reason, "message": message}
        header = {"functionExecutionStatus": {"status": status, "statusCodeData": data}}
        error: Es9Error = self.error(self.es9({"header": header}).authenticate_client(TX, b""), Es9Error)
        return error

    def test_warning(self) -> None:
        """
        Executed-WithWarning is a success.
        """
        header = {"functionExecutionStatus": {"status": "Executed-WithWarning", "statusCodeData": {"subjectCode": "8.1"}}}
        self.result(self.es9(PACKAGE | {"header": header}).get_bound_profile_package(TX, b""))

    def test_failed(self) -> None:
        """
        A refusal tells function, codes and the server's words, and for a known pair what happened and what to do.
        """
        error = self.refused("8.2.6", "3.8", "Refused")
        self.assertEqual(
            (error.function, error.subject, error.reason, error.message), ("authenticateClient", "8.2.6", "3.8", "Refused")
        )
        known = es9_reason("8.2.6", "3.8")
        assert known is not None
        self.assertEqual(error.brief, known.brief)
        self.assertIn(known.what.rstrip("."), str(error))
        self.assertIn(known.todo, str(error))
        self.assertIn("authenticateClient 8.2.6/3.8 (Refused)", str(error))

    def test_unknownPair(self) -> None:
        """
        An unknown pair is still told.
        """
        error = self.refused("9.9.9", "9.9", status="Expired")
        self.assertEqual(str(error), "The server refused the request: authenticateClient 9.9.9/9.9")
        self.assertEqual(error.brief, "The server refused the request.")

    def test_noPair(self) -> None:
        """
        So is a refusal without a reason, or with one of the wrong type.
        """
        for data in (None, {}, {"subjectCode": 8, "reasonCode": ["x"]}, "x"):
            header = {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}
            error = self.error(self.es9({"header": header}).cancel_session(TX, b""), Es9Error)
            self.assertIn("cancelSession no reason given", str(error))

    def test_longMessage(self) -> None:
        """
        The server's words are cut, and without control characters.
        """
        error = self.refused("8.2.6", "3.8", "\x1b[31mx\n" + "y" * 1000)
        self.assertEqual(len(error.message), 200)
        self.assertTrue(error.message.isprintable())

    def test_http(self) -> None:
        """
        An HTTP error is told with its status and the function.
        """
        for status, word in ((500, "Try again later"), (404, "404 (initiateAuthentication)"), (403, "403")):
            error = self.error(self.es9(b"<html>", status).initiate_authentication(b"", b""), HttpStatusError)
            self.assertEqual(error.status, status)
            self.assertIn(word, str(error))
