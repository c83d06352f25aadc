# -*- test-case-name: tests.gateway.store.test_migrate -*-
"""
L{cardgw.gateway.store.migrate}.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import NewerSchema, StoreError
from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.migrate import MIGRATIONS, Migration, version
from cardgw.gateway.store.runner import Inline
from cardgw.gateway.store.seal import Seal
from tests.gateway.store.contract import a_job
from tests.gateway.stores import KEY


def color(connection: Connection) -> None:
    """
    A migration.
    """
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN color TEXT NOT NULL DEFAULT 'blue'")


def shape(connection: Connection) -> None:
    """
    The next one, which needs the first.
    """
    connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN shape TEXT NOT NULL DEFAULT ''")
    connection.exec_driver_sql("UPDATE jobs SET shape = color || ' ball'")


def broken(connection: Connection) -> None:
    """
    One that fails half way.
    """
    color(connection)
    connection.exec_driver_sql("UPDATE jobs SET stage = 'half'")
    raise RuntimeError("broken")


class MigrateTests(SynchronousTestCase):
    """
    One file, opened by several versions of cardgw.
    """

    def setUp(self) -> None:
        """
        Version 1 leaves a job there.
        """
        self.path = Path(self.mktemp())
        store = self.make()
        self.successResultOf(store.open())
        self.successResultOf(store.jobs.add(a_job()))
        self.successResultOf(store.close())

    def make(self, *more: Migration) -> Store:
        """
        The store of a version that has these migrations besides.
        """
        migrations = (*MIGRATIONS, *more)
        return Store(f"sqlite:///{self.path}", Inline(), Clock(), Seal(KEY), migrations=migrations)

    def look(self, statement: str, *more: Migration) -> Any:
        """
        Open it, and ask.
        """
        store = self.make(*more)
        self.successResultOf(store.open())
        found = self.successResultOf(store.read("jobs", lambda connection: connection.exec_driver_sql(statement).scalar()))
        job = self.successResultOf(store.jobs.get("01"))
        self.assertEqual(job, a_job())
        self.successResultOf(store.close())
        return found

    def number(self, *more: Migration) -> int:
        """
        The version that it has when it is open.
        """
        store = self.make(*more)
        self.successResultOf(store.open())
        found: int = self.successResultOf(store.read("meta", version))
        self.successResultOf(store.close())
        return found

    def test_older(self) -> None:
        """
        An older schema is brought to the newest, step by step or several steps at once; what is in it stays.
        """
        self.assertEqual(self.look("SELECT color FROM jobs", color), "blue")
        self.assertEqual(self.look("SELECT shape FROM jobs", color, shape), "blue ball")
        self.assertEqual(self.number(color, shape), len(MIGRATIONS) + 2)

    def test_severalSteps(self) -> None:
        """
        Several steps may be taken at once, and none twice.
        """
        self.assertEqual(self.look("SELECT shape FROM jobs", color, shape), "blue ball")
        self.assertEqual(self.look("SELECT shape FROM jobs", color, shape), "blue ball")

    def test_newer(self) -> None:
        """
        A newer schema is refused with both versions, and stays as it is.
        """
        self.look("SELECT color FROM jobs", color)
        store = self.make()
        error = self.failureResultOf(store.open(), NewerSchema).value
        for number in (len(MIGRATIONS), len(MIGRATIONS) + 1):
            self.assertIn(f"{number}", error.detail)
        self.assertIn(str(self.path), error.detail)
        self.assertEqual(self.number(color), len(MIGRATIONS) + 1)

    def test_fails(self) -> None:
        """
        A migration that fails leaves everything as it was, also what those before it did.
        """
        failing = self.make(color, broken)
        self.failureResultOf(failing.open(), StoreError)
        self.assertEqual(self.number(), len(MIGRATIONS))
        self.assertEqual(self.look("SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'color'"), 0)

    def test_new(self) -> None:
        """
        A new store has the newest version at once.
        """
        self.path = Path(self.mktemp())
        self.assertEqual(self.number(), len(MIGRATIONS))

    def test_released(self) -> None:
        """
        A schema of an earlier version becomes the same as that of a new store.
        """
        schema = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        with closing(sqlite3.connect(self.path)) as connection:
            new = connection.execute(schema).fetchall()
            connection.execute("DROP TABLE links")
            connection.execute("UPDATE meta SET value = x'31' WHERE key = 'version'")
            connection.commit()
        self.assertEqual(self.number(), len(MIGRATIONS))
        with closing(sqlite3.connect(self.path)) as connection:
            self.assertEqual(connection.execute(schema).fetchall(), new)

    def test_foreign(self) -> None:
        """
        Tables of another program are left alone.
        """
        for statement in ("CREATE TABLE jobs (x)", "CREATE TABLE meta (key, value)"):
            self.path = Path(self.mktemp())
            with closing(sqlite3.connect(self.path)) as connection:
                connection.execute(statement)
            error = self.failureResultOf(self.make().open(), StoreError).value
            self.assertIn(f"{self.path}: it belongs to another program", str(error))
