# -*- test-case-name: tests.web.test_endpoints_events -*-
"""
Tests for L{cardgw.web.endpoints_events}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.events import GAP, Event
from cardgw.gateway.records import Principal, Role
from cardgw.gateway.shown import card_json
from cardgw.web.endpoints_events import Wanted
from tests.web.client import WebTestCase
from tests.web.samples import cards

ALL = Principal("token:a", Role.VIEWER)
ONE = Principal("code:00000001", Role.OPERATOR, "00000001")
FIRST, SECOND = (card_json(each) for each in cards())
JOB = Event("e-1", "job.ended", {"job": "j1", "channel": "00000001", "card": None, "requester": ONE.name})


class WantedTests(SynchronousTestCase):
    """
    L{Wanted}.
    """

    def test_all(self) -> None:
        """
        Who may see everything sees everything.
        """
        self.assertTrue(Wanted(ALL)(JOB) and Wanted(ALL)(Event("e-2", "outbox.changed", {"entry": {}})))

    def test_kinds(self) -> None:
        """
        Kinds, and families of them; a family is not a beginning of a word.
        """
        for kinds, expected in ((("job",), True), (("job.ended",), True), (("card", "job.ended"), True), (("jo",), False)):
            self.assertEqual(Wanted(ALL, kinds)(JOB), expected, kinds)

    def test_job(self) -> None:
        """
        One job alone.
        """
        self.assertEqual((Wanted(ALL, job="j1")(JOB), Wanted(ALL, job="j2")(JOB)), (True, False))

    def test_card(self) -> None:
        """
        Who may see one card alone is told of no other, nor of what is about none, nor of what others do with it.
        """
        wanted = Wanted(ONE)
        self.assertTrue(wanted(JOB) and wanted(Event("e-2", "card.arrived", {"card": FIRST})))
        for event in (
            Event("e-3", "card.arrived", {"card": SECOND}),
            Event("e-4", "job.ended", {"job": "j2", "channel": "00000002", "card": None}),
            Event("e-5", "outbox.changed", {"entry": {}}),
            evolve(JOB, data={**JOB.data, "requester": "token:a"}),
        ):
            self.assertFalse(wanted(event), event.kind)

    def test_gap(self) -> None:
        """
        That something is missing is for everybody, whatever they asked for.
        """
        self.assertTrue(Wanted(ONE, ("card",), "j9")(Event("e-6", GAP, {})))

    def test_last(self) -> None:
        """
        When its card goes, there is nothing more to tell.
        """
        gone = Event("e-7", "card.gone", {"card": FIRST, "reason": None})
        self.assertEqual((Wanted(ONE).last(gone), Wanted(ALL).last(gone), Wanted(ONE).last(JOB)), (True, False, False))


class EventsTests(WebTestCase):
    """
    C{/api/v1/events}.
    """

    def test_wrong(self) -> None:
        """
        What cannot be followed.
        """
        for query in ("kind=Job", "kind=", "job=%20", "last_event_id=a%20b", "kinds=job"):
            self.assert_problem(self.get(f"/api/v1/events?{query}"), 422, "parameter")
        self.assert_problem(self.get("/api/v1/events", **{"Last-Event-ID": "\xe9"}), 400, "malformed-request")
        self.assert_problem(self.get("/api/v1/events", Accept="application/json"), 406, "not-acceptable")
        self.assert_problem(self.get("/api/v1/events", role=""), 401, "token-needed")

    def test_head(self) -> None:
        """
        HEAD does not follow anything.
        """
        found = self.request("HEAD", "/api/v1/events")
        self.assertEqual((found.status, found.headers["Content-Type"]), (200, "text/event-stream"))
        self.assertEqual(self.control.events.listeners, 0)
