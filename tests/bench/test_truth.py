# -*- test-case-name: tests.bench.test_truth -*-
"""
L{bench.truth}: what is wrong is found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import define, evolve, field
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from bench.truth import Stored, Truth, failures, read_store
from cardgw.gateway.records import Job, JobState, Problem
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Inline
from cardgw.gateway.store.seal import Seal, key_file
from cardgw.values import OutboxEntry, Parcel, ParcelState

CARD = "eid:89049032000000000000000000000163"
NOTICE = b"notification"
DELIVERED = OutboxEntry("1", Parcel("notification", CARD, 1, "h", NOTICE), ParcelState.DELIVERED, on_card=False)
DONE = Job("1", "profile.download", card=CARD, state=JobState.DONE, result={"iccid": "89"})


@define
class OneCard:
    """
    See L{bench.truth.Card}.
    """

    identity: str = CARD
    made: set[bytes] = field(factory=lambda: {NOTICE})
    installed: set[str] = field(factory=lambda: {"89"})
    pending: set[bytes] = field(factory=set)
    lingering: set[bytes] = field(factory=set)


class TruthTests(SynchronousTestCase):
    """
    A card, a notification, and stores that tell this and that.
    """

    def setUp(self) -> None:
        self.card = OneCard()
        self.truth = Truth()

    def kill(self, *jobs: Job, entry: OutboxEntry | None = DELIVERED, accepted: tuple[str, ...] = ()) -> str:
        """
        The gateway is killed, and this is in its store.

        @return: what is wrong.
        """
        self.truth.killed([self.card], self.stored(*jobs, entry=entry), accepted)
        return self.wrong()

    def stored(self, *jobs: Job, entry: OutboxEntry | None = DELIVERED) -> Stored:
        """
        A store.
        """
        return Stored({job.id: job for job in jobs}, {} if entry is None else {entry.parcel.payload: entry})

    def wrong(self) -> str:
        """
        What is wrong, once.
        """
        found, self.truth.wrong = self.truth.wrong, []
        return "\n".join(found)

    def end(self, *jobs: Job, entry: OutboxEntry | None = DELIVERED, submitted: tuple[str, ...] = ()) -> str:
        """
        All is over, and this is in the store.
        """
        self.truth.ended([self.card], self.stored(*jobs, entry=entry), submitted)
        return self.wrong()

    def test_right(self) -> None:
        """
        Where all is right, nothing is wrong.
        """
        self.truth.heard(NOTICE)
        job = evolve(DONE, requester="token:admin")
        self.assertEqual(self.kill(job, accepted=("1",)), "")
        self.assertEqual(self.end(job, submitted=("1",)), "")
        self.assertEqual(self.truth.in_doubt, 0)

    def test_again(self) -> None:
        """
        What the store calls delivered is not to be sent again.
        """
        self.truth.heard(NOTICE)
        self.kill()
        self.truth.heard(NOTICE)
        self.assertIn("sent again (in life 1) after it had been confirmed (in [0])", self.wrong())

    def test_doubt(self) -> None:
        """
        What it does not know to be delivered may be sent again, once by each process.
        """
        self.card.pending = {NOTICE}
        waiting = evolve(DELIVERED, state=ParcelState.WAITING, on_card=True)
        self.truth.heard(NOTICE)
        self.kill(entry=waiting)
        self.truth.heard(NOTICE)
        self.assertEqual((self.wrong(), self.truth.in_doubt), ("", 1))
        self.truth.heard(NOTICE)
        self.assertIn("sent twice in life 1", self.wrong())

    def test_neverDelivered(self) -> None:
        """
        The store must not call delivered what never was.
        """
        self.assertIn("calls a notification delivered that never was", self.kill())

    def test_forgotten(self) -> None:
        """
        Nor forget that it was.
        """
        self.truth.heard(NOTICE)
        self.kill()
        self.card.pending = {NOTICE}
        self.assertIn("has forgotten", self.kill(entry=None))

    def test_removed(self) -> None:
        """
        What is not known to be delivered stays on the card; and the store knows what is on the card.
        """
        self.truth.heard(NOTICE)
        self.assertIn("before it was delivered", self.kill(entry=evolve(DELIVERED, state=ParcelState.WAITING)))
        self.card.pending = {NOTICE}
        self.assertIn("is not on the card any more, and it is", self.kill())

    def test_unknown(self) -> None:
        """
        The outbox has only what cards have made.
        """
        self.card.made = set()
        self.assertIn("no card made", self.kill())

    def test_jobs(self) -> None:
        """
        Jobs that were accepted are there; what has ended stays so; what is done was done; what was interrupted says where.
        """
        self.card.made = set()
        kept: dict[str, Any] = {"entry": None}
        self.assertIn("job 2 was accepted, and is not there", self.kill(DONE, accepted=("1", "2"), **kept))
        failed = evolve(DONE, state=JobState.FAILED, result=None, error=Problem("job-interrupted", "It was."))
        text = self.kill(failed, **kept)
        self.assertIn("was done, and is failed", text)
        self.assertIn("does not say where", text)
        self.assertIn("never installed", self.kill(evolve(DONE, id="3", result={"iccid": "90"}), **kept))

    def test_end(self) -> None:
        """
        In the end no job is left, none was made twice, and no notification is left anywhere.
        """
        self.card.pending = self.card.lingering = {NOTICE}
        waiting = evolve(DELIVERED, state=ParcelState.WAITING, on_card=True)
        running = evolve(DONE, state=JobState.RUNNING, requester="token:admin")
        text = self.end(running, entry=waiting)
        for words in ("is running for ever", "queued twice", "forgotten on a card", "was lost", "waiting for ever"):
            self.assertIn(words, text)
        self.truth.heard(NOTICE)
        self.card.pending = self.card.lingering = set()
        self.assertIn("is on the card, and it is not", self.end(entry=evolve(DELIVERED, on_card=True)))


class ReadTests(SynchronousTestCase):
    """
    L{read_store}.
    """

    def test_read(self) -> None:
        """
        What a gateway that was killed has left is read; how its jobs failed is counted.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        store = Store(f"sqlite:///{directory}/cardgw.sqlite", Inline(), Clock(), Seal(key_file(directory / "cardgw.key")))
        self.successResultOf(store.open())
        job = evolve(DONE, state=JobState.FAILED, error=Problem("peer-lost", "Lost."))
        self.successResultOf(store.jobs.add(job))
        entry = self.successResultOf(store.outbox.keep(DELIVERED.parcel, 0.0))
        stored = read_store(directory / "cardgw.sqlite")
        self.assertEqual((dict(stored.jobs), dict(stored.entries)), ({"1": job}, {NOTICE: entry}))
        self.assertEqual(failures(stored), {"peer-lost": 1})
        self.successResultOf(store.close())
