"""Sign in while the identity provider is down: one link, made on the machine, for an hour, with an alert."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trueup.actions.alerts import put_notice
from trueup.actions.sign_in.links import make_sign_in_link
from trueup.actions.sign_in.sessions import BREAK_GLASS_NAME
from trueup.actions.tokens import create_token
from trueup.model.attribution import clean_reason
from trueup.model.redact import redact
from trueup.store.tokens import NAME_LENGTH

if TYPE_CHECKING:
    from datetime import datetime

    from trueup.config import Config
    from trueup.model.access import Role
    from trueup.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassLink:
    """The link's path, the identity that it signs in as, and how many channels get the alert."""

    path: str = field(repr=False)
    actor: str
    expires_at: datetime
    channels: int


def make_break_glass_link(
    store: Store, config: Config, *, role: Role, reason: str, created_by: str, now: datetime
) -> BreakGlassLink:
    """Queue an alert, and make a link that signs in once, within ten minutes, for an hour. ``now`` is naive UTC.

    The alert is queued first: without it there is no link. The session's identity is an API token that is made for it
    and never shown; revoking the token ends the session. It is not known as a person, so it approves nothing. Raises
    ``ConfigurationError`` for an invalid reason, and ``StoreUnavailable``.
    """
    cleaned = redact(clean_reason(reason))
    channels = put_notice(
        store,
        config.alerts,
        environment=config.environment,
        title=f"a break-glass sign-in was made by {created_by}",
        lines=(
            f"Reason: {cleaned}",
            f"It gives the role {role} for an hour, past the identity provider.",
            "If this was none of you: `trueup token list`, then `trueup token revoke ID`.",
        ),
        now=now,
    )
    name = f"{BREAK_GLASS_NAME}{cleaned}"[:NAME_LENGTH].strip()
    token = create_token(store, name=name, role=role, lifetime_days=1, created_by=created_by, now=now).stored
    link = make_sign_in_link(store, token.token_id, created_by=created_by, now=now)
    return BreakGlassLink(
        path=link.path, actor=f"token:{token.token_id}", expires_at=link.expires_at, channels=channels
    )
