# -*- test-case-name: tests.gateway.test_outbox_entries -*-
"""
Tests for L{cardgw.gateway.outbox_entries}.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import UnknownParcel
from cardgw.gateway.outbox_entries import Entries
from cardgw.gateway.store.outbox import OutboxTable
from cardgw.values import OutboxEntry, Parcel, ParcelState
from tests.gateway.stores import memory_store

CARD = "eid:" + 32 * "8"


def tried(entry: OutboxEntry) -> OutboxEntry:
    """
    One more attempt was made.
    """
    return evolve(entry, attempts=entry.attempts + 1)


def nothing(entry: OutboxEntry) -> None:
    """
    It is left as it is.
    """


class EntriesTests(SynchronousTestCase):
    """
    L{Entries}.
    """

    def setUp(self) -> None:
        """
        Two gateways with one store, the second of which knows that.
        """
        self.store = memory_store()
        self.entries, self.other = Entries(self.store), Entries(self.store, shared=True)

    def get(self, work: Any) -> Any:
        """
        What comes of it.
        """
        return self.successResultOf(Deferred.fromCoroutine(work))

    def kept(self, number: int = 1) -> OutboxEntry:
        """
        A parcel that the first gateway has kept.
        """
        parcel = Parcel("notification", CARD, number, "smdp.example", b"raw")
        entry: OutboxEntry = self.get(self.entries.keep(parcel, 100.0, 10.0))
        return entry

    def stored(self, entry: OutboxEntry) -> OutboxEntry | None:
        """
        The entry as it is in the store.
        """
        found: OutboxEntry | None = self.successResultOf(self.store.outbox.get(entry.id))
        return found

    def test_atHand(self) -> None:
        """
        What was kept here is changed without being read.
        """
        entry = self.kept()
        with patch.object(OutboxTable, "change") as changing:
            for _ in range(2):
                before, after = self.get(self.entries.change(entry.id, tried))
        self.assertFalse(changing.called)
        self.assertEqual((before.attempts, after.attempts), (1, 2))
        self.assertEqual(self.stored(entry), after)

    def test_changedByOthers(self) -> None:
        """
        What another gateway has changed meanwhile is not overwritten.
        """
        entry = self.kept()
        self.get(self.other.change(entry.id, lambda each: evolve(each, state=ParcelState.GIVEN_UP)))
        before, after = self.get(self.entries.change(entry.id, tried))
        self.assertEqual((before.state, after.state, after.attempts), (ParcelState.GIVEN_UP, ParcelState.GIVEN_UP, 1))
        self.assertEqual(self.stored(entry), after)

    def test_latest(self) -> None:
        """
        What was given last is how it is, unless there are other gateways.
        """
        entry = self.kept()
        self.assertTrue(self.entries.is_latest(entry))
        _, after = self.get(self.entries.change(entry.id, tried))
        self.assertEqual([self.entries.is_latest(each) for each in (entry, after)], [False, True])
        self.assertFalse(self.other.is_latest(self.get(self.other.keep(entry.parcel, 200.0, 10.0))))

    def test_left(self) -> None:
        """
        What is not to be changed is left as it is in the store.
        """
        entry = self.kept()
        self.get(self.other.change(entry.id, tried))
        self.assertEqual(self.get(self.entries.change(entry.id, nothing)), (tried(entry), None))
        self.assertEqual(self.get(self.entries.get(entry.id)), tried(entry))

    def test_unknown(self) -> None:
        """
        An id that there is not, or not any more, is an error.
        """
        self.failureResultOf(Deferred.fromCoroutine(self.entries.get("zz")), UnknownParcel)
        self.failureResultOf(Deferred.fromCoroutine(self.entries.change("zz", tried)), UnknownParcel)
        entry = self.kept()
        self.successResultOf(self.store.outbox.save(evolve(entry, state=ParcelState.DELIVERED, on_card=False)))
        self.assertEqual(self.successResultOf(self.store.outbox.forget(float("inf"))), 1)
        self.failureResultOf(Deferred.fromCoroutine(self.entries.change(entry.id, tried)), UnknownParcel)
        self.failureResultOf(Deferred.fromCoroutine(self.entries.get(entry.id)), UnknownParcel)

    def test_bound(self) -> None:
        """
        The latest are at hand, as long as anything may happen to them.
        """
        with patch("cardgw.gateway.outbox_entries.MOST", 2):
            entries = [self.kept(number) for number in (1, 2, 3)]
        self.assertEqual([self.entries.is_latest(each) for each in entries], [False, True, True])
        done = evolve(entries[2], on_card=False, state=ParcelState.DELIVERED)
        _, after = self.get(self.entries.change(done.id, lambda _: done))
        self.assertEqual([self.entries.is_latest(each) for each in (entries[1], after)], [True, False])
