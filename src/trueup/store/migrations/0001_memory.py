"""Runs, issues, findings, their transitions, exemptions, tokens, sessions, leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables of the first store."""
    _run()
    _issue()
    _finding()
    _transition()
    _exemption()
    _token()
    _session()
    _lease()


def _run() -> None:
    op.create_table(
        "trueup_run",
        sa.Column("seq", _NUMBER, primary_key=True),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("generated_at", sa.DateTime, nullable=False),
        sa.Column("as_of", sa.DateTime),
        sa.Column("period_days", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("decides", sa.Boolean, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("issues", sa.Integer, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("worse", sa.Integer, nullable=False),
        sa.Column("reopened", sa.Integer, nullable=False),
        sa.Column("resolved", sa.Integer, nullable=False),
        sa.Column("answered_checks", sa.Text, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.UniqueConstraint("run_id", name="trueup_run_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("trueup_run_newest", "trueup_run", ["environment", "generated_at", "seq"])


def _issue() -> None:
    op.create_table(
        "trueup_issue",
        sa.Column("run_seq", _NUMBER, sa.ForeignKey("trueup_run.seq", ondelete="CASCADE"), primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("issue_id", sa.Text, nullable=False),
        sa.Column("check_id", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("revenue_impacting", sa.Boolean, nullable=False),
        sa.Column("alerts", sa.Boolean, nullable=False),
        sa.Column("exempted", sa.Boolean, nullable=False),
        sa.Column("repairable", sa.Boolean, nullable=False),
        sa.Column("risk", sa.Double, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.UniqueConstraint("run_seq", "position", name="trueup_issue_position"),
    )


def _finding() -> None:
    op.create_table(
        "trueup_finding",
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("issue_id", sa.Text, nullable=False),
        sa.Column("check_id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
        sa.Column("risk", sa.Double, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("first_seen", sa.DateTime, nullable=False),
        sa.Column("last_seen", sa.DateTime, nullable=False),
        sa.Column("resolved_at", sa.DateTime),
        sa.Column("times_reopened", sa.Integer, nullable=False),
        sa.Column("last_run_seq", _NUMBER, nullable=False),
    )
    op.create_index("trueup_finding_state", "trueup_finding", ["environment", "state"])
    op.create_index("trueup_finding_issue", "trueup_finding", ["environment", "issue_id"])


def _transition() -> None:
    op.create_table(
        "trueup_transition",
        sa.Column("run_seq", _NUMBER, sa.ForeignKey("trueup_run.seq", ondelete="CASCADE"), primary_key=True),
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("issue_id", sa.Text, nullable=False),
        sa.Column("severity", sa.SmallInteger, nullable=False),
    )


def _exemption() -> None:
    op.create_table(
        "trueup_exemption",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("check_id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Date),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("removed_at", sa.DateTime),
        sa.Column("removed_by", sa.Text),
    )
    op.create_index(
        "trueup_exemption_standing",
        "trueup_exemption",
        ["environment", "check_id", "subject"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def _token() -> None:
    op.create_table(
        "trueup_token",
        sa.Column("token_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
        sa.Column("revoked_by", sa.Text),
        sa.Column("last_used_at", sa.DateTime),
    )


def _session() -> None:
    op.create_table(
        "trueup_session",
        sa.Column("secret_sha256", sa.Text, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_index("trueup_session_expiry", "trueup_session", ["expires_at"])


def _lease() -> None:
    op.create_table(
        "trueup_lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("taken_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
