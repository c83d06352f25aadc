# -*- test-case-name: tests.gateway.store.test_memory,tests.functional.test_store_postgresql -*-
"""
What is remembered about cards.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from sqlalchemy import Connection, and_, bindparam, delete, select
from twisted.internet.defer import Deferred

from cardgw.gateway.store.access import Access
from cardgw.gateway.store.tables import MEMORY

_ROOM = MEMORY.name
_THIS = and_(MEMORY.c.card == bindparam("of_card"), MEMORY.c.key == bindparam("of_key"))
_RECALL = select(MEMORY.c.value, MEMORY.c.sealed).where(_THIS)
_FORGET = delete(MEMORY).where(_THIS)


@define(eq=False)
class MemoryTable:
    """
    Values by card and key.
    """

    _access: Access
    _remember: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        insert = self._access.insert(MEMORY)
        new = {"value": insert.excluded.value, "sealed": insert.excluded.sealed}
        self._remember = insert.on_conflict_do_update(index_elements=[MEMORY.c.card, MEMORY.c.key], set_=new)

    def recall(self, card: str, key: str) -> Deferred[bytes | None]:
        """
        @return: the value, or C{None} if there is none.
        @raise StoreError: (as failure) it was sealed with another key.
        """

        def run(connection: Connection) -> bytes | None:
            row = connection.execute(_RECALL, {"of_card": card, "of_key": key}).first()
            if row is None:
                return None
            return self._access.seal.open(bytes(row.value)) if row.sealed else bytes(row.value)

        return self._access.read(_ROOM, run)

    def remember(self, card: str, key: str, value: bytes | None, sealed: bool) -> Deferred[None]:
        """
        Store a value in place of the one before.

        @param value: C{None} to forget it.
        @param sealed: keep it encrypted.
        """
        if value is None:
            return self._access.row(_ROOM, _FORGET, lambda: {"of_card": card, "of_key": key})

        def values() -> dict[str, Any]:
            stored = self._access.seal.seal(value) if sealed else value
            return {"card": card, "key": key, "value": stored, "sealed": sealed}

        return self._access.row(_ROOM, self._remember, values)
