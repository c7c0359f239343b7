"""The journal's tables, which live in the app's database beside what is repaired.

The scripts in ``migrations`` make them; a test compares the two. Everything that is hashed is text, also moments
(``2026-11-24T07:30:15.123456Z``): what is hashed is exactly what the row holds, in every kind of database. Text that is
compared stays within VARCHAR(300), so that a unique key over two columns fits InnoDB's 3072 bytes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    FetchedValue,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import mysql

VERSION_TABLE = "trueup_schema_version"
METADATA = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_LONG = Text().with_variant(mysql.MEDIUMTEXT, "mysql", "mariadb")

JOURNAL = Table(
    "trueup_journal",
    METADATA,
    Column("seq", _NUMBER, FetchedValue(), primary_key=True, autoincrement=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("actor", String(300), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", String(300), nullable=False),
    Column("repair_id", String(191)),
    Column("plan_hash", String(64)),
    Column("before", _LONG, nullable=False),
    Column("after", _LONG, nullable=False),
    Column("reason", _LONG, nullable=False),
    Column("request_id", String(191)),
    Column("code_version", String(64), nullable=False),
    Column("database_identity", _LONG, nullable=False),
    Column("db_role", String(400)),
    Index("trueup_journal_repair", "repair_id"),
)
"""What trueup did. On Postgres there is one more column, ``transaction_id``; there, the server fills ``SERVER_WRITTEN``
by itself, whatever was sent.
"""

SERVER_WRITTEN = ("seq", "prev_hash", "hash", "at", "db_role")
"""The columns that the journal's own trigger writes on Postgres."""

CONSUMED = "trueup_journal_consumed"
"""On Postgres: which entries were used for a change, by the trigger that checked it; only these triggers write it."""

WAIT_FUNCTION = "trueup_journal_wait"
"""On Postgres: waits for transactions that have appended but not ended yet. The repair role may call it."""

BROKEN_HEAD_STATE = "TU001"
"""On Postgres: the SQLSTATE with which the journal's trigger refuses an entry that it cannot chain."""

HEAD = Table(
    "trueup_journal_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", _NUMBER, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the last entry. An append locks it, so the chain has one end."""

REPAIR = Table(
    "trueup_repair",
    METADATA,
    Column("repair_id", String(191), primary_key=True),
    Column("issue_id", String(300), nullable=False),
    Column("check_id", String(191), nullable=False),
    Column("fingerprint", String(191), nullable=False),
    Column("episode", Integer),
    Column("status", String(16), nullable=False),
    Column("actor", String(300), nullable=False),
    Column("idempotency_key", String(300)),
    Column("body_hash", String(64)),
    Column("plan_hash", String(64)),
    Column("kind", String(191)),
    Column("summary", _LONG),
    Column("reason", _LONG, nullable=False),
    Column("result", _LONG, nullable=False),
    Column("request_id", String(191)),
    Column("at", String(32), nullable=False),
    UniqueConstraint("fingerprint", "episode", name="trueup_repair_episode"),
    UniqueConstraint("actor", "idempotency_key", name="trueup_repair_key"),
    Index("trueup_repair_at", "status", "at"),
)
"""Every attempt at a repair, inserted once and never changed."""

BINDING = Table(
    "trueup_binding",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("database_identity", _LONG, nullable=False),
    Column("installed_at", String(32), nullable=False),
    Column("code_version", String(64), nullable=False),
)
"""One row: the database that this journal belongs to."""

JOURNAL_TABLES = (*(table.name for table in METADATA.sorted_tables), VERSION_TABLE)
"""Every table of trueup that exists in each kind of database; Postgres has ``CONSUMED`` as well."""

ONLY = 1
"""The key of the one row of a table of one row."""

_NOW = {
    "postgresql": """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"')""",
    "sqlite": "strftime('%Y-%m-%dT%H\\:%M\\:%f', 'now') || '000Z'",
    "mysql": "DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H\\:%i\\:%s.%fZ')",
}


def database_time(connection: Connection) -> str:
    """Now by the database's clock, in UTC, in the form in which trueup's tables hold moments."""
    name = connection.dialect.name
    return str(connection.execute(text(f"SELECT {_NOW.get(name, _NOW['mysql'])}")).scalar_one())


def database_role(connection: Connection) -> str:
    """The role of this session according to the database; empty on SQLite, which has none."""
    if connection.dialect.name == "sqlite":
        return ""
    asked = "session_user" if connection.dialect.name == "postgresql" else "current_user()"
    return str(connection.execute(text(f"SELECT {asked}")).scalar_one())


def moment_text(moment: datetime) -> str:
    """A naive UTC moment in the form of trueup's tables; their order as text is their order in time."""
    return f"{moment.isoformat(timespec='microseconds')}Z"


def moment_of(written: str) -> datetime:
    """The naive UTC moment that was written. ``ValueError`` for one that trueup did not write."""
    return datetime.fromisoformat(written.removesuffix("Z"))
