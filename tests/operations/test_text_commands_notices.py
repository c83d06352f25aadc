# -*- test-case-name: tests.operations.test_text_commands_notices -*-
"""
Tests for L{cardgw.operations.text_commands_notices}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from cardgw.lpa.notices import NoSuchNotification
from cardgw.lpa.notification import Metadata
from cardgw.lpa.server_errors import ServerUnreachable
from cardgw.operations.text_commands_notices import notice_lines
from cardgw.operations.text_parser import WrongForm
from tests.lpa.notified import DELETE, DISABLE, ENABLE, Notified
from tests.operations.text_commands import boxes, type_in


class LinesTests(SynchronousTestCase):
    """
    L{notice_lines}.
    """

    def test_lines(self) -> None:
        """
        As estkme-cloud has them: the last four, newest first.
        """
        notices = [Metadata(n, frozenset({"delete"}), "x.example", "8949701234567897027") for n in (6, 2, 9, 4, 5)]
        notices.append(Metadata(1, frozenset(), "x.example", ""))
        self.assertEqual(
            notice_lines(notices).splitlines(),
            [
                "Seq ICCID Operation",
                "9 89497...7027 delete",
                "6 89497...7027 delete",
                "5 89497...7027 delete",
                "4 89497...7027 delete",
            ],
        )
        self.assertEqual(notice_lines(notices[-1:]).splitlines()[1:], ["1 - unknown"])
        self.assertEqual(len(boxes(notice_lines(notices))), 1)

    def test_none(self) -> None:
        """
        None are told as such.
        """
        self.assertEqual(notice_lines(()), "No notifications.")


class CommandTests(SynchronousTestCase):
    """
    Typing them.
    """

    def setUp(self) -> None:
        """
        A card with three notifications.
        """
        self.world = Notified(ENABLE, DISABLE, DELETE)
        self.numbers = self.world.numbers

    def test_list(self) -> None:
        """
        C{/ln} lists all, or those of a kind; nothing is sent.
        """
        result = self.successResultOf(type_in(self.world, "/ln"))
        self.assertEqual([each["seqNumber"] for each in result["notifications"]], self.numbers)
        told = self.world.session.farewells[-1].splitlines()
        self.assertEqual([line.split()[0] for line in told[1:]], [str(each) for each in reversed(self.numbers)])
        self.successResultOf(type_in(self.world, "/LN Disable"))
        self.assertEqual([line.split()[2] for line in self.world.session.farewells[-1].splitlines()[1:]], ["disable"])
        self.successResultOf(type_in(self.world, "/ln install"))
        self.assertEqual(self.world.session.farewells[-1], "No notifications.")
        self.assertEqual(self.world.heard, [])

    def test_wrongKind(self) -> None:
        """
        A kind that there is not is told with those that there are.
        """
        error = self.failureResultOf(type_in(self.world, "/ln all"), WrongForm).value
        self.assertEqual(error.brief, "Type it like this: /ln [install|enable|disable|delete].")

    def test_process(self) -> None:
        """
        C{/process} sends one, which stays on the card, and sends it again when asked again.
        """
        number = self.numbers[1]
        for _ in range(2):
            result = self.successResultOf(type_in(self.world, f"/process {number}"))
            self.assertEqual((result["seqNumber"], result["outcome"]), (number, "delivered"))
            self.assertEqual(self.world.session.farewells[-1], f"Notification {number} was delivered. It stays on the card.")
        self.assertEqual((self.world.heard, self.world.numbers), ([number, number], self.numbers))

    def test_noServer(self) -> None:
        """
        Where the server cannot be reached, the outbox goes on.
        """
        self.world.http.failures["handleNotification"] = ServerUnreachable("smdp.example.test")
        result = self.successResultOf(type_in(self.world, f"/process {self.numbers[0]}"))
        self.assertEqual(result["outcome"], "waiting")
        self.assertIn("The server tries again by itself.", self.world.session.farewells[-1])
        self.assertEqual(self.world.numbers, self.numbers)

    def test_unknown(self) -> None:
        """
        A number that is not on the card is told, and what is none with the right form.
        """
        error = self.failureResultOf(type_in(self.world, "/process 99"), NoSuchNotification).value
        self.assertEqual(error.brief, "The card has no notification with this number.")
        for text in ("/process", "/process -1", "/process one", "/process 1 2"):
            self.failureResultOf(type_in(self.world, text), WrongForm)
        self.assertEqual(self.world.heard, [])
