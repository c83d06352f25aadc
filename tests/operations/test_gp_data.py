"""
Tests of L{cardgw.operations.gp_data}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.operations.gp_data import StoreGpData
from tests.operations.gp_card import HEAD, GpOperationTests, GpTestCase


class StoreGpDataTests(GpOperationTests, SynchronousTestCase):
    """
    C{gp.data.store} is an operation.
    """

    parameters: ClassVar[dict[str, Any]] = {**HEAD, "data": "0102"}

    def make_operation(self) -> StoreGpData:
        """
        See L{OperationTestsMixin}.
        """
        return StoreGpData()


class StoreDataTests(GpTestCase):
    """
    What C{gp.data.store} sends.
    """

    operation = StoreGpData

    def test_blocks(self) -> None:
        """
        As many blocks as the level needs.
        """
        self.assertEqual(self.done(data="00" * 500, structure="ber"), {"stored": 500, "commands": 3})
        self.assertEqual([(each.p1, len(each.data)) for each in self.commands(0xE2)], [(0x10, 239), (0x10, 239), (0x90, 22)])

    def test_application(self) -> None:
        """
        For an application, after INSTALL; a data grouping at a time.
        """
        found = self.done(data="010101AA010202BBCC", structure="dgi", each=True, application="A000000062")
        self.assertEqual(found["commands"], 2)
        self.assertEqual([each.ins for each in self.card.plain if each.ins in (0xE6, 0xE2)], [0xE6, 0xE2, 0xE2])

    def test_dryRun(self) -> None:
        """
        The commands as they would be.
        """
        found = self.done(data="0102", application="A000000062", dry_run=True)
        self.assertEqual([each[:8] for each in found["commands"]], ["80E62000", "80E28000"])

    def test_groups(self) -> None:
        """
        What is no data grouping is not sent as one.
        """
        self.assertRaises(ParameterError, self.start, data="010105", structure="dgi", each=True)
        self.assertRaises(ParameterError, self.start, data="010100", each=True)
