"""
Tests of L{cardgw.cli.notifications}.
"""

from __future__ import annotations

import json

from attrs import evolve

from cardgw.operations import notifications
from cardgw.schema import build_strictly
from cardgw.values import ParcelState
from tests.cli.case import CliTestCase
from tests.cli.fakes import BEGUN, EID, ENTRY, NOW, done


class NotificationsTests(CliTestCase):
    """
    C{cardgw notifications}.
    """

    def test_parameters(self) -> None:
        """
        Each command is an operation with parameters that it declares.
        """
        for typed, operation, declared in (
            (["list"], "notifications.list", notifications.NoParameters),
            (["send", "0", "12"], "notifications.send", notifications.SendParameters),
            (["send", "12", "--keep"], "notifications.send", notifications.SendParameters),
            (["send-all"], "notifications.send-all", notifications.NoParameters),
            (["remove", "--yes"], "notifications.remove", notifications.RemoveParameters),
            (["remove", "1", "--force", "--yes"], "notifications.remove", notifications.RemoveParameters),
        ):
            self.api.scripts[operation] = [BEGUN, done()]
            self.run_it("notifications", *typed)
            sent = self.api.sent("POST", "jobs")[-1]
            self.assertEqual(sent["operation"], operation)
            build_strictly(declared, sent["parameters"], "test:")

    def test_remove(self) -> None:
        """
        Removing is asked about.
        """
        self.run_it("notifications", "remove", status=2)
        result = self.run_it("notifications", "remove", "3", status=130, interactive=True, input="no\n")
        self.assertEqual(result.stderr, f"This removes the notifications 3 (card {EID}). Type yes to go on: Nothing was done.\n")

    def test_numbers(self) -> None:
        """
        Numbers are numbers.
        """
        self.assertIn("'x' is not a valid number.", self.run_it("notifications", "send", "x", status=2).stderr)
        self.run_it("notifications", "send", status=2)


class OutboxTests(CliTestCase):
    """
    C{cardgw outbox}.
    """

    def test_list(self) -> None:
        """
        What waits is listed with why and until when; queries are passed on.
        """
        told = self.run_it("outbox", "list", "--state", "waiting", "--card", EID).stdout
        self.assertIn("The server cannot be reached.", told)
        self.assertIn("1 min", told)
        query = self.api.requests[0].url.params
        self.assertEqual((query["state"], query["card"]), ("waiting", f"eid:{EID}"))

    def test_deliver(self) -> None:
        """
        What could not be delivered is status 1, with the reason; what was is status 0.
        """
        result = self.run_it("outbox", "deliver", "01OUT", status=1)
        self.assertEqual(result.stdout, "01OUT waiting\n")
        self.assertEqual(result.stderr, "The server cannot be reached. It is tried again in 1 min.\n")
        self.api.entries = [evolve(ENTRY, reason="connection refused", next_attempt=NOW - 1)]
        result = self.run_it("outbox", "deliver", "01OUT", status=1)
        self.assertEqual(result.stderr, "connection refused. It is tried again now.\n")
        self.api.entries = [evolve(ENTRY, state=ParcelState.REFUSED, reason="it is unknown")]
        self.assertEqual(self.run_it("outbox", "deliver", "01OUT", status=1).stderr, "it is unknown.\n")
        self.api.entries = [evolve(ENTRY, state=ParcelState.DELIVERED, reason="")]
        self.assertEqual(json.loads(self.run_it("outbox", "deliver", "01OUT", "--json").stdout)["state"], "delivered")

    def test_giveUp(self) -> None:
        """
        What is given up is told; what is not there is an error.
        """
        self.api.entries = [evolve(ENTRY, state=ParcelState.GIVEN_UP)]
        self.assertEqual(self.run_it("outbox", "give-up", "01OUT").stdout, "01OUT given-up\n")
        self.run_it("outbox", "give-up", "nothing", status=1)
