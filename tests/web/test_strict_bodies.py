"""Bodies: what is not plainly right is refused, and the refusal repeats nothing of it."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.api import Client, asking, is_problem
from tests.support.routes import app_of
from trueup.web import text
from trueup.web.problems import Problem
from trueup.web.routes.request_bodies import AuditBody, RepairBody
from trueup.web.services import Services
from trueup.web.strict import BODY_BYTES_LIMIT, DEPTH_LIMIT, field_problems, parsed

JSON = {"Content-Type": "application/json"}
MARK = "xyzzy"
"""Stands in every wrong body; no answer may hold it."""


@pytest.fixture
def orders(services: Services) -> Iterator[Client]:
    """Asks an app that takes orders."""
    with asking(app_of(services)) as made:
        yield made


def sent(client: Client, body: bytes, **headers: str) -> Any:
    return client.ask("POST", "/orders/7", content=body, headers={**JSON, **headers})


def test_a_right_body_is_read(orders: Client) -> None:
    answer = sent(
        orders, b' {"name": "ab", "day": "2026-03-01", "colour": "red", "sure": true, "parts": ["\\ud83d\\ude00"]}\n'
    )
    assert answer.status_code == 200
    assert answer.json()["order"] == {
        "name": "ab",
        "count": 1,
        "day": "2026-03-01",
        "colour": "red",
        "sure": True,
        "parts": ["\U0001f600"],
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"xyzzy",
        b'"xyzzy"',
        b"null",
        b"[]",
        b"7",
        b'{"name": "ab"',
        b'{"name": "ab"} {"name": "xyzzy"}',
        b"{'name': 'xyzzy'}",
        b'{"name": "ab",}',
        b'{"name": "ab"} // xyzzy',
        b'\xef\xbb\xbf{"name": "ab"}',
        b'{"name": "xyzzy\xff"}',
        b'{"name": "xyzzy\xed\xa0\x80"}',
        '{"name": "ab"}'.encode("utf-16"),
        b'{"name": "a\nb"}',
        b'{"name": "ab", "xyzzy": 1}',
        b'{"name": "ab", "name": "xyzzy"}',
        b'{"name": "ab", "n\\u0061me": "xyzzy"}',
        b'{"parts": [{"a": 1, "a": 2}], "name": "ab"}',
        b'{"name": "xyzzy\\u0000"}',
        b'{"name": "ab", "parts": ["xyzzy\\u0000"]}',
        b'{"name": "xyzzy\\ud800"}',
        b'{"name": "ab", "parts": ["\\udc00\\ud800"]}',
        b'{"xyzzy\\ud800": 1}',
        b'{"name": "ab", "count": NaN}',
        b'{"name": "ab", "count": Infinity}',
        b'{"name": "ab", "count": -Infinity}',
        b'{"name": "ab", "count": 1e400}',
        b'{"name": "ab", "count": -1e400}',
        b'{"name": "ab", "count": 2.0}',
        b'{"name": "ab", "count": "2"}',
        b'{"name": "ab", "count": true}',
        b'{"name": "ab", "count": 10}',
        b'{"name": "ab", "count": 0}',
        b'{"name": "ab", "count": ' + b"9" * 5000 + b"}",
        b'{"name": "ab", "count": 1' + b"0" * 19 + b"}",
        b'{"name": "XYZZY"}',
        b'{"name": "ab", "day": "2026-02-30"}',
        b'{"name": "ab", "day": 20000101}',
        b'{"name": "ab", "colour": "xyzzy"}',
        b'{"name": "ab", "sure": "yes"}',
        b'{"name": "ab", "sure": 1}',
        b'{"name": "ab", "parts": ["a", "b", "c"]}',
        b'{"name": "ab", "parts": "xyzzy"}',
        b'{"name": null}',
        b"[" * 5000,
        b'{"name": "ab", "parts": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"a":' * 10000,
    ],
)
def test_a_wrong_body_is_refused_and_not_repeated(orders: Client, body: bytes) -> None:
    answer = sent(orders, body)
    assert is_problem(answer, 422)
    assert MARK not in answer.text.lower()


def test_the_refusal_says_what_is_wrong_in_our_words(orders: Client) -> None:
    answer = sent(orders, b'{"count": "xyzzy", "xyzzy": 1, "parts": [7]}')
    assert answer.json()["errors"] == [
        {"field": "name", "problem": "is missing"},
        {"field": "count", "problem": "must be a whole number"},
        {"field": "parts.0", "problem": "must be a string"},
        {"field": "body", "problem": "holds an unknown field"},
    ]


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; version=1",
        "application/json-patch+json",
        "application/problem+json",
        "application/jsonx",
        "json",
        "application/json, text/plain",
    ],
)
def test_another_media_type_is_415(orders: Client, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type is not None else {}
    assert is_problem(orders.ask("POST", "/orders/7", content=b'{"name": "ab"}', headers=headers), 415)


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"'],
)
def test_json_in_utf_8_may_be_said_in_several_ways(orders: Client, media_type: str) -> None:
    assert orders.ask("POST", "/orders/7", content=b'{"name": "ab"}', headers={"Content-Type": media_type}).is_success


def test_a_compressed_body_is_415(orders: Client) -> None:
    assert is_problem(sent(orders, b'{"name": "ab"}', **{"Content-Encoding": "gzip"}), 415)


def padded(length: int) -> bytes:
    body = b'{"name": "ab"}'
    return body + b" " * (length - len(body))


def test_64_kib_are_read_and_one_byte_more_is_not(orders: Client) -> None:
    assert sent(orders, padded(BODY_BYTES_LIMIT)).status_code == 200
    assert is_problem(sent(orders, padded(BODY_BYTES_LIMIT + 1)), 413)


def test_a_body_is_counted_while_it_streams_and_not_read_to_its_end(orders: Client) -> None:
    given_out = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given_out
        while True:
            given_out += 1024
            yield b" " * 1024

    answer = orders.ask("POST", "/orders/7", content=endless(), headers=JSON)
    assert is_problem(answer, 413)
    assert given_out <= BODY_BYTES_LIMIT + 8 * 1024


@pytest.mark.parametrize("announced", ["1", "-1", "x", "", "99999999999999999999999999"])
def test_the_announced_length_is_not_believed(orders: Client, announced: str) -> None:
    answer = sent(orders, padded(BODY_BYTES_LIMIT + 1), **{"Content-Length": announced})
    assert is_problem(answer, 413)


def test_what_may_not_come_in_is_not_read(services: Services) -> None:
    read = False

    async def watched() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"{}"

    with asking(app_of(services, role=None)) as client:
        assert client.ask("POST", "/orders/7", content=watched(), headers=JSON).status_code == 401
    assert not read


def test_nesting_is_counted_outside_of_strings_only() -> None:
    assert parsed(b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT)
    text = json.dumps(["[" * 100, '\\"[', {"{": "\\"}])
    assert parsed(text.encode()) == json.loads(text)
    with pytest.raises(Problem):
        parsed(b"[" * (DEPTH_LIMIT + 1) + b"]" * (DEPTH_LIMIT + 1))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.slow
@given(value=VALUES)
def test_what_is_plain_is_read_as_every_reader_does(value: object) -> None:
    text = json.dumps(value)
    if "\\u0000" in text:
        with pytest.raises(Problem):
            parsed(text.encode())
    else:
        assert parsed(text.encode()) == value


@given(body=st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_problem(body: bytes) -> None:
    with contextlib.suppress(Problem):
        parsed(body)


@pytest.mark.slow
def test_random_bytes_never_fail_the_server(orders: Client) -> None:
    """Bodies near JSON and far from it. The live routes get twenty thousand in test_random_bodies."""
    chance = random.Random(7)
    for _ in range(500):
        body = bytearray(b'{"name": "ab", "count": 1e3, "parts": ["\\ud83d"]}')
        for _ in range(chance.randrange(6)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        answer = sent(orders, bytes(body))
        assert answer.status_code in {200, 422}


def test_a_text_that_is_refused_is_told_the_rule() -> None:
    with pytest.raises(ValidationError) as refused:
        RepairBody.model_validate({"issueId": "no id", "reason": "short"})
    problems = {each.field: each.problem for each in field_problems(refused.value)}
    assert problems["reason"] == "must be 10 to 500 characters on one line"
    assert problems["issueId"] == "must be an issue's id, check:subject, as the report has it"


def test_every_form_of_text_has_its_rule_in_words() -> None:
    forms = {value for name, value in vars(text).items() if name.isupper() and isinstance(value, str)} - {text.UNSHOWN}
    assert {form for form in forms if form.startswith("^")} == set(text.RULES)


def test_a_number_that_is_refused_is_told_its_bounds() -> None:
    with pytest.raises(ValidationError) as refused:
        AuditBody.model_validate({"periodDays": 0})
    assert [each.problem for each in field_problems(refused.value)] == ["must be at least 1"]
