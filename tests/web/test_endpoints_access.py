# -*- test-case-name: tests.web.test_endpoints_access -*-
"""
Tests for L{cardgw.web.endpoints_access}.
"""

from __future__ import annotations

from cardgw.gateway.records import Role
from cardgw.gateway.shown import audit_json, time_text, token_json
from cardgw.web.endpoints_access import MOST_LIFETIME
from tests.web.client import WebTestCase
from tests.web.samples import GUEST, NOW

TOKENS = "/api/v1/tokens"


class AccessTests(WebTestCase):
    """
    C{/api/v1/whoami}, C{/api/v1/tokens} and C{/api/v1/audit}.
    """

    def test_whoami(self) -> None:
        """
        Whose token it is.
        """
        self.assertEqual(self.get("/api/v1/whoami", role="viewer").json, {"name": "token:viewer", "role": "viewer", "card": None})
        expected = {"name": "code:00000001", "role": "operator", "card": "00000001"}
        self.assertEqual(self.get("/api/v1/whoami", role=GUEST).json, expected)

    def test_tokens(self) -> None:
        """
        A token is made, listed without its secret, and revoked.
        """
        made = self.post(TOKENS, {"name": "ci", "role": "operator", "lifetime": 60})
        expires = time_text(NOW + 60)
        self.assertEqual((made.status, made.headers["Location"]), (201, f"{TOKENS}/ci"))
        self.assertEqual(made.json, {"name": "ci", "role": "operator", "expires": expires, "token": "secret-of-ci"})
        listed = self.get(TOKENS)
        self.assertEqual(listed.json["items"], [token_json(each) for each in self.control.names.values()])
        self.assertNotIn(b"secret", listed.body)
        gone = self.request("DELETE", f"{TOKENS}/ci")
        self.assertEqual((gone.status, gone.body, "Content-Type" in gone.headers), (204, b"", False))
        self.assert_problem(self.request("DELETE", f"{TOKENS}/ci"), 404, "unknown-token")

    def test_defaults(self) -> None:
        """
        A token is for looking, and for ever, where nothing else is said.
        """
        self.assertEqual(self.post(TOKENS, {"name": "eye"}).json["expires"], None)
        self.assertEqual(self.control.names["eye"].role, Role.VIEWER)

    def test_wrong(self) -> None:
        """
        Names, roles and lifetimes that cannot be.
        """
        for wrong in ({"name": "A"}, {"name": "a", "role": "god"}, {"name": "a", "lifetime": 0}, {"name": "a/b"}, {}):
            self.assert_problem(self.post(TOKENS, wrong), 422, "parameter")
        self.assert_problem(self.post(TOKENS, {"name": "a", "lifetime": MOST_LIFETIME + 1}), 422, "parameter")
        self.assert_problem(self.post(TOKENS, {"name": "admin"}), 409, "conflict")

    def test_audit(self) -> None:
        """
        Who changed what, in pages.
        """
        for name in ("a", "b", "c"):
            self.post(TOKENS, {"name": name})
        found = self.get("/api/v1/audit?limit=2").json
        self.assertEqual(found["items"], [audit_json(each) for each in self.control.journal[:2]])
        self.assertEqual(found["next"], "/api/v1/audit?limit=2&before=2")
        self.assertEqual([each["target"] for each in self.get(found["next"]).json["items"]], ["a"])
        self.assert_problem(self.get("/api/v1/audit?before=x"), 422, "parameter")

    def test_administrators(self) -> None:
        """
        All of this is for administrators alone.
        """
        for role in ("viewer", "operator", GUEST):
            for method, path in (("GET", TOKENS), ("POST", TOKENS), ("DELETE", f"{TOKENS}/admin"), ("GET", "/api/v1/audit")):
                self.assert_problem(self.request(method, path, role=role), 403, "forbidden")
        self.assertIn("admin", self.control.names)
