# -*- test-case-name: tests.functional.test_store_postgresql -*-
"""
The store on PostgreSQL: the same contract, and what happens when the server goes away.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from cardgw.gateway.faults import NewerSchema, StoreError
from cardgw.gateway.records import JobState
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.migrate import MIGRATIONS
from cardgw.gateway.store.runner import Threads
from cardgw.gateway.store.seal import Seal
from tests.functional.postgresql import PASSWORD, Server, missing, server
from tests.gateway.store import test_audit, test_jobs, test_links, test_memory, test_outbox, test_tokens, test_transcripts
from tests.gateway.store.contract import CARD, a_job
from tests.gateway.stores import KEY


class PostgresqlCase(TestCase):
    """
    A store in a database of its own.
    """

    if missing() is not None:
        skip = missing()

    def setUp(self) -> Any:
        """
        Open it.
        """
        self.clock = Clock()
        self.clock.advance(1_000_000_000)
        self.database = self.server().database()
        return Deferred.fromCoroutine(self._open())

    async def _open(self) -> None:
        self.store = await self.opened()

    async def refused(self, waiting: Any, kind: type[StoreError] = StoreError) -> str:
        """
        The text of the error.
        """
        with self.assertRaises(kind) as caught:
            await waiting
        return str(caught.exception)

    def server(self) -> Server:
        """
        The one for all tests.
        """
        return server()

    def make(self, password: str = PASSWORD, key: bytes = KEY, **more: Any) -> Store:
        """
        A store, not open yet.
        """
        return Store(self.server().url(self.database, password), Threads(reactor), self.clock, Seal(key), **more)

    async def opened(self, **more: Any) -> Store:
        """
        A store that is open, until the end of the test.
        """
        store = self.make(**more)
        await store.open()
        self.addCleanup(store.close)
        return store


class LinksTests(test_links.LinksMixin, PostgresqlCase):
    """
    Links.
    """


class JobsTests(test_jobs.JobsMixin, PostgresqlCase):
    """
    Jobs.
    """


class OutboxTests(test_outbox.OutboxMixin, PostgresqlCase):
    """
    The outbox.
    """


class MemoryTests(test_memory.MemoryMixin, PostgresqlCase):
    """
    What is remembered about cards.
    """


class TokensTests(test_tokens.TokensMixin, PostgresqlCase):
    """
    Tokens.
    """


class TranscriptsTests(test_transcripts.TranscriptsMixin, PostgresqlCase):
    """
    Transcripts.
    """


class AuditTests(test_audit.AuditMixin, PostgresqlCase):
    """
    The audit journal.
    """


class SharedTests(PostgresqlCase):
    """
    Several gateways, and how a store is opened.
    """

    async def test_together(self) -> None:
        """
        Many writes share a transaction; one that cannot be written fails alone.
        """
        jobs = [a_job(f"{number:04}") for number in range(200)]
        wrong = a_job("ffff", result={"x": object()})
        before = self.store.commits
        adding = [self.store.jobs.add(job) for job in jobs]
        await gatherResults(adding)
        self.assertLess(self.store.commits - before, 20)
        mixed: list[Deferred[Any]] = [self.store.jobs.save(jobs[0]), self.store.jobs.add(wrong), self.store.jobs.save(jobs[1])]
        await mixed[0]
        await self.refused(mixed[1])
        await mixed[2]
        self.assertEqual(await self.store.jobs.queued_count(), 200)

    async def test_compareAndSet(self) -> None:
        """
        Of several gateways that want the same job, one gets it.
        """
        await self.store.jobs.add(a_job())
        stores = [self.store, await self.opened(), await self.opened()]
        queued = frozenset({JobState.QUEUED})
        trying = [store.jobs.change("01", queued, {"state": JobState.RUNNING}) for store in stores * 3]
        self.assertEqual(sorted(await gatherResults(trying)), [False] * 8 + [True])

    async def test_sameKey(self) -> None:
        """
        Of several jobs with the same key, added by several gateways at once, one is stored and given to all.
        """
        stores = [self.store, await self.opened(), await self.opened()]
        found = await gatherResults([store.jobs.add(a_job(f"0{number}"), "k") for number, store in enumerate(stores)])
        self.assertEqual(sorted(new for _, new in found), [False, False, True])
        self.assertEqual(len({job.id for job, _ in found}), 1)

    async def test_openTogether(self) -> None:
        """
        Several gateways that open an empty database at once make its tables once.
        """
        self.database = self.server().database()
        await gatherResults([Deferred.fromCoroutine(self.opened()) for _ in range(4)])

    async def test_newer(self) -> None:
        """
        A newer schema is refused.
        """
        newer = (*MIGRATIONS, lambda connection: None)
        await self.opened(migrations=newer)
        error = await self.refused(self.make().open(), NewerSchema)
        self.assertIn(f"version {len(newer)}", error)

    async def test_migrationFails(self) -> None:
        """
        A migration that fails leaves everything as it was.
        """

        def half(connection: Any) -> None:
            connection.exec_driver_sql("CREATE TABLE half (x INTEGER)")
            connection.exec_driver_sql("this is no SQL")

        await self.refused(self.make(migrations=(*MIGRATIONS, half)).open())
        find = "SELECT count(*) FROM pg_tables WHERE tablename = 'half'"
        self.assertEqual(await self.store.read("meta", lambda link: link.exec_driver_sql(find).scalar()), 0)
        await self.opened()

    async def test_password(self) -> None:
        """
        A wrong password is told in one sentence that does not have it, nor the right one.
        """
        error = await self.refused(self.make("wr0ng#1").open())
        self.assertIn("password authentication failed", error)
        self.assertIn(":***@127.0.0.1", error)
        for secret in ("wr0ng", PASSWORD, "\n"):
            self.assertNotIn(secret, error)


class LostTests(PostgresqlCase):
    """
    The server goes away.
    """

    def server(self) -> Server:
        """
        One that other tests do not need.
        """
        lonely = server("lonely")
        self.addCleanup(lonely.start)
        return lonely

    async def test_lost(self) -> None:
        """
        While it is away, everything fails with the reason; afterwards, the store goes on by itself.
        """
        await self.store.jobs.add(a_job("01"))
        self.server().stop()
        with self.assertRaises(StoreError) as caught:
            await self.store.jobs.add(a_job("02"))
        self.assertNotIn(PASSWORD, str(caught.exception))
        with self.assertRaises(StoreError):
            await self.store.jobs.get("01")
        self.assertFalse(self.store.health().ready)
        self.assertIn("127.0.0.1", self.store.health().reason)
        self.server().start()
        await self.store.jobs.add(a_job("03"))
        self.assertEqual([job.id for job in await self.store.jobs.find()], ["03", "01"])
        self.assertTrue(self.store.health().ready)

    async def test_healthLooks(self) -> None:
        """
        Whoever asks for the health makes the store try whether the server is there again.
        """
        self.server().stop()
        with self.assertRaises(StoreError):
            await self.store.jobs.add(a_job("02"))
        self.server().start()
        while not self.store.health().ready:
            await self.store.read("meta", lambda connection: None)
        await self.store.jobs.add(a_job("02"))

    async def test_restarted(self) -> None:
        """
        Between two writes, the server may have been restarted: nobody notices.
        """
        await self.store.memory.remember(CARD, "key", b"1", sealed=False)
        await self.store.memory.recall(CARD, "key")
        self.server().stop()
        self.server().start()
        await self.store.memory.remember(CARD, "key", b"2", sealed=False)
        self.assertEqual(await self.store.memory.recall(CARD, "key"), b"2")

    async def test_notThere(self) -> None:
        """
        A store that cannot be reached at the start can be opened later.
        """
        self.server().stop()
        store = self.make()
        error = await self.refused(store.open())
        self.assertIn("refused", error.lower())
        self.assertFalse(store.health().ready)
        self.assertIn("refused", store.health().reason.lower())
        self.server().start()
        await store.open()
        self.addCleanup(store.close)
        self.assertTrue(store.health().ready)

    async def test_cutInTransaction(self) -> None:
        """
        A transaction that is cut off before it was committed is done again, whole.
        """
        cut = [True]

        def run(connection: Any) -> str:
            connection.exec_driver_sql("INSERT INTO memory (card, key, value, sealed) VALUES ('c', 'k', '', false)")
            if cut.pop() if cut else False:
                me = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
                self.server().sql(f"SELECT pg_terminate_backend({me}, 10000)")
            return str(connection.exec_driver_sql("SELECT key FROM memory").scalar_one())

        self.assertEqual(await self.store.write("memory", run), "k")

    async def test_cutInCommit(self) -> None:
        """
        A connection that is lost while a transaction is committed is an error: it may have been written.
        """

        def run(connection: Any) -> None:
            me = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            self.server().sql(f"SELECT pg_terminate_backend({me}, 10000)")

        with self.assertRaises(StoreError):
            await self.store.write("memory", run)
        self.assertFalse(self.store.health().ready)
        await self.store.memory.remember(CARD, "key", b"2", sealed=False)
        self.assertTrue(self.store.health().ready)
