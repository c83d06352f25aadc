"""
Tests of L{cardgw.operations.gp_hints}.
"""

from __future__ import annotations

from cardgw.errors import UnexpectedStatus
from cardgw.operations.gp_get_data import GetGpData
from cardgw.operations.gp_hints import hint_of
from tests.operations.gp_card import GpTestCase


class HintTests(GpTestCase):
    """
    L{hint_of}.
    """

    operation = GetGpData

    def test_hints(self) -> None:
        """
        By operation, status word, and whether there are keys.
        """
        for operation, status, keys, told in (
            ("gp.registry", 0x6982, "", "keys names a key set"),
            ("gp.registry", 0x6982, "issuer", "does not let this host"),
            ("gp.keys.put", 0x6985, "issuer", "replaces says"),
            ("gp.delete", 0x6985, "issuer", "in its state"),
        ):
            self.assertIn(told, hint_of(operation, status, keys=keys))
        self.assertEqual(hint_of("gp.delete", 0x6A80, keys=""), "")

    def test_told(self) -> None:
        """
        An operation that the card refuses says so.
        """
        self.assertIn("gp.registry tells what is on it", self.failed(UnexpectedStatus, tag="5F50"))
