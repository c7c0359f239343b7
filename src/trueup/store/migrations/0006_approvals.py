"""Two-person approvals, and what was tried with each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"

_WAITING = sa.text("state IN ('requested', 'approved')")


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "trueup_approval",
        sa.Column("approval_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("environment", "kind", "target", "plan_hash")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("summary", "asked", "reason", "requested_by")),
        sa.Column("requested_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.DateTime),
        sa.Column("decision_reason", sa.Text),
        sa.Column("used_by", sa.Text),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_index(
        "trueup_approval_waiting",
        "trueup_approval",
        ["environment", "kind", "target"],
        unique=True,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("trueup_approval_newest", "trueup_approval", ["environment", "requested_at"])
    op.create_table(
        "trueup_approval_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("approval_id", "event", "actor")),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("trueup_approval_event_of", "trueup_approval_event", ["approval_id"])
