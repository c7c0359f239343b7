"""Tokens as both doors manage them: created once, accepted while they are valid, and refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from trueup.actions.tokens.administration import (
    NewToken,
    UnknownToken,
    create_token,
    list_tokens,
    revoke_token,
    token_document,
    tokens_document,
)
from trueup.actions.tokens.authentication import TokenRefused, authenticate_token, claimed_token_id
from trueup.model.access import Role
from trueup.store import Store, open_store

NOW = datetime(2026, 3, 1, 12)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store."""
    with open_store(f"sqlite:///{tmp_path}/trueup.db") as opened:
        yield opened


def new_token(store: Store) -> NewToken:
    """A viewer's token for a day."""
    return create_token(store, name="grafana", role=Role.VIEWER, lifetime_days=1, created_by="command:ada", now=NOW)


def reason(store: Store, text: str, *, now: datetime = NOW) -> str:
    """Why the token is refused."""
    refused = authenticate_token(text, store=store, now=now)
    assert isinstance(refused, TokenRefused)
    return refused.reason


def test_a_valid_token_is_accepted_and_its_use_is_noted(store: Store) -> None:
    new = new_token(store)
    assert claimed_token_id(new.text) == new.stored.token_id
    assert new.text not in repr(new)
    accepted = authenticate_token(new.text, store=store, now=NOW)
    assert not isinstance(accepted, TokenRefused)
    assert (accepted.token_id, accepted.role) == (new.stored.token_id, Role.VIEWER)
    assert list_tokens(store)[0].last_used_at == NOW


def test_a_token_is_refused_with_its_reason(store: Store) -> None:
    new, other = new_token(store), new_token(store)
    mistyped = new.text[:-1] + ("0" if new.text[-1] != "0" else "1")
    assert claimed_token_id(mistyped) is None
    assert "mistyped" in reason(store, mistyped)
    assert "expired or revoked" in reason(store, new.text, now=NOW + timedelta(days=1))
    revoke_token(store, new.stored.token_id, revoked_by="command:ada", now=NOW)
    assert "expired or revoked" in reason(store, new.text)
    assert not isinstance(authenticate_token(other.text, store=store, now=NOW), TokenRefused)
    assert list_tokens(store)[0].last_used_at is None or list_tokens(store)[1].last_used_at is None


def test_a_token_is_revoked_once(store: Store) -> None:
    new = new_token(store)
    revoke_token(store, new.stored.token_id, revoked_by="command:ada", now=NOW)
    for token_id in (new.stored.token_id, "0" * 16):
        with pytest.raises(UnknownToken, match="trueup token list"):
            revoke_token(store, token_id, revoked_by="command:ada", now=NOW)


def test_the_document_says_of_every_token_whether_it_is_valid_and_of_none_its_secret(store: Store) -> None:
    new = new_token(store)
    late = NOW + timedelta(days=1)
    assert tokens_document(list_tokens(store), now=NOW) == {
        "schemaVersion": 1,
        "tokens": [
            {
                "id": new.stored.token_id,
                "name": "grafana",
                "role": "viewer",
                "createdBy": "command:ada",
                "createdAt": "2026-03-01T12:00:00Z",
                "expiresAt": "2026-03-02T12:00:00Z",
                "revokedAt": None,
                "lastUsedAt": None,
                "valid": True,
            }
        ],
    }
    assert token_document(list_tokens(store)[0], now=late)["valid"] is False
