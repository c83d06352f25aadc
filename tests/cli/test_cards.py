"""
Tests of L{cardgw.cli.cards}.
"""

from __future__ import annotations

import json

from tests.cli.case import CliTestCase
from tests.cli.fakes import CARD, EID, OTHER_CARD


class CardsTests(CliTestCase):
    """
    C{cardgw cards} and C{cardgw card}.
    """

    def test_list(self) -> None:
        """
        Cards are a table for people, and what the API says for programs.
        """
        self.api.cards = [CARD, OTHER_CARD]
        rows = self.run_it("cards").stdout.splitlines()
        self.assertEqual(rows[1].split(), ["a1b2c3d4", EID, "estk", "192.0.2.7:4711", "3", "min", "idle"])
        found = json.loads(self.run_it("cards", "--json").stdout)
        self.assertEqual([each["id"] for each in found["items"]], ["a1b2c3d4", "0badcafe"])

    def test_none(self) -> None:
        """
        That there is none is no error.
        """
        self.api.cards = []
        result = self.run_it("cards")
        self.assertEqual((result.stdout, result.stderr), ("", "No card is here.\n"))

    def test_show(self) -> None:
        """
        A card is shown, however it is named.
        """
        for name in ("a1b2c3d4", EID, "1235"):
            self.assertIn(EID, self.run_it("card", "show", name).stdout)
        self.assertEqual(json.loads(self.run_it("card", "show", EID, "--json").stdout)["id"], "a1b2c3d4")

    def test_disconnect(self) -> None:
        """
        A card is sent away.
        """
        self.assertEqual(self.run_it("card", "disconnect", "1235").stderr, f"{EID} is leaving.\n")
        self.assertEqual(json.loads(self.run_it("card", "disconnect", "1235", "--json").stdout)["id"], "a1b2c3d4")
        self.assertEqual([each.url.path for each in self.api.requests if each.method == "DELETE"], ["/api/v1/cards/a1b2c3d4"] * 2)

    def test_absent(self) -> None:
        """
        One that is not here is status 3.
        """
        self.run_it("card", "show", "nobody", status=3)
        self.run_it("card", "disconnect", "89049032123451234512345678901136", status=3)

    def test_noToken(self) -> None:
        """
        Without a token it is said where to get one.
        """
        del self.environ["CARDGW_TOKEN"]
        self.assertIn("`cardgw login`", self.run_it("cards", status=2).stderr)
        self.environ["CARDGW_TOKEN"] = "wrong"
        self.assertIn("A valid token is needed", self.run_it("cards", status=2).stderr)
