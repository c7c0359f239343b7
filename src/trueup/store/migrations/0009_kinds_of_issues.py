"""An index from which a run's issues are counted by kind, without reading the issues themselves."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "trueup_issue_kind",
        "trueup_issue",
        ["run_seq", "severity", "category", "check_id", "exempted", "repairable", "issue_id"],
    )
