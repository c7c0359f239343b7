"""One-time sign-in links: made on the server's machine for the holder of a token, opened once in a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from trueup.actions.sign_in.sessions import NewSession, SignInRefused, begin_token_session
from trueup.actions.tokens import UnknownToken
from trueup.model.access import SignIn

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.store import Store

LINK_MINUTES = 10
"""How long a sign-in link can be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A sign-in link that was just made. Its ``path`` holds its secret, and cannot be shown again."""

    path: str = field(repr=False)
    expires_at: datetime


def make_sign_in_link(store: Store, token_id: str, *, created_by: str, now: datetime) -> NewLink:
    """Make a link that signs in the holder of this token, once, within ten minutes. ``now`` is naive UTC.

    Raises ``UnknownToken`` where no such token is valid, and ``StoreUnavailable``.
    """
    token = store.tokens.find(token_id)
    if token is None or not token.valid(now):
        raise UnknownToken("There is no such token that is valid; `trueup token list` shows the tokens.")
    seconds = LINK_MINUTES * 60
    secret = store.sign_in_links.create(token_id=token_id, lifetime_seconds=seconds, created_by=created_by, now=now)
    return NewLink(path=f"/sign-in/{secret}", expires_at=now + timedelta(seconds=seconds))


def sign_in_with_link(secret: str, *, store: Store, now: datetime) -> NewSession | SignInRefused:
    """Use the link up and begin a session for its token's holder. Raises ``StoreUnavailable``."""
    token_id = store.sign_in_links.use(secret, now=now)
    if token_id is None:
        return SignInRefused(reason="the sign-in link is unknown, used or expired")
    token = store.tokens.find(token_id)
    if token is None or not token.valid(now):
        return SignInRefused(reason=f"token {token_id}, which the sign-in link was made for, is no longer valid")
    return begin_token_session(token, method=SignIn.LINK, store=store, now=now)
