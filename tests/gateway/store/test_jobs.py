# -*- test-case-name: tests.gateway.store.test_jobs -*-
"""
L{cardgw.gateway.store.jobs}.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Job, JobState
from cardgw.gateway.store.jobs import find_statement, queued_statement
from tests.gateway.store.contract import CARD, FULL, OTHER, MemoryCase, StoreMixin, a_job, everywhere

QUEUED, RUNNING, WAITING, DONE = JobState.QUEUED, JobState.RUNNING, JobState.WAITING, JobState.DONE


class JobsMixin(StoreMixin):
    """
    What every store does with jobs.
    """

    async def ids(self, **what: Any) -> list[str]:
        """
        The ids that C{find} gives.
        """
        return [job.id for job in await self.store.jobs.find(**what)]

    async def add(self, *jobs: Job) -> None:
        """
        Add jobs.
        """
        for job in jobs:
            await self.store.jobs.add(job)

    @everywhere
    async def test_job(self) -> None:
        """
        A job is given as it was added, with everything in it; there is none of another id.
        """
        self.assertEqual(await self.store.jobs.add(FULL), (FULL, True))
        self.assertEqual(await self.store.jobs.get(FULL.id), FULL)
        self.assertIsNone(await self.store.jobs.get("00"))

    @everywhere
    async def test_jobKey(self) -> None:
        """
        With the same key and requester, the job that was added first is given, as it is now.
        """
        job = a_job("01")
        self.assertEqual(await self.store.jobs.add(job, "k"), (job, True))
        begun = evolve(job, state=RUNNING)
        await self.store.jobs.save(begun)
        for again in (a_job("02"), a_job("02", operation="lpa.delete"), job):
            self.assertEqual(await self.store.jobs.add(again, "k"), (begun, False))
        self.assertEqual(await self.store.jobs.keyed(job.requester, "k"), begun)
        self.assertIsNone(await self.store.jobs.keyed(job.requester, "l"))
        for other, key in ((a_job("03"), "l"), (a_job("04", requester="token:bob"), "k"), (a_job("05"), ""), (a_job("06"), "")):
            self.assertEqual(await self.store.jobs.add(other, key), (other, True))
        self.assertEqual(await self.ids(), ["06", "05", "04", "03", "01"])

    @everywhere
    async def test_jobTwice(self) -> None:
        """
        Two jobs with the same id are an error, and the first one stays.
        """
        await self.add(a_job())
        error = await self.failed(self.store.jobs.add(a_job(stage="another")), StoreError)
        self.assertNotIn("s3cret", str(error))
        self.assertEqual(await self.store.jobs.get("01"), a_job())
        self.assertTrue(self.store.health().ready)

    @everywhere
    async def test_jobSave(self) -> None:
        """
        Saving stores what changes in the life of a job, of this job alone.
        """
        await self.add(a_job(FULL.id), a_job("01"))
        await self.store.jobs.save(FULL)
        self.assertEqual(await self.store.jobs.get(FULL.id), FULL)
        self.assertEqual(await self.store.jobs.get("01"), a_job("01"))
        await self.store.jobs.save(a_job(FULL.id))
        self.assertEqual(await self.store.jobs.get(FULL.id), a_job(FULL.id))

    @everywhere
    async def test_jobNoJson(self) -> None:
        """
        A result that JSON cannot write is an error of this job, and says so.
        """
        await self.add(a_job())
        error = await self.failed(self.store.jobs.save(a_job(result={"x": b"bytes"})), StoreError)
        self.assertIn("no JSON", str(error))
        self.assertTrue(self.store.health().ready)

    @everywhere
    async def test_jobChange(self) -> None:
        """
        A job is changed only if it is in one of the states named.
        """
        await self.add(a_job("01"), a_job("02"))
        begun: dict[str, Any] = {"state": RUNNING, "started": 2e9, "channel": "0badcafe", "facts": {"a": 1}, "runs": 1}
        self.assertTrue(await self.store.jobs.change("01", frozenset({QUEUED}), begun))
        self.assertFalse(await self.store.jobs.change("01", frozenset({QUEUED, DONE}), {"stage": "x"}))
        self.assertFalse(await self.store.jobs.change("03", frozenset({QUEUED}), begun))
        self.assertTrue(await self.store.jobs.change("01", frozenset({QUEUED, RUNNING}), {"parameters": {"a": "b"}}))
        self.assertEqual(await self.store.jobs.get("01"), evolve(a_job("01"), **begun, parameters={"a": "b"}))
        self.assertEqual(await self.store.jobs.get("02"), a_job("02"))

    @everywhere
    async def test_jobFind(self) -> None:
        """
        Jobs are found by what they are, the latest first, page by page.
        """
        await self.add(a_job("01"), a_job("02", card=OTHER, state=DONE), a_job("03", channel="ab"), a_job("04", operation="x.y"))
        self.assertEqual(await self.ids(), ["04", "03", "02", "01"])
        self.assertEqual(await self.ids(states=frozenset({DONE, RUNNING})), ["02"])
        self.assertEqual(await self.ids(card=CARD), ["04", "03", "01"])
        self.assertEqual(await self.ids(card=CARD, states=frozenset({DONE})), [])
        self.assertEqual(await self.ids(channel="ab"), ["03"])
        self.assertEqual(await self.ids(operation="x.y"), ["04"])
        await self.add(a_job("05", channel="ab", requester="code:ab"), a_job("06", requester="code:ab"))
        self.assertEqual(await self.ids(requester="code:ab"), ["06", "05"])
        self.assertEqual(await self.ids(channel="ab", requester="code:ab", limit=1), ["05"])
        self.assertEqual(await self.ids(limit=2), ["06", "05"])
        self.assertEqual(await self.ids(limit=2, before="03"), ["02", "01"])

    @everywhere
    async def test_jobQueued(self) -> None:
        """
        What is queued for a card or a channel, the oldest first; nobody's jobs are not for a card that nobody has identified.
        """
        await self.add(a_job("01", state=DONE), a_job("03"), a_job("02", card="", channel="ab"), a_job("04", card=OTHER))
        for cards, channel, expected in (
            ([CARD], "", ["03"]),
            ([CARD, OTHER], "", ["03", "04"]),
            ([], "ab", ["02"]),
            ([CARD], "ab", ["02", "03"]),
            ([], "", []),
            ([""], "", []),
        ):
            self.assertEqual([job.id for job in await self.store.jobs.queued(cards, channel)], expected)
        self.assertEqual([job.id for job in await self.store.jobs.queued([CARD], "ab", 1)], ["02"])

    @everywhere
    async def test_jobCount(self) -> None:
        """
        Queued jobs are counted, of all cards or one.
        """
        await self.add(a_job("01", state=DONE), a_job("02"), a_job("03"), a_job("04", card=OTHER))
        self.assertEqual(await self.store.jobs.queued_count(), 3)
        self.assertEqual(await self.store.jobs.queued_count(CARD), 2)
        self.assertEqual(await self.store.jobs.queued_count("eid:1"), 0)

    @everywhere
    async def test_jobHeads(self) -> None:
        """
        The oldest job of each requester, and how many there are, however many somebody has queued.
        """
        many = [a_job(f"1{number:03}") for number in range(60)]
        await self.add(a_job("0", state=DONE), *many, a_job("2", requester="token:bob"), a_job("3", card="", channel="ab"))
        for cards, channel, expected in (
            ([CARD], "", (["1000", "2"], 61)),
            ([CARD], "ab", (["1000", "2"], 62)),
            ([], "ab", (["3"], 1)),
            ([OTHER, ""], "", ([], 0)),
            ([], "", ([], 0)),
        ):
            heads, count = await self.store.jobs.heads(cards, channel)
            self.assertEqual(([job.id for job in heads], count), expected)

    @everywhere
    async def test_jobExpecting(self) -> None:
        """
        Those that wait for an identity are counted, as they are when all that was begun before is done.
        """
        adding = [self.store.jobs.add(a_job("01")), self.store.jobs.add(a_job("02", card="", channel="ab"))]
        self.assertEqual(await self.store.jobs.expecting_count(), 1)
        for each in adding:
            await each

    @everywhere
    async def test_jobStranded(self) -> None:
        """
        What a gateway was running or asking about is found by its name.
        """
        await self.add(
            a_job("01", state=RUNNING, node="a"),
            a_job("02", state=WAITING, node="a"),
            a_job("03", state=RUNNING, node="b"),
            a_job("04", state=DONE, node="a"),
        )
        self.assertEqual([job.id for job in await self.store.jobs.stranded("a")], ["01", "02"])

    @everywhere
    async def test_jobForget(self) -> None:
        """
        Jobs that ended before a time are forgotten, the oldest first; others are not.
        """
        await self.add(
            a_job("01", state=DONE, ended=30.0),
            a_job("02", state=JobState.FAILED, ended=20.0),
            a_job("03", state=JobState.CANCELLED, ended=10.0),
            a_job("04", state=QUEUED, ended=10.0),
            a_job("05", state=RUNNING),
        )
        self.assertEqual(await self.store.jobs.forget(30.0, 1), 1)
        self.assertEqual(await self.ids(), ["05", "04", "02", "01"])
        self.assertEqual(await self.store.jobs.forget(30.0, 10), 1)
        self.assertEqual(await self.store.jobs.forget(30.0, 10), 0)
        self.assertEqual(await self.ids(), ["05", "04", "01"])


class JobsTests(JobsMixin, MemoryCase):
    """
    On SQLite.
    """

    def raw(self, statement: str) -> list[tuple[object, ...]]:
        """
        What SQLite answers.
        """

        def run(connection: Connection) -> list[tuple[object, ...]]:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

        found: list[tuple[object, ...]] = self.successResultOf(self.store.read("jobs", run))
        return found

    def test_sealed(self) -> None:
        """
        Parameters are not legible in the database.
        """
        self.store.jobs.add(a_job())
        self.assertNotIn(b"s3cret", b"".join(str(row).encode() for row in self.raw("SELECT * FROM jobs")))

    def test_indexed(self) -> None:
        """
        However many jobs wait for cards that are not here, those of one card are found by an index.
        """
        count = "SELECT count(*) FROM jobs WHERE state = 'queued'"
        statements = [count, f"{count} AND card = '{CARD}'"]
        for statement in (
            queued_statement(True, True).params(cards=[CARD, OTHER], channel="ab", most=50),
            queued_statement(True, False).params(cards=[CARD], most=50),
            queued_statement(False, True).params(channel="ab", most=50),
            find_statement(frozenset(), card=CARD),
            find_statement(frozenset(), channel="ab"),
            find_statement(frozenset(), channel="ab", requester="code:ab"),
        ):
            statements.append(str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})))
        for text in statements:
            plan = "\n".join(str(row[-1]) for row in self.raw(f"EXPLAIN QUERY PLAN {text}"))
            self.assertIn("INDEX jobs_", plan, text)
            self.assertNotIn("SCAN jobs", plan, text)
