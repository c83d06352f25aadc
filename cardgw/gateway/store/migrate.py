# -*- test-case-name: tests.gateway.store.test_migrate,tests.functional.test_store_postgresql -*-
"""
Schemas of earlier versions become the present one by themselves.

The version of a schema is the number of the last of L{MIGRATIONS} that was applied.  A new store gets the tables as
L{cardgw.gateway.store.tables} has them.  Whoever changes those appends a function that does the same to an older store; one that
was released is never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, inspect, select, update

from cardgw.gateway.faults import NewerSchema, StoreError
from cardgw.gateway.store.tables import LINKS, META, METADATA

_VERSION = "version"

Migration = Callable[[Connection], None]


def create(connection: Connection) -> None:
    """
    Version 1: everything, in an empty database.
    """
    METADATA.create_all(connection)


def add_links(connection: Connection) -> None:
    """
    Version 2: links.
    """
    LINKS.create(connection)  # whoever changes this table writes down here how it was


MIGRATIONS: tuple[Migration, ...] = (create, add_links)
"""The first leads to version 1, and so on."""


def migrate(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """
    Bring the schema to the newest version, in the present transaction.

    @return: the version that it had; 0 for an empty database.
    @raise NewerSchema: a later version of cardgw has written it.
    """
    found, newest = version(connection), len(migrations)
    if found > newest:
        raise NewerSchema(f"its schema has version {found}, this one knows versions up to {newest}")
    if found == 0:
        migrations[0](connection)
        connection.execute(META.insert(), {"key": _VERSION, "value": b"%d" % newest})
    elif found < newest:
        for each in migrations[found:]:
            each(connection)
        connection.execute(update(META).where(META.c.key == _VERSION).values(value=b"%d" % newest))
    return found


def version(connection: Connection) -> int:
    """
    That of the schema; 0 for an empty database.

    @raise StoreError: it has tables, but not of cardgw.
    """
    tables = inspect(connection).get_table_names()
    if META.name not in tables:
        if set(tables) & set(METADATA.tables):
            raise StoreError("it belongs to another program", hint="Point [store] at a database of its own.")
        return 0
    stored: Any = connection.execute(select(META.c.value).where(META.c.key == _VERSION)).scalar()
    if stored is None or not bytes(stored).isdigit():
        raise StoreError("it belongs to another program", hint="Point [store] at a database of its own.")
    return int(stored)
