# -*- test-case-name: tests.gateway.store.test_audit,tests.functional.test_store_postgresql -*-
"""
Who changed what.
"""

from __future__ import annotations

from attrs import define
from sqlalchemy import Connection, delete, insert, select
from twisted.internet.defer import Deferred

from cardgw.gateway.records import AuditEntry
from cardgw.gateway.store.access import Access
from cardgw.gateway.store.rows import plain
from cardgw.gateway.store.tables import AUDIT

_ROOM = AUDIT.name
_MOST = 2**63 - 1
_ADD = insert(AUDIT)


@define(eq=False)
class AuditTable:
    """
    L{AuditEntry} records.
    """

    _access: Access

    def add(self, time: float, who: str, action: str, target: str = "", detail: str = "") -> Deferred[None]:
        """
        Note a change: see L{AuditEntry}.
        """
        row = {"time": time, "who": plain(who), "action": plain(action), "target": plain(target), "detail": plain(detail)}
        return self._access.row(_ROOM, _ADD, lambda: row)

    def find(self, before: int | None = None, limit: int = 50) -> Deferred[tuple[AuditEntry, ...]]:
        """
        Changes, the latest first.

        @param before: only those with a smaller id: the next page.
        """
        statement = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(AUDIT.c.id < min(before, _MOST))

        def run(connection: Connection) -> tuple[AuditEntry, ...]:
            return tuple(AuditEntry(*row) for row in connection.execute(statement))

        return self._access.read(_ROOM, run)

    def forget(self, before: float, limit: int = 1000) -> Deferred[int]:
        """
        Delete what was noted before a time.

        @param limit: how many at most.
        @return: how many.
        """
        old = select(AUDIT.c.id).where(AUDIT.c.time < before).order_by(AUDIT.c.time).limit(limit)
        statement = delete(AUDIT).where(AUDIT.c.id.in_(old.scalar_subquery()))
        return self._access.write(_ROOM, lambda connection: connection.execute(statement).rowcount)
