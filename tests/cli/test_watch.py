"""
Tests of L{cardgw.cli.watch}.
"""

from __future__ import annotations

from typing import Any

import httpx

from cardgw.cli.event_stream import ServerEvent
from cardgw.cli.wait import PATIENCE
from cardgw.cli.watch import sentence
from cardgw.gateway.shown import card_json, entry_json
from tests.cli.case import CliTestCase
from tests.cli.fakes import CARD, EID, ENTRY

ARRIVED = ("card.arrived", {"card": card_json(CARD)})


class WatchTests(CliTestCase):
    """
    C{cardgw watch}.
    """

    def setUp(self) -> None:
        """
        Something happens, then Control-C is pressed.
        """
        super().setUp()
        self.api.events = [ARRIVED]
        self.interrupt_after(1)

    def interrupt_after(self, count: int, fails: int = 0) -> None:
        """
        After so many streams, of which the last ones fail.
        """
        left = [count + fails, fails]

        def before(request: httpx.Request) -> None:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            if left[0] < left[1]:
                raise httpx.ConnectError("refused")

        self.api.before = before

    def test_people(self) -> None:
        """
        On a terminal each event is a line.
        """
        told = self.run_it("watch", terminal=True, status=130).stdout
        self.assertIn("card.arrived     …901235  a1b2c3d4 by estk 192.0.2.7:4711", told)

    def test_passing(self) -> None:
        """
        Percents are for programs.
        """
        self.api.events = [("job.percent", {"job": "01J", "percent": 3})]
        self.assertEqual(self.run_it("watch", terminal=True, status=130).stdout, "")
        self.interrupt_after(1)
        self.assertEqual(len(self.lines(self.run_it("watch", status=130))), 1)

    def test_programs(self) -> None:
        """
        On a pipe, and with --json, each is a JSON object on a line.
        """
        for typed, terminal in ((["watch"], False), (["watch", "--json"], True)):
            self.interrupt_after(1)
            (line,) = self.lines(self.run_it(*typed, terminal=terminal, status=130))
            self.assertEqual((line["event"], line["id"], line["card"]["id"]), ("card.arrived", "e-1", "a1b2c3d4"))

    def test_only(self) -> None:
        """
        What is wanted is asked for; a stream that ends is taken up again after the last event.
        """
        self.interrupt_after(2)
        self.run_it("watch", "--only", "card", "--only", "job", status=130)
        self.assertEqual(self.api.requests[0].url.params["kind"], "card,job")
        self.assertEqual(self.api.requests[1].headers["Last-Event-ID"], "e-1")

    def test_restart(self) -> None:
        """
        A gateway that goes away is waited for.
        """
        self.interrupt_after(1, fails=2)
        self.assertIn("waiting for it to come back", self.run_it("watch", status=130).stderr)

    def test_unreachable(self) -> None:
        """
        One that was never there is status 5, and so is one that stays away.
        """
        self.interrupt_after(0, fails=100_000)
        self.run_it("watch", status=5)
        self.assertEqual(self.pauses, [])
        self.interrupt_after(1, fails=100_000)
        self.run_it("watch", status=5)
        self.assertGreaterEqual(sum(self.pauses), PATIENCE)


class SentenceTests(CliTestCase):
    """
    L{sentence}.
    """

    def test_kinds(self) -> None:
        """
        Every kind of event has a sentence.
        """
        job: dict[str, Any] = {
            "job": "01J",
            "card": f"eid:{EID}",
            "channel": "a1b2c3d4",
            "operation": "lpa.info",
            "state": "running",
        }
        error = {"title": "It failed", "detail": "in the midst"}
        for kind, data, told in (
            ("card.gone", {"card": card_json(CARD), "reason": "it left"}, "…901235  a1b2c3d4 by estk 192.0.2.7:4711: it left"),
            ("job.queued", job, "…901235  lpa.info  (01J)"),
            ("job.queued", {**job, "error": error}, "…901235  lpa.info: It failed: in the midst  (01J)"),
            ("job.stage", {**job, "stage": "es10c_get_eid", "facts": {}}, "…901235  lpa.info: the eUICC tells its EID"),
            ("job.percent", {**job, "percent": 7}, "…901235  lpa.info: 7 %"),
            ("job.waiting", {**job, "question": {"text": "Why?"}}, "…901235  lpa.info: Why?  (01J)"),
            ("job.ended", {**job, "card": None, "state": "done"}, "a1b2c3d4  lpa.info: done  (01J)"),
            ("job.ended", {**job, "error": error}, "…901235  lpa.info: running: It failed: in the midst  (01J)"),
            ("outbox.changed", {"entry": entry_json(ENTRY)}, "…901235  install for smdp.example.com: waiting"),
            ("gap", {}, "events are missing here"),
            ("new.kind", {}, ""),
        ):
            self.assertEqual(sentence(ServerEvent("1", kind, data)), told)
