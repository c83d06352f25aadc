# -*- test-case-name: tests.gateway.store.test_work -*-
"""
What is done with the database: tasks, many of which share a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import Any

from attrs import define, field, frozen
from sqlalchemy import Connection, Executable
from twisted.internet.defer import Deferred

from cardgw.gateway.faults import StoreError
from cardgw.gateway.store.database import Database
from cardgw.gateway.store.troubles import is_lost, is_transient, is_unusable, told


@define(eq=False)
class Task:
    """
    One thing to do.

    @ivar room: only tasks of the same room keep their order among each other: the name of a table.
    @ivar done: fires with the outcome.
    @ivar outcome: what came of it: a value, or the error.
    """

    room: str
    done: Deferred[Any] = field(factory=Deferred, init=False)
    outcome: Any = field(default=None, init=False)


@define(eq=False)
class Call(Task):
    """
    Something to do with a connection.
    """

    run: Callable[[Connection], Any]


@define(eq=False)
class Row(Task):
    """
    One row to write.

    @ivar statement: what is done with the row; those of the same statement go to the database together.
    @ivar values: gives its values.  It is called where the writing is done: what it uses must not be changed any more.
    @ivar result: the outcome where it was written.
    @ivar otherwise: gives the outcome where the statement may have passed it over (C{ON CONFLICT DO NOTHING}).
    """

    statement: Executable
    values: Callable[[], dict[str, Any]]
    result: Any = None
    otherwise: Callable[[Connection], Any] | None = None


@frozen
class Fault:
    """
    A task, or several together, could not be done.

    @ivar general: each of them alone could not either, or it is not known whether they were done.
    @ivar again: the same may succeed at once.
    """

    error: StoreError
    general: bool
    again: bool = False


@define(eq=False)
class Link:
    """
    A connection that is made anew when it was lost.

    @ivar trouble: why the database cannot be used, or empty.
    @ivar committing: whether a transaction may have been committed when the connection is lost.
    """

    database: Database
    isolation: str = ""
    trouble: str = ""
    committing: bool = False
    _connection: Connection | None = None

    def attempt(self, work: Callable[[Connection], Any]) -> Any:
        """
        Do something; once more if the connection was lost, or another transaction was preferred, before it was committed.

        @return: what C{work} gives, or a L{Fault}.
        """
        linked = self._connection is not None
        found = self._once(work)
        if isinstance(found, Fault) and not self.committing and (found.again or (linked and self._connection is None)):
            found = self._once(work)
        return found

    def close(self) -> None:
        """
        Give up the connection.
        """
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _once(self, work: Callable[[Connection], Any]) -> Any:
        self.committing = False
        try:
            if self._connection is None:
                self._connection = self.database.connect(self.isolation)
            found = work(self._connection)
        except Exception as problem:
            return self._fault(problem)
        self.trouble = ""
        return found

    def _fault(self, problem: Exception) -> Fault:
        error = told(problem, self.database.shown)
        unusable = self._connection is None or is_unusable(problem)
        if unusable:
            self.trouble = error.detail
        if is_lost(problem) or not self._rolled_back():
            self.close()
        return Fault(error, unusable or self.committing or self._connection is None, is_transient(problem))

    def _rolled_back(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.rollback()
        except Exception:
            return False
        return True


class Reader:
    """
    Does L{Call} tasks that only read, each for itself.
    """

    def __init__(self, database: Database) -> None:
        self.link = Link(database, "AUTOCOMMIT")

    def __call__(self, tasks: Sequence[Task]) -> None:
        """
        See L{cardgw.gateway.store.runner.Work}.
        """
        for task in tasks:
            assert isinstance(task, Call)
            found = self.link.attempt(task.run)
            task.outcome = found.error if isinstance(found, Fault) else found


class Writer:
    """
    Does tasks that write.  Those that come together share a transaction; where that fails, each gets its own.

    @ivar commits: how many transactions there were.
    """

    def __init__(self, database: Database) -> None:
        self.link = Link(database)
        self.commits = 0

    def __call__(self, tasks: Sequence[Task]) -> None:
        """
        See L{cardgw.gateway.store.runner.Work}.
        """
        found = self.link.attempt(lambda connection: self._together(connection, tasks))
        if not isinstance(found, Fault):
            return
        if len(tasks) == 1 or found.general:
            for task in tasks:
                task.outcome = told(found.error, "")  # each its own: they are raised in different places
            return
        for task in tasks:
            self([task])

    def _together(self, connection: Connection, tasks: Sequence[Task]) -> None:
        self.link.database.begin(connection)
        for same in _runs(tasks):
            _do(connection, same)
        self.link.committing = True
        connection.commit()
        self.link.committing = False
        self.commits += 1


def _runs(tasks: Sequence[Task]) -> Iterator[Sequence[Any]]:
    """
    What can be done by one statement, without changing the order in a room.
    """
    if len(tasks) == 1:
        yield tasks
        return
    for _, same in groupby(sorted(tasks, key=attrgetter("room")), key=_statement):
        yield list(same)


def _statement(task: Task) -> int:
    return id(task.statement if isinstance(task, Row) else task)


def _do(connection: Connection, same: Sequence[Any]) -> None:
    first = same[0]
    if isinstance(first, Call):
        first.outcome = first.run(connection)
        return
    rows = [each.values() for each in same]
    written = connection.execute(first.statement, rows if len(rows) > 1 else rows[0])
    all_new = first.otherwise is None or written.rowcount == len(rows)
    for each in same:
        each.outcome = each.result if all_new else each.otherwise(connection)
