"""The issuer's keys: kept for a while, asked for sparingly, never believed for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from tests.support.api import Clock, asking, config_in, is_problem, token_for
from tests.support.issuer import SETTINGS, Issuer, encoded
from trueup.model.access import Role
from trueup.model.errors import OutgoingFailed
from trueup.store import Store
from trueup.web import create_app
from trueup.web.access.issuer_keys import (
    FRESH_SECONDS,
    KEPT_SECONDS,
    PAUSE_SECONDS,
    IssuerKeys,
    KeysUnavailable,
    usable_keys,
)


class Seconds:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def __call__(self) -> float:
        return self.passed


@pytest.fixture
def issuer() -> Issuer:
    """An issuer with one RSA key, whose making takes the longest, shared by nobody."""
    return Issuer()


@pytest.fixture
def seconds() -> Seconds:
    """The clock."""
    return Seconds()


@pytest.fixture
def keys(issuer: Issuer, seconds: Seconds) -> IssuerKeys:
    """What is known of the issuer."""
    return IssuerKeys(fetch=issuer.fetch, clock=seconds)


def test_known_keys_are_used_without_asking_again(issuer: Issuer, keys: IssuerKeys, seconds: Seconds) -> None:
    for _ in range(20):
        assert keys.key("rsa-1", "RS256") is not None
        seconds.passed += FRESH_SECONDS / 25
    assert issuer.asked == 1
    seconds.passed += FRESH_SECONDS
    assert keys.key("rsa-1", "RS256") is not None
    assert issuer.asked == 2


def test_an_unknown_key_id_asks_at_most_once_a_minute(issuer: Issuer, keys: IssuerKeys, seconds: Seconds) -> None:
    assert keys.key("rsa-1", "RS256") is not None
    seconds.passed += PAUSE_SECONDS
    for number in range(1000):
        assert keys.key(f"made-up-{number}", "RS256") is None
        seconds.passed += 0.1
    assert issuer.asked == 3
    assert keys.key("rsa-1", "RS256") is not None


def test_a_new_key_is_found_after_the_pause(issuer: Issuer, keys: IssuerKeys, seconds: Seconds) -> None:
    assert keys.key("ed-2", "EdDSA") is None
    new = OKPKey.generate_key("Ed25519", {"kid": "ed-2"})
    issuer.published = issuer.key_set(new.as_dict(private=False))
    assert keys.key("ed-2", "EdDSA") is None
    seconds.passed += PAUSE_SECONDS
    assert keys.key("ed-2", "EdDSA") is not None


def test_a_key_that_is_published_no_more_is_believed_no_more(
    issuer: Issuer, keys: IssuerKeys, seconds: Seconds
) -> None:
    assert keys.key("rsa-1", "RS256") is not None
    issuer.published = {"keys": [issuer.elliptic.as_dict(private=False)]}
    seconds.passed += FRESH_SECONDS
    assert keys.key("rsa-1", "RS256") is None
    assert keys.key("ec-1", "ES256") is not None


def test_an_outage_keeps_known_keys_for_a_bounded_time_and_then_closes(
    issuer: Issuer, keys: IssuerKeys, seconds: Seconds
) -> None:
    assert keys.key("rsa-1", "RS256") is not None
    issuer.down = True
    seconds.passed += KEPT_SECONDS - 1
    assert keys.key("rsa-1", "RS256") is not None
    seconds.passed += 1
    with pytest.raises(KeysUnavailable):
        keys.key("rsa-1", "RS256")
    issuer.down = False
    seconds.passed += PAUSE_SECONDS
    assert keys.key("rsa-1", "RS256") is not None


def test_an_issuer_that_was_never_reached_lets_nobody_in(issuer: Issuer, keys: IssuerKeys) -> None:
    issuer.down = True
    for _ in range(5):
        with pytest.raises(KeysUnavailable):
            keys.key("rsa-1", "RS256")
    assert issuer.asked == 1


@pytest.mark.parametrize("document", [None, [], "keys", {}, {"keys": {}}, {"keys": [{}] * 101}])
def test_an_answer_that_is_no_key_set_changes_nothing(
    issuer: Issuer, keys: IssuerKeys, seconds: Seconds, document: object
) -> None:
    assert keys.key("rsa-1", "RS256") is not None
    issuer.published = document if document is not None else "null"
    seconds.passed += FRESH_SECONDS
    assert keys.key("rsa-1", "RS256") is not None
    with pytest.raises(OutgoingFailed):
        usable_keys(document)


def test_only_public_signing_keys_of_full_strength_are_usable(issuer: Issuer) -> None:
    rsa = issuer.rsa.as_dict(private=False)
    unusable: list[Mapping[str, object]] = [
        {**issuer.rsa.as_dict(private=True), "kid": "private"},
        OctKey.generate_key(256, {"kid": "secret"}).as_dict(),
        {**rsa, "kid": "encrypts", "use": "enc"},
        {**rsa, "kid": "another-algorithm", "alg": "RS512"},
        {**rsa, "kid": "signs-only", "key_ops": ["sign"]},
        {**rsa, "kid": ""},
        {**rsa, "kid": 7},
        {**rsa, "kid": "broken", "n": "!!"},
        {**ECKey.generate_key("P-384").as_dict(private=False), "kid": "curve"},
        {"kty": "OKP", "crv": "X25519", "x": "AAAA", "kid": "agreement"},
        {"kty": "AKP", "kid": "new"},
        {"kid": "no-type"},
    ]
    found = usable_keys(issuer.key_set(*unusable))
    assert set(found) == {("rsa-1", "RS256"), ("ec-1", "ES256"), ("ed-1", "EdDSA")}


def test_a_short_rsa_key_is_not_usable() -> None:
    written = {"kty": "RSA", "kid": "short", "e": "AQAB", "n": encoded(b"\xff" * 128)}
    assert usable_keys({"keys": [written]}) == {}


def test_the_first_of_two_keys_with_one_name_is_the_one(issuer: Issuer) -> None:
    other = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "ec-1"}
    found = usable_keys(issuer.key_set(other))
    assert found["ec-1", "ES256"].as_dict(private=False) == issuer.elliptic.as_dict(private=False)


def test_nobody_waits_while_the_issuer_is_slow(issuer: Issuer, seconds: Seconds) -> None:
    entered, leave = threading.Event(), threading.Event()
    slow = False

    def fetch() -> object:
        if slow:
            entered.set()
            assert leave.wait(10)
        return issuer.fetch()

    keys = IssuerKeys(fetch=fetch, clock=seconds)
    assert keys.key("rsa-1", "RS256") is not None
    slow = True
    seconds.passed += FRESH_SECONDS
    waiting = threading.Thread(target=keys.key, args=("rsa-1", "RS256"))
    waiting.start()
    assert entered.wait(10)
    try:
        assert keys.key("rsa-1", "RS256") is not None
        with pytest.raises(KeysUnavailable):
            keys.key("made-up", "RS256")
    finally:
        leave.set()
        waiting.join()


@pytest.mark.parametrize("more", ["", '[alerts]\nprivate_hosts = ["127.0.0.1"]\n'])
def test_keys_that_cannot_be_had_close_the_door_to_tokens_of_the_issuer_and_to_nobody_else(
    tmp_path: Path, store: Store, issuer: Issuer, more: str
) -> None:
    """An address that may not be called, and one where nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    jwt = f"""
[server.jwt]
issuer = "{SETTINGS.issuer}"
audience = "{SETTINGS.audience}"
jwks_url = "https://127.0.0.1:{port}/keys"
roles = {{ admin = "billing-admin" }}
"""
    app = create_app(config_in(tmp_path, jwt + more), store=store, catalogue=(), clock=Clock())
    with asking(app) as client:
        answer = client.ask("GET", "/openapi.json", token=issuer.token())
        assert is_problem(answer, 503)
        assert "127.0.0.1" not in answer.text
        assert client.ask("GET", "/openapi.json", token=token_for(store, Role.ADMIN)).status_code == 200
