"""Exemptions of whole plans, beside those of single subjects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Give exemptions a plan; those that are there have none."""
    op.add_column("trueup_exemption", sa.Column("plan", sa.Text, nullable=False, server_default=""))
    op.drop_index("trueup_exemption_standing", table_name="trueup_exemption")
    op.create_index(
        "trueup_exemption_standing",
        "trueup_exemption",
        ["environment", "check_id", "subject", "plan"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
