"""The hidden token of a form: only the session that was shown the form can send it, and only once.

A token is ``<issued>.<id>.<signature>``. The signature, with a key that all replicas share, binds it to the session.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trueup.actions.sign_in.sessions import SESSION_HOURS, SignInRefused

if TYPE_CHECKING:
    from trueup.store import Store

FORM_HOURS = SESSION_HOURS
"""How long a form can be sent after it was shown."""

_PURPOSE = "form"
_TOKEN = re.compile(r"(?P<issued>[0-9]{1,12})\.(?P<id>[0-9a-f]{32})\.(?P<signature>[0-9a-f]{64})")
_SKEW_SECONDS = 60


class FormTokens:
    """Makes the tokens of one page's forms, each with the key that is read once for the page."""

    def __init__(self, bound_to: str, *, store: Store, now: datetime) -> None:
        """``bound_to`` names the session. Raises ``StoreUnavailable``."""
        self._bound_to, self._now = bound_to, now
        self._key = store.secrets.key(_PURPOSE)

    def make(self) -> str:
        """Return a new token for one form."""
        issued, form_id = str(_seconds(self._now)), secrets.token_hex(16)
        return f"{issued}.{form_id}.{_signature(self._key, self._bound_to, issued, form_id)}"


def check_form_token(text: str, bound_to: str, *, store: Store, now: datetime) -> SignInRefused | None:
    """Say why the token is refused; None where it is this session's and not too old. Raises ``StoreUnavailable``."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return SignInRefused(reason="the form has no token that can be read")
    signature = _signature(store.secrets.key(_PURPOSE), bound_to, match["issued"], match["id"])
    if not hmac.compare_digest(signature, match["signature"]):
        return SignInRefused(reason="the form's token is of another session")
    age = _seconds(now) - int(match["issued"])
    if not -_SKEW_SECONDS <= age < FORM_HOURS * 3600:
        return SignInRefused(reason="the form was shown too long ago")
    return None


def use_form_token(text: str, bound_to: str, *, store: Store, now: datetime) -> SignInRefused | None:
    """Check the token and use it up; say why it is refused where it is. Of two that are sent at once, one is refused.

    Raises ``StoreUnavailable``.
    """
    refused = check_form_token(text, bound_to, store=store, now=now)
    if refused is not None:
        return refused
    form_id = text.split(".")[1]
    expires_at = now + timedelta(hours=FORM_HOURS, seconds=2 * _SKEW_SECONDS)
    if not store.sent_forms.send(form_id, expires_at=expires_at, now=now):
        return SignInRefused(reason="the form was sent before")
    return None


def use_state(state: str, *, store: Store, now: datetime) -> bool:
    """Use up the answer of an identity provider; False where it was used before. Raises ``StoreUnavailable``."""
    digest = hashlib.sha256(state.encode()).hexdigest()
    return store.sent_forms.send(f"oidc:{digest}", expires_at=now + timedelta(hours=1), now=now)


def _signature(key: bytes, bound_to: str, issued: str, form_id: str) -> str:
    message = f"{issued}.{form_id}.{bound_to}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp())
