"""Browser sessions, stored here so that one can be ended; of a session's secret only the SHA-256 is stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select

from trueup.model.access import Role, SignIn
from trueup.store.database import Database
from trueup.store.sign_in_tables import SESSION
from trueup.store.tokens import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """Who signed in, how, as what, and until when. ``session_id`` names it and opens nothing."""

    session_id: str
    actor: str
    role: Role
    created_at: datetime
    expires_at: datetime
    method: SignIn
    token_id: str | None
    proven_at: datetime


class Sessions:
    """The browser sessions that have not ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        *,
        actor: str,
        role: Role | str,
        lifetime_seconds: float,
        now: datetime,
        method: SignIn = SignIn.TOKEN,
        token_id: str | None = None,
        proven_at: datetime | None = None,
    ) -> str:
        """Begin a session and return its secret, for the cookie. Expired sessions are deleted.

        ``proven_at`` is when the person was proven, where that was not just ``now``.
        """
        secret = secrets.token_urlsafe(32)
        row = {
            "secret_sha256": sha256(secret),
            "actor": actor,
            "role": Role(role).value,
            "created_at": now,
            "expires_at": now + timedelta(seconds=lifetime_seconds),
            "method": method.value,
            "token_id": token_id,
            "proven_at": proven_at,
        }
        with self._database.writing() as connection:
            connection.execute(delete(SESSION).where(SESSION.c.expires_at <= now))
            connection.execute(insert(SESSION).values(row))
        return secret

    def find(self, secret: str, *, now: datetime) -> StoredSession | None:
        """The session of this secret; None when it never existed, ended or expired.

        It is looked up by its hash, so the time of the lookup reveals nothing about the secret.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                select(SESSION).where(SESSION.c.secret_sha256 == sha256(secret), SESSION.c.expires_at > now)
            ).first()
        if row is None:
            return None
        return StoredSession(
            session_id=row.secret_sha256,
            actor=row.actor,
            role=Role(row.role),
            created_at=row.created_at,
            expires_at=row.expires_at,
            method=SignIn(row.method),
            token_id=row.token_id,
            proven_at=row.proven_at or row.created_at,
        )

    def end(self, secret: str) -> bool:
        """End a session at once; False when there was none."""
        with self._database.writing() as connection:
            return connection.execute(delete(SESSION).where(SESSION.c.secret_sha256 == sha256(secret))).rowcount == 1

    def end_all(self, actor: str) -> int:
        """End every session of an actor; return how many there were."""
        with self._database.writing() as connection:
            return connection.execute(delete(SESSION).where(SESSION.c.actor == actor)).rowcount
