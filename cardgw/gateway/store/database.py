# -*- test-case-name: tests.gateway.store.test_database -*-
"""
The two kinds of database, and how they differ.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from cardgw.gateway.faults import StoreError, StoreInUse

SYNCHRONOUS = ("FULL", "NORMAL", "EXTRA", "OFF")
"""How SQLite waits for the disk (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
BUSY_TIMEOUT = 5000
"""Milliseconds that SQLite waits for a lock."""
_POSTGRESQL: Mapping[str, Any] = {
    "application_name": "cardgw",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What a URL need not say: a server that is gone is noticed within half a minute."""


class Database(Protocol):
    """
    Where the store is.

    @ivar shown: its name for people: no password is in it.
    @ivar shared: whether all must use the same connection.
    """

    shown: str
    shared: bool

    def connect(self, isolation: str = "") -> Connection:
        """
        A new connection.

        @param isolation: C{AUTOCOMMIT}, or empty.
        @raise StoreError: another gateway uses it, or it cannot be used at all.
        """

    def begin(self, connection: Connection) -> None:
        """
        Begin a transaction that writes.
        """

    def exclude(self, connection: Connection) -> None:
        """
        Wait until no other gateway is changing the schema; until the end of the transaction, none does.
        """

    def insert(self, table: Table) -> Any:
        """
        An C{INSERT} that has C{on_conflict_do_nothing} and C{on_conflict_do_update}.
        """

    def close(self) -> None:
        """
        Let others use it.
        """


def database_of(url: str, synchronous: str = "FULL") -> Database:
    """
    @param url: C{sqlite:///relative}, C{sqlite:////absolute}, C{sqlite://} (in memory) or C{postgresql://user:password@host/name}.
    @param synchronous: of SQLite, one of L{SYNCHRONOUS}.
    @raise StoreError: it is none of these.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("the URL of the database is not understood", hint="Expected sqlite:///… or postgresql://…") from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        return _Sqlite(parsed, synchronous)
    if parsed.drivername in {"postgresql", "postgresql+psycopg", "postgres"}:
        return _Postgresql(parsed)
    raise StoreError(f"{parsed.drivername}: no such database is supported", hint="Expected sqlite:///… or postgresql://…")


class _Sqlite:
    """
    SQLite in a file, or in memory.  L{Database}.
    """

    def __init__(self, url: URL, synchronous: str) -> None:
        if synchronous not in SYNCHRONOUS:
            raise StoreError(f"synchronous: expected one of {', '.join(SYNCHRONOUS)}, got {synchronous}")
        self.shared = url.database in {None, "", ":memory:"}
        self._path = Path(url.database or "")
        self.shown = "SQLite in memory" if self.shared else str(self._path)
        self._synchronous = synchronous
        self._engine: Engine | None = None
        self._lock = -1

    def connect(self, isolation: str = "") -> Connection:
        if self._engine is None:
            if not self.shared:
                self._claim()
            name = URL.create("sqlite", database=None if self.shared else str(self._path))
            self._engine = create_engine(
                name, poolclass=NullPool, hide_parameters=True, connect_args={"check_same_thread": False}
            )
            event.listen(self._engine, "connect", self._prepare)
        return self._engine.connect()

    def begin(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def exclude(self, connection: Connection) -> None:
        """
        The lock beside the file does.
        """

    def insert(self, table: Table) -> Any:
        return sqlite.insert(table)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _claim(self) -> None:
        """
        Make the file, for its owner only, and keep other gateways away from it.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        except BlockingIOError:
            os.close(lock)
            raise StoreInUse(str(self._path)) from None
        except OSError:
            os.close(lock)
            raise
        self._lock = lock

    def _prepare(self, connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own idea of when a transaction begins leaves out the schema
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT}", "journal_mode=WAL", f"synchronous={self._synchronous}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


class _Postgresql:
    """
    PostgreSQL, through psycopg.  L{Database}.
    """

    shared = False

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self.shown = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
        self._engine: Engine | None = None

    def connect(self, isolation: str = "") -> Connection:
        if self._engine is None:
            more = {name: value for name, value in _POSTGRESQL.items() if name not in self._url.query}
            try:
                self._engine = create_engine(self._url, poolclass=NullPool, hide_parameters=True, connect_args=more)
            except ImportError as problem:
                why = str(problem).partition("\n")[0]
                hint = "Install it: pip install 'cardgw[postgresql]'."
                raise StoreError(f"PostgreSQL needs psycopg, which cannot be imported: {why}", hint=hint) from None
        connection = self._engine.connect()
        return connection.execution_options(isolation_level=isolation) if isolation else connection

    def begin(self, connection: Connection) -> None:
        """
        The driver does.
        """

    def exclude(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY})")

    def insert(self, table: Table) -> Any:
        return postgresql.insert(table)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


_ADVISORY = int.from_bytes(b"cardgw", "big")
