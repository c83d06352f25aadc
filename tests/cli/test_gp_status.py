"""
Tests of L{cardgw.cli.gp_status}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from tests.cli.fakes import CARD
from tests.cli.gp_case import AID, KEYS, GpCliTestCase

CUID = "cuid:4790503278900612AB34"


class StatusTests(GpCliTestCase):
    """
    States of cards and of what is on them.
    """

    def set(self, *typed: str, **more: Any) -> Any:
        """
        Set a state.
        """
        return self.gp(*typed, *KEYS, operation="gp.status.set", result={"aid": "", "state": "x"}, **more)

    def test_states(self) -> None:
        """
        Each command sets a state; what can be undone at once is not asked about.
        """
        for typed, expected in (
            (["lock-applet", AID, "--related"], {"state": "lock", "aid": AID, "related": True}),
            (["unlock-applet", AID], {"state": "unlock", "aid": AID}),
            (["unlock-card"], {"state": "unlock"}),
            (["lock-card", "--yes"], {"state": "lock"}),
            (["status", "set", "secured", "--yes"], {"state": "secured"}),
            (["status", "set", "lock", "--aid", AID, "--yes"], {"state": "lock", "aid": AID}),
        ):
            self.assertEqual(self.set(*typed, terminal=True).stdout, "the card: x\n")
            self.assertEqual(self.parameters("gp.status.set"), {"keys": "issuer", **expected})
        self.set("lock-card", status=2)
        self.set("status", "set", "terminate", "--yes", status=2)

    def test_terminated(self) -> None:
        """
        It takes a flag, and the end of the identity of the card.
        """
        self.api.cards = [evolve(CARD, identity=CUID)]
        self.set("terminate-card", status=2)
        self.set("terminate-card", "--for-good", status=2)
        self.set("terminate-card", "--for-good", "--yes", status=2)
        told = self.set("terminate-card", "--for-good", status=130, interactive=True, input="0000\n")
        self.assertIn(f"This terminates {CUID} for good. Type the last 4 characters", told.stderr)
        self.assertEqual(self.jobs(), [])
        self.set("terminate-card", "--for-good", interactive=True, input="ab34\n")
        expected = {"keys": "issuer", "state": "terminate", "for_good": True, "terminate": CUID}
        self.assertEqual(self.parameters("gp.status.set"), expected)
        self.set("terminate-card", "--for-good", "--terminate", CUID, "--yes")
        self.assertEqual(self.parameters("gp.status.set"), expected)

    def test_nobody(self) -> None:
        """
        A card that does not tell who it is cannot be terminated.
        """
        self.api.cards = [evolve(CARD, identity="")]
        self.set("terminate-card", "--for-good", status=3, interactive=True, input="\n")
        self.assertEqual(self.jobs(), [])
