# -*- test-case-name: tests.gateway.store.test_rows -*-
"""
L{cardgw.gateway.store.rows}.
"""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Job, JobState, Problem
from cardgw.gateway.store.rows import CHANGING, FIXED, json_text, plain
from cardgw.gateway.store.tables import JOBS, OUTBOX
from cardgw.values import OutboxEntry, Parcel, ParcelState, Question
from tests.gateway.stores import memory_store

NAME = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ANY = st.text(st.characters(), max_size=20)
TIME = st.floats(0, 1e11)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3),
    max_leaves=5,
)
TABLE = st.dictionaries(ANY, JSON, max_size=4)
PROBLEMS = st.builds(Problem, ANY, ANY, ANY, ANY, ANY, ANY)
QUESTIONS = st.builds(Question, ANY, ANY, TABLE, st.booleans())
SOME_JOBS = st.builds(
    Job,
    id=st.text("0123456789abcdef", min_size=1),
    operation=NAME,
    parameters=TABLE,
    hidden=st.frozensets(ANY, max_size=3),
    card=NAME,
    channel=NAME,
    requester=NAME,
    state=st.sampled_from(JobState),
    created=TIME,
    started=st.none() | TIME,
    ended=st.none() | TIME,
    stage=NAME,
    facts=TABLE,
    percent=st.none() | st.integers(0, 100),
    result=st.none() | TABLE,
    error=st.none() | PROBLEMS,
    question=st.none() | QUESTIONS,
    runs=st.integers(0, 1000),
    node=NAME,
)
PARCELS = st.builds(
    Parcel,
    kind=NAME,
    card=NAME,
    number=st.integers(0, 2**63 - 1),
    address=NAME,
    payload=st.binary(),
    facts=TABLE,
    trusted=st.frozensets(st.binary(max_size=20), max_size=3),
    remove=st.booleans(),
)
PROGRESS: dict[str, Any] = {
    "state": st.sampled_from(ParcelState),
    "on_card": st.booleans(),
    "attempts": st.integers(0, 1000),
    "next_attempt": TIME,
    "reason": NAME,
}


class RowsTests(SynchronousTestCase):
    """
    To the database and back.
    """

    def setUp(self) -> None:
        """
        Open a store in memory.
        """
        self.store = memory_store()
        self.addCleanup(self.store.close)

    def empty(self) -> None:
        """
        Nothing of one example is left for the next.
        """

        def run(connection: Connection) -> None:
            for table in (JOBS, OUTBOX):
                connection.execute(delete(table))

        self.successResultOf(self.store.write(JOBS.name, run))

    @given(SOME_JOBS)
    def test_job(self, job: Job) -> None:
        """
        A job comes back as it was.
        """
        store = self.store
        self.successResultOf(store.jobs.add(job))
        self.assertEqual(self.successResultOf(store.jobs.get(job.id)), job)
        self.empty()

    def test_dryRun(self) -> None:
        """
        Secret parameters are nowhere in the database as they are, neither in the commands that a dry run has told.
        """
        store, secret = self.store, "C0FFEE00"
        job = Job("1", "gp.data.store", {"data": secret, "dry_run": True}, frozenset({"data"}))
        self.successResultOf(store.jobs.add(job))
        done = attrs.evolve(job, state=JobState.DONE, result={"dry_run": True, "commands": [f"80E2900004{secret}"]})
        self.successResultOf(store.jobs.save(done))
        rows = self.successResultOf(store.read(JOBS.name, lambda connection: str(connection.execute(select(JOBS)).all())))
        self.assertNotIn(secret, rows)
        self.assertEqual(self.successResultOf(store.jobs.get("1")), done)

    @given(SOME_JOBS, SOME_JOBS)
    def test_jobChanges(self, first: Job, last: Job) -> None:
        """
        What changes in the life of a job comes back as it is now, the rest as it was.
        """
        store = self.store
        self.successResultOf(store.jobs.add(first))
        now = attrs.evolve(first, **{name: getattr(last, name) for name in CHANGING})
        self.successResultOf(store.jobs.save(now))
        self.assertEqual(self.successResultOf(store.jobs.get(first.id)), now)
        self.empty()

    @given(PARCELS, st.fixed_dictionaries(PROGRESS), TIME)
    def test_entry(self, parcel: Parcel, progress: dict[str, Any], now: float) -> None:
        """
        An entry of the outbox comes back as it was, and as it is now.
        """
        store = self.store
        kept = self.successResultOf(store.outbox.keep(parcel, now))
        self.assertEqual(self.successResultOf(store.outbox.get(kept.id)), kept)
        entry: OutboxEntry = attrs.evolve(kept, **progress)
        self.successResultOf(store.outbox.save(entry))
        self.assertEqual(self.successResultOf(store.outbox.keep(parcel, now + 1)), entry)
        self.empty()

    @given(ANY)
    def test_plain(self, text: str) -> None:
        """
        What is no character is replaced; everything else stays.
        """
        found = plain(text)
        found.encode()
        self.assertNotIn("\0", found)
        for before, after in zip(text, found, strict=True):
            self.assertIn(after, (before, "\ufffd"))

    def test_noJson(self) -> None:
        """
        What JSON cannot write is refused.
        """
        endless: list[Any] = []
        endless.append(endless)
        for value in (b"", {1: object()}, {(): 1}, endless):
            self.assertRaises(StoreError, json_text, value)

    def test_fields(self) -> None:
        """
        Every field of a job is one that changes, or one that does not.
        """
        self.assertEqual({*FIXED, *CHANGING}, {each.name for each in attrs.fields(Job)})
