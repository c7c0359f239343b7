"""API tokens at the door: one that is right comes in, everything near it does not."""

from __future__ import annotations

import string
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api import NOW, Client, Clock, is_problem, token_for
from trueup.model.access import Role
from trueup.store import Store
from trueup.store.tokens import parse_token

URL = "/openapi.json"


def status(client: Client, token: str) -> int:
    return client.ask("GET", URL, token=token).status_code


def test_a_token_comes_in(client: Client, store: Store) -> None:
    assert status(client, token_for(store, Role.VIEWER)) == 200


def test_without_a_credential_the_answer_says_which_kind_is_wanted(client: Client) -> None:
    answer = client.ask("GET", URL)
    assert is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic {}", "Bearer {} {}", "Bearer {},", "Token {}", "{}", 'Bearer "{}"', "Bearer\t{}"],
)
def test_the_credential_stands_behind_bearer_alone(client: Client, store: Store, authorization: str) -> None:
    header = authorization.replace("{}", token_for(store, Role.ADMIN))
    assert is_problem(client.ask("GET", URL, headers={"Authorization": header}), 401)


def test_two_authorizations_are_none(client: Client, store: Store) -> None:
    header = ("Authorization", f"Bearer {token_for(store, Role.ADMIN)}")
    assert is_problem(client.ask("GET", URL, headers=[header, header]), 401)


def test_the_scheme_s_name_has_no_case(client: Client, store: Store) -> None:
    header = {"Authorization": f"bearer {token_for(store, Role.ADMIN)}"}
    assert client.ask("GET", URL, headers=header).status_code == 200


def test_a_token_in_the_query_is_no_credential(client: Client, store: Store) -> None:
    assert client.ask("GET", f"{URL}?token={token_for(store, Role.ADMIN)}").status_code in {401, 422}


def test_a_revoked_token_is_worthless_at_once(client: Client, store: Store) -> None:
    token = token_for(store, Role.ADMIN)
    assert status(client, token) == 200
    presented = parse_token(token)
    assert presented is not None
    assert store.tokens.revoke(presented.token_id, revoked_by="test", now=NOW)
    assert status(client, token) == 401


def test_a_token_is_worth_nothing_from_the_moment_it_expires(client: Client, store: Store, clock: Clock) -> None:
    token = token_for(store, Role.ADMIN, days=1)
    clock.forward(seconds=24 * 3600 - 1)
    assert status(client, token) == 200
    clock.forward(seconds=1)
    assert status(client, token) == 401


def test_the_checksum_alone_opens_nothing(client: Client, store: Store) -> None:
    """Somebody who knows the format can make a token that looks right; its secret is not the stored one."""
    known = parse_token(token_for(store, Role.ADMIN))
    assert known is not None
    for secret in ("0" * 64, known.secret[:-1] + ("0" if known.secret[-1] != "0" else "1")):
        checksum = f"{zlib.crc32(f'{known.token_id}_{secret}'.encode()):08x}"
        assert status(client, f"trueup_{known.token_id}_{secret}_{checksum}") == 401


def test_the_secret_of_one_token_does_not_open_another(client: Client, store: Store) -> None:
    one, other = (parse_token(token_for(store, Role.ADMIN)) for _ in range(2))
    assert one is not None
    assert other is not None
    checksum = f"{zlib.crc32(f'{one.token_id}_{other.secret}'.encode()):08x}"
    assert status(client, f"trueup_{one.token_id}_{other.secret}_{checksum}") == 401


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_character_off_is_off(app: object, store: Store, data: st.DataObject) -> None:
    """Changed, dropped, doubled or in the other case: no near miss comes in. Each from an address of its own, so that
    it is the token that is refused and not the number of attempts.
    """
    token = token_for(store, Role.ADMIN)
    position = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "_-.~"))
    changed = data.draw(st.sampled_from([other, "", token[position] * 2, token[position].swapcase()]))
    near = token[:position] + changed + token[position + 1 :]
    address = f"198.51.{data.draw(st.integers(0, 255))}.{data.draw(st.integers(0, 255))}"
    client = Client(app, address=address)
    try:
        assert status(client, near) == (200 if near == token else 401)
    finally:
        client.close()


def test_the_use_of_a_token_is_noted(client: Client, store: Store, clock: Clock) -> None:
    token = token_for(store, Role.VIEWER)
    clock.forward(hours=1)
    status(client, token)
    (stored,) = store.tokens.list()
    assert stored.last_used_at == clock.now
