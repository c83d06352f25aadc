# -*- test-case-name: tests.gateway.store.test_jobs,tests.functional.test_store_postgresql -*-
"""
Jobs in the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from attrs import define, field
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)
from twisted.internet.defer import Deferred

from cardgw.gateway.records import ACTIVE, ENDED, Job, JobState
from cardgw.gateway.store.access import Access
from cardgw.gateway.store.rows import CHANGING, changed_columns, job_changes, job_of, job_row, plain
from cardgw.gateway.store.tables import JOBS, LINKS, TRANSCRIPTS

_ROOM = JOBS.name
_NONE: Mapping[str, Any] = {}
_ADD = insert(JOBS)
_SAVE = update(JOBS).where(JOBS.c.id == bindparam("which")).values({name: bindparam(name) for name in CHANGING})
_GET = select(JOBS).where(JOBS.c.id == bindparam("which"))
_BY_KEY = select(JOBS).where(JOBS.c.requester == bindparam("who"), JOBS.c.key == bindparam("what"))
_COUNT = select(func.count()).select_from(JOBS).where(JOBS.c.state == JobState.QUEUED.value)
_COUNT_CARD = _COUNT.where(JOBS.c.card == bindparam("of_card"))
_COUNT_EXPECTING = _COUNT.where(JOBS.c.card != "")


def find_statement(
    states: frozenset[JobState],
    *,
    card: str = "",
    channel: str = "",
    requester: str = "",
    operation: str = "",
    before: str = "",
    limit: int = 50,
) -> Select[Any]:
    """
    See L{JobTable.find}.
    """
    found = select(JOBS).order_by(JOBS.c.id.desc()).limit(limit)
    if card or channel:
        states = states or frozenset(JobState)  # the indexes begin with the state
    if states:
        found = found.where(JOBS.c.state.in_(sorted(state.value for state in states)))
    for name, value in (("card", card), ("channel", channel), ("requester", requester), ("operation", operation)):
        if value:
            found = found.where(JOBS.c[name] == plain(value))
    return found.where(JOBS.c.id < plain(before)) if before else found


def _queued(by_card: bool, by_channel: bool) -> ColumnElement[bool]:
    queued = JOBS.c.state == JobState.QUEUED.value
    by_link = exists().where(LINKS.c.id == JOBS.c.channel, LINKS.c.ended.is_(None))
    choices = [and_(queued, JOBS.c.card.in_(bindparam("cards", expanding=True)), ~by_link)] if by_card else []
    choices += [and_(queued, JOBS.c.channel == bindparam("channel"))] if by_channel else []
    return or_(false(), *choices)


@cache
def queued_statement(by_card: bool, by_channel: bool) -> Select[Any]:
    """
    See L{JobTable.queued}.  Its parameters are C{cards}, C{channel} and C{most}.
    """
    return select(JOBS).where(_queued(by_card, by_channel)).order_by(JOBS.c.id).limit(bindparam("most", type_=Integer))


@cache
def heads_statement(by_card: bool, by_channel: bool) -> Select[Any]:
    """
    See L{JobTable.heads}.  Its parameters are C{cards} and C{channel}.
    """
    mine = _queued(by_card, by_channel)
    heads = (
        select(func.min(JOBS.c.id).label("head"), func.count().label("how_many"))
        .where(mine)
        .group_by(JOBS.c.requester)
        .subquery()
    )
    return select(JOBS, heads.c.how_many).join(heads, JOBS.c.id == heads.c.head).order_by(JOBS.c.id)


@define(eq=False)
class JobTable:
    """
    L{Job}s.  Those that are handed over, and all that is in them, must not be changed any more.
    """

    _access: Access
    _add_once: Any = field(init=False)
    _changes: dict[tuple[frozenset[str], frozenset[JobState]], Executable] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        once = self._access.insert(JOBS).on_conflict_do_nothing()
        self._add_once = once.execution_options(preserve_rowcount=True)

    def add(self, job: Job, key: str = "") -> Deferred[tuple[Job, bool]]:
        """
        Store a new job.

        @param key: where not empty, a job that the same requester has added with the same key is given instead.
        @return: the job that is stored now, and whether it is this one.
        """
        seal = self._access.seal
        if not key:
            return self._access.row(_ROOM, _ADD, lambda: job_row(job, "", seal), (job, True))

        def run(connection: Connection) -> tuple[Job, bool]:
            """
            In one transaction: whoever comes second finds what the first has added.
            """
            if connection.execute(self._add_once, job_row(job, key, seal)).rowcount == 1:
                return job, True
            return job_of(connection.execute(_BY_KEY, {"who": plain(job.requester), "what": plain(key)}).one(), seal), False

        return self._access.write(_ROOM, run)

    def save(self, job: Job) -> Deferred[None]:
        """
        Store what may have changed of a job: everything but L{cardgw.gateway.store.rows.FIXED}.
        """
        return self._access.row(_ROOM, _SAVE, lambda: job_changes(job, self._access.seal))

    def change(self, id: str, from_states: frozenset[JobState], job_changes: Mapping[str, Any]) -> Deferred[bool]:
        """
        Change a job if it is in one of some states.

        @param job_changes: values by the names of L{Job}'s fields.
        @return: whether it was.
        """
        shape = (frozenset(job_changes), from_states)
        statement = self._changes.get(shape)
        if statement is None:
            statement = self._changes[shape] = _change_statement(*shape)

        def run(connection: Connection) -> bool:
            """
            One statement: nobody can come between.
            """
            row = changed_columns(job_changes, self._access.seal)
            return connection.execute(statement, {**row, "which": plain(id)}).rowcount == 1

        return self._access.write(_ROOM, run)

    def get(self, id: str) -> Deferred[Job | None]:
        """
        @return: the job, or C{None} if there is none of this id.
        """

        def run(connection: Connection) -> Job | None:
            row = connection.execute(_GET, {"which": plain(id)}).first()
            return job_of(row, self._access.seal) if row is not None else None

        return self._access.read(_ROOM, run)

    def keyed(self, requester: str, key: str) -> Deferred[Job | None]:
        """
        @return: the job that was added with this key by this requester, or C{None}.
        """
        values = {"who": plain(requester), "what": plain(key)}
        return self._all(_BY_KEY, values).addCallback(lambda found: found[0] if found else None)

    def find(
        self,
        states: frozenset[JobState] = frozenset(),
        *,
        card: str = "",
        channel: str = "",
        requester: str = "",
        operation: str = "",
        before: str = "",
        limit: int = 50,
    ) -> Deferred[tuple[Job, ...]]:
        """
        Jobs, the latest first.  What is empty does not matter.  There are indexes for cards and for channels.

        @param before: only those with an earlier id: the next page.
        """
        names = {"card": card, "channel": channel, "requester": requester, "operation": operation}
        return self._all(find_statement(states, **names, before=before, limit=limit))

    def queued(self, cards: Sequence[str], channel: str = "", limit: int = 50) -> Deferred[tuple[Job, ...]]:
        """
        What is queued for one of some cards or for a channel, the oldest first.  What waits for a card that comes by a link is
        there for the channel alone.

        @param cards: identities.
        """
        values = _wanted(cards, channel)
        return self._all(queued_statement("cards" in values, "channel" in values), {"most": limit, **values})

    def heads(self, cards: Sequence[str], channel: str = "") -> Deferred[tuple[tuple[Job, ...], int]]:
        """
        The oldest job of each requester that is queued for one of some cards or for a channel, the oldest first.

        @param cards: identities.
        @return: these, and how many there are of all requesters.
        """
        values = _wanted(cards, channel)
        statement = heads_statement("cards" in values, "channel" in values)

        def run(connection: Connection) -> tuple[tuple[Job, ...], int]:
            rows = connection.execute(statement, values).all()
            return tuple(job_of(row, self._access.seal) for row in rows), sum(row.how_many for row in rows)

        return self._access.read(_ROOM, run)

    def queued_count(self, card: str = "") -> Deferred[int]:
        """
        How many jobs are queued.

        @param card: where not empty, for this identity only.
        """
        statement = _COUNT_CARD.params(of_card=plain(card)) if card else _COUNT
        return self._access.read(_ROOM, lambda connection: connection.execute(statement).scalar_one())

    def expecting_count(self) -> Deferred[int]:
        """
        How many jobs are queued for identities.  All that was written before is counted, and nothing that is written after.
        """
        return self._access.write(_ROOM, lambda connection: connection.execute(_COUNT_EXPECTING).scalar_one())

    def stranded(self, node: str) -> Deferred[tuple[Job, ...]]:
        """
        What a gateway was running when it ended, and what it had queued for cards that were there, the oldest first.

        @param node: its name.
        """
        active = JOBS.c.state.in_(sorted(state.value for state in ACTIVE))
        bound = and_(JOBS.c.state == JobState.QUEUED.value, JOBS.c.channel != "")
        return self._all(select(JOBS).where(or_(active, bound), JOBS.c.node == node).order_by(JOBS.c.id))

    def forget(self, before: float, limit: int = 1000) -> Deferred[int]:
        """
        Delete jobs that ended before a time, the first ones first, and their transcripts.

        @param limit: how many at most.
        @return: how many.
        """
        ended = JOBS.c.state.in_(sorted(state.value for state in ENDED))
        old = select(JOBS.c.id).where(ended, JOBS.c.ended < before).order_by(JOBS.c.ended).limit(limit)

        def run(connection: Connection) -> int:
            found = connection.execute(old).scalars().all()  # once: another gateway may do the same at this moment
            if not found:
                return 0
            connection.execute(delete(TRANSCRIPTS).where(TRANSCRIPTS.c.job.in_(found)))
            return connection.execute(delete(JOBS).where(JOBS.c.id.in_(found))).rowcount

        return self._access.write(_ROOM, run)

    def _all(self, statement: Select[Any], values: Mapping[str, Any] = _NONE) -> Deferred[tuple[Job, ...]]:
        def run(connection: Connection) -> tuple[Job, ...]:
            return tuple(job_of(row, self._access.seal) for row in connection.execute(statement, values))

        return self._access.read(_ROOM, run)


def _wanted(cards: Sequence[str], channel: str) -> dict[str, Any]:
    named = [plain(card) for card in cards if card]
    return {**({"cards": named} if named else {}), **({"channel": plain(channel)} if channel else {})}


def _change_statement(names: frozenset[str], states: frozenset[JobState]) -> Executable:
    values: dict[str, Any] = {name: bindparam(name) for name in sorted(names)}
    allowed = JOBS.c.state.in_(sorted(state.value for state in states))
    return update(JOBS).where(JOBS.c.id == bindparam("which"), allowed).values(values)
