# -*- test-case-name: tests.gateway.test_outbox -*-
"""
Tests for L{cardgw.gateway.outbox}.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.logger import LogLevel, capturedLogs

from cardgw.errors import CardGatewayError, DeliveryRefused, MissingPlugin, OperationCancelled
from cardgw.gateway.faults import Conflict, StoreError, UnknownParcel
from cardgw.gateway.outbox import RESERVED, Outbox
from cardgw.gateway.outbox_delivery import DeliverySlow
from cardgw.gateway.shown import entry_json
from cardgw.testing import OutboxTestsMixin
from cardgw.values import OutboxEntry, ParcelState
from tests.gateway.couriers import EID, ICCID, START, OutboxTestCase, parcel

WAITING, DELIVERED, REFUSED, GIVEN_UP = ParcelState
BROKEN = StoreError("disk full")


def unreachable() -> CardGatewayError:
    """
    The server cannot be reached.
    """
    return CardGatewayError("no route")


class OutboxContractTests(OutboxTestsMixin, OutboxTestCase):
    """
    L{Outbox} keeps what L{cardgw.interfaces.IOutbox} promises.
    """

    def make_outbox(self, refusals: Any = ()) -> Outbox:
        """
        See L{OutboxTestsMixin.make_outbox}.
        """
        self.courier.outcomes.extend(refusals)
        return OutboxTestCase.make_outbox(self)


class KeepTests(OutboxTestCase):
    """
    L{Outbox.keep} and L{Outbox.taken_off}.
    """

    def test_left(self) -> None:
        """
        What is stored is left to who has stored it for a while.
        """
        entry = self.kept()
        self.assertEqual((entry.created, entry.next_attempt), (START, START + RESERVED))
        self.assertEqual(entry, self.entry(entry))

    def test_events(self) -> None:
        """
        Whoever follows is told of each change, once.
        """
        entry = self.kept()
        self.clock.advance(1)
        self.assertEqual(self.kept(), entry)
        self.successResultOf(self.outbox.deliver(entry))
        self.successResultOf(self.outbox.taken_off(entry))
        self.assertEqual({event.kind for event in self.events}, {"outbox.changed"})
        told = [(event.data["entry"]["state"], event.data["entry"]["on_card"]) for event in self.events]
        self.assertEqual(told, [("waiting", True), ("delivered", True), ("delivered", False)])
        self.assertEqual(self.events[-1].data, {"entry": entry_json(self.entry(entry))})

    def test_takenOffMeanwhile(self) -> None:
        """
        That the card's copy is gone is not forgotten when a delivery ends that had begun before.
        """
        entry = self.kept()
        self.courier.holding = True
        delivery = self.outbox.deliver(entry)
        self.successResultOf(self.outbox.taken_off(entry))
        self.courier.arrive()
        self.successResultOf(delivery)
        now = self.entry(entry)
        self.assertEqual((now.state, now.on_card), (DELIVERED, False))

    def test_unknown(self) -> None:
        """
        What is not there cannot be taken off.
        """
        self.failureResultOf(self.outbox.taken_off(OutboxEntry("nothing", parcel())), UnknownParcel)

    def test_nobodyWaits(self) -> None:
        """
        Who does not wait for it any more does not stop it from being stored.
        """
        held: Deferred[Any] = Deferred()
        self.table.answers["keep"] = lambda _: held
        keeping = self.outbox.keep(parcel())
        keeping.cancel()
        self.failureResultOf(keeping, CancelledError)
        held.callback(OutboxEntry("7", parcel(), created=START, next_attempt=START + RESERVED))
        self.assertEqual([event.data["entry"]["id"] for event in self.events], ["7"])


class DeliverTests(OutboxTestCase):
    """
    L{Outbox.deliver}.
    """

    def test_committedFirst(self) -> None:
        """
        Nobody is told that it was delivered before that is written down.
        """
        entry = self.kept()
        held: Deferred[Any] = Deferred()
        self.table.answers["change"] = lambda ask: held.addCallback(lambda _: ask())
        delivery = self.outbox.deliver(entry)
        self.assertEqual(self.courier.numbers, [1])
        self.assertNoResult(delivery)
        held.callback(None)
        self.successResultOf(delivery)
        self.assertEqual((self.entry(entry).state, self.entry(entry).attempts), (DELIVERED, 1))

    def test_pauses(self) -> None:
        """
        After each failure the next attempt is later, six hours and a tenth at most.
        """
        entry = self.kept()
        pauses = []
        for attempt in range(1, 9):
            entry = self.fails(entry, unreachable())
            self.assertEqual((entry.state, entry.attempts), (WAITING, attempt))
            pauses.append(round(entry.next_attempt - self.clock.seconds()))
        self.assertEqual(pauses, [66, 330, 990, 3960, 11880, 23760, 23760, 23760])
        self.assertTrue(all(first <= second for first, second in pairwise(pauses)))

    def test_wellAtLast(self) -> None:
        """
        When it is delivered at last there is no reason any more.
        """
        entry = self.fails(self.kept(), unreachable())
        self.assertIn("no route", entry.reason)
        self.successResultOf(self.outbox.deliver(entry))
        now = self.entry(entry)
        self.assertEqual((now.state, now.attempts, now.reason), (DELIVERED, 2, ""))

    def test_refused(self) -> None:
        """
        What is refused for good is not tried again by itself.
        """
        entry = self.fails(self.kept(), DeliveryRefused("8.1/6.1"))
        self.assertEqual((entry.state, entry.attempts), (REFUSED, 1))
        self.assertIn("8.1/6.1", entry.reason)

    def test_again(self) -> None:
        """
        What was delivered can be sent again; whatever comes of that, it stays delivered.
        """
        entry = self.kept()
        self.successResultOf(self.outbox.deliver(entry))
        for error in (unreachable(), DeliveryRefused("known already")):
            now = self.fails(self.entry(entry), error)
            self.assertEqual(now.state, DELIVERED)
            self.assertIn(error.detail, now.reason)
        self.assertEqual((len(self.courier.carried), now.attempts), (3, 3))

    def test_notOnceMore(self) -> None:
        """
        What has been delivered since somebody looked is not sent again for that.
        """
        entry = self.kept()
        self.successResultOf(self.outbox.deliver(entry))
        self.successResultOf(self.outbox.deliver(entry))
        self.clock.advance(RESERVED)
        self.successResultOf(self.outbox.deliver(entry))
        self.assertEqual(self.courier.numbers, [1])

    def test_afterAll(self) -> None:
        """
        What was given up or refused can still be delivered; a failure leaves it as it is.
        """
        first, second = self.kept(1), self.fails(self.kept(2), DeliveryRefused())
        first = self.successResultOf(self.outbox.give_up(first.id))
        for entry, state in ((first, GIVEN_UP), (second, REFUSED)):
            self.assertEqual(self.fails(entry, unreachable()).state, state)
            self.successResultOf(self.outbox.deliver(entry))
            self.assertEqual(self.entry(entry).state, DELIVERED)

    def test_shared(self) -> None:
        """
        What is on its way is not sent a second time: all who want it get the same outcome.
        """
        for error in (None, unreachable()):
            entry = self.kept(1 if error is None else 2)
            self.courier.holding = True
            deliveries = [self.outbox.deliver(entry) for _ in range(3)]
            self.assertEqual(len(self.courier.on_the_way), 1)
            self.courier.arrive(error)
            for delivery in deliveries:
                if error is None:
                    self.successResultOf(delivery)
                else:
                    self.failureResultOf(delivery, CardGatewayError)
            self.assertEqual(self.entry(entry).attempts, 1)

    def test_cancelled(self) -> None:
        """
        Who waits no more leaves the others waiting, and the parcel on its way.
        """
        entry = self.kept()
        self.courier.holding = True
        first, second = self.outbox.deliver(entry), self.outbox.deliver(entry)
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual(self.courier.cancelled, [])
        second.cancel()
        self.failureResultOf(second, CancelledError)
        self.courier.arrive()
        self.assertEqual(self.entry(entry).state, DELIVERED)

    def test_nobodyCarries(self) -> None:
        """
        What nothing installed can carry waits for it.
        """
        entry = self.kept(kind="postcard")
        self.failureResultOf(self.outbox.deliver(entry), MissingPlugin)
        self.assertEqual(self.entry(entry).state, WAITING)
        self.assertIn("postcard", self.entry(entry).reason)

    def test_slow(self) -> None:
        """
        A delivery that comes to no end is ended.
        """
        entry = self.kept()
        self.courier.holding = True
        delivery = self.outbox.deliver(entry)
        self.clock.advance(RESERVED)
        self.failureResultOf(delivery, DeliverySlow)
        self.assertEqual((self.entry(entry).state, self.entry(entry).attempts), (WAITING, 1))

    def test_reserved(self) -> None:
        """
        What is due soon is kept from other gateways while it is on its way; what is not is left as it is.
        """
        entry = self.kept()
        self.courier.holding = True
        deliveries = [self.outbox.deliver(entry)]
        self.assertEqual(self.entry(entry).next_attempt, START + RESERVED)
        self.courier.arrive()
        another = self.kept(2)
        self.clock.advance(RESERVED - 30)
        deliveries.append(self.outbox.deliver(another))
        self.assertEqual(self.entry(another).next_attempt, self.clock.seconds() + RESERVED)
        self.courier.arrive()
        for delivery in deliveries:
            self.successResultOf(delivery)

    def test_notWrittenDown(self) -> None:
        """
        Where it cannot be written down that it was delivered, that is the error; it is written down next time, not sent again.
        """
        entry = self.kept()
        self.table.answers["change"] = lambda _: fail(BROKEN)
        self.failureResultOf(self.outbox.deliver(entry), StoreError)
        self.table.answers["change"] = lambda _: fail(BROKEN)
        self.failureResultOf(self.outbox.deliver(entry), StoreError)
        self.successResultOf(self.outbox.deliver(entry))
        self.assertEqual(self.entry(entry).state, DELIVERED)
        self.assertEqual(self.courier.numbers, [1])

    def test_storeFails(self) -> None:
        """
        Where the store cannot be used, nothing is sent.
        """
        entry = self.entry(self.kept())
        self.table.answers["get"] = lambda _: fail(BROKEN)
        self.failureResultOf(self.outbox.deliver(entry), StoreError)
        self.assertEqual(self.courier.numbers, [])
        self.successResultOf(self.outbox.deliver(entry))

    def test_defect(self) -> None:
        """
        A defect of ours does not leave a parcel on its way for ever.
        """
        entry = self.entry(self.kept())
        self.table.answers["get"] = lambda _: fail(ZeroDivisionError())
        self.failureResultOf(self.outbox.deliver(entry), CardGatewayError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.successResultOf(self.outbox.deliver(entry))

    def test_log(self) -> None:
        """
        The log has a line for each attempt; who it is about stands where the log shortens it.
        """
        with capturedLogs() as events:
            entry = self.fails(self.kept(), unreachable())
            self.successResultOf(self.outbox.deliver(entry))
            entry = self.kept(2)
            self.successResultOf(self.outbox.give_up(entry.id))
        self.assertEqual([event["event"] for event in events], ["parcel-not-delivered", "parcel-delivered", "parcel-given-up"])
        self.assertEqual(events[0]["log_level"], LogLevel.warn)
        for event in events:
            self.assertEqual((event["eid"], event["iccid"], event["host"]), (EID, ICCID, "smdp.example"))
            for text in (event["log_format"], event["kind"], event.get("reason", "")):
                self.assertNotIn(EID, text)


class PeopleTests(OutboxTestCase):
    """
    L{Outbox.deliver_now} and L{Outbox.give_up}.
    """

    def test_now(self) -> None:
        """
        A person can have a parcel tried now, and sees what came of it.
        """
        entry = self.kept()
        self.courier.outcomes = [unreachable(), DeliveryRefused("unknown")]
        for state in (WAITING, REFUSED, DELIVERED):
            now = self.successResultOf(self.outbox.deliver_now(entry.id))
            self.assertEqual((now.state, now), (state, self.entry(entry)))
        self.successResultOf(self.outbox.deliver_now(entry.id))
        self.assertEqual(self.courier.numbers, [1] * 4)

    def test_nowOnItsWay(self) -> None:
        """
        If it is on its way, that is waited for.
        """
        entry = self.kept()
        self.courier.holding = True
        self.outbox.deliver(entry)
        now = self.outbox.deliver_now(entry.id)
        self.courier.arrive()
        self.assertEqual(self.successResultOf(now).state, DELIVERED)
        self.assertEqual(self.courier.numbers, [1])

    def test_nowUnknown(self) -> None:
        """
        What is not there cannot be tried; what the store does not tell is an error.
        """
        self.failureResultOf(self.outbox.deliver_now("nothing"), UnknownParcel)
        entry = self.kept()
        self.table.answers["change"] = lambda _: fail(BROKEN)
        self.failureResultOf(self.outbox.deliver_now(entry.id), StoreError)

    def test_givenUp(self) -> None:
        """
        A person can give a parcel up, as long as it waits.
        """
        entry = self.kept()
        now = self.successResultOf(self.outbox.give_up(entry.id))
        self.assertEqual((now.state, now), (GIVEN_UP, self.entry(entry)))
        self.assertEqual(self.events[-1].data["entry"]["state"], "given-up")
        error = self.failureResultOf(self.outbox.give_up(entry.id), Conflict).value
        self.assertIn("given-up", str(error))
        self.failureResultOf(self.outbox.give_up("nothing"), UnknownParcel)

    def test_givenUpOnItsWay(self) -> None:
        """
        If it is on its way, that is broken off.
        """
        entry = self.kept()
        self.courier.holding = True
        delivery = self.outbox.deliver(entry)
        now = self.successResultOf(self.outbox.give_up(entry.id))
        self.failureResultOf(delivery, OperationCancelled)
        self.assertEqual((now.state, now.attempts, len(self.courier.cancelled)), (GIVEN_UP, 0, 1))

    def test_givenUpTooLate(self) -> None:
        """
        If it has just arrived, it is delivered.
        """
        entry = self.kept()
        held: Deferred[Any] = Deferred()
        self.table.answers["change"] = lambda ask: held.addCallback(lambda _: ask())
        delivery = self.outbox.deliver(entry)
        giving_up = self.outbox.give_up(entry.id)
        self.assertNoResult(giving_up)
        held.callback(None)
        self.successResultOf(delivery)
        self.failureResultOf(giving_up, Conflict)
        self.assertEqual(self.entry(entry).state, DELIVERED)

    def test_sentAgainNotBrokenOff(self) -> None:
        """
        What was delivered and is sent again cannot be given up, and goes on.
        """
        entry = self.kept()
        self.successResultOf(self.outbox.deliver(entry))
        self.courier.holding = True
        again = self.outbox.deliver(self.entry(entry))
        self.failureResultOf(self.outbox.give_up(entry.id), Conflict)
        self.courier.arrive()
        self.successResultOf(again)


class StopTests(OutboxTestCase):
    """
    L{Outbox.stop}.
    """

    def test_brokenOff(self) -> None:
        """
        What is on its way is broken off and goes on waiting; that was no attempt.
        """
        entry = self.kept()
        self.courier.holding = True
        delivery = self.outbox.deliver(entry)
        self.successResultOf(self.outbox.stop())
        self.failureResultOf(delivery, OperationCancelled)
        self.assertEqual(len(self.courier.cancelled), 1)
        self.assertEqual((self.entry(entry).state, self.entry(entry).attempts), (WAITING, 0))

    def test_arrived(self) -> None:
        """
        What has arrived is written down first.
        """
        entry = self.kept()
        held: Deferred[Any] = Deferred()
        self.table.answers["change"] = lambda ask: held.addCallback(lambda _: ask())
        delivery = self.outbox.deliver(entry)
        stopping = self.outbox.stop()
        self.assertNoResult(stopping)
        held.callback(None)
        self.successResultOf(stopping)
        self.successResultOf(delivery)

    def test_afterwards(self) -> None:
        """
        Afterwards nothing is delivered, and things can still be kept; until it is started again.
        """
        self.successResultOf(self.outbox.stop())
        entry = self.kept()
        self.failureResultOf(self.outbox.deliver(entry), OperationCancelled)
        self.assertEqual(self.courier.numbers, [])
        self.outbox.start()
        self.successResultOf(self.outbox.deliver(entry))
        self.successResultOf(self.outbox.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_beforeItIsSent(self) -> None:
        """
        What was only about to be sent is not.
        """
        entry = self.entry(self.kept())
        held: Deferred[Any] = Deferred()
        self.table.answers["get"] = lambda ask: held.addCallback(lambda _: ask())
        delivery = self.outbox.deliver(entry)
        stopping = self.outbox.stop()
        held.callback(None)
        self.successResultOf(stopping)
        self.failureResultOf(delivery, OperationCancelled)
        self.assertEqual(self.courier.numbers, [])
