# -*- test-case-name: tests.gateway.store.test_tables -*-
"""
The tables, as the newest version of the schema has them: see L{cardgw.gateway.store.migrate}.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()
"""All tables."""

_NAME = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared by its bytes, whatever the language of the database."""
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")


JOBS = Table(
    "jobs",
    METADATA,
    Column("id", _NAME, primary_key=True),
    Column("operation", _NAME, nullable=False),
    Column("parameters", LargeBinary, nullable=False),
    Column("hidden", Text, nullable=False),
    Column("card", _NAME, nullable=False),
    Column("channel", _NAME, nullable=False),
    Column("requester", _NAME, nullable=False),
    Column("key", _NAME),
    Column("state", _NAME, nullable=False),
    Column("created", Double, nullable=False),
    Column("started", Double),
    Column("ended", Double),
    Column("stage", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("percent", Integer),
    Column("result", Text),
    Column("error", Text),
    Column("question", Text),
    Column("runs", Integer, nullable=False),
    Column("node", _NAME, nullable=False),
    Column("record", _NAME, nullable=False),
    Index("jobs_card", "state", "card"),
    Index("jobs_channel", "state", "channel"),
    Index("jobs_ended", "state", "ended"),
)
"""L{cardgw.gateway.records.Job}; C{parameters} are sealed JSON; C{hidden}, C{facts}, C{result}, C{error}, C{question} JSON,
C{result} sealed where secret parameters are in it."""

Index(
    "jobs_key",
    JOBS.c.requester,
    JOBS.c.key,
    unique=True,
    sqlite_where=JOBS.c.key.is_not(None),
    postgresql_where=JOBS.c.key.is_not(None),
)

TRANSCRIPTS = Table(
    "transcripts",
    METADATA,
    Column("job", _NAME, primary_key=True),
    Column("kind", _NAME, nullable=False),
    Column("text", LargeBinary, nullable=False),
)
"""L{cardgw.gateway.records.Recorded}; C{text} is sealed."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", _NAME, primary_key=True),
    Column("kind", _NAME, nullable=False),
    Column("card", _NAME, nullable=False),
    Column("number", _NUMBER, nullable=False),
    Column("address", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("facts", Text, nullable=False),
    Column("trusted", Text, nullable=False),
    Column("remove", Boolean, nullable=False),
    Column("state", _NAME, nullable=False),
    Column("on_card", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("changed", Double, nullable=False),
    UniqueConstraint("kind", "card", "number", "digest", name="outbox_parcel"),
    Index("outbox_due", "state", "next_attempt"),
    Index("outbox_card", "card"),
)
"""
L{cardgw.values.OutboxEntry} and its L{cardgw.values.Parcel}; C{payload} is sealed, C{digest} is the SHA-256 of what is in it;
C{facts} is JSON, C{trusted} a JSON list of hexadecimal; C{changed} is when the row was saved last.
"""

MEMORY = Table(
    "memory",
    METADATA,
    Column("card", _NAME, primary_key=True),
    Column("key", _NAME, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("sealed", Boolean, nullable=False),
)
"""What is remembered about cards."""

TOKENS = Table(
    "tokens",
    METADATA,
    Column("name", _NAME, primary_key=True),
    Column("role", _NAME, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("created", Double, nullable=False),
    Column("expires", Double),
    Column("used", Double),
)
"""L{cardgw.gateway.records.Token}."""

LINKS = Table(
    "links",
    METADATA,
    Column("id", _NAME, primary_key=True),
    Column("requester", _NAME, nullable=False),
    Column("key", _NAME),
    Column("job", _NAME, nullable=False),
    Column("role", _NAME, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("page", LargeBinary, nullable=False),
    Column("node", _NAME, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("ended", Double),
    Index("links_ended", "ended"),
)
"""L{cardgw.gateway.records.Link}."""

Index(
    "links_key",
    LINKS.c.requester,
    LINKS.c.key,
    unique=True,
    sqlite_where=LINKS.c.key.is_not(None),
    postgresql_where=LINKS.c.key.is_not(None),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("time", Double, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_time", "time"),
    sqlite_autoincrement=True,
)
"""L{cardgw.gateway.records.AuditEntry}."""

META = Table(
    "meta",
    METADATA,
    Column("key", _NAME, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""C{version}: that of the schema, in decimal; C{seal}: something sealed with the key of the store; C{probe}: nothing."""
