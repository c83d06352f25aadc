# -*- test-case-name: tests.lpa.test_bind -*-
"""
Tests for L{cardgw.lpa.bind}.  What a wrong offer leads to is tested with whole downloads.
"""

from __future__ import annotations

from hashlib import sha256

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.activation import parse_activation_code
from cardgw.lpa.bind import check_memory, confirmation_hash
from cardgw.lpa.download_errors import MemoryFull
from cardgw.lpa.es10 import EuiccInfo2
from cardgw.testing.session import FakeSession
from tests.lpa.test_policy import metadata

TRANSACTION = "00112233445566778899AABBCCDDEEFF"


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
        session = FakeSession(answers={"Confirmation code for Provider Profile?": " 4711\n"})
        hashing = confirmation_hash(session, parse_activation_code("LPA:1$smdp.example.test$M"), TRANSACTION, metadata())
        wanted = sha256(sha256(b"4711").digest() + bytes.fromhex(TRANSACTION)).digest()
        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(hashing)), wanted)
