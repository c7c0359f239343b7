"""Too many failed attempts: nothing more is looked at for a while, and a broken limiter closes what writes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from limits.storage import MemoryStorage

from tests.support.api import Client, asking, is_problem, token_for
from tests.support.issuer import SETTINGS, Issuer, claims
from trueup.model.access import Role
from trueup.store import Store
from trueup.web.access.attempts import PER_ADDRESS, PER_NAME, Attempts
from trueup.web.access.doorkeeper import Doorkeeper
from trueup.web.access.issuer_keys import IssuerKeys
from trueup.web.access.json_web_tokens import JsonWebTokens
from trueup.web.problems import Problem

URL = "/openapi.json"
WRONG = "trueup_" + "0" * 16 + "_" + "0" * 64 + "_" + "0" * 8


class BrokenStorage(MemoryStorage):
    """A counter that cannot be reached, as a remote one can be."""

    def __init__(self) -> None:
        super().__init__(wrap_exceptions=True)

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Fail as the library wraps it."""
        del key, expiry
        raise ValueError("redis://:hunter2@cache is away")


def set_limiters_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("limits.storage.memory.time", SimpleNamespace(time=lambda: seconds))


@pytest.fixture(autouse=True)
def middle_of_a_minute(monkeypatch: pytest.MonkeyPatch) -> float:
    """The limiter's clock stands still: its count is exact within one minute and rounded down across two."""
    seconds = time.time() // 60 * 60 + 30
    set_limiters_clock(monkeypatch, seconds)
    return seconds


def fail(client: Client, times: int, token: str = WRONG) -> list[int]:
    return [client.ask("GET", URL, token=token).status_code for _ in range(times)]


@pytest.fixture
def elsewhere(app: FastAPI) -> Iterator[Client]:
    """The same app, asked from another address."""
    with asking(app, address="198.51.100.7") as made:
        yield made


def test_after_many_failures_an_address_is_refused_whatever_it_presents(
    client: Client, elsewhere: Client, store: Store
) -> None:
    assert fail(client, PER_ADDRESS.amount) == [401] * PER_ADDRESS.amount
    answer = client.ask("GET", URL, token=token_for(store, Role.ADMIN))
    assert is_problem(answer, 429)
    assert 1 <= int(answer.headers["retry-after"]) <= 120
    assert elsewhere.ask("GET", URL, token=token_for(store, Role.ADMIN)).status_code == 200


def test_what_comes_in_is_never_counted(client: Client, store: Store) -> None:
    token = token_for(store, Role.ADMIN)
    assert {client.ask("GET", URL, token=token).status_code for _ in range(PER_ADDRESS.amount * 3)} == {200}


def test_a_request_without_a_credential_is_no_attempt(client: Client, store: Store) -> None:
    assert {client.ask("GET", URL).status_code for _ in range(PER_ADDRESS.amount * 2)} == {401}
    assert client.ask("GET", URL, token=token_for(store, Role.ADMIN)).status_code == 200


def test_public_routes_stay_open(client: Client) -> None:
    fail(client, PER_ADDRESS.amount + 1)
    assert client.ask("GET", "/healthz").status_code == 200


def test_a_forwarded_address_is_not_believed(client: Client, store: Store) -> None:
    for number in range(PER_ADDRESS.amount):
        headers = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        client.ask("GET", URL, token=WRONG, headers=headers)
    assert client.ask("GET", URL, token=token_for(store, Role.ADMIN)).status_code == 429


def test_one_address_cannot_lock_out_a_token_and_many_can_not_guess_it(app: FastAPI, store: Store) -> None:
    token = token_for(store, Role.ADMIN)
    near = token[:-10] + ("0" * 10 if token[-10:] != "0" * 10 else "1" * 10)
    doorkeeper: Doorkeeper = app.state.doorkeeper
    verifier = doorkeeper.verifiers[0]
    name = verifier.claimed_name(token)
    assert name is not None
    assert verifier.claimed_name(near) is None
    assert PER_NAME.amount > PER_ADDRESS.amount
    for number in range(PER_NAME.amount):
        doorkeeper.attempts.note_failure(address=f"192.0.2.{number}", name=name, writing=False)
    with asking(app, address="198.51.100.8") as stranger:
        assert stranger.ask("GET", URL, token=token).status_code == 429
        assert stranger.ask("GET", URL, token=token_for(store, Role.ADMIN)).status_code == 200


def test_a_subject_is_counted_before_it_is_proven(app: FastAPI) -> None:
    issuer = Issuer()
    keys = IssuerKeys(fetch=issuer.fetch)
    tokens = JsonWebTokens(settings=SETTINGS, keys=keys, clock=app.state.services.clock)
    app.state.doorkeeper = dataclasses.replace(app.state.doorkeeper, verifiers=(tokens,))
    expired = issuer.token(claims(exp=1))
    for number in range(PER_NAME.amount):
        with asking(app, address=f"192.0.2.{number}") as client:
            assert client.ask("GET", URL, token=expired).status_code == 401
    with asking(app, address="198.51.100.9") as client:
        assert client.ask("GET", URL, token=issuer.token()).status_code == 429
        assert client.ask("GET", URL, token=issuer.token(claims(sub="bob"))).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_an_ipv6_customer_is_one_address(one: str, other: str, same: bool) -> None:
    attempts = Attempts()
    for _ in range(PER_ADDRESS.amount):
        attempts.note_failure(address=one, name=None, writing=False)
    if same:
        with pytest.raises(Problem):
            attempts.refuse_after_many(address=other, name=None, writing=False)
    else:
        attempts.refuse_after_many(address=other, name=None, writing=False)


def test_what_was_counted_is_forgotten(middle_of_a_minute: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays flat under an attacker who never uses an address or a name twice."""
    storage = MemoryStorage(wrap_exceptions=True)
    attempts = Attempts(storage)
    for number in range(500):
        attempts.note_failure(address=f"192.0.2.{number % 250}", name=f"token:{number}", writing=False)
    assert len(storage.storage) == 750
    set_limiters_clock(monkeypatch, middle_of_a_minute + 3600)
    storage._MemoryStorage__expire_events()  # type: ignore[attr-defined]  # what its timer calls
    assert len(storage.storage) == len(storage.expirations) == len(storage.events) == 0


def test_a_broken_limiter_lets_reads_through_and_no_writes() -> None:
    attempts = Attempts(BrokenStorage())
    attempts.refuse_after_many(address="192.0.2.1", name=None, writing=False)
    with pytest.raises(Problem) as raised:
        attempts.refuse_after_many(address="192.0.2.1", name=None, writing=True)
    assert raised.value.status == 503
    assert "Retry-After" in raised.value.headers
    assert "hunter2" not in str(raised.value)
