# -*- test-case-name: tests.gateway.test_housekeeping -*-
"""
L{cardgw.gateway.housekeeping}.
"""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred

from cardgw.errors import PeerLost
from cardgw.gateway import housekeeping
from cardgw.gateway.housekeeping import EVERY, Housekeeping
from cardgw.gateway.outbox import Outbox
from cardgw.gateway.records import JobState
from cardgw.testing import FakeHTTP
from cardgw.values import OutboxEntry, Parcel, ParcelState
from tests.gateway.world import CARD, GatewayTestCase, numbers
from tests.logs import captured

PARCEL = Parcel("notification", CARD, 5, "smdp.example.com", b"payload")


class HousekeepingTests(GatewayTestCase):
    """
    What is old, and cards that are away.
    """

    def setUp(self) -> None:
        super().setUp()
        self.parcels = Outbox(self.store, FakeHTTP(), {}, self.clock, self.hub, numbers())
        self.keeping = Housekeeping(self.inventory, self.parcels)

    def begin(self) -> None:
        """
        Start it.
        """
        self.keeping.startService()
        self.addCleanup(lambda: self.successResultOf(Deferred.fromCoroutine(self.keeping.stopService())))

    def tidied(self) -> int:
        """
        How many jobs are queued.
        """
        found: int = self.successResultOf(self.store.jobs.queued_count(CARD))
        return found

    def delivered(self, entry: OutboxEntry) -> None:
        """
        The outbox has an entry that has changed.
        """
        self.parcels.on_change(entry)

    def test_old(self) -> None:
        """
        Jobs that ended long ago are forgotten, others stay.
        """
        old = self.queue(state=JobState.DONE, ended=self.clock.seconds() - self.jobs.settings.keep - 1)
        new = self.queue(state=JobState.DONE, ended=self.clock.seconds())
        self.begin()
        self.assertEqual([job.id for job in self.successResultOf(self.store.jobs.find())], [new.id])
        self.assertNotEqual(old.id, new.id)
        self.clock.advance(self.jobs.settings.keep)
        self.clock.advance(EVERY)
        self.assertEqual(self.successResultOf(self.store.jobs.find()), ())

    def test_many(self) -> None:
        """
        Where there is more than one round forgets, the next one comes soon: also where only the outbox has so much.
        """
        self.patch(housekeeping, "_ROUND", 1)
        for number in range(2):
            entry = self.successResultOf(self.store.outbox.keep(evolve(PARCEL, card="", number=number), self.clock.seconds()))
            self.successResultOf(self.store.outbox.save(evolve(entry, state=ParcelState.DELIVERED)))
        self.clock.advance(self.jobs.settings.keep + 1)
        self.begin()
        self.assertEqual(len(self.successResultOf(self.store.outbox.find())), 1)
        self.clock.advance(1)
        self.assertEqual(self.successResultOf(self.store.outbox.find()), ())

    def test_recount(self) -> None:
        """
        How many jobs wait is counted anew, whatever was thought before.
        """
        self.queue()
        self.jobs.absent = -5
        self.begin()
        self.assertEqual(self.jobs.absent, 1)

    def test_storeFails(self) -> None:
        """
        A store that fails is logged, and looked at again.
        """
        events = captured(self)
        self.successResultOf(self.store.close())
        self.begin()
        self.assertEqual([event["event"] for event in events], ["not-forgotten"])
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_away(self) -> None:
        """
        A card that is away and has a copy of what was delivered is put in order at its next visit.
        """
        self.begin()
        entry = OutboxEntry("1", PARCEL, ParcelState.DELIVERED)
        others = [
            evolve(entry, state=ParcelState.WAITING),
            evolve(entry, on_card=False),
            evolve(entry, parcel=evolve(PARCEL, remove=False)),
        ]
        for other in others:
            self.delivered(other)
        self.assertEqual(self.tidied(), 0)
        for _ in range(2):
            self.delivered(entry)
        self.assertEqual(self.tidied(), 1)

    def test_here(self) -> None:
        """
        While the card is here, whoever works on it does that.
        """
        self.begin()
        channel, _ = self.arrive()
        entry = OutboxEntry("1", PARCEL, ParcelState.DELIVERED)
        self.delivered(entry)
        self.delivered(evolve(entry, on_card=False))
        channel._lost(None)
        self.assertEqual(self.tidied(), 0)

    def test_leaves(self) -> None:
        """
        A card that goes before that was done is put in order at its next visit.
        """
        self.begin()
        (first, _), (second, _) = self.arrive(), self.arrive()
        for number in ("1", "2"):
            self.delivered(OutboxEntry(number, PARCEL, ParcelState.DELIVERED))
        self.delivered(OutboxEntry("2", PARCEL, ParcelState.DELIVERED, on_card=False))
        first._lost(None)
        self.assertEqual(self.tidied(), 0)
        second._lost(PeerLost())
        self.assertEqual(self.tidied(), 1)
