"""Alert state, alert episodes, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables behind alerts."""
    _state()
    _episode()
    _outbox()


def _state() -> None:
    op.create_table(
        "trueup_alert_state",
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("turns", _NUMBER, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("run_seq", _NUMBER),
        sa.Column("began_at", sa.DateTime),
        sa.Column("alerted_at", sa.DateTime),
    )


def _episode() -> None:
    op.create_table(
        "trueup_alert_episode",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("check_id", sa.Text, nullable=False),
        sa.Column("issue_id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("risk", sa.Double, nullable=False),
        sa.Column("told_severity", sa.SmallInteger, nullable=False),
        sa.Column("told_risk", sa.Double, nullable=False),
        sa.Column("clean_looks", sa.SmallInteger, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("resolved_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "trueup_alert_episode_open",
        "trueup_alert_episode",
        ["environment", "fingerprint"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index("trueup_alert_episode_resolved", "trueup_alert_episode", ["resolved_at"])


def _outbox() -> None:
    op.create_table(
        "trueup_alert_outbox",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("hour", sa.DateTime, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("claimed_by", sa.Text),
        sa.Column("claimed_until", sa.DateTime),
        sa.Column("settled_at", sa.DateTime),
        sa.Column("reason", sa.Text),
        sa.UniqueConstraint("channel", "fingerprint", "hour", name="trueup_alert_outbox_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("trueup_alert_outbox_queue", "trueup_alert_outbox", ["channel", "state", "number"])
    op.create_index("trueup_alert_outbox_settled", "trueup_alert_outbox", ["settled_at"])
