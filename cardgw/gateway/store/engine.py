# -*- test-case-name: tests.gateway.store.test_engine,tests.functional.test_store,tests.functional.test_store_postgresql -*-
"""
The store: one database, behind two threads, one that writes and one that reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from attrs import define
from sqlalchemy import Connection, Executable, Table, select
from twisted.internet.defer import Deferred, fail

from cardgw.gateway.faults import StoreError
from cardgw.gateway.ids import Ids
from cardgw.gateway.records import Health
from cardgw.gateway.store.audit import AuditTable
from cardgw.gateway.store.database import database_of
from cardgw.gateway.store.jobs import JobTable
from cardgw.gateway.store.links import LinkTable
from cardgw.gateway.store.memory import MemoryTable
from cardgw.gateway.store.migrate import MIGRATIONS, Migration, migrate
from cardgw.gateway.store.outbox import OutboxTable
from cardgw.gateway.store.runner import Lane, Runner
from cardgw.gateway.store.seal import Sealing
from cardgw.gateway.store.tables import META
from cardgw.gateway.store.tokens import TokenTable
from cardgw.gateway.store.transcripts import TranscriptTable
from cardgw.gateway.store.work import Call, Reader, Row, Task, Writer

PART = "store"
"""What it is called in L{Health}."""
_SEAL, _PROBE = "seal", "probe"
_TOUCHSTONE = b"cardgw"
"""What is sealed to see whether the key is the right one."""


class Clock(Protocol):
    """
    Part of C{IReactorTime}.
    """

    def seconds(self) -> float:
        """
        The time, in seconds since 1970.
        """


@define
class _Open:
    """
    What there is while the store is open.
    """

    writer: Writer
    reader: Reader
    writes: Lane
    reads: Lane
    probing: bool = False


class Store:
    """
    All that outlives the gateway.  L{cardgw.gateway.store.access.Access}.

    Deferreds of its tables fire in the reactor's thread, when what was written is safe; they fail with L{StoreError}.  What is
    read after a write has been confirmed includes it.  Cancelling one only means that nobody waits for it.
    """

    def __init__(
        self,
        url: str,
        runner: Runner,
        clock: Clock,
        seal: Sealing,
        *,
        synchronous: str = "FULL",
        entropy: Callable[[int], bytes] = os.urandom,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> None:
        """
        @param url: see L{database_of}.
        @param runner: L{cardgw.gateway.store.runner.Threads}; for tests, C{Inline}.
        @param synchronous: see L{database_of}.
        @param entropy: gives so many random bytes.
        @raise StoreError: the URL is none of a database that is supported.
        """
        self.seal = seal
        self._database = database_of(url, synchronous)
        self._runner, self._clock, self._migrations = runner, clock, migrations
        self._open: _Open | None = None
        self._why_not = "it is not open"
        self.jobs = JobTable(self)
        self.outbox = OutboxTable(self, Ids(clock.seconds, entropy).job)
        self.memory = MemoryTable(self)
        self.tokens = TokenTable(self)
        self.audit = AuditTable(self)
        self.links = LinkTable(self)
        self.transcripts = TranscriptTable(self)

    @property
    def shown(self) -> str:
        """
        Where it is, for people: no password is in it.
        """
        return self._database.shown

    @property
    def commits(self) -> int:
        """
        How many transactions have been written since it was opened.
        """
        return self._open.writer.commits if self._open is not None else 0

    @property
    def is_open(self) -> bool:
        """
        Whether it can be used.
        """
        return self._open is not None

    def open(self) -> Deferred[None]:
        """
        Open the database; make it, or bring it to the newest schema.

        @raise NewerSchema: (as failure) a later version of cardgw has written it.
        @raise StoreInUse: (as failure) another gateway uses it.
        @raise StoreError: (as failure) it cannot be used.
        """
        return Deferred.fromCoroutine(self._begin())

    def close(self) -> Deferred[None]:
        """
        Write what is to be written, and close it.  May be called again.
        """
        return Deferred.fromCoroutine(self._end("it is closed"))

    def health(self) -> Health:
        """
        Whether it can be used.  The answer is that of the last use; asking looks again, for the next time.
        """
        if self._open is None:
            return Health(PART, False, self._why_not)
        state = self._open
        self._look(state)
        reason = state.writer.link.trouble or state.reader.link.trouble
        return Health(PART, not reason, reason)

    def now(self) -> float:
        """
        The time, in seconds since 1970.
        """
        return self._clock.seconds()

    def insert(self, table: Table) -> Any:
        """
        See L{Database.insert}.
        """
        return self._database.insert(table)

    def row(
        self,
        room: str,
        statement: Executable,
        values: Callable[[], dict[str, Any]],
        result: Any = None,
        otherwise: Callable[[Connection], Any] | None = None,
    ) -> Deferred[Any]:
        """
        See L{cardgw.gateway.store.access.Access.row}.
        """
        if self._open is None:
            return fail(StoreError(self._why_not))
        return _put(self._open.writes, Row(room, statement, values, result, otherwise))

    def write(self, room: str, run: Callable[[Connection], Any]) -> Deferred[Any]:
        """
        See L{cardgw.gateway.store.access.Access.write}.
        """
        if self._open is None:
            return fail(StoreError(self._why_not))
        return _put(self._open.writes, Call(room, run))

    def read(self, room: str, run: Callable[[Connection], Any]) -> Deferred[Any]:
        """
        See L{cardgw.gateway.store.access.Access.read}.
        """
        if self._open is None:
            return fail(StoreError(self._why_not))
        return _put(self._open.reads, Call(room, run))

    async def _begin(self) -> None:
        if self._open is not None:
            raise StoreError("it is open already")
        state = self._lanes()
        try:
            await _put(state.writes, Call(META.name, self._prepare))
        except Exception as problem:
            self._why_not = getattr(problem, "detail", "") or self._why_not
            await self._shut(state)
            raise
        self._open = state

    def _lanes(self) -> _Open:
        writer, reader = Writer(self._database), Reader(self._database)
        writes = self._runner.lane("store-writes", writer, paced=True)
        reads = writes if self._database.shared else self._runner.lane("store-reads", reader)
        return _Open(writer, reader, writes, reads)

    def _prepare(self, connection: Connection) -> None:
        """
        See to the schema and the key.
        """
        self._database.exclude(connection)
        try:
            migrate(connection, self._migrations)
            self._check_key(connection)
        except StoreError as problem:
            raise type(problem)(f"{self.shown}: {problem.detail}", hint=problem.hint) from problem

    def _check_key(self, connection: Connection) -> None:
        stored = connection.execute(select(META.c.value).where(META.c.key == _SEAL)).scalar()
        sealed = self.seal.seal(_TOUCHSTONE)
        if stored is None:
            connection.execute(META.insert(), {"key": _SEAL, "value": sealed})
        elif self.seal.open(bytes(stored)) == bytes(stored)[1:]:  # until now nothing was encrypted
            connection.execute(META.update().where(META.c.key == _SEAL).values(value=sealed))

    async def _end(self, why: str) -> None:
        state, self._open = self._open, None
        if state is not None:
            self._why_not = why
            await self._shut(state)

    async def _shut(self, state: _Open) -> None:
        def close() -> None:
            """
            The last one turns off the light.
            """
            state.writer.link.close()
            self._database.close()

        if state.reads is not state.writes:
            await state.reads.end(state.reader.link.close)
        await state.writes.end(close)

    def _look(self, state: _Open) -> None:
        """
        Use what may be broken, or may work again.
        """
        if state.probing:
            return
        state.probing = True

        def done(_: object) -> None:
            """
            Its outcome is in the trouble of the link.
            """
            state.probing = False

        if state.writer.link.trouble:
            new = self._database.insert(META)
            probe = new.on_conflict_do_update(index_elements=[META.c.key], set_={"value": new.excluded.value})
            looking = self.row(META.name, probe, lambda: {"key": _PROBE, "value": b""})
        else:
            looking = self.read(META.name, lambda connection: connection.execute(select(META.c.key)).first() is not None)
        looking.addBoth(done)


def _put(lane: Lane, task: Task) -> Deferred[Any]:
    lane.put(task)
    return task.done
