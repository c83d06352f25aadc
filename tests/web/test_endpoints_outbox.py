# -*- test-case-name: tests.web.test_endpoints_outbox -*-
"""
Tests for L{cardgw.web.endpoints_outbox}.
"""

from __future__ import annotations

from cardgw.gateway.shown import entry_json
from tests.web.client import WebTestCase
from tests.web.samples import EID

OUTBOX = "/api/v1/outbox"
NOTIFICATIONS = "/api/v1/notifications"


class OutboxTests(WebTestCase):
    """
    C{/api/v1/outbox} and C{/api/v1/notifications}.
    """

    def ids(self, path: str) -> list[str]:
        """
        What is listed.
        """
        return [each["id"] for each in self.get(path, role="viewer").json["items"]]

    def test_list(self) -> None:
        """
        Everything, the latest first, without what is in it.
        """
        found = self.get(OUTBOX, role="viewer")
        self.assertEqual(found.json["items"], [entry_json(each) for each in reversed(self.control.parcels)])
        self.assertNotIn(b"payload", found.body)

    def test_notifications(self) -> None:
        """
        Notifications alone; pages go on also where one has fewer.
        """
        self.assertEqual(self.ids(NOTIFICATIONS), ["e2", "e1"])
        found = self.get(f"{NOTIFICATIONS}?limit=1").json
        self.assertEqual((found["items"], found["next"]), ([], f"{NOTIFICATIONS}?before=e3&limit=1"))
        self.assertEqual(self.ids(found["next"]), ["e2"])

    def test_filters(self) -> None:
        """
        By state and card.
        """
        self.post(f"{OUTBOX}/e1/deliver")
        self.assertEqual(self.ids(f"{OUTBOX}?state=delivered"), ["e1"])
        self.assertEqual(self.ids(f"{OUTBOX}?card={EID}&state=waiting"), ["e3", "e2"])
        self.assertEqual(self.ids(f"{OUTBOX}?card=eid:1"), [])

    def test_deliver(self) -> None:
        """
        An entry is delivered now.
        """
        found = self.post(f"{OUTBOX}/e1/deliver", role="operator")
        self.assertEqual((found.status, found.json["state"]), (200, "delivered"))
        self.assert_problem(self.post(f"{OUTBOX}/e9/deliver"), 404, "unknown-parcel")

    def test_giveUp(self) -> None:
        """
        An entry is given up, once.
        """
        found = self.post(f"{OUTBOX}/e1/give-up", role="operator")
        self.assertEqual((found.status, found.json["state"]), (200, "given-up"))
        self.assert_problem(self.post(f"{OUTBOX}/e1/give-up"), 409, "conflict")
