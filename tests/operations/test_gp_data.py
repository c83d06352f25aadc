"""
Tests of L{cardgw.operations.gp_data}.
"""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.errors import ParameterError
from cardgw.operations.gp_data import StoreGpData
from cardgw.operations.gp_install import GpInstall
from tests.gp.cap_maker import make_components, zipped
from tests.operations.gp_card import HEAD, KEYS, GpOperationTests, GpTestCase
from tests.operations.gp_virtual import VirtualTestCase


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
        self.assertEqual(self.done(data="00" * 500, structure="ber"), {"stored": 500, "commands": 3, "answer": ""})
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

    def test_encrypted(self) -> None:
        """
        With the data encryption key of the session; a dry run does not tell it.
        """
        self.done(data="00" * 16, encrypt=True)
        (command,) = self.commands(0xE2)
        self.assertEqual((command.p1, command.data), (0xE0, KEYS.dek.encrypt(bytes(16))))
        found = self.done(data="00" * 16, encrypt=True, dry_run=True)
        self.assertEqual((found["commands"], len(found["warnings"])), ([], 1))
        self.failed(ParameterError, data="00" * 15, encrypt=True)

    def test_response(self) -> None:
        """
        What the card answers is told.
        """
        known = self.card._answer
        self.card._answer = lambda command: Response(b"!", 0x9000) if command.ins == 0xE2 else known(command)  # type: ignore[method-assign]
        self.assertEqual(self.done(data="00", response=True)["answer"], "21")


class VirtualStoreTests(VirtualTestCase):
    """
    What the whole software card keeps.
    """

    operation = StoreGpData

    def test_domain(self) -> None:
        """
        A data object in the place of the one that was there, in more than one block.
        """
        value = "AA" * 700
        self.done(data=f"5F508202BC{value}", structure="ber")
        self.assertEqual(self.virtual._card.registry.isd.data[0x5F50].hex().upper(), value)

    def test_encrypted(self) -> None:
        """
        What is encrypted here the card decrypts.
        """
        kept = self.virtual._card.registry.isd.data
        self.done(data="5F5002AABB", structure="ber", encrypt=True, pad=True)
        self.assertEqual(kept[0x5F50].hex(), "aabb")
        self.done(groups=["0070055F5002CCDD"], encrypt=True, pad=True)
        self.assertEqual(kept[0x5F50].hex(), "ccdd")
        self.done(data="5F5002EEFF", encrypt=True, pad=True)
        self.assertEqual(kept[0x5F50].hex(), "eeff")

    def test_application(self) -> None:
        """
        Data groupings for an application of the domain.
        """
        aid = "A0000001510001"
        self.operation = GpInstall  # type: ignore[assignment]
        self.done(cap=zipped(make_components()).hex(), instance=aid)
        self.operation = StoreGpData
        self.done(groups=["0101 02 AABB  # the first", "", "0102 01 CC"], application=aid)
        kept = next(each for each in self.virtual._card.registry.items.values() if each.aid.hex().upper() == aid)
        self.assertEqual(kept.data[0].hex(), "010102aabb010201cc")
