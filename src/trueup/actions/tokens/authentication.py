"""Check a token that a caller presents."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.model.errors import StoreUnavailable
from trueup.store.tokens import parse_token

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.store import Store, StoredToken


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefused:
    """Why a token is not accepted: for the log, never for the caller."""

    reason: str


def claimed_token_id(text: str) -> str | None:
    """Return the id that a token names, without proof; None for a token that is mistyped."""
    presented = parse_token(text)
    return presented.token_id if presented else None


def authenticate_token(text: str, *, store: Store, now: datetime) -> StoredToken | TokenRefused:
    """Return the stored token that ``text`` is, and record its use; otherwise say why it is not accepted.

    The store is asked every time, so that a revoked token is refused at once. Raises ``StoreUnavailable``.
    """
    presented = parse_token(text)
    if presented is None:
        return TokenRefused(reason="the token is mistyped")
    stored = store.tokens.find(presented.token_id)
    if stored is None or not stored.matches(presented.secret):
        return TokenRefused(reason=f"token {presented.token_id} is unknown or its secret is wrong")
    if not stored.valid(now):
        return TokenRefused(reason=f"token {presented.token_id} is expired or revoked")
    # The moment of last use is worth recording, but not worth failing for.
    with contextlib.suppress(StoreUnavailable):
        store.tokens.touch(stored, now=now)
    return stored
