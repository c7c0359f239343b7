"""Signing in past the identity provider: once, for an hour, never as a person, and never without an alert."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.api import NOW, config_in
from tests.support.sink import running_sink
from trueup.actions.alerts import deliver
from trueup.actions.approvals.people import is_known
from trueup.actions.sign_in import (
    NewSession,
    SignInRefused,
    authenticate_session,
    make_break_glass_link,
    sign_in_with_link,
)
from trueup.config import Config
from trueup.model.access import Role, SignIn
from trueup.model.errors import ConfigurationError
from trueup.store import Store, StoredSession, open_store

REASON = "The identity provider is down, incident 4711"


def made(store: Store, config: Config, reason: str = REASON) -> str:
    """The secret of a break-glass link."""
    link = make_break_glass_link(store, config, role=Role.ADMIN, reason=reason, created_by="command:root", now=NOW)
    assert REASON not in link.path
    return link.path.removeprefix("/sign-in/")


def test_it_signs_in_once_for_an_hour_and_approves_nothing(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with open_store(config.store_url) as store:
        secret = made(store, config)
        session = sign_in_with_link(secret, store=store, now=NOW)
        assert isinstance(session, NewSession)
        assert session.expires_at == NOW + timedelta(hours=1)
        assert isinstance(sign_in_with_link(secret, store=store, now=NOW), SignInRefused)
        held = authenticate_session(session.secret, store=store, now=NOW)
        assert isinstance(held, StoredSession)
        assert held.method is SignIn.BREAK_GLASS
        assert not is_known(held.actor, config=config, store=store)
        (token,) = store.tokens.list()
        assert token.name == f"break-glass: {REASON}"
        store.tokens.revoke(token.token_id, revoked_by="command:root", now=NOW)
        assert isinstance(authenticate_session(session.secret, store=store, now=NOW), SignInRefused)


def test_every_channel_is_told_who_and_why_and_not_the_secret(tmp_path: Path) -> None:
    with running_sink() as sink:
        settings = sink.settings("ops", "mail")
        config = dataclasses.replace(config_in(tmp_path), alerts=settings)
        with open_store(config.store_url) as store:
            secret = made(store, config)
            deliver(store, settings, environment=config.environment, now=NOW, worker="w")
        assert len(sink.messages) == 2
        for message in sink.messages:
            assert message.alert["severity"] == "critical"
            assert "break-glass sign-in was made by command:root" in message.alert["title"]
            assert REASON in str(message.alert["summary"])
            assert secret not in str(message.alert)


@pytest.mark.parametrize("reason", ["", "short", "a\nb" * 10])
def test_without_a_reason_there_is_no_link(tmp_path: Path, reason: str) -> None:
    config = config_in(tmp_path)
    with open_store(config.store_url) as store:
        with pytest.raises(ConfigurationError, match="reason"):
            made(store, config, reason)
        assert store.tokens.list() == ()
