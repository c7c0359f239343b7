"""Begin, check and end a browser's session. The store keeps a hash of its secret; the browser has it in a cookie."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from trueup.actions.tokens import TokenRefused, authenticate_token
from trueup.model.access import SignIn

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.model.access import Role
    from trueup.store import Store, StoredSession, StoredToken

SESSION_HOURS = 8
"""The longest that a session lasts: a working day."""

BREAK_GLASS_HOURS = 1
"""The longest that a session past the identity provider lasts."""

BREAK_GLASS_NAME = "break-glass: "
"""The beginning of the names of tokens that such sessions are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRefused:
    """Why a sign-in or a session is not accepted: for the log, never for the caller."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session that has just begun. ``secret`` goes into the browser's cookie, and cannot be shown again."""

    secret: str = field(repr=False)
    actor: str
    expires_at: datetime


def sign_in_with_token(text: str, *, store: Store, now: datetime) -> NewSession | SignInRefused:
    """Begin a session for the holder of this API token. ``now`` is naive UTC. Raises ``StoreUnavailable``."""
    token = authenticate_token(text, store=store, now=now)
    if isinstance(token, TokenRefused):
        return SignInRefused(reason=token.reason)
    return begin_token_session(token, method=SignIn.TOKEN, store=store, now=now)


def begin_token_session(token: StoredToken, *, method: SignIn, store: Store, now: datetime) -> NewSession:
    """Begin a session that ends with the token, and after eight hours at the latest; after one past the provider."""
    is_break_glass = token.name.startswith(BREAK_GLASS_NAME)
    method = SignIn.BREAK_GLASS if is_break_glass else method
    ends = min(now + timedelta(hours=BREAK_GLASS_HOURS if is_break_glass else SESSION_HOURS), token.expires_at)
    actor = f"token:{token.token_id}"
    secret = store.sessions.create(
        actor=actor,
        role=token.role,
        lifetime_seconds=(ends - now).total_seconds(),
        now=now,
        method=method,
        token_id=token.token_id,
    )
    return NewSession(secret=secret, actor=actor, expires_at=ends)


def begin_person_session(
    actor: str, role: Role, *, method: SignIn, store: Store, now: datetime, proven_at: datetime | None = None
) -> NewSession:
    """Begin a session of eight hours for a person who was proven elsewhere, at ``proven_at`` where that is known.

    Raises ``StoreUnavailable``.
    """
    seconds = SESSION_HOURS * 3600
    secret = store.sessions.create(
        actor=actor, role=role, lifetime_seconds=seconds, now=now, method=method, proven_at=proven_at
    )
    return NewSession(secret=secret, actor=actor, expires_at=now + timedelta(seconds=seconds))


def authenticate_session(secret: str, *, store: Store, now: datetime) -> StoredSession | SignInRefused:
    """Return the session of this secret; otherwise say why it is not accepted.

    The store is asked every time, so a session that was ended, or whose token was revoked, is refused at once.
    Raises ``StoreUnavailable``.
    """
    session = store.sessions.find(secret, now=now)
    if session is None:
        return SignInRefused(reason="the session is unknown, ended or expired")
    if session.token_id is not None:
        token = store.tokens.find(session.token_id)
        if token is None or not token.valid(now):
            return SignInRefused(reason=f"token {session.token_id}, which the session began with, is no longer valid")
    return session


def end_session(secret: str, *, store: Store) -> bool:
    """End a session at once; return False when it had ended before. Raises ``StoreUnavailable``."""
    return store.sessions.end(secret)


def end_every_session(actor: str, *, store: Store) -> int:
    """End every session of this actor, in every browser; return their number. Raises ``StoreUnavailable``."""
    return store.sessions.end_all(actor)
