"""
Tests of L{cardgw.operations.gp_certificates}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.operations.gp_certificates import GetGpCertificates, StoreGpCertificates
from tests.operations.gp_card import HEAD, GpOperationTests, GpTestCase

KEY = {"identifier": 0x13, "version": 1}
LEAF, ROOT = "3003020101", "3003020102"


class GetGpCertificatesTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.certificates.get} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = KEY

    def make_operation(self) -> GetGpCertificates:
        """
        See L{OperationTestsMixin}.
        """
        return GetGpCertificates()


class StoreGpCertificatesTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.certificates.store} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, **KEY, "certificates": [LEAF]}

    def make_operation(self) -> StoreGpCertificates:
        """
        See L{OperationTestsMixin}.
        """
        return StoreGpCertificates()


class GetTests(GpTestCase):
    """
    What C{gp.certificates.get} gives.
    """

    operation = GetGpCertificates

    def test_certificates(self) -> None:
        """
        The certificates in the order of the card, in their data object or bare; none of a key that has none.
        """
        self.assertEqual(self.done(keys="", **KEY), {"certificates": []})
        for answer in ("BF210A" + ROOT + LEAF, ROOT + LEAF):
            self.card.objects[0xBF21] = bytes.fromhex(answer)
            self.assertEqual(self.done(keys="", **KEY), {"certificates": [ROOT, LEAF]})
        self.assertEqual(self.commands(0xCA)[-1].data.hex(), "a60483021301")

    def test_refused(self) -> None:
        """
        Another refusal is told.
        """
        self.card.refusing = {0xCABF: 0x6985}
        self.failed(UnexpectedStatus, keys="", **KEY)


class StoreTests(GpTestCase):
    """
    What C{gp.certificates.store} sends.
    """

    operation = StoreGpCertificates

    def test_stored(self) -> None:
        """
        The key, and its certificates, in BER-TLV.
        """
        self.assertEqual(self.done(**KEY, certificates=[ROOT, LEAF]), {"stored": 2})
        (command,) = self.commands(0xE2)
        self.assertEqual((command.p1, command.data.hex()), (0x90, "a60483021301bf210a" + ROOT + LEAF))

    def test_nonsense(self) -> None:
        """
        What is no certificate is not stored.
        """
        self.failed(ParameterError, **KEY, certificates=["0102"])
        self.failed(ParameterError, **KEY, certificates=[])

    def test_dryRun(self) -> None:
        """
        The command as it would be.
        """
        (command,) = self.done(**KEY, certificates=[LEAF], dry_run=True)["commands"]
        self.assertEqual(command[:8], "80E29000")
