"""The journal, its head, the repairs and the binding.

Every step can be run again, because MySQL and MariaDB commit each of them by itself. The collation is binary, because
the server's own would take ``A`` for ``a``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision: str | None = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT, "mysql", "mariadb")
_EXACT = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the tables of the first journal, and its end: no entry yet."""
    _journal()
    _head()
    _repair()
    _binding()


def _journal() -> None:
    transaction_id = sa.Column(
        "transaction_id", sa.Text, nullable=False, server_default=sa.text("pg_current_xact_id()::text")
    )
    on_postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "trueup_journal",
        sa.Column("seq", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(300), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(300), nullable=False),
        sa.Column("repair_id", sa.String(191)),
        sa.Column("plan_hash", sa.String(64)),
        sa.Column("before", _LONG, nullable=False),
        sa.Column("after", _LONG, nullable=False),
        sa.Column("reason", _LONG, nullable=False),
        sa.Column("request_id", sa.String(191)),
        sa.Column("code_version", sa.String(64), nullable=False),
        sa.Column("database_identity", _LONG, nullable=False),
        *([transaction_id] if on_postgres else []),
        if_not_exists=True,
        **_EXACT,
    )
    _index("trueup_journal_repair", "trueup_journal", "repair_id")
    if on_postgres:
        _index("trueup_journal_transaction", "trueup_journal", "transaction_id")


def _head() -> None:
    op.create_table(
        "trueup_journal_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        if_not_exists=True,
        **_EXACT,
    )
    none_yet = (
        "INSERT INTO trueup_journal_head (id, seq, hash) SELECT 1, 0, '{}' {} WHERE NOT EXISTS (SELECT 1 FROM {})"
    )
    nowhere = "FROM DUAL" if op.get_bind().dialect.name in ("mysql", "mariadb") else ""
    op.execute(none_yet.format("0" * 64, nowhere, "trueup_journal_head"))


def _repair() -> None:
    op.create_table(
        "trueup_repair",
        sa.Column("repair_id", sa.String(191), primary_key=True),
        sa.Column("issue_id", sa.String(300), nullable=False),
        sa.Column("check_id", sa.String(191), nullable=False),
        sa.Column("fingerprint", sa.String(191), nullable=False),
        sa.Column("episode", sa.Integer),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(300), nullable=False),
        sa.Column("idempotency_key", sa.String(300)),
        sa.Column("body_hash", sa.String(64)),
        sa.Column("plan_hash", sa.String(64)),
        sa.Column("kind", sa.String(191)),
        sa.Column("summary", _LONG),
        sa.Column("reason", _LONG, nullable=False),
        sa.Column("result", _LONG, nullable=False),
        sa.Column("request_id", sa.String(191)),
        sa.Column("at", sa.String(32), nullable=False),
        sa.UniqueConstraint("fingerprint", "episode", name="trueup_repair_episode"),
        sa.UniqueConstraint("actor", "idempotency_key", name="trueup_repair_key"),
        if_not_exists=True,
        **_EXACT,
    )
    _index("trueup_repair_at", "trueup_repair", "status", "at")


def _binding() -> None:
    op.create_table(
        "trueup_binding",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("database_identity", _LONG, nullable=False),
        sa.Column("installed_at", sa.String(32), nullable=False),
        sa.Column("code_version", sa.String(64), nullable=False),
        if_not_exists=True,
        **_EXACT,
    )


def _index(name: str, table: str, *columns: str) -> None:
    """MySQL, unlike MariaDB, has no ``CREATE INDEX IF NOT EXISTS``."""
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)
