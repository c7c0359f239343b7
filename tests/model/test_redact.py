"""No secret survives the redactor, and nothing else is touched."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.model.redact import redact

_MARK = "Zq9"
"""Stands at both ends of every planted secret, so that a tail left over is seen too."""


def _marked(alphabet: str) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=20, max_size=50).map(lambda text: f"{_MARK}{text}{_MARK}")


secrets = _marked(string.ascii_letters + string.digits)
passwords = _marked(string.ascii_letters + string.digits + "!#$%()*+,-./:;<=>?@[]^_`{|}~")
around = st.text(max_size=30).filter(lambda text: _MARK not in text)
KINDS: dict[str, tuple[st.SearchStrategy[str], Callable[[str], str]]] = {
    "dsn": (passwords, lambda s: f"postgresql://app:{s}@db.internal:5432/app"),
    "dsn without user": (secrets, lambda s: f"redis://:{s}@cache"),
    "mysql": (passwords, lambda s: f"mysql://root:{s}@127.0.0.1/shop?charset=utf8"),
    "live key": (secrets, lambda s: f"sk_live_{s}"),
    "test key": (secrets, lambda s: f"sk_test_{s}"),
    "restricted live key": (secrets, lambda s: f"rk_live_{s}"),
    "restricted test key": (secrets, lambda s: f"rk_test_{s}"),
    "webhook secret": (secrets, lambda s: f"whsec_{s}"),
    "client secret": (secrets, lambda s: f"pi_3Pq8sZLkdIwH_secret_{s}"),
    "bearer": (secrets, lambda s: f"Bearer {s}"),
    "header": (secrets, lambda s: f"Authorization: Basic {s}"),
    "password parameter": (passwords, lambda s: f"password={s}"),
    "quoted password": (passwords, lambda s: f"password = '{s} {s}'"),
    "json password": (passwords, lambda s: f'{{"password": "{s}"}}'),
    "api key": (secrets, lambda s: f"?api_key={s}&page=2"),
    "private key": (
        secrets,
        lambda s: f"-----BEGIN RSA PRIVATE KEY-----\n{s}\n{s}\n-----END RSA PRIVATE KEY-----",
    ),
    "cut private key": (secrets, lambda s: f"-----BEGIN PRIVATE KEY-----\n{s}\n{s}"),
    "our token": (secrets, lambda s: f"trueup_7f3a_{s}{s}_c0ffee"),
    "web token": (secrets, lambda s: f"eyJhbGciOiJSUzI1NiJ9.{s}.{s}"),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), before=around, after=around)
def test_a_planted_secret_never_comes_out(kind: str, data: st.DataObject, before: str, after: str) -> None:
    strategy, plant = KINDS[kind]
    assert _MARK not in redact(f"{before}{plant(data.draw(strategy))} {after}")


@pytest.mark.parametrize("prefix", ["whsec_", "WHSEC_", "sk_live_", "pi_1_secret_", "trueup_7f3a_"])
@pytest.mark.parametrize(
    "plant", ["password = 'Zq9 Zq9'", "api_key=Zq9Zq9Zq9Zq9Zq9Zq9Zq9Zq9Zq9Zq9Zq9Zq9", 'token": "Zq9"']
)
def test_a_parameter_whose_name_looks_like_a_secret_has_its_value_masked(prefix: str, plant: str) -> None:
    assert "Zq9" not in redact(f"{prefix}{plant}")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_secret_is_masked_right_behind_a_letter_and_before_punctuation(kind: str, data: st.DataObject) -> None:
    strategy, plant = KINDS[kind]
    assert _MARK not in redact(f"x{plant(data.draw(strategy))}, and more.")


@given(st.lists(st.sampled_from(sorted(KINDS)), max_size=4), st.data(), st.text(max_size=10))
def test_redacting_twice_changes_nothing(kinds: list[str], data: st.DataObject, glue: str) -> None:
    planted = glue.join(plant(data.draw(strategy)) for strategy, plant in (KINDS[kind] for kind in kinds))
    once = redact(planted)
    assert redact(once) == once


@given(st.text(string.ascii_letters + string.digits + " .,;()[]{}<>!?/\\@#%-+*\n\té表", max_size=200))
def test_text_without_secrets_is_unchanged(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "The password is wrong for user app.",
        "https://dashboard.stripe.com/events/evt_1Pq8sZLkdIwHu7ix",
        "mysql://root@localhost/shop",
        "task_test_reconciliation ran",
        "the bearer of good news",
        "trueup_journal_entries_by_account_and_month_and_year",
        "pk_live_51Hh is the publishable key's start",
        "tokens: 12, passed: 4",
        "the compass=north",
    ],
)
def test_words_that_only_resemble_a_secret_are_unchanged(text: str) -> None:
    assert redact(text) == text


def test_what_surrounds_a_secret_stays_readable() -> None:
    text = "could not reach postgresql://app:hu/nt@er#2@db:5432/app: timed out"
    assert redact(text) == "could not reach postgresql://app:***@db:5432/app: timed out"


def test_a_long_text_is_redacted_in_linear_time() -> None:
    text = ("a" * 50 + "://b:" + "pi_" * 20 + "password=") * 2000
    assert "password=***" in redact(text)
