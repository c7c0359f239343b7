"""One-time sign-in links: the browser that opens one is signed in as the holder of its token.

Of a link's secret only the SHA-256 is stored. A link that was used stays until it would have expired.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from trueup.store.database import Database
from trueup.store.sign_in_tables import SIGN_IN_LINK as LINK
from trueup.store.tokens import sha256


class SignInLinks:
    """The links that can still be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, *, token_id: str, lifetime_seconds: float, created_by: str, now: datetime) -> str:
        """Make a link for the token's holder and return its secret. Expired links are deleted."""
        secret = secrets.token_urlsafe(32)
        row = {
            "secret_sha256": sha256(secret),
            "token_id": token_id,
            "created_at": now,
            "created_by": created_by,
            "expires_at": now + timedelta(seconds=lifetime_seconds),
        }
        with self._database.writing() as connection:
            connection.execute(delete(LINK).where(LINK.c.expires_at <= now))
            connection.execute(insert(LINK).values(row))
        return secret

    def use(self, secret: str, *, now: datetime) -> str | None:
        """Use a link up and return its token's id; None for one that never existed, was used, or has expired.

        Of two callers at the same moment one gets the id: the row is compared and set in one statement.
        """
        key = LINK.c.secret_sha256 == sha256(secret)
        with self._database.writing() as connection:
            used = connection.execute(
                update(LINK).where(key, LINK.c.used_at.is_(None), LINK.c.expires_at > now).values(used_at=now)
            )
            if used.rowcount != 1:
                return None
            return str(connection.execute(select(LINK.c.token_id).where(key)).scalar_one())
