# -*- test-case-name: tests.gateway.store.test_tokens,tests.functional.test_store_postgresql -*-
"""
Bearer tokens in the store: who may do what, and the digest of the secret, never the secret.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field
from sqlalchemy import Connection, bindparam, delete, func, select, update
from twisted.internet.defer import Deferred

from cardgw.gateway.records import Role, Token
from cardgw.gateway.store.access import Access
from cardgw.gateway.store.rows import plain
from cardgw.gateway.store.tables import TOKENS

_ROOM = TOKENS.name
_BY_DIGEST = select(TOKENS).where(TOKENS.c.digest == bindparam("of_digest"))
_TOUCH = update(TOKENS).where(TOKENS.c.name == bindparam("which")).values(used=bindparam("used"))


def _token_of(row: Any) -> Token:
    return Token(row.name, Role(row.role), row.created, row.expires, row.used)


@define(eq=False)
class TokenTable:
    """
    L{Token}s.
    """

    _access: Access
    _add: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._add = self._access.insert(TOKENS).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

    def add(self, token: Token, digest: bytes) -> Deferred[bool]:
        """
        Store a new token.

        @param digest: of its secret.
        @return: whether its name was free.
        """
        row = {
            "name": plain(token.name),
            "role": token.role.value,
            "digest": digest,
            "created": token.created,
            "expires": token.expires,
            "used": token.used,
        }
        return self._access.write(_ROOM, lambda connection: connection.execute(self._add, row).rowcount == 1)

    def by_digest(self, digest: bytes) -> Deferred[Token | None]:
        """
        @return: the token whose secret has this digest, or C{None}.
        """

        def run(connection: Connection) -> Token | None:
            row = connection.execute(_BY_DIGEST, {"of_digest": digest}).first()
            return _token_of(row) if row is not None else None

        return self._access.read(_ROOM, run)

    def all(self) -> Deferred[tuple[Token, ...]]:
        """
        All tokens, by name.
        """
        statement = select(TOKENS).order_by(TOKENS.c.name)
        return self._access.read(_ROOM, lambda connection: tuple(_token_of(row) for row in connection.execute(statement)))

    def remove(self, name: str) -> Deferred[bool]:
        """
        @return: whether there was one of this name.
        """
        statement = delete(TOKENS).where(TOKENS.c.name == plain(name))
        return self._access.write(_ROOM, lambda connection: connection.execute(statement).rowcount == 1)

    def touch(self, name: str, time: float) -> Deferred[None]:
        """
        Note when a token was used.
        """
        return self._access.row(_ROOM, _TOUCH, lambda: {"which": plain(name), "used": time})

    def count(self) -> Deferred[int]:
        """
        How many there are.
        """
        statement = select(func.count()).select_from(TOKENS)
        return self._access.read(_ROOM, lambda connection: connection.execute(statement).scalar_one())
