# -*- test-case-name: tests.gateway.store.test_database -*-
"""
L{cardgw.gateway.store.database}.
"""

from __future__ import annotations

import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import StoreError, StoreInUse
from cardgw.gateway.store.database import Database, database_of


class UrlTests(SynchronousTestCase):
    """
    Which database a URL means.
    """

    def test_shown(self) -> None:
        """
        A database has a name for people; passwords are not in it.
        """
        for url, shown in (
            ("sqlite://", "SQLite in memory"),
            ("sqlite:///:memory:", "SQLite in memory"),
            ("sqlite:///state/cardgw.db", "state/cardgw.db"),
            ("sqlite:////var/lib/cardgw/cardgw.db", "/var/lib/cardgw/cardgw.db"),
            ("postgresql://ann:secret@db.example:5433/cards", "postgresql://ann:***@db.example:5433/cards"),
            ("postgresql+psycopg://ann@db.example/cards?password=secret", "postgresql://ann@db.example/cards"),
            ("postgres:///cards?host=/run/postgresql", "postgresql:///cards"),
        ):
            self.assertEqual(database_of(url).shown, shown)

    def test_refused(self) -> None:
        """
        Others are refused; what may be a password is not shown.
        """
        for url in ("", "cards", "mysql://ann:secret@db.example/cards", "postgresql://ann:secret@db:port/x"):
            error = self.assertRaises(StoreError, database_of, url)
            self.assertNotIn("secret", str(error))
            self.assertIn("sqlite:///", str(error))

    def test_synchronous(self) -> None:
        """
        What SQLite does not know is refused.
        """
        self.assertRaises(StoreError, database_of, "sqlite://", "SOMETIMES")


class SqliteTests(SynchronousTestCase):
    """
    SQLite in a file.
    """

    def setUp(self) -> None:
        """
        Where it is.
        """
        self.path = Path(self.mktemp()) / "a" / "b" / "cardgw.db"

    def database(self, synchronous: str = "FULL") -> Database:
        """
        It, closed at the end.
        """
        found = database_of(f"sqlite:///{self.path}", synchronous)
        self.addCleanup(found.close)
        return found

    def pragma(self, database: Database, name: str) -> object:
        """
        What SQLite says of itself.
        """
        with database.connect() as connection:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

    def test_settings(self) -> None:
        """
        Readers do not wait for the writer, and a commit waits for the disk, unless it is not to.
        """
        database = self.database()
        self.assertEqual([self.pragma(database, name) for name in ("journal_mode", "synchronous")], ["wal", 2])
        database.close()
        self.assertEqual(self.pragma(self.database("NORMAL"), "synchronous"), 1)

    def test_modes(self) -> None:
        """
        It is for its owner alone; a file that is there stays as it is.
        """
        self.database().connect().close()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.path.parent.iterdir()}
        self.assertEqual(modes, {"cardgw.db": 0o600, "cardgw.db.lock": 0o600})
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    def test_inUse(self) -> None:
        """
        Who comes second is told the name of the file; when the first has closed it, it is free.
        """
        first = self.database()
        first.connect().close()
        first.connect("AUTOCOMMIT").close()
        error = self.assertRaises(StoreInUse, self.database().connect)
        self.assertIn(str(self.path), str(error))
        first.close()
        self.database().connect().close()

    def test_failed(self) -> None:
        """
        Where it cannot be opened, nothing stays locked.
        """
        self.path.mkdir(parents=True)
        self.assertRaises(OSError, self.database().connect)
        self.path.rmdir()
        self.database().connect().close()
