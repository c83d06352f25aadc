# -*- test-case-name: tests.gateway.store.test_engine -*-
"""
What the tables of the store see of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Connection, Executable, Table
from twisted.internet.defer import Deferred

from cardgw.gateway.store.seal import Sealing


class Access(Protocol):
    """
    Reading and writing.  A C{room} is the name of a table: writes to the same one keep their order.
    """

    @property
    def seal(self) -> Sealing:
        """
        Encrypts what must not be read by whoever gets hold of the database.
        """

    def now(self) -> float:
        """
        The time in seconds since 1970.
        """

    def insert(self, table: Table) -> Any:
        """
        An C{INSERT} that has C{on_conflict_do_nothing} and C{on_conflict_do_update}.
        """

    def row(
        self,
        room: str,
        statement: Executable,
        values: Callable[[], dict[str, Any]],
        result: Any = None,
        otherwise: Callable[[Connection], Any] | None = None,
    ) -> Deferred[Any]:
        """
        Write a row: see L{cardgw.gateway.store.work.Row}.
        """

    def write(self, room: str, run: Callable[[Connection], Any]) -> Deferred[Any]:
        """
        Do something in a transaction.
        """

    def read(self, room: str, run: Callable[[Connection], Any]) -> Deferred[Any]:
        """
        Do something that only reads.
        """
