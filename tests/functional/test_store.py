# -*- test-case-name: tests.functional.test_store -*-
"""
The store in a file, with its threads.
"""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from cardgw.gateway.faults import StoreError, StoreInUse
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Threads
from cardgw.gateway.store.seal import Seal
from tests.functional.commands import environment
from tests.gateway.store import test_audit, test_jobs, test_memory, test_tokens
from tests.gateway.store.contract import CARD, a_job
from tests.gateway.stores import KEY

MANY = 500
CONFIRMED = 100


class FileCase(TestCase):
    """
    A store in a file.
    """

    def setUp(self) -> Any:
        """
        Open it.
        """
        self.path = Path(self.mktemp()) / "state" / "cardgw.db"
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

    def make(self) -> Store:
        """
        A store that is not open yet.
        """
        clock: Any = reactor
        return Store(f"sqlite:///{self.path}", Threads(reactor), clock, Seal(KEY))

    async def opened(self) -> Store:
        """
        One that is open, until the end of the test.
        """
        store = self.make()
        await store.open()
        self.addCleanup(store.close)
        return store


class ContractTests(test_audit.AuditMixin, test_jobs.JobsMixin, test_memory.MemoryMixin, test_tokens.TokensMixin, FileCase):
    """
    What every store does.
    """


class TogetherTests(FileCase):
    """
    Many write at the same time.
    """

    async def test_shared(self) -> None:
        """
        Writes that come together share a transaction, and each can be read when it was confirmed.
        """
        before = self.store.commits
        jobs = [a_job(f"{number:04}") for number in range(MANY)]

        async def write(number: int) -> None:
            """
            What one session does.
            """
            await self.store.jobs.add(jobs[number])
            begun = evolve(jobs[number], runs=1, stage=str(number))
            await self.store.jobs.save(begun)
            self.assertEqual(await self.store.jobs.get(begun.id), begun)

        await gatherResults([Deferred.fromCoroutine(write(number)) for number in range(MANY)])
        self.assertLess(self.store.commits - before, MANY / 5)
        self.assertEqual(await self.store.jobs.queued_count(), MANY)

    async def test_order(self) -> None:
        """
        What is written first is not written last, though nobody waits for it.
        """
        adding = self.store.jobs.add(a_job())
        for number in range(MANY):
            self.store.jobs.save(a_job(runs=number))
        await adding
        await self.store.audit.add(1.0, "a", "b", "c", "d")
        await self.store.jobs.save(a_job("02"))
        found = await self.store.jobs.get("01")
        assert found is not None
        self.assertEqual(found.runs, MANY - 1)

    async def test_oneWrong(self) -> None:
        """
        One that cannot be written does not take the others with it.
        """
        writing = [self.store.jobs.add(a_job(f"{number:02}", result={"x": b"" if number == 7 else ""})) for number in range(20)]
        for number, each in enumerate(writing):
            if number == 7:
                await self.refused(each)
            else:
                await each
        self.assertEqual(await self.store.jobs.queued_count(), 19)

    async def test_cancelled(self) -> None:
        """
        What is handed over is written, even if nobody waits for it any more.
        """
        writing = self.store.jobs.add(a_job())
        writing.addErrback(lambda _: None)
        writing.cancel()
        await self.store.audit.add(1.0, "a", "b", "c", "d")
        self.assertEqual(await self.store.jobs.get("01"), a_job())


class FileTests(FileCase):
    """
    The file, and who may use it.
    """

    async def test_modes(self) -> None:
        """
        Only the owner may read the files and the directory that are made.
        """
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in self.path.parent.iterdir()}
        self.assertEqual(set(modes.values()), {0o600}, modes)
        self.assertIn(f"{self.path.name}.lock", modes)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    async def test_inUse(self) -> None:
        """
        A second gateway is kept away, until the first has ended.
        """
        second = self.make()
        error = await self.refused(second.open(), StoreInUse)
        self.assertIn(str(self.path), error)
        await self.store.close()
        await second.open()
        await second.close()

    async def test_close(self) -> None:
        """
        What was handed over is written before it is closed; afterwards nothing is taken.
        """
        writing = [self.store.jobs.add(a_job(f"{number:04}")) for number in range(MANY)]
        await self.store.close()
        self.assertTrue(all(each.called for each in writing))
        await self.store.close()
        for late in (self.store.jobs.add(a_job("ff")), self.store.jobs.get("ff"), self.store.memory.recall(CARD, "x")):
            error = await self.refused(late)
            self.assertIn("it is closed", error)
        self.assertFalse(self.store.health().ready)
        self.assertEqual([each.name for each in self.path.parent.glob("*-wal")], [])
        again = await self.opened()
        self.assertEqual(await again.jobs.queued_count(), MANY)

    async def test_full(self) -> None:
        """
        A full disk is told, and costs nothing but what could not be written; afterwards the store goes on.
        """

        def limit(pages: int) -> Any:
            return self.store.write("meta", lambda link: link.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar())

        await limit(1)  # SQLite makes it as many as there are
        error = await self.refused(self.store.memory.remember(CARD, "big", bytes(1_000_000), sealed=False))
        self.assertIn(f"{self.path}: the disk is full", error)
        self.assertIn("the disk is full", self.store.health().reason)
        self.assertIsNone(await self.store.memory.recall(CARD, "big"))
        await limit(1_000_000)
        await self.store.memory.remember(CARD, "big", bytes(1_000_000), sealed=False)
        self.assertTrue(self.store.health().ready)


def killed(url: str) -> list[int]:
    """
    What a process had confirmed when it was killed in the midst of writing.
    """
    confirmed = []
    command = [sys.executable, "-m", "tests.functional.store_writer", url]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            confirmed.append(int(line))
            if len(confirmed) == CONFIRMED:
                process.kill()
    return confirmed


class KilledTests(TestCase):
    """
    C{kill -9}.
    """

    async def test_killed(self) -> None:
        """
        What was confirmed is there, nothing else is in the way of opening it, and nothing is half there.
        """
        url = f"sqlite:///{self.mktemp()}/cardgw.db"
        confirmed = killed(url)
        self.assertGreaterEqual(len(confirmed), CONFIRMED)
        clock: Any = reactor
        store = Store(url, Threads(reactor), clock, Seal(KEY))
        await store.open()
        self.addCleanup(store.close)
        jobs = {job.id for job in await store.jobs.find(limit=10**6)}
        parcels = {entry.parcel.number for entry in await store.outbox.entries(CARD)}
        self.assertEqual({f"{number:08}" for number in confirmed} - jobs, set())
        self.assertEqual(set(confirmed) - parcels, set())
