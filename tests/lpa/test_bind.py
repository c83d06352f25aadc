# -*- test-case-name: tests.lpa.test_bind -*-
"""
Tests for L{cardgw.lpa.bind}.  What a wrong offer leads to is tested with whole downloads.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from json import dumps

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode
from cardgw.lpa.activation import parse_activation_code
from cardgw.lpa.bcd import iccid_octets
from cardgw.lpa.bind import Agreement, check_memory, confirmation_hash, fetch
from cardgw.lpa.download_errors import MemoryFull, MetadataMismatch
from cardgw.lpa.es9 import Es9
from cardgw.lpa.es10 import EuiccInfo2
from cardgw.lpa.metadata import parse_metadata
from cardgw.testing.session import FakeSession
from tests.lpa.test_es9 import FakeHttp
from tests.lpa.test_policy import metadata

TRANSACTION = "00112233445566778899AABBCCDDEEFF"
OFFERED = encode(0x5A, iccid_octets("8901234567890123415")) + encode(0x91, b"Provider") + encode(0x92, b"Name")


class MemoryTests(SynchronousTestCase):
    """
    Whether a package can fit.
    """

    def test_fits(self) -> None:
        """
        As many bytes as are free fit.
        """
        check_memory(EuiccInfo2("2.2.0", 5000, frozenset()), 5000)

    def test_full(self) -> None:
        """
        More do not, and the text has both numbers.
        """
        with self.assertRaises(MemoryFull) as caught:
            check_memory(EuiccInfo2("2.2.0", 5000, frozenset()), 5001)
        self.assertIn("5000 bytes are free, at least 5001 are needed", str(caught.exception))

    def test_untold(self) -> None:
        """
        An eUICC that does not tell is trusted to know.
        """
        check_memory(EuiccInfo2("2.2.0", None, frozenset()), 1 << 20)


class ConfirmationTests(SynchronousTestCase):
    """
    The hash of the confirmation code.
    """

    def test_hash(self) -> None:
        """
        SHA-256 of the code's SHA-256 and the transactionId's bytes (SGP.22 5.7.5).
        """
        code = parse_activation_code("LPA:1$smdp.example.test$M$$4711")
        wanted = sha256(sha256(b"4711").digest() + bytes.fromhex(TRANSACTION)).digest()
        hashing = confirmation_hash(FakeSession(), code, TRANSACTION, metadata())
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(hashing)), wanted)

    def test_spacesAroundAnswer(self) -> None:
        """
        Spaces around an answer are not part of the code.
        """
        session = FakeSession(answers={"confirmation-code": " 4711\n"})
        hashing = confirmation_hash(session, parse_activation_code("LPA:1$smdp.example.test$M"), TRANSACTION, metadata())
        wanted = sha256(sha256(b"4711").digest() + bytes.fromhex(TRANSACTION)).digest()
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(hashing)), wanted)


class SameProfileTests(SynchronousTestCase):
    """
    The package has the metadata that were offered.
    """

    def fetch(self, *fields: str) -> Deferred[tuple[bytes, ...]]:
        """
        Fetch a package with these metadata, where those of L{OFFERED} were offered.
        """
        block = encode(0x88, encode(0xBF25, OFFERED, *map(bytes.fromhex, fields)) + bytes(8))
        parts = (encode(0xBF23, b"\0"), encode(0xA0, encode(0x87, b"\0")), encode(0xA1, block), encode(0xA3, encode(0x86, b"\0")))
        package = b64encode(encode(0xBF36, *parts)).decode()
        header = {"functionExecutionStatus": {"status": "Executed-Success"}}
        http = FakeHttp(200, dumps({"header": header, "transactionId": TRANSACTION, "boundProfilePackage": package}).encode())
        agreed = Agreement(
            TRANSACTION, parse_metadata(encode(0xBF25, OFFERED)), "", EuiccInfo2("2.2.0", None, frozenset()), b"\0"
        )
        return Deferred.fromCoroutine(fetch(FakeSession(), Es9(http, "smdp.example.test"), agreed))

    def test_default(self) -> None:
        """
        The class of a profile is operational where nothing is said; saying so is no difference.
        """
        for fields in ((), ("950102",)):
            self.assertEqual(len(self.successResultOf(self.fetch(*fields))), 6)

    def test_different(self) -> None:
        """
        Another class or a policy rule is one.
        """
        for field, what in (("950100", "another profile class"), ("99020640", "another policy rules")):
            error = self.failureResultOf(self.fetch(field), MetadataMismatch).value
            self.assertIn(what, str(error))
