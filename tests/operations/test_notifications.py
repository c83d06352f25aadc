# -*- test-case-name: tests.operations.test_notifications -*-
"""
L{cardgw.operations.notifications}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.interfaces import IOperation
from cardgw.lpa.deliver import Outcome, Settled
from cardgw.lpa.isdr import ISD_R
from cardgw.lpa.notice_removal import NotificationUnsent
from cardgw.lpa.notification import Metadata
from cardgw.operations.notifications import (
    NOTHING,
    ListNotifications,
    RemoveNotifications,
    SendAllNotifications,
    SendNotifications,
    summary,
)
from cardgw.testing import OperationTestsMixin
from cardgw.testing.session import FakeSession
from cardgw.transports.estk.gsm7 import encode
from cardgw.virtual.euicc_options import Delivery, Options
from tests.lpa.card import READER
from tests.lpa.notified import DELETE, DISABLE, ENABLE, HOST, Notified
from tests.lpa.outbox import CarryingOutbox


class _Contract(OperationTestsMixin):
    """
    A card with notifications, and a server that takes them.
    """

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        self.world = Notified(ENABLE, DISABLE, DELETE, options=Options(pinned=True, delivery=Delivery.WHOLE))
        return self.world.card.transmit

    def prepare(self, session: FakeSession) -> None:
        """
        See L{OperationTestsMixin}.
        """
        session.http = self.world.http
        session.outbox = CarryingOutbox(http=self.world.http)


class ListContract(_Contract, SynchronousTestCase):
    """
    C{notifications.list} is an operation.
    """

    def make_operation(self) -> IOperation:
        """
        See L{OperationTestsMixin}.
        """
        return ListNotifications()


class SendContract(_Contract, SynchronousTestCase):
    """
    C{notifications.send} is an operation.
    """

    def make_operation(self) -> IOperation:
        """
        See L{OperationTestsMixin}.
        """
        return SendNotifications()

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"numbers": [0, 2]}


class SendAllContract(_Contract, SynchronousTestCase):
    """
    C{notifications.send-all} is an operation.
    """

    def make_operation(self) -> IOperation:
        """
        See L{OperationTestsMixin}.
        """
        return SendAllNotifications()


class RemoveContract(_Contract, SynchronousTestCase):
    """
    C{notifications.remove} is an operation.
    """

    def make_operation(self) -> IOperation:
        """
        See L{OperationTestsMixin}.
        """
        return RemoveNotifications()

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"numbers": [1], "force": True}


class RunTests(SynchronousTestCase):
    """
    Running them on a card with three notifications.
    """

    def setUp(self) -> None:
        self.world = Notified(ENABLE, DISABLE, DELETE)

    def running(self, operation: IOperation, settings: dict[str, Any] | None = None, **parameters: Any) -> Deferred[Any]:
        """
        Begin to run one.
        """
        session = self.world.session
        session.parameters = build(operation.parameters, parameters, "test", ParameterError)
        session.settings = build(operation.settings, settings or {}, "test")
        return Deferred.fromCoroutine(operation.run(session))  # type: ignore[arg-type]

    def run_it(self, operation: IOperation, settings: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        """
        Run one, which must succeed.
        """
        result: dict[str, Any] = self.successResultOf(self.running(operation, settings, **parameters))
        return result

    def numbers(self, result: dict[str, Any]) -> dict[str, list[int]]:
        """
        The numbers in a result, where there are any.
        """
        return {key: [each["seqNumber"] for each in found] for key, found in result.items() if found}

    def test_list(self) -> None:
        """
        The list has lpac's names; what became of each is told as far as it is known.
        """
        first = self.run_it(ListNotifications())["notifications"]
        self.assertEqual([each["profileManagementOperation"] for each in first], ["enable", "disable", "delete"])
        self.assertEqual({each["notificationAddress"] for each in first}, {HOST})
        self.assertNotIn("delivered", first[0])
        self.run_it(SendNotifications(), numbers=[0], keep=True)
        self.world.http.down.add(HOST)
        self.run_it(SendNotifications(), numbers=[1])
        found = self.run_it(ListNotifications())["notifications"]
        self.assertEqual([each.get("delivered") for each in found], [True, False, None])

    def test_listUnreadable(self) -> None:
        """
        How many cannot be read is told.
        """
        self.world.wire.answer = lambda command: bytes.fromhex("bf2805a003bf2f009000")
        self.assertEqual(self.run_it(ListNotifications()), {"notifications": [], "unreadable": 1})

    def test_sendAll(self) -> None:
        """
        What tag 03 runs: all are sent; the box has the counts; the second time nothing is left to be sent.
        """
        self.assertEqual(self.numbers(self.run_it(SendAllNotifications())), {"delivered": [0, 1, 2]})
        self.assertEqual(self.world.session.farewells, ["3 notifications sent."])
        self.assertEqual(self.numbers(self.run_it(SendAllNotifications())), {"kept": [2]})
        self.assertEqual(self.world.session.farewells[-1], "1 notification was sent before.")
        self.assertEqual(self.world.heard, [0, 1, 2])

    def test_policy(self) -> None:
        """
        The policy is a setting, for each kind.
        """
        policy = {"enable": "leave", "disable": "send-and-keep", "delete": "send-and-remove"}
        result = self.run_it(SendAllNotifications(), {"notifications": policy})
        self.assertEqual(self.numbers(result), {"delivered": [1, 2], "left": [0]})
        self.assertEqual(self.world.numbers, [0, 1])

    def test_send(self) -> None:
        """
        Those that are named are sent, even again; they are removed as the policy says, or kept.
        """
        self.run_it(SendNotifications(), numbers=[0, 2], keep=True)
        self.assertEqual((self.world.heard, self.world.numbers), ([0, 2], [0, 1, 2]))
        self.run_it(SendNotifications(), numbers=[0, 2])
        self.assertEqual((self.world.heard, self.world.numbers), ([0, 2, 0, 2], [1, 2]))

    def test_sendNeedsNumbers(self) -> None:
        """
        Which, must be said.
        """
        self.assertRaises(ParameterError, self.running, SendNotifications())
        self.assertRaises(ParameterError, self.running, SendNotifications(), numbers=[-1])

    def test_remove(self) -> None:
        """
        Those that were sent are removed; others only by force.
        """
        self.run_it(SendNotifications(), numbers=[0], keep=True)
        self.assertEqual(self.numbers(self.run_it(RemoveNotifications())), {"removed": [0], "left": [1, 2]})
        self.failureResultOf(self.running(RemoveNotifications(), numbers=[2]), NotificationUnsent)
        self.run_it(RemoveNotifications(), numbers=[2], force=True)
        self.assertEqual((self.world.heard, self.world.numbers), ([0], [1]))

    def test_reader(self) -> None:
        """
        On a reader they open a logical channel, and close it in the end.
        """
        self.world = Notified(options=Options())
        self.world.wire.info = READER
        self.world.session = self.world.meet()
        self.run_it(SendAllNotifications())
        self.assertEqual(self.world.wire.sent[-1].hex(), "00708001")
        self.assertEqual(self.world.session.farewells, [NOTHING])
        self.assertEqual(SendAllNotifications().application, ISD_R)

    def test_destructive(self) -> None:
        """
        Only removing loses something for good; only what does no harm twice may start anew by itself.
        """
        found = {each.name: each for each in (ListNotifications, SendNotifications, SendAllNotifications, RemoveNotifications)}
        self.assertEqual([name for name, each in found.items() if each.destructive], ["notifications.remove"])
        repeatable = [name for name, each in found.items() if each.repeatable]
        self.assertEqual(repeatable, ["notifications.list", "notifications.send-all"])


class SummaryTests(SynchronousTestCase):
    """
    The sentence for the card holder.
    """

    def summary(self, **counts: int) -> str:
        """
        The sentence for so many of each.
        """
        some = Outcome(Metadata(1, frozenset({"enable"}), HOST, ""))
        return summary(Settled(**{name: (some,) * count for name, count in counts.items()}))

    def test_sentences(self) -> None:
        """
        One and many, alone and together.
        """
        self.assertEqual(self.summary(), NOTHING)
        self.assertEqual(self.summary(delivered=1), "1 notification sent.")
        self.assertEqual(self.summary(delivered=30), "30 notifications sent.")
        self.assertEqual(
            self.summary(delivered=3, waiting=1), "3 notifications sent, 1 could not be sent and is tried again later."
        )
        self.assertEqual(self.summary(waiting=2), "2 notifications could not be sent and are tried again later.")
        self.assertEqual(self.summary(refused=1), "1 notification was refused by its server.")
        self.assertEqual(self.summary(removed=1, kept=1), "2 notifications were sent before.")
        self.assertEqual(self.summary(delivered=1, left=1), "1 notification sent, 1 was left as it is.")

    def test_fitsTheBox(self) -> None:
        """
        It is in the alphabet of the display, and not too long for it.
        """
        text = self.summary(delivered=99, waiting=99, refused=99, kept=99, left=99)
        self.assertLessEqual(len(encode(text)), 250)
