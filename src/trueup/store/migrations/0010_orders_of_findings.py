"""Indexes by which findings are looked up by their subject, and what changed is listed without sorting all of it.

A run keeps after which one it changed the findings: of those two nothing has to be compared.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, text

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Add the indexes and the column."""
    op.add_column("trueup_run", Column("after_seq", BigInteger().with_variant(Integer, "sqlite")))
    op.create_index("trueup_finding_subject", "trueup_finding", ["environment", "subject"])
    worst_first = text("severity DESC")
    op.create_index("trueup_transition_order", "trueup_transition", ["run_seq", "kind", worst_first, "issue_id"])
    op.create_index(
        "trueup_issue_order", "trueup_issue", ["run_seq", worst_first, "issue_id", "fingerprint", "check_id"]
    )
