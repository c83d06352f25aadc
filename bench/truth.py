# -*- test-case-name: tests.bench.test_truth -*-
"""
Whether what the store of a gateway says is true: compared with what the eUICCs have, and with what the SM-DP+ was told.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from cardgw.gateway.records import ENDED, Job, JobState
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Inline
from cardgw.gateway.store.seal import Seal, key_file
from cardgw.state import KEY
from cardgw.values import OutboxEntry, ParcelState

_ALL = 1_000_000
_DOWNLOAD, _INTERRUPTED = "profile.download", "job-interrupted"


@frozen
class Stored:
    """
    What a store has.

    @ivar jobs: by id.
    @ivar entries: of the outbox, by the bytes of the notification.
    """

    jobs: Mapping[str, Job]
    entries: Mapping[bytes, OutboxEntry]


class Card(Protocol):
    """
    What is known of an eUICC: see L{bench.phones.Phone}.
    """

    @property
    def identity(self) -> str:
        """
        Who it is.
        """

    @property
    def made(self) -> Collection[bytes]:
        """
        All notifications that it ever made.
        """

    @property
    def installed(self) -> Collection[str]:
        """
        The ICCIDs of all profiles that it ever had.
        """

    @property
    def pending(self) -> Collection[bytes]:
        """
        The notifications on it now.
        """

    @property
    def lingering(self) -> Collection[bytes]:
        """
        Those of them that must not stay there.
        """


def read_store(database: Path) -> Stored:
    """
    Read the store of a gateway that does not run.  A copy is read: a look must not mend anything.
    """
    with tempfile.TemporaryDirectory() as temporary:
        for each in (*database.parent.glob(f"{database.name}*"), database.with_name(KEY)):
            shutil.copy(each, temporary)
        copy = Path(temporary) / database.name
        store = Store(f"sqlite:///{copy}", Inline(), Clock(), Seal(key_file(copy.with_name(KEY))))
        _now(store.open())
        jobs, entries = _now(store.jobs.find(limit=_ALL)), _now(store.outbox.find(limit=_ALL))
        _now(store.close())
    return Stored({job.id: job for job in jobs}, {entry.parcel.payload: entry for entry in entries})


def _now(waiting: Deferred[Any]) -> Any:
    found: list[Any] = []
    waiting.addBoth(found.append)
    if isinstance(found[0], Failure):
        found[0].raiseException()
    return found[0]


@define(eq=False)
class Truth:
    """
    Collects what is wrong.

    @ivar life: counts the processes of the gateway.
    @ivar copies: the lives in which the SM-DP+ was told of a notification.
    @ivar confirmed: notifications that the store has called delivered when a process had been killed.
    @ivar wrong: sentences.
    """

    life: int = 0
    copies: dict[bytes, list[int]] = field(factory=dict)
    confirmed: set[bytes] = field(factory=set)
    wrong: list[str] = field(factory=list)
    _ended: dict[str, JobState] = field(factory=dict)

    def heard(self, raw: bytes) -> None:
        """
        The SM-DP+ was told of a notification.
        """
        lives = self.copies.setdefault(raw, [])
        if raw in self.confirmed:
            self._blame(f"a notification was sent again (in life {self.life}) after it had been confirmed (in {lives})")
        elif self.life in lives:
            self._blame(f"a notification was sent twice in life {self.life}")
        lives.append(self.life)

    @property
    def in_doubt(self) -> int:
        """
        How many copies were sent because the process was killed between the answer of the SM-DP+ and the store.
        """
        return sum(len(lives) - 1 for lives in self.copies.values())

    def killed(self, cards: Collection[Card], stored: Stored, acknowledged: Collection[str]) -> None:
        """
        A process has been killed, and what it had sent has arrived.

        @param acknowledged: ids of jobs that were accepted.
        """
        for card in cards:
            for raw in card.made:
                self._check_notification(card, raw, stored.entries.get(raw))
        known = {raw for card in cards for raw in card.made}
        self._blame_all(
            f"the outbox has something that no card made: {entry}" for raw, entry in stored.entries.items() if raw not in known
        )
        self._blame_all(f"job {each} was accepted, and is not there" for each in sorted(set(acknowledged) - set(stored.jobs)))
        for job in stored.jobs.values():
            self._check_job(cards, job)
        self.life += 1

    def _check_notification(self, card: Card, raw: bytes, entry: OutboxEntry | None) -> None:
        delivered = entry is not None and entry.state is ParcelState.DELIVERED
        if delivered and raw not in self.copies:
            self._blame("the outbox calls a notification delivered that never was")
        if raw in self.confirmed and not delivered:
            self._blame(f"the outbox has forgotten that a notification was delivered: {entry}")
        if raw not in card.pending and not delivered:
            self._blame(f"a notification was removed from the card before it was delivered: {entry}")
        if entry is not None and not entry.on_card and raw in card.pending:
            self._blame("the outbox says that a notification is not on the card any more, and it is")
        if delivered:
            self.confirmed.add(raw)

    def _check_job(self, cards: Collection[Card], job: Job) -> None:
        before = self._ended.get(job.id)
        if before is not None and job.state is not before:
            self._blame(f"job {job.id} was {before.value}, and is {job.state.value}")
        if job.state in ENDED:
            self._ended[job.id] = job.state
        if job.state is JobState.DONE and job.operation == _DOWNLOAD and not _is_installed(cards, job):
            self._blame(f"job {job.id} is done, and its profile was never installed")
        if job.error is not None and job.error.code == _INTERRUPTED and not job.error.detail:
            self._blame(f"job {job.id} was interrupted, and does not say where")

    def ended(self, cards: Collection[Card], stored: Stored, submitted: Collection[str]) -> None:
        """
        All that could happen has happened.

        @param submitted: ids of all jobs that were ever asked for over the API.
        """
        self.killed(cards, stored, submitted)
        for job in stored.jobs.values():
            if job.state not in ENDED:
                self._blame(f"job {job.id} ({job.operation}) is {job.state.value} for ever")
            if job.requester.startswith("token:") and job.id not in submitted:
                self._blame(f"job {job.id} was queued twice")
        for card in cards:
            self._blame_all("a notification is forgotten on a card" for _ in card.lingering)
            self._blame_all("a notification was lost" for raw in card.made if raw not in self.copies)
        for raw, entry in stored.entries.items():
            if entry.state is not ParcelState.DELIVERED:
                self._blame(f"a notification is {entry.state.value} for ever: {entry.reason}")
            if entry.on_card and not any(raw in card.pending for card in cards):
                self._blame("the outbox says that a notification is on the card, and it is not")

    def _blame(self, sentence: str) -> None:
        self.wrong.append(f"life {self.life}: {sentence}")

    def _blame_all(self, sentences: Iterator[str]) -> None:
        for each in sentences:
            self._blame(each)


def _is_installed(cards: Collection[Card], job: Job) -> bool:
    iccid = (job.result or {}).get("iccid")
    return any(iccid in card.installed for card in cards if card.identity == job.card)


def failures(stored: Stored) -> dict[str, int]:
    """
    How many jobs failed, by the codes of their errors.
    """
    errors = (job.error for job in stored.jobs.values() if job.state is JobState.FAILED)
    return dict(Counter(error.code for error in errors if error is not None).most_common())
