# -*- test-case-name: tests.gateway.test_outbox_worker -*-
"""
Tests for L{cardgw.gateway.outbox_worker}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail
from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import CardGatewayError, DeliveryRefused, OperationCancelled
from cardgw.gateway import outbox_worker
from cardgw.gateway.faults import StoreError
from cardgw.gateway.outbox import RESERVED
from cardgw.gateway.outbox_worker import JITTER, PAUSES, PLACES, STORE_PAUSE, WINDOW, pause
from cardgw.values import OutboxEntry, ParcelState
from tests.gateway.couriers import OutboxTestCase

FIRST_PAUSE = 66.0
"""Seconds, with the chance of these tests."""


def unreachable(_: Any = None) -> CardGatewayError:
    """
    The server cannot be reached.
    """
    return CardGatewayError("no route")


class WorkerTestCase(OutboxTestCase):
    """
    An outbox that works.
    """

    def setUp(self) -> None:
        """
        See L{OutboxTestCase.setUp}.
        """
        super().setUp()
        self.outbox.start()

    def state(self, entry: OutboxEntry) -> ParcelState:
        """
        Where a parcel is now.
        """
        return self.entry(entry).state


class WorkerTests(WorkerTestCase):
    """
    What is delivered when.
    """

    def test_left(self) -> None:
        """
        What was just stored is left to who has stored it; after that it is delivered.
        """
        entry = self.kept()
        self.clock.advance(RESERVED - 1)
        self.assertEqual(self.courier.numbers, [])
        self.clock.advance(1)
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)

    def test_untilItSucceeds(self) -> None:
        """
        What could not be delivered is tried after each pause, and not before.
        """
        self.courier.outcomes = [unreachable(), unreachable(), None]
        entry = self.kept()
        self.clock.advance(RESERVED)
        for tries, seconds in ((1, FIRST_PAUSE), (2, 330.0)):
            self.clock.advance(seconds - 2)
            self.assertEqual(len(self.courier.carried), tries)
            self.clock.advance(3)
        self.assertEqual((self.state(entry), self.entry(entry).attempts), (ParcelState.DELIVERED, 3))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_sessionFails(self) -> None:
        """
        What a session could not deliver is tried again.
        """
        entry = self.fails(self.kept(), unreachable())
        self.clock.advance(FIRST_PAUSE + 1)
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)

    def test_ended(self) -> None:
        """
        What was refused, given up or delivered is not tried again.
        """
        refused = self.fails(self.kept(1), DeliveryRefused())
        given_up = self.successResultOf(self.outbox.give_up(self.kept(2).id))
        delivered = self.kept(3)
        self.successResultOf(self.outbox.deliver(delivered))
        before = self.courier.numbers
        self.clock.pump([RESERVED] * 3)
        self.assertEqual(self.courier.numbers, before)
        self.assertEqual([self.state(each) for each in (refused, given_up)], [ParcelState.REFUSED, ParcelState.GIVEN_UP])

    def test_idle(self) -> None:
        """
        Where nothing waits, nothing is done.
        """
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.table.asked.clear()
        self.clock.pump([3600] * 24)
        self.assertEqual(self.table.asked, [])

    def test_restart(self) -> None:
        """
        What waited in another process is delivered when it is due.
        """
        now, later = self.kept(1), self.fails(self.kept(2), unreachable())
        self.successResultOf(self.outbox.stop())
        self.clock.advance(FIRST_PAUSE / 2)
        self.outbox = self.make_outbox()
        self.outbox.start()
        self.assertEqual(self.courier.numbers, [2])
        self.clock.advance(FIRST_PAUSE)
        self.assertEqual((self.state(now), self.state(later)), (ParcelState.WAITING, ParcelState.DELIVERED))
        self.clock.advance(RESERVED)
        self.assertEqual(self.state(now), ParcelState.DELIVERED)

    def test_killed(self) -> None:
        """
        What was on its way in a process that was killed is due again.
        """
        self.courier.holding = True
        entry = self.kept()
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1])
        for call in self.clock.getDelayedCalls():
            call.cancel()
        self.courier.holding = False
        survivor = self.make_outbox()
        survivor.start()
        self.assertEqual(self.courier.numbers, [1])
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1, 1])
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)

    def test_otherGateway(self) -> None:
        """
        Of two gateways that share a store, one delivers.
        """
        other = self.make_outbox()
        other.start()
        self.courier.holding = True
        self.kept()
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1])
        self.courier.arrive()
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1])

    def test_claimedBefore(self) -> None:
        """
        What another gateway has taken since it was looked for is left to that.
        """
        entry = self.kept()
        taken = evolve(entry, next_attempt=self.clock.seconds() + 2 * RESERVED - 1.0)

        def take(ask: Any) -> Deferred[Any]:
            self.successResultOf(self.store.outbox.save(taken))
            answer: Deferred[Any] = ask()
            return answer

        self.table.answers["change"] = take
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [])
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1])

    def test_sessionHasIt(self) -> None:
        """
        What a session is delivering is not delivered a second time.
        """
        entry = self.kept()
        self.courier.holding = True
        delivery = self.outbox.deliver(entry)
        self.successResultOf(self.store.outbox.save(evolve(entry, next_attempt=0.0)))
        self.outbox._worker._wake()
        self.clock.pump([1.0] * 5)
        self.assertEqual(self.courier.numbers, [1])
        self.courier.arrive()
        self.successResultOf(delivery)


class ManyTests(WorkerTestCase):
    """
    Many parcels at once.
    """

    def test_places(self) -> None:
        """
        There are so many deliveries at once; the others follow.
        """
        self.courier.holding = True
        entries = [self.kept(number, f"host{number}.example") for number in range(PLACES + 2)]
        self.clock.advance(RESERVED)
        self.outbox._worker._wake()
        self.assertEqual(self.courier.numbers, list(range(PLACES)))
        self.courier.arrive()
        self.assertEqual(len(self.courier.carried), PLACES + 1)
        while self.courier.on_the_way:
            self.courier.arrive()
        self.assertEqual({self.state(entry) for entry in entries}, {ParcelState.DELIVERED})

    def test_onePerHost(self) -> None:
        """
        A host gets one at a time, the longest due first; others do not wait for it.
        """
        self.courier.holding = True
        for number in (1, 2, 3):
            self.kept(number, "a.example")
        self.kept(4, "b.example")
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1, 4])
        self.courier.arrive()
        self.assertEqual(self.courier.numbers, [1, 4, 2])

    def test_deadHost(self) -> None:
        """
        Where a host cannot be reached, the rest of what waits for it is postponed, and that was no attempt.
        """
        self.courier.outcomes = [unreachable()]
        first, second = self.kept(1), self.kept(2)
        self.clock.advance(RESERVED)
        self.assertEqual(self.courier.numbers, [1])
        self.assertEqual(self.entry(second).attempts, 0)
        self.clock.advance(FIRST_PAUSE + 1)
        self.assertEqual({self.state(each) for each in (first, second)}, {ParcelState.DELIVERED})

    def test_deadForLong(self) -> None:
        """
        A host that stays away is asked less and less often, but every quarter of an hour.
        """
        self.courier.outcomes = [unreachable() for _ in range(1000)]
        for number in range(50):
            self.kept(number)
        self.clock.advance(RESERVED)
        asked = []
        for _ in range(24):
            self.courier.carried.clear()
            self.clock.pump([10.0] * 360)
            asked.append(len(self.courier.carried))
        self.assertTrue(all(4 <= count <= 8 for count in asked[1:]), asked)

    def test_crowd(self) -> None:
        """
        However many wait for a dead host, others get theirs.
        """
        for number in range(WINDOW * 3):
            self.kept(number, "dead.example")
        self.clock.advance(1)
        other = self.kept(10_000, "other.example")
        self.courier.outcomes = [unreachable()]
        self.clock.advance(RESERVED)
        self.assertEqual((self.state(other), len(self.courier.carried)), (ParcelState.DELIVERED, 2))

    def test_manyHosts(self) -> None:
        """
        However many hosts are named that do not exist, few are remembered.
        """
        self.patch(outbox_worker, "_MOST_RESTING", 2)
        self.courier.outcomes = [unreachable() for _ in range(5)]
        for number in range(5):
            self.kept(number, f"host{number}.example")
        self.clock.advance(RESERVED)
        self.assertEqual(list(self.outbox._worker._rests), ["host3.example", "host4.example"])

    def test_oneAlone(self) -> None:
        """
        One parcel that a server does not take does not keep back the others for long.
        """
        self.courier.outcomes = [unreachable(), None, None, unreachable()]
        entries = [self.kept(number) for number in range(3)]
        self.clock.advance(RESERVED)
        self.clock.advance(FIRST_PAUSE)
        self.assertEqual([self.state(entry) for entry in entries[1:]], [ParcelState.DELIVERED] * 2)


class TroubleTests(WorkerTestCase):
    """
    The store fails, and the end.
    """

    def broken(self, *names: str) -> None:
        """
        Let these methods fail once.
        """
        for name in names:
            self.table.answers[name] = lambda _: fail(StoreError("disk full"))

    def test_storeFails(self) -> None:
        """
        If the store cannot be read that is logged once, and tried until it can.
        """
        entry = self.kept()
        with capturedLogs() as events:
            self.broken("due")
            self.clock.advance(RESERVED)
            self.broken("due")
            self.clock.advance(STORE_PAUSE)
            self.assertEqual(self.courier.numbers, [])
            self.clock.advance(STORE_PAUSE)
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)
        self.assertEqual([event["event"] for event in events], ["outbox-stands-still", "parcel-delivered"])

    def test_everyRead(self) -> None:
        """
        It does not matter which read fails.
        """
        entry = self.kept()
        self.broken("next_due")
        self.outbox._worker._wake()
        self.clock.pump([STORE_PAUSE] * 11)
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)

    def test_noClaim(self) -> None:
        """
        What cannot be kept from others is not delivered, until it can; that is logged once too.
        """
        entry = self.kept()
        with capturedLogs() as events:
            for seconds in (RESERVED, STORE_PAUSE, STORE_PAUSE):
                self.broken("change")
                self.clock.advance(seconds)
                self.clock.pump([1.0] * 5)
                self.assertEqual(self.courier.numbers, [])
        self.clock.advance(STORE_PAUSE)
        self.assertEqual([event["event"] for event in events], ["outbox-stands-still"])
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)

    def test_noPostponing(self) -> None:
        """
        Where what waits for a dead host cannot be postponed, that is tried again.
        """
        self.courier.outcomes = [unreachable()]
        entries = [self.kept(1), self.kept(2)]

        def claimed(ask: Any) -> Deferred[Any]:
            self.table.answers["change"] = written_down
            answer: Deferred[Any] = ask()
            return answer

        def written_down(ask: Any) -> Deferred[Any]:
            self.broken("change")
            answer: Deferred[Any] = ask()
            return answer

        self.table.answers["change"] = claimed
        self.clock.advance(RESERVED)
        self.clock.pump([STORE_PAUSE] * 5)
        self.assertEqual({self.state(entry) for entry in entries}, {ParcelState.DELIVERED})

    def test_defect(self) -> None:
        """
        A defect does not stop it either.
        """
        entry = self.kept()
        self.table.answers["due"] = lambda _: fail(ZeroDivisionError())
        self.clock.advance(RESERVED)
        self.clock.advance(STORE_PAUSE)
        self.assertEqual(self.state(entry), ParcelState.DELIVERED)

    def test_stopped(self) -> None:
        """
        When it is stopped, what is on its way is broken off; nothing is left to do.
        """
        self.courier.holding = True
        entry = self.kept()
        self.clock.advance(RESERVED)
        self.successResultOf(self.outbox.stop())
        self.assertEqual((len(self.courier.cancelled), self.state(entry)), (1, ParcelState.WAITING))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.kept(2)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stoppedWhileLooking(self) -> None:
        """
        What was being looked for when it was stopped is waited for, and not begun.
        """
        for method in ("due", "change"):
            held: Deferred[Any] = Deferred()
            self.table.answers[method] = lambda ask, held=held: held.addCallback(lambda _: ask())
            self.kept()
            self.clock.advance(RESERVED)
            self.outbox.start()
            stopping = self.outbox.stop()
            self.assertNoResult(stopping)
            held.callback(None)
            self.successResultOf(stopping)
            self.assertEqual(self.courier.numbers, [])

    def test_givenUp(self) -> None:
        """
        That somebody gave up what was on its way says nothing about the host.
        """
        self.courier.holding = True
        first, second = self.kept(1), self.kept(2)
        self.clock.advance(RESERVED)
        self.successResultOf(self.outbox.give_up(first.id))
        self.assertEqual(self.courier.numbers, [1, 2])
        self.courier.arrive(OperationCancelled())
        self.assertEqual(self.state(second), ParcelState.WAITING)


class PauseTests(SynchronousTestCase):
    """
    L{pause}.
    """

    @given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1))
    def test_grows(self, attempts: int, chance: float, later: float) -> None:
        """
        Pauses are bounded, and whatever the chance, the next one is not shorter, until they are all of the longest kind.
        """
        now, then = pause(attempts, chance), pause(attempts + 1, later)
        self.assertTrue(PAUSES[0] * (1 - JITTER) <= now <= PAUSES[-1] * (1 + JITTER) * 1.000001)
        if attempts < len(PAUSES):
            self.assertLess(now, then)

    @given(st.integers(1, 10))
    def test_chance(self, attempts: int) -> None:
        """
        In the middle they are what the table says.
        """
        self.assertAlmostEqual(pause(attempts, 0.5), PAUSES[min(attempts, len(PAUSES)) - 1])
