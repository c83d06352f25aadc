# -*- test-case-name: tests.gateway.store.test_troubles -*-
"""
L{cardgw.gateway.store.troubles}.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import NewerSchema, StoreError
from cardgw.gateway.store.database import database_of
from cardgw.gateway.store.seal import NoSeal
from cardgw.gateway.store.troubles import is_lost, is_transient, is_unusable, told


def sqlite_error(name: str) -> OperationalError:
    """
    As the driver raises it.
    """
    original = sqlite3.OperationalError("what SQLite says")
    original.sqlite_errorname = name
    return OperationalError("SELECT secret", {"secret": "secret"}, original)


class TroublesTests(SynchronousTestCase):
    """
    Errors as sentences.
    """

    def test_sqlite(self) -> None:
        """
        The codes of SQLite and their variants are told in words; of others, what SQLite says.
        """
        for name, words in (
            ("SQLITE_FULL", "the disk is full"),
            ("SQLITE_READONLY_DBMOVED", "it cannot be written"),
            ("SQLITE_CANTOPEN_ISDIR", "it cannot be opened"),
            ("SQLITE_BUSY_SNAPSHOT", "another program"),
            ("SQLITE_IOERR_WRITE", "the disk has an error"),
            ("SQLITE_ERROR", "what SQLite says"),
        ):
            error = told(sqlite_error(name), "/var/lib/cardgw.db")
            self.assertIn(f"The store cannot be used: /var/lib/cardgw.db: {words}", str(error))
            self.assertNotIn("secret", str(error))

    def test_noDatabase(self) -> None:
        """
        A file that is something else is said to be so, and is no reason to try each write again.
        """
        path = Path(self.mktemp())
        path.write_text("something else, but long enough to have a header of a hundred bytes " * 3)
        database = database_of(f"sqlite:///{path}")
        self.addCleanup(database.close)
        problem = self.assertRaises(DBAPIError, database.connect)
        self.assertIn(f"{path}: this file is not a database", str(told(problem, database.shown)))
        self.assertTrue(is_unusable(problem))

    def test_kinds(self) -> None:
        """
        What is wrong with the database is told from what is wrong with a row.
        """
        row = IntegrityError("", {}, sqlite3.IntegrityError("UNIQUE"))
        damaged = DatabaseError("", {}, sqlite3.DatabaseError("malformed"))
        lost = OperationalError("", {}, sqlite3.OperationalError("gone"), connection_invalidated=True)
        for problem, unusable, gone in (
            (row, False, False),
            (damaged, True, False),
            (lost, True, True),
            (OSError(28, "No space left on device"), True, False),
            (ValueError("x"), False, False),
        ):
            self.assertEqual((is_unusable(problem), is_lost(problem)), (unusable, gone), problem)

    def test_transient(self) -> None:
        """
        Where PostgreSQL has rolled a transaction back for another's sake, it may succeed at once.
        """

        class Deadlock(Exception):
            """
            As psycopg raises it.
            """

            sqlstate = "40P01"

        self.assertTrue(is_transient(OperationalError("", {}, Deadlock())))
        self.assertFalse(is_transient(sqlite_error("SQLITE_FULL")))

    def test_others(self) -> None:
        """
        Of errors that may have values in their texts, only the kind is told; those of the store stay as they are.
        """
        self.assertNotIn("secret", str(told(ValueError("secret"), "x")))
        self.assertIn("x: Permission denied", str(told(PermissionError(13, "Permission denied"), "x")))
        error = NewerSchema("detail", hint="hint")
        again = told(error, "x")
        self.assertIsNot(again, error)
        self.assertEqual((type(again), str(again)), (NewerSchema, str(error)))
        self.assertIsInstance(told(self.assertRaises(StoreError, NoSeal().open, b"\1"), "x"), StoreError)
