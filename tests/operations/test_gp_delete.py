"""
Tests of L{cardgw.operations.gp_delete}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError, UnexpectedStatus
from cardgw.gp.life_cycle import Kind
from cardgw.gp.registry import Entry
from cardgw.operations.gp_delete import DeleteGpKeys, GpDelete
from tests.operations.gp_card import HEAD, GpOperationTests, GpTestCase

AID = "A000000062"


class DeleteGpKeysTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.keys.delete} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "version": 49}

    def make_operation(self) -> DeleteGpKeys:
        """
        See L{OperationTestsMixin}.
        """
        return DeleteGpKeys()


class DeleteTests(GpTestCase):
    """
    C{gp.delete}.
    """

    operation = GpDelete

    def test_deleted(self) -> None:
        """
        What is deleted is gone, and what it says is told; what is remembered of a load that broke off is forgotten with it.
        """
        self.card.entries.append(Entry(Kind.PKG, bytes.fromhex(AID), 0x01))
        place = ("cuid:4790503278900612AB34", "gp.loading:A000000151000000")
        self.memory[place] = bytes.fromhex(AID)
        self.assertEqual(self.done(aid=AID, related=True), {"deleted": AID, "confirmation": "00"})
        ((command,), left) = self.commands(0xE4), len(self.card.entries)
        self.assertEqual((command.p2, left, self.memory), (0x80, 1, {}))

    def test_refused(self) -> None:
        """
        What is not there cannot be deleted.
        """
        self.assertIn(AID, self.failed(UnexpectedStatus, aid=AID))


class DeleteKeysTests(GpTestCase):
    """
    What C{gp.keys.delete} sends.
    """

    operation = DeleteGpKeys

    def test_keys(self) -> None:
        """
        Version, identifier, or both; not neither.
        """
        self.assertEqual(self.done(version=49, identifier=1), {"version": 49, "identifier": 1})
        self.assertEqual(self.commands(0xE4)[0].data.hex(), "d00101d20131")
        self.assertRaises(ParameterError, self.start)
