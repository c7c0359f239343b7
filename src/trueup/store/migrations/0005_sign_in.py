"""Sign-in with a browser: how a session began, one-time links, and the forms that were sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Give sessions their method and token; make the tables of links and of sent forms."""
    op.add_column("trueup_session", sa.Column("method", sa.Text, nullable=False, server_default="token"))
    op.add_column("trueup_session", sa.Column("token_id", sa.Text))
    op.create_index("trueup_session_actor", "trueup_session", ["actor"])
    op.create_table(
        "trueup_sign_in_link",
        sa.Column("secret_sha256", sa.Text, primary_key=True),
        sa.Column("token_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("used_at", sa.DateTime),
    )
    op.create_index("trueup_sign_in_link_expiry", "trueup_sign_in_link", ["expires_at"])
    op.create_table(
        "trueup_sent_form",
        sa.Column("form_id", sa.Text, primary_key=True),
        sa.Column("sent_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_index("trueup_sent_form_expiry", "trueup_sent_form", ["expires_at"])
