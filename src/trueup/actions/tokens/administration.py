"""Create, list and revoke API tokens. A token is shown once; the store keeps a hash of its secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.formats.wording import instant
from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.model.access import Role
    from trueup.store import Store, StoredToken


class UnknownToken(ConfigurationError):
    """The store holds no such token, or it was revoked before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was just created. ``text`` is the token itself, and cannot be shown again."""

    text: str = field(repr=False)
    stored: StoredToken


def create_token(
    store: Store, *, name: str, role: Role, lifetime_days: int, created_by: str, now: datetime
) -> NewToken:
    """Create a token that expires after ``lifetime_days``. ``now`` is naive UTC.

    Raises ``ConfigurationError`` for a name or a lifetime that no token may have, and ``StoreUnavailable``.
    """
    text, stored = store.tokens.create(
        name=name, role=role, lifetime_days=lifetime_days, created_by=created_by, now=now
    )
    return NewToken(text=text, stored=stored)


def list_tokens(store: Store) -> tuple[StoredToken, ...]:
    """Return every token, newest first; revoked and expired ones stay as a record. Raises ``StoreUnavailable``."""
    return store.tokens.list()


def revoke_token(store: Store, token_id: str, *, revoked_by: str, now: datetime) -> None:
    """Revoke a token from ``now`` on (naive UTC). Raises ``UnknownToken`` and ``StoreUnavailable``."""
    if not store.tokens.revoke(token_id, revoked_by=revoked_by, now=now):
        raise UnknownToken("There is no such token to revoke; `trueup token list` shows the tokens.")


def tokens_document(tokens: Iterable[StoredToken], *, now: datetime) -> dict[str, object]:
    """Return the list of tokens as JSON: what the command prints and the API answers."""
    return {"schemaVersion": 1, "tokens": [token_document(token, now=now) for token in tokens]}


def token_document(token: StoredToken, *, now: datetime) -> dict[str, object]:
    """Return one token as JSON. Its secret is not in it."""
    return {
        "id": token.token_id,
        "name": token.name,
        "role": token.role.value,
        "createdBy": token.created_by,
        "createdAt": instant(token.created_at),
        "expiresAt": instant(token.expires_at),
        "revokedAt": instant(token.revoked_at) if token.revoked_at else None,
        "lastUsedAt": instant(token.last_used_at) if token.last_used_at else None,
        "valid": token.valid(now),
    }
