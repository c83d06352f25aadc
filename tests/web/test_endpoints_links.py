# -*- test-case-name: tests.web.test_endpoints_links -*-
"""
L{cardgw.web.endpoints_links}.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from cardgw.gateway.records import Role
from cardgw.web.schemas import COMPONENTS, reference
from tests.web.client import Response, WebTestCase
from tests.web.fake_links import URL
from tests.web.samples import GUEST

LINKS = "/api/v1/links"


class LinksTests(WebTestCase):
    """
    C{/api/v1/links}.
    """

    def make(self, key: str = "", **body: Any) -> Response:
        """
        Make a link.
        """
        return self.post(LINKS, body, role="operator", **({"Idempotency-Key": key} if key else {}))

    def test_made(self) -> None:
        """
        The answer has all that a page or a card holder needs, the job, and from where on events tell of it.
        """
        before = self.control.events.last
        found = self.make(operation="card.greet", parameters={"name": "Ada", "pin": "geheim"}, expires=60, role="operator")
        self.assertEqual((found.status, found.headers["Location"]), (201, f"{LINKS}/00000000"))
        self.assertEqual(found.headers["Last-Event-Id"], before)
        document = {**reference("NewLink"), "components": {"schemas": COMPONENTS}}
        Draft202012Validator(document).validate(found.json)
        told = found.json
        self.assertEqual((told["id"], told["card"], told["url"], told["token"]), ("00000000", "00000000", URL, "page"))
        self.assertEqual((told["role"], told["job"]["parameters"]), ("operator", {"name": "Ada", "pin": "***"}))
        self.assertEqual(found.headers["Cache-Control"], "no-store")

    def test_withoutOperation(self) -> None:
        """
        A link may be for no operation; its page may look only unless it says otherwise.
        """
        told = self.make().json
        self.assertEqual((told["job"], told["role"]), (None, "viewer"))
        self.assertEqual(self.control.kept["00000000"][0].role, Role.VIEWER)

    def test_again(self) -> None:
        """
        The same request with the same key is the same link.
        """
        first, second = self.make("k"), self.make("k")
        self.assertEqual((first.json["id"], first.status), (second.json["id"], 201))
        self.assertEqual((second.status, second.headers["Idempotent-Replayed"]), (200, "true"))

    def test_refused(self) -> None:
        """
        Bodies are as described; orders are checked as those of jobs are.
        """
        self.assert_problem(self.make(operation="card.dance"), 404, "missing-plugin")
        self.assert_problem(self.make(operation="card.greet"), 422, "parameter")
        self.assert_problem(self.make(operation="card.wipe"), 409, "confirmation-needed")
        self.assert_problem(self.make(operation="card.greet", parameters={"name": "Ada"}, record="whole"), 403, "forbidden")
        body: dict[str, Any]
        for body in ({"expires": 0}, {"expires": "60"}, {"role": "admin"}, {"card": "00000001"}, {"record": "all"}):
            self.assert_problem(self.make(**body), 422, "parameter")
        self.assert_problem(self.post(LINKS, {}, role="viewer"), 403, "forbidden")
        self.assertEqual(self.control.kept, {})
        self.control.reachable = False
        self.assert_problem(self.make(), 409, "no-way-for-links")

    def test_listed(self) -> None:
        """
        Links are listed without their tokens, and withdrawn by their ids.
        """
        self.make()
        found = self.get(LINKS, role="viewer")
        self.assertEqual([each["id"] for each in found.json["items"]], ["00000000"])
        self.assertNotIn("cgl_", found.body.decode())
        self.assertEqual(self.get(LINKS, role=GUEST).json["items"], [])
        self.assertEqual(self.request("DELETE", f"{LINKS}/00000000", role="operator").status, 204)
        self.assert_problem(self.request("DELETE", f"{LINKS}/00000000", role="operator"), 404, "unknown-link")
