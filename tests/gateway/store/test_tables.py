# -*- test-case-name: tests.gateway.store.test_tables -*-
"""
L{cardgw.gateway.store.tables}.
"""

from __future__ import annotations

import attrs
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.records import AuditEntry, Job, Token
from cardgw.gateway.store.tables import AUDIT, JOBS, METADATA, OUTBOX, TOKENS
from cardgw.values import OutboxEntry, Parcel


class TablesTests(SynchronousTestCase):
    """
    The tables.
    """

    def test_complete(self) -> None:
        """
        Whatever a record has, its table has.
        """
        for table, *records in ((JOBS, Job), (OUTBOX, Parcel, OutboxEntry), (TOKENS, Token), (AUDIT, AuditEntry)):
            fields = {field.name for record in records for field in attrs.fields(record)} - {"parcel"}
            self.assertEqual(fields - set(table.columns.keys()), set(), table.name)

    def test_sortedByBytes(self) -> None:
        """
        On PostgreSQL, names are compared by their bytes, in whatever language the database was made.
        """
        for table in METADATA.tables.values():
            text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
            for column in table.primary_key.columns:
                if column.name != "id" or table is not AUDIT:
                    self.assertRegex(text, rf'{column.name} TEXT COLLATE "C"')

    def test_auditNumbers(self) -> None:
        """
        On SQLite, the number of an audit entry that was deleted is not used again.
        """
        self.assertIn("AUTOINCREMENT", str(CreateTable(AUDIT).compile(dialect=sqlite.dialect())))
