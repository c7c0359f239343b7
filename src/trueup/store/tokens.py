"""API tokens: ``trueup_<id>_<secret>_<checksum>``, shown once. The store holds only the secret's SHA-256.

The secret is 256 random bits, so a plain hash is enough: it cannot be guessed. The checksum lets a typing error be
refused without a lookup in the store, and scanners recognize a token by it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, insert, or_, select, update

from trueup.model.access import Role
from trueup.model.errors import ConfigurationError
from trueup.store.database import Database
from trueup.store.tables import TOKEN

LONGEST_DAYS = 90
"""How long a token may be valid."""

NAME_LENGTH = 100

_TOKEN = re.compile(r"trueup_(?P<id>[0-9a-f]{16})_(?P<secret>[0-9a-f]{64})_(?P<checksum>[0-9a-f]{8})")
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_ONE = select(TOKEN).where(TOKEN.c.token_id == bindparam("token_id"))
"""Built once: it is asked for every request, and building it costs as much as running it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """The token that a caller presented: well-formed, but not verified yet."""

    token_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A token as it is stored. ``last_used_at`` is exact to a minute."""

    token_id: str
    name: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    secret_sha256: str = field(repr=False)

    def matches(self, secret: str) -> bool:
        """Whether this is the token's secret, compared in a time that does not reveal how much of it is right."""
        return hmac.compare_digest(self.secret_sha256, sha256(secret))

    def valid(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


def parse_token(text: str) -> PresentedToken | None:
    """The parts of a token; None for text that cannot be a token, such as a mistyped one."""
    match = _TOKEN.fullmatch(text)
    if match is None or _checksum(match["id"], match["secret"]) != match["checksum"]:
        return None
    return PresentedToken(token_id=match["id"], secret=match["secret"])


def sha256(secret: str) -> str:
    """The only form in which a secret is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _checksum(token_id: str, secret: str) -> str:
    return f"{zlib.crc32(f'{token_id}_{secret}'.encode()):08x}"


class Tokens:
    """The API tokens. A revoked or expired one stays as a record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, *, name: str, role: Role | str, lifetime_days: int, created_by: str, now: datetime
    ) -> tuple[str, StoredToken]:
        """Make a new token; return its text, which can never be shown again, and what is stored of it.

        It expires after ``lifetime_days``, at most 90. Raises ``ConfigurationError``.
        """
        _refuse_unfit(name, lifetime_days)
        token_id, secret = secrets.token_hex(8), secrets.token_hex(32)
        stored = StoredToken(
            token_id=token_id,
            name=name,
            role=Role(role),
            created_by=created_by,
            created_at=now,
            expires_at=now + timedelta(days=lifetime_days),
            revoked_at=None,
            last_used_at=None,
            secret_sha256=sha256(secret),
        )
        row = {
            "token_id": token_id,
            "name": name,
            "role": stored.role.value,
            "secret_sha256": stored.secret_sha256,
            "created_at": now,
            "created_by": created_by,
            "expires_at": stored.expires_at,
        }
        with self._database.writing() as connection:
            connection.execute(insert(TOKEN).values(row))
        return f"trueup_{token_id}_{secret}_{_checksum(token_id, secret)}", stored

    def find(self, token_id: str) -> StoredToken | None:
        """The token of this id, also revoked or expired: ask it whether it is ``valid`` and ``matches``."""
        with self._database.reading() as connection:
            row = connection.execute(_ONE, {"token_id": token_id}).first()
        return _token(row) if row is not None else None

    def list(self) -> tuple[StoredToken, ...]:
        """Every token, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(TOKEN).order_by(TOKEN.c.created_at.desc(), TOKEN.c.token_id))
            return tuple(_token(row) for row in rows)

    def revoke(self, token_id: str, *, revoked_by: str, now: datetime) -> bool:
        """Revoke a token from this moment on; return False when there is none, or it was revoked before."""
        with self._database.writing() as connection:
            done = connection.execute(
                update(TOKEN)
                .where(TOKEN.c.token_id == token_id, TOKEN.c.revoked_at.is_(None))
                .values(revoked_at=now, revoked_by=revoked_by)
            )
            return done.rowcount == 1

    def touch(self, token: StoredToken, *, now: datetime) -> None:
        """Record that a token was used, at most once a minute, so that reading never waits for writing."""
        noted = now - _USE_IS_NOTED_EVERY
        if token.last_used_at is not None and token.last_used_at > noted:
            return
        with self._database.writing() as connection:
            connection.execute(
                update(TOKEN)
                .where(
                    TOKEN.c.token_id == token.token_id,
                    or_(TOKEN.c.last_used_at.is_(None), TOKEN.c.last_used_at <= noted),
                )
                .values(last_used_at=now)
            )


def _refuse_unfit(name: str, lifetime_days: int) -> None:
    if not name.strip() or not name.isprintable() or len(name) > NAME_LENGTH:
        raise ConfigurationError(f"A token needs a name of 1 to {NAME_LENGTH} printable characters.")
    if not 1 <= lifetime_days <= LONGEST_DAYS:
        raise ConfigurationError(f"A token is valid for 1 to {LONGEST_DAYS} days, not {lifetime_days}.")


def _token(row: Row[Any]) -> StoredToken:
    return StoredToken(
        token_id=row.token_id,
        name=row.name,
        role=Role(row.role),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        secret_sha256=row.secret_sha256,
    )
