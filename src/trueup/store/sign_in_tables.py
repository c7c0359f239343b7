"""The tables behind sign-in: browser sessions, one-time links, sent forms. ``0005_sign_in`` completes them."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Table, Text

from trueup.model.access import Role, SignIn
from trueup.store.cells import WORDS, hold_to_types
from trueup.store.tables import METADATA

SESSION = Table(
    "trueup_session",
    METADATA,
    Column("secret_sha256", Text, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False, info={WORDS: frozenset(Role)}),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("method", Text, nullable=False, server_default=SignIn.TOKEN.value, info={WORDS: frozenset(SignIn)}),
    Column("token_id", Text),
    Column("proven_at", DateTime),
    Index("trueup_session_expiry", "expires_at"),
    Index("trueup_session_actor", "actor"),
)
"""Browser sessions. A session that began with an API token names it, and ends with it.

``proven_at`` is when the identity provider last asked the person, where it says so; it may be before the session began.
"""

SIGN_IN_LINK = Table(
    "trueup_sign_in_link",
    METADATA,
    Column("secret_sha256", Text, primary_key=True),
    Column("token_id", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("used_at", DateTime),
    Index("trueup_sign_in_link_expiry", "expires_at"),
)
"""One-time sign-in links, each for the holder of one API token."""

SENT_FORM = Table(
    "trueup_sent_form",
    METADATA,
    Column("form_id", Text, primary_key=True),
    Column("sent_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Index("trueup_sent_form_expiry", "expires_at"),
)
"""Forms that were sent, until they could not be sent again anyway: a second time is refused."""

for _table in (SESSION, SIGN_IN_LINK, SENT_FORM):
    hold_to_types(_table)
