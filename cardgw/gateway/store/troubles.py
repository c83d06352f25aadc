# -*- test-case-name: tests.gateway.store.test_troubles -*-
"""
What databases complain about, in one sentence.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from cardgw.gateway.faults import StoreError

_MOST_SHOWN = 300

_SQLITE = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it cannot be written: check who owns the file and its directory, and whether the disk is writable",
    "SQLITE_CANTOPEN": "it cannot be opened: check who owns the file and its directory",
    "SQLITE_PERM": "it cannot be opened: check who owns the file and its directory",
    "SQLITE_NOTADB": "this file is not a database of cardgw",
    "SQLITE_CORRUPT": "this file is damaged",
    "SQLITE_BUSY": "another program holds it locked",
    "SQLITE_LOCKED": "another program holds it locked",
    "SQLITE_IOERR": "the disk has an error",
    "SQLITE_TOOBIG": "a value is too large",
}
"""By the primary result codes of SQLite (https://www.sqlite.org/rescode.html)."""


def is_lost(problem: Exception) -> bool:
    """
    Whether the connection to the database is gone.
    """
    return isinstance(problem, DBAPIError) and problem.connection_invalidated


def is_transient(problem: Exception) -> bool:
    """
    Whether the same may succeed at once: the transaction was rolled back for the sake of another one (SQLSTATE class 40).
    """
    return str(getattr(getattr(problem, "orig", None), "sqlstate", None) or "").startswith("40")


def is_unusable(problem: Exception) -> bool:
    """
    Whether the database cannot be used; otherwise it is something about what was to be written.
    """
    if isinstance(problem, DBAPIError):
        generic = type(problem.orig) is sqlite3.DatabaseError  # files that are damaged or no databases
        return generic or isinstance(problem, (OperationalError, InterfaceError)) or is_lost(problem)
    return isinstance(problem, OSError)


def told(problem: Exception, shown: str) -> StoreError:
    """
    An error for people.

    @param shown: the database, as people may see it.
    """
    if isinstance(problem, StoreError):
        return type(problem)(problem.detail, hint=problem.hint)
    error = StoreError(f"{shown}: {_words(problem)}")
    error.__cause__ = problem
    return error


def _words(problem: Exception) -> str:
    if isinstance(problem, OSError):
        return problem.strerror or type(problem).__name__
    if not isinstance(problem, DBAPIError):  # its text may hold what was to be written
        return f"{type(problem).__name__} for what was to be written or read"
    name: str = getattr(problem.orig, "sqlite_errorname", "")
    for code, words in _SQLITE.items():
        if name == code or name.startswith(code + "_"):
            return words
    primary = getattr(getattr(problem.orig, "diag", None), "message_primary", None)
    lines = str(primary or problem.orig).strip().splitlines() or [type(problem).__name__]
    return lines[0].strip()[:_MOST_SHOWN]
