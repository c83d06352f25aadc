# -*- test-case-name: tests.web.test_endpoints_cards -*-
"""
Tests for L{cardgw.web.endpoints_cards}.
"""

from __future__ import annotations

from cardgw.errors import PeerLost
from cardgw.gateway.shown import card_json
from tests.web.client import WebTestCase
from tests.web.samples import CODE, EID, GUEST


class CardsTests(WebTestCase):
    """
    C{/api/v1/cards} and C{/api/v1/transports}.
    """

    def test_list(self) -> None:
        """
        All cards that are here.
        """
        found = self.get("/api/v1/cards", role="viewer")
        self.assertEqual(found.status, 200)
        self.assertEqual(found.json, {"items": [card_json(each) for each in self.control.here], "next": None})

    def test_one(self) -> None:
        """
        A card by its id or its identity, whose colon may be encoded.
        """
        for name in ("00000001", EID, EID.replace(":", "%3A")):
            self.assertEqual(self.get(f"/api/v1/cards/{name}").json["id"], "00000001")

    def test_unknown(self) -> None:
        """
        A card that is not here is not found, nor is a name that can be none.
        """
        self.assert_problem(self.get("/api/v1/cards/00000009"), 404, "unknown-card")
        for name in ("%00", "a%2Fb", "..", "%FF", "x" * 101):
            self.assertIn(self.get(f"/api/v1/cards/{name}").status, (400, 404), name)

    def test_foreign(self) -> None:
        """
        Whoever has the code of one card sees this card alone.
        """
        self.assertEqual([each["id"] for each in self.get("/api/v1/cards", role=GUEST).json["items"]], ["00000001"])
        self.assert_problem(self.get("/api/v1/cards/00000002", role=GUEST), 404, "unknown-card")
        self.assert_problem(self.request("DELETE", "/api/v1/cards/00000002", role=GUEST), 404, "unknown-card")

    def test_disconnect(self) -> None:
        """
        A card is sent away; the answer does not wait until it is gone.
        """
        found = self.request("DELETE", "/api/v1/cards/00000002", role="operator")
        self.assertEqual((found.status, found.json["id"]), (202, "00000002"))
        self.assertEqual(self.control.done, [("card.disconnect", "00000002")])
        self.assert_problem(self.request("DELETE", "/api/v1/cards/00000009"), 404, "unknown-card")

    def test_disconnectFails(self) -> None:
        """
        What goes wrong after the answer is in the log.
        """
        self.patch(self.control, "disconnect", lambda who, card: self.control.cancel(who, "nothing"))
        self.assertEqual(self.request("DELETE", "/api/v1/cards/00000002").status, 202)
        self.assertEqual(len(self.flushLoggedErrors()), 1)

    def test_transports(self) -> None:
        """
        The ways in which cards are reached.
        """
        expected = {"name": "estk", "summary": "cards that dial in", "cards": 1}
        self.assertEqual(self.get("/api/v1/transports", role="viewer").json["items"], [expected])


class ClaimTests(WebTestCase):
    """
    C{/api/v1/claims}.
    """

    def test_claim(self) -> None:
        """
        A code gives a token for a card; nothing but the code is needed.
        """
        found = self.post("/api/v1/claims", {"code": CODE}, role="", peer="192.0.2.7")
        self.assertEqual(found.status, 201)
        self.assertEqual(found.json, {"token": GUEST, "card": card_json(self.control.here[0])})
        self.assertEqual(self.control.done, [("claim", "192.0.2.7")])

    def test_wrong(self) -> None:
        """
        A wrong code is refused, too many are put off, and neither is repeated in the answer.
        """
        found = self.post("/api/v1/claims", {"code": "ZZZ999"}, role="")
        self.assert_problem(found, 403, "wrong-code")
        self.assertNotIn(b"ZZZ999", found.body)
        found = self.post("/api/v1/claims", {"code": "TOO OFTEN"}, role="")
        self.assert_problem(found, 429, "too-often")
        self.assertGreater(int(found.headers["Retry-After"]), 0)

    def test_noCode(self) -> None:
        """
        What can be no code is not even tried.
        """
        for wrong in ({}, {"code": ""}, {"code": 7}, {"code": "x" * 41}):
            self.assert_problem(self.post("/api/v1/claims", wrong, role=""), 422, "parameter")
        self.assertEqual(self.control.done, [])

    def test_lost(self) -> None:
        """
        Trouble with the card's side is told as such.
        """
        self.control.fail_with = PeerLost("gone")
        self.assert_problem(self.post("/api/v1/claims", {"code": CODE}, role=""), 502, "peer-lost")
