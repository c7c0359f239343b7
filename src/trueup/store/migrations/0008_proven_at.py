"""When the person of a session was last proven, where that was before the session began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("trueup_session", sa.Column("proven_at", sa.DateTime))
