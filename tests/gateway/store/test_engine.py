# -*- test-case-name: tests.gateway.store.test_engine -*-
"""
L{cardgw.gateway.store.engine}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import StoreError
from cardgw.gateway.records import Health
from cardgw.gateway.store.engine import PART, Store
from cardgw.gateway.store.runner import Inline
from cardgw.gateway.store.seal import KEY_BYTES, NoSeal, Seal, Sealing
from tests.gateway.store.contract import CARD, a_job
from tests.gateway.stores import KEY, memory_store


class StoreTests(SynchronousTestCase):
    """
    Opening and closing, health, and keys.
    """

    def setUp(self) -> None:
        """
        Where it is.
        """
        self.path = Path(self.mktemp())

    def make(self, seal: Sealing | None = None) -> Store:
        """
        A store in a file.
        """
        store = Store(f"sqlite:///{self.path}", Inline(), Clock(), seal if seal is not None else Seal(KEY))
        self.addCleanup(store.close)
        return store

    def opened(self, seal: Sealing | None = None) -> Store:
        """
        One that is open.
        """
        store = self.make(seal)
        self.successResultOf(store.open())
        return store

    def refused(self, waiting: Any) -> str:
        """
        The text of the error.
        """
        return str(self.failureResultOf(waiting, StoreError).value)

    def test_closed(self) -> None:
        """
        Before it is opened and after it was closed, nothing can be done, and the reason is told.
        """
        store = self.make()
        self.assertIn("it is not open", self.refused(store.jobs.add(a_job())))
        self.assertEqual(store.health(), Health(PART, False, "it is not open"))
        self.successResultOf(store.open())
        self.assertEqual(store.health(), Health(PART, True))
        self.assertIn("open already", self.refused(store.open()))
        for _ in range(2):
            self.successResultOf(store.close())
        for late in (store.jobs.save(a_job()), store.jobs.queued_count(), store.tokens.remove("x")):
            self.assertIn("it is closed", self.refused(late))
        self.assertEqual(store.health(), Health(PART, False, "it is closed"))
        self.successResultOf(store.open())
        self.assertEqual(self.successResultOf(store.jobs.queued_count()), 0)

    def test_cannotOpen(self) -> None:
        """
        The reason why it could not be opened is its health, until it could be.
        """
        self.path.write_bytes(b"something else" * 100)
        store = self.make()
        self.assertIn("not a database", self.refused(store.open()))
        self.assertIn("not a database", store.health().reason)
        self.path.unlink()
        self.successResultOf(store.open())
        self.assertTrue(store.health().ready)

    def test_health(self) -> None:
        """
        What is wrong is told until it works again; whoever asks makes it try.
        """
        store = self.opened()
        self.successResultOf(store.write("meta", lambda link: link.exec_driver_sql("PRAGMA max_page_count=1").scalar()))
        self.assertIn("the disk is full", self.refused(store.memory.remember(CARD, "k", bytes(1_000_000), sealed=False)))
        health = store.health()
        self.assertEqual((health.part, health.ready, health.reason), (PART, True, ""))

    def test_anotherKey(self) -> None:
        """
        A store whose values were sealed with another key is not opened: half of it could not be read.
        """
        self.successResultOf(self.opened().close())
        text = self.refused(self.make(Seal(bytes(KEY_BYTES))).open())
        self.assertIn(f"{self.path}: a value in it was encrypted with another key", text)
        self.assertIn("key file", text)
        self.assertIn("encryption is off", self.refused(self.make(NoSeal()).open()))
        self.opened()

    def test_encryptionSwitched(self) -> None:
        """
        Encryption may be switched on, and with the key also off; what was stored before can be read.
        """
        seals: list[Sealing] = [NoSeal(), Seal(KEY), NoSeal(Seal(KEY))]
        for number, seal in enumerate(seals):
            store = self.opened(seal)
            self.successResultOf(store.memory.remember(CARD, str(number), b"value", sealed=True))
            for earlier in range(number + 1):
                self.assertEqual(self.successResultOf(store.memory.recall(CARD, str(earlier))), b"value")
            self.successResultOf(store.close())
        self.assertIn("encryption is off", self.refused(self.make(NoSeal()).open()))

    def test_manyQueued(self) -> None:
        """
        Opening a store does not look at the jobs in it.
        """
        store = self.opened()
        self.successResultOf(store.jobs.add(a_job()))
        self.successResultOf(store.close())
        statements: list[str] = []

        def noted(*given: Any) -> None:
            statements.append(given[2])

        event.listen(Engine, "before_cursor_execute", noted)
        self.addCleanup(event.remove, Engine, "before_cursor_execute", noted)
        self.opened()
        self.assertNotEqual(statements, [])
        self.assertEqual([text for text in statements if "jobs" in text], [])

    def test_inMemory(self) -> None:
        """
        A store in memory reads what it writes, and forgets it when it is closed.
        """
        store = memory_store()
        before = store.commits
        self.successResultOf(store.jobs.add(a_job()))
        self.assertEqual(self.successResultOf(store.jobs.get("01")), a_job())
        self.assertGreater(store.commits, before)
        self.successResultOf(store.close())
        self.successResultOf(store.open())
        self.assertIsNone(self.successResultOf(store.jobs.get("01")))
        self.successResultOf(store.close())

    def test_url(self) -> None:
        """
        A URL that means no database is an error at once; one that does is shown without its password.
        """
        self.assertRaises(StoreError, Store, "ftp://x", Inline(), Clock(), NoSeal())
        store = Store("postgresql://ann:secret@db.example/cards", Inline(), Clock(), NoSeal())
        self.assertEqual(store.shown, "postgresql://ann:***@db.example/cards")
