# -*- test-case-name: tests.gateway.store.test_outbox,tests.functional.test_store_postgresql -*-
"""
The outbox in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from sqlalchemy import Connection, Select, bindparam, delete, func, or_, select, update
from twisted.internet.defer import Deferred

from cardgw.gateway.store.access import Access
from cardgw.gateway.store.rows import digest, entry_changes, entry_of, entry_row, plain
from cardgw.gateway.store.tables import OUTBOX
from cardgw.values import OutboxEntry, Parcel, ParcelState

_ROOM = OUTBOX.name
_CHANGING = ("state", "on_card", "attempts", "next_attempt", "reason", "changed")
_WAITING = OUTBOX.c.state == ParcelState.WAITING.value
_DONE = OUTBOX.c.state.in_(sorted(state.value for state in ParcelState if state is not ParcelState.WAITING))
_SAVE = update(OUTBOX).where(OUTBOX.c.id == bindparam("which")).values({name: bindparam(name) for name in _CHANGING})
_AS_IT_WAS = ("state", "on_card", "attempts", "next_attempt", "reason")
_SWAP = _SAVE.where(*(OUTBOX.c[name] == bindparam(f"was_{name}") for name in _AS_IT_WAS))
_GET = select(OUTBOX).where(OUTBOX.c.id == bindparam("which"))
_SAME = select(OUTBOX).where(
    OUTBOX.c.kind == bindparam("of_kind"),
    OUTBOX.c.card == bindparam("of_card"),
    OUTBOX.c.number == bindparam("of_number"),
    OUTBOX.c.digest == bindparam("of_digest"),
)
_OF_CARD = select(OUTBOX).where(OUTBOX.c.card == bindparam("of_card"), or_(_WAITING, OUTBOX.c.on_card)).order_by(OUTBOX.c.id)
_UNTIDY = (
    select(OUTBOX.c.card)
    .distinct()
    .where(OUTBOX.c.state == ParcelState.DELIVERED.value, OUTBOX.c.on_card, OUTBOX.c.remove)
    .order_by(OUTBOX.c.card)
)
_NEXT_DUE = select(func.min(OUTBOX.c.next_attempt)).where(_WAITING)


def due_statement(now: float, limit: int) -> Select[Any]:
    """
    See L{OutboxTable.due}.
    """
    order = (OUTBOX.c.next_attempt, OUTBOX.c.id)
    return select(OUTBOX).where(_WAITING, OUTBOX.c.next_attempt <= now).order_by(*order).limit(limit)


@define(eq=False)
class OutboxTable:
    """
    L{OutboxEntry} records.  What is handed over must not be changed any more.
    """

    _access: Access
    _new_id: Callable[[], str]
    _keep: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._keep = self._access.insert(OUTBOX).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def keep(self, parcel: Parcel, now: float, wait: float = 0.0) -> Deferred[OutboxEntry]:
        """
        Store a parcel that waits; if a card gave it, it is on that card.

        @param now: the time, in seconds since 1970.
        @param wait: seconds until it is due.
        @return: the entry; if the same parcel (kind, card, number, payload) is there, that one as it is.
        """
        entry = OutboxEntry(self._new_id(), parcel, on_card=bool(parcel.card), next_attempt=now + wait, created=now)
        seal = self._access.seal

        def otherwise(connection: Connection) -> OutboxEntry:
            """
            The entry itself where it was added; otherwise the one that was there.
            """
            same = {"of_kind": parcel.kind, "of_card": plain(parcel.card), "of_number": parcel.number}
            row = connection.execute(_SAME, {**same, "of_digest": digest(parcel.payload)}).one()
            return entry if row.id == entry.id else entry_of(row, seal)

        return self._access.row(_ROOM, self._keep, lambda: entry_row(entry, now, seal), entry, otherwise)

    def save(self, entry: OutboxEntry) -> Deferred[None]:
        """
        Store what may have changed of an entry: everything but its parcel.
        """
        now = self._access.now()
        return self._access.row(_ROOM, _SAVE, lambda: entry_changes(entry, now))

    def change(
        self, id: str, change: Callable[[OutboxEntry], OutboxEntry | None]
    ) -> Deferred[tuple[OutboxEntry | None, OutboxEntry | None]]:
        """
        Change an entry as it is now: nobody else changes it meanwhile, in other gateways neither.

        @param change: gives the entry as it is to be, or C{None} to leave it.  It is called where the writing is done, perhaps
            more than once, and must not raise.
        @return: the entry as it was, or C{None} if there is none of this id; and as it is now, or C{None} if it was left.
        """
        now = self._access.now()

        def run(connection: Connection) -> tuple[OutboxEntry | None, OutboxEntry | None]:
            row = connection.execute(_GET.with_for_update(), {"which": id}).first()
            if row is None:
                return None, None
            before = entry_of(row, self._access.seal)
            after = change(before)
            if after is not None:
                connection.execute(_SAVE, entry_changes(after, now))
            return before, after

        return self._access.write(_ROOM, run)

    def swap(self, before: OutboxEntry, after: OutboxEntry) -> Deferred[bool]:
        """
        Store what may have changed of an entry, unless somebody else has changed it.  Cheaper than L{change} for who knows what
        it was.

        @param before: the entry as it was.
        @return: whether it was still so.
        """
        now = self._access.now()
        written = entry_changes(after, now)

        def values() -> dict[str, Any]:
            """
            What is to be, and what was.
            """
            was = entry_changes(before, now)
            return {**written, **{f"was_{name}": was[name] for name in _AS_IT_WAS}}

        def otherwise(connection: Connection) -> bool:
            """
            Whether this is what was written.
            """
            row = connection.execute(_GET, {"which": after.id}).first()
            return row is not None and all(row._mapping[name] == written[name] for name in _CHANGING)

        return self._access.row(_ROOM, _SWAP, values, True, otherwise)

    def get(self, id: str) -> Deferred[OutboxEntry | None]:
        """
        @return: the entry, or C{None} if there is none of this id.
        """

        def run(connection: Connection) -> OutboxEntry | None:
            row = connection.execute(_GET, {"which": plain(id)}).first()
            return entry_of(row, self._access.seal) if row is not None else None

        return self._access.read(_ROOM, run)

    def entries(self, card: str) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        What waits, or is still on a card; the oldest first.

        @param card: its identity.
        """
        return self._all(_OF_CARD, {"of_card": plain(card)})

    def due(self, now: float, limit: int) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        What waits and is to be tried by now, the longest due first.
        """
        return self._all(due_statement(now, limit))

    def next_due(self) -> Deferred[float | None]:
        """
        When the next entry is to be tried, in seconds since 1970; C{None} if none waits.
        """
        return self._access.read(_ROOM, lambda connection: connection.execute(_NEXT_DUE).scalar_one())

    def untidy(self) -> Deferred[tuple[str, ...]]:
        """
        The cards that have copies of delivered parcels which are to be removed.

        @return: identities.
        """
        return self._access.read(_ROOM, lambda connection: tuple(connection.execute(_UNTIDY).scalars()))

    def find(
        self, state: ParcelState | None = None, card: str = "", before: str = "", limit: int = 50
    ) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        Entries, the latest first.  What is empty does not matter.

        @param before: only those with an earlier id: the next page.
        """
        found = select(OUTBOX).order_by(OUTBOX.c.id.desc()).limit(limit)
        if state is not None:
            found = found.where(OUTBOX.c.state == state.value)
        if card:
            found = found.where(OUTBOX.c.card == plain(card))
        return self._all(found.where(OUTBOX.c.id < plain(before)) if before else found)

    def forget(self, before: float, limit: int = 1000) -> Deferred[int]:
        """
        Delete entries that do not wait, are on no card, and were saved last before a time.

        @param limit: how many at most.
        @return: how many.
        """
        old = select(OUTBOX.c.id).where(_DONE, OUTBOX.c.on_card.is_(False), OUTBOX.c.changed < before).limit(limit)
        statement = delete(OUTBOX).where(OUTBOX.c.id.in_(old.scalar_subquery()))
        return self._access.write(_ROOM, lambda connection: connection.execute(statement).rowcount)

    def _all(self, statement: Select[Any], values: dict[str, Any] | None = None) -> Deferred[tuple[OutboxEntry, ...]]:
        def run(connection: Connection) -> tuple[OutboxEntry, ...]:
            return tuple(entry_of(row, self._access.seal) for row in connection.execute(statement, values or {}))

        return self._access.read(_ROOM, run)
