"""
Tests of L{cardgw.operations.gp_operation}.
"""

from __future__ import annotations

from cardgw.operations.gp_delete import GpDelete
from cardgw.operations.gp_operation import GpOperation
from cardgw.scp.diversification import MasterKeys, diversification
from tests.operations.gp_card import KEYS, GpTestCase


class DryRunTests(GpTestCase):
    """
    The dry run.
    """

    operation = GpDelete

    def test_commands(self) -> None:
        """
        It tells the plain commands, and the check values of the keys, and the card hears nothing.
        """
        found = self.done(dry_run=True, aid="A000000062")
        self.assertEqual((found["dry_run"], found["commands"]), (True, ["80E40000074F05A00000006200"]))
        values = [each.hex().upper() for each in KEYS.check_values()]
        self.assertEqual(found["keys"], [{"name": "issuer", "version": 48, "diversified": False, "check_values": values}])
        self.assertEqual(self.card.sent, 0)

    def test_master(self) -> None:
        """
        Of master keys, their own check values are told.
        """
        self.key_sets["issuer"] = MasterKeys(48, KEYS.enc, KEYS.mac, KEYS.dek, diversification("kdf3"))
        (found,) = self.done(dry_run=True, aid="A000000062")["keys"]
        self.assertEqual(found["check_values"], [each.hex().upper() for each in KEYS.check_values()])
        self.assertTrue(found["diversified"])

    def test_withoutKeys(self) -> None:
        """
        It needs no keys.
        """
        self.assertEqual(self.done(dry_run=True, aid="A000000062", keys="")["keys"], [])

    def test_abstract(self) -> None:
        """
        By itself an operation has no commands, and does nothing.
        """
        self.assertEqual(list(GpOperation().plan(None, str)), [])
        running = GpOperation().perform(None, None)  # type: ignore[arg-type]
        self.assertRaises(NotImplementedError, running.send, None)
