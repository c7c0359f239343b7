"""Tokens, sessions and exemptions: what is shown once, what is kept of it, and when it is worth nothing."""

from __future__ import annotations

import dataclasses
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.runs import HOUR, NOW
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError
from trueup.model.redact import redact
from trueup.store import AlreadyExempted, Store, StoredExemption, StoredToken, open_store, parse_token

TOKEN = "trueup_0123456789abcdef_" + "a1" * 32 + "_90ad35f9"


def created(store: Store, **asked: object) -> tuple[str, StoredToken]:
    """A new token."""
    known = {"name": "grafana", "role": Role.VIEWER, "lifetime_days": 30, "created_by": "command:ada", "now": NOW}
    return store.tokens.create(**(known | asked))  # type: ignore[arg-type] # its keywords


def test_a_token_is_believed_until_it_expires(store: Store) -> None:
    text, made = created(store, lifetime_days=90)
    presented = parse_token(text)
    assert presented is not None
    found = store.tokens.find(presented.token_id)
    assert found == made
    assert found.matches(presented.secret)
    assert not found.matches(presented.secret[:-1] + ("0" if presented.secret[-1] != "0" else "1"))
    assert found.valid(NOW)
    assert found.valid(NOW + timedelta(days=90) - timedelta(seconds=1))
    assert not found.valid(NOW + timedelta(days=90))


def test_a_revoked_token_is_worth_nothing_and_stays_as_a_record(store: Store) -> None:
    _, made = created(store)
    assert store.tokens.revoke(made.token_id, revoked_by="command:ada", now=NOW + HOUR)
    assert not store.tokens.revoke(made.token_id, revoked_by="command:ada", now=NOW + 2 * HOUR)
    assert not store.tokens.revoke("nobody's", revoked_by="command:ada", now=NOW)
    (found,) = store.tokens.list()
    assert found.revoked_at == NOW + HOUR
    assert not found.valid(NOW)


def test_the_use_of_a_token_is_noted_once_a_minute(store: Store) -> None:
    _, made = created(store)

    def used(after_seconds: int) -> int:
        known = store.tokens.find(made.token_id)
        assert known is not None
        store.tokens.touch(known, now=NOW + timedelta(seconds=after_seconds))
        noted = store.tokens.find(made.token_id)
        assert noted is not None
        assert noted.last_used_at is not None
        return int((noted.last_used_at - NOW).total_seconds())

    assert [used(seconds) for seconds in (1, 30, 59, 61, 62)] == [1, 1, 1, 61, 61]


@pytest.mark.parametrize(
    "asked", [{"lifetime_days": 0}, {"lifetime_days": 91}, {"name": ""}, {"name": "a\nb"}, {"name": "x" * 101}]
)
def test_a_token_for_longer_or_without_a_name_is_refused(store: Store, asked: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        created(store, **asked)
    assert store.tokens.list() == ()


def test_no_secret_is_in_the_file_or_in_what_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "trueup.db"
    with open_store(f"sqlite:///{path}") as store:
        text, made = created(store)
        session = store.sessions.create(actor="jwt:ada", role=Role.ADMIN, lifetime_seconds=60, now=NOW)
    with sqlite3.connect(path) as connection:
        dumped = "\n".join(connection.iterdump())
    connection.close()
    secret = text.split("_")[2]
    assert made.token_id in dumped
    for hidden in (text, secret, session):
        assert hidden not in dumped
        assert hidden not in repr(made)
    assert repr(parse_token(text)).count(secret) == 0
    assert secret not in redact(f"the header was {text}!")


def test_a_mistyped_token_is_refused_without_a_look_into_the_store() -> None:
    assert parse_token(TOKEN) is not None
    for position in range(len(TOKEN)):
        other = "0" if TOKEN[position] != "0" else "1"
        assert parse_token(f"{TOKEN[:position]}{other}{TOKEN[position + 1 :]}") is None
    assert parse_token(f"{TOKEN}\n") is None


@given(st.text() | st.text(alphabet="trueup_0123456789abcdef", max_size=120))
def test_no_text_makes_the_reader_of_tokens_stumble(text: str) -> None:
    assert parse_token(text) is None


def test_a_session_is_found_until_it_ends_or_expires(store: Store) -> None:
    secret = store.sessions.create(actor="jwt:ada", role="admin", lifetime_seconds=3600, now=NOW)
    found = store.sessions.find(secret, now=NOW)
    assert found is not None
    assert (found.actor, found.role, found.expires_at) == ("jwt:ada", Role.ADMIN, NOW + HOUR)
    assert store.sessions.find(secret, now=NOW + HOUR) is None
    assert store.sessions.find("another", now=NOW) is None
    assert store.sessions.end(secret)
    assert not store.sessions.end(secret)
    assert store.sessions.find(secret, now=NOW) is None


def test_every_session_of_somebody_can_be_ended_and_expired_ones_are_swept(store: Store) -> None:
    for actor in ("jwt:ada", "jwt:ada", "jwt:bob"):
        store.sessions.create(actor=actor, role=Role.VIEWER, lifetime_seconds=60, now=NOW)
    assert store.sessions.end_all("jwt:ada") == 2
    store.sessions.create(actor="jwt:cy", role=Role.VIEWER, lifetime_seconds=60, now=NOW + HOUR)
    assert store.sessions.end_all("jwt:bob") == 0


EXEMPTION = StoredExemption(
    check="paid-without-customer",
    subject="user_42",
    plan=None,
    owner="finance",
    reason="annual contract paid by bank transfer",
    expires_at=date(2027, 1, 31),
    created_by="command:ada",
    created_at=NOW,
)


def exempted(store: Store, environment: str = "production", made: StoredExemption = EXEMPTION) -> StoredExemption:
    """Add this exemption."""
    return store.exemptions.add(
        made.exemption, environment=environment, created_by=made.created_by, now=made.created_at
    )


def removed(store: Store, environment: str = "production", made: StoredExemption = EXEMPTION) -> bool:
    """Take this exemption back."""
    return store.exemptions.remove(made.exemption, environment=environment, removed_by="command:bob", now=NOW + HOUR)


def test_an_exemption_stands_in_its_environment_until_it_is_removed(store: Store) -> None:
    assert exempted(store) == EXEMPTION
    assert store.exemptions.list("production") == (EXEMPTION,)
    assert store.exemptions.list("staging") == ()
    assert not removed(store, "staging")
    assert removed(store)
    assert not removed(store)
    assert store.exemptions.list("production") == ()
    again = dataclasses.replace(EXEMPTION, owner="sales", expires_at=None)
    exempted(store, made=again)
    assert store.exemptions.list("production") == (again,)


def test_a_second_exemption_for_the_same_is_refused_and_names_who_answers_for_the_first(store: Store) -> None:
    exempted(store)
    exempted(store, "staging")
    with pytest.raises(AlreadyExempted, match=r"user_42 is already exempted .* by finance until 2027-01-31"):
        exempted(store)


def test_a_plan_and_a_subject_of_one_name_are_two_exemptions(store: Store) -> None:
    of_subject = dataclasses.replace(EXEMPTION, subject="PARTNER")
    of_plan = dataclasses.replace(EXEMPTION, subject=None, plan="PARTNER")
    exempted(store, made=of_subject)
    exempted(store, made=of_plan)
    assert set(store.exemptions.list("production")) == {of_subject, of_plan}
    with pytest.raises(AlreadyExempted, match="plan PARTNER is already exempted"):
        exempted(store, made=of_plan)
    assert removed(store, made=of_plan)
    assert store.exemptions.list("production") == (of_subject,)
