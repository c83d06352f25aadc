"""
Tests of L{cardgw.cli.gp_keys}.
"""

from __future__ import annotations

import json

from tests.cli.gp_case import KEYS, GpCliTestCase

FOUND = [{"version": 48, "identifier": 1, "parts": [{"type": "AES", "length": 16}]}]


class KeysTests(GpCliTestCase):
    """
    C{cardgw gp keys}.
    """

    def test_list(self) -> None:
        """
        Keys are listed by version and identifier.
        """
        told = self.gp("keys", "list", operation="gp.info", result={"keys": FOUND, "problems": {}}).stdout
        self.assertEqual(told.splitlines()[1].split(), ["48", "(0x30)", "1", "(0x01)", "AES", "16"])
        told = self.gp("keys", "list", "--json", operation="gp.info", result={"keys": FOUND, "problems": {}}).stdout
        self.assertEqual(json.loads(told), {"items": FOUND, "next": None})

    def test_untold(self) -> None:
        """
        A card may not tell, and may not be here.
        """
        told = self.gp("keys", "list", operation="gp.info", result={"keys": None, "problems": {"keys": "It refuses."}})
        self.assertEqual((told.stdout, told.stderr), ("", "The card tells of no keys.\nIt refuses.\n"))
        self.gp("keys", "list", "--card", "89049032123451234512345678901136", status=3)

    def test_put(self) -> None:
        """
        Before keys are put it is asked; after that the check values are shown.
        """
        result = {"version": 49, "check_values": ["000001", "000002", "000003"]}
        told = self.gp(
            *("keys", "put", "next", "--replaces", "0x30", *KEYS),
            interactive=True,
            terminal=True,
            input="yes\n",
            operation="gp.keys.put",
            result=result,
        )
        self.assertIn('This puts the keys "next" on the card in place of version 48 (card', told.stderr)
        self.assertIn("put the keys of version 49 (0x31)\n", told.stdout)
        self.assertIn("000003", told.stdout)
        self.assertEqual(self.parameters("gp.keys.put"), {"keys": "issuer", "new": "next", "replaces": 48})

    def test_delete(self) -> None:
        """
        It is said which keys go.
        """
        typed = ("keys", "delete", "--version", "0x30", *KEYS)
        self.assertIn("the keys of version 48 for good", self.gp(*typed, interactive=True, input="no\n", status=130).stderr)
        result = {"version": 48, "identifier": None}
        told = self.gp(*typed, "--yes", terminal=True, operation="gp.keys.delete", result=result)
        self.assertEqual(told.stdout, "deleted the keys of version 48 (0x30)\n")
        self.assertEqual(self.parameters("gp.keys.delete"), {"keys": "issuer", "version": 48})
