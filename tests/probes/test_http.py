"""The HTTP probe over real connections: listed statuses are answers, all else is none, and tokens stay inside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.gates import answered, asked, gates
from tests.support.receivers import Reply, answer, http_sink, late, tcp_script
from trueup.model.errors import ConfigurationError
from trueup.model.settings import GateSettings, OptionValue

TOKENS = {"FREE": "token-of-free", "PRO": "token-of-pro", "TEAM": "token-of-team"}


def probe(port: int, *, features: tuple[str, ...] = ("exports",), **options: OptionValue) -> GateSettings:
    given: dict[str, OptionValue] = {
        "url": f"http://127.0.0.1:{port}/gates/{{feature}}",
        "tokens": TOKENS,
        **options,
    }
    return gates(Path(), kind="http", features=features, options=given, private_hosts=("127.0.0.1",))


def said(
    *replies: Reply, features: tuple[str, ...] = ("exports",), **options: OptionValue
) -> dict[str, int | str | None]:
    with http_sink(None) as sink:
        sink.reply(*replies)
        settings = probe(sink.port, features=features, **options)
        return answered(settings, asked(settings))


def test_each_plan_is_asked_with_its_own_token() -> None:
    with http_sink(None) as sink:
        sink.reply(answer(403), answer(200), answer(200))
        settings = probe(sink.port)
        assert answered(settings, asked(settings)) == {"exports:FREE": 0, "exports:PRO": 1, "exports:TEAM": 1}
        assert [request.headers["authorization"] for request in sink.received] == [
            f"Bearer {token}" for token in TOKENS.values()
        ]
        assert {(request.method, request.path) for request in sink.received} == {("GET", "/gates/exports")}


@pytest.mark.parametrize("status", [204, 301, 302, 400, 401, 404, 429, 500, 503])
def test_a_status_that_is_not_listed_is_no_answer(status: int) -> None:
    cells = said(answer(status, b""), answer(200), answer(200))
    assert f"answered {status}" in str(cells["exports:FREE"])
    assert cells["exports:PRO"] == 1


def test_the_statuses_are_the_config_s() -> None:
    cells = said(answer(402), answer(404), answer(204, b""), allow=(204,), deny=(402, 404))
    assert cells == {"exports:FREE": 0, "exports:PRO": 0, "exports:TEAM": 1}


def test_limits_and_features_come_from_one_answer_per_plan() -> None:
    bodies = [
        {"features": {"exports": False}, "limits": {"seats": 1}},
        {"features": {"exports": True}, "limits": {"seats": 5}},
        {"features": {"exports": 1}, "limits": {"seats": True}},
    ]
    with http_sink(None) as sink:
        sink.reply(*(answer(200, json.dumps(body).encode()) for body in bodies))
        settings = probe(
            sink.port,
            features=("exports", "seats"),
            url=f"http://127.0.0.1:{sink.port}/me",
            feature_path="features.{feature}",
            limit_path="limits.{feature}",
        )
        cells = answered(settings, asked(settings))
        assert len(sink.received) == 3
    assert [cells[f"{f}:{p}"] for f in ("exports", "seats") for p in ("FREE", "PRO")] == [0, 1, 1, 5]
    assert "must be true or false" in str(cells["exports:TEAM"])
    assert "must be a whole number" in str(cells["seats:TEAM"])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "is not JSON"),
        (b'{"limits": {}}', "without limits.seats"),
        (b'{"limits": [5]}', "without limits.seats"),
        (b'{"limits": {"seats": NaN}}', "is not JSON"),
        (b'{"limits": {"seats": null}}', "must be a whole number"),
        (b" " * 70_000, "more than is read"),
        (b'{"limits": {"seats": 1, "seats": 5}}', 'answered with "seats" twice'),
        (b'{"limits": {"seats": 1}, "limits": {"seats": 5}}', 'answered with "limits" twice'),
        (b'{"limits": {"seats": 1}, "more": [{"a": 1, "a": 1}]}', 'answered with "a" twice'),
    ],
)
def test_a_body_without_the_number_is_no_answer(body: bytes, reason: str) -> None:
    cells = said(*[answer(200, body)] * 3, features=("seats",), limit_path="limits.{feature}")
    assert all(reason in str(cell) for cell in cells.values())


def test_a_limit_without_a_path_is_no_answer() -> None:
    assert all("limit_path" in str(cell) for cell in said(*[answer(200)] * 3, features=("seats",)).values())


def test_a_plan_without_a_token_is_not_asked_and_not_answered() -> None:
    cells = said(answer(200), answer(200), tokens={"PRO": "a", "TEAM": "b"})
    assert cells == {"exports:FREE": "there is no token for FREE", "exports:PRO": 1, "exports:TEAM": 1}


def test_an_app_that_is_down_answers_nothing() -> None:
    with http_sink(None) as sink:
        settings = probe(sink.port)
    cells = answered(settings, asked(settings))
    assert all("cannot be connected to" in str(cell) for cell in cells.values())


def test_the_time_limit_is_one_for_all_answers() -> None:
    with tcp_script(lambda: late(5, b"")) as port:
        settings = probe(port, timeout_seconds=1)
        cells = answered(settings, asked(settings))
    assert "did not answer in full within" in str(cells["exports:FREE"])
    assert "within 1 seconds" in str(cells["exports:TEAM"])


def test_a_host_that_is_not_public_and_not_listed_is_not_called() -> None:
    with http_sink(None) as sink:
        options: dict[str, OptionValue] = {"url": f"http://127.0.0.1:{sink.port}/{{feature}}", "tokens": TOKENS}
        with pytest.raises(ConfigurationError, match=r"list 127\.0\.0\.1 in gates\.private_hosts"):
            asked(gates(Path(), kind="http", options=options))
        options["url"] = f"https://127.0.0.1:{sink.port}/{{feature}}"
        settings = gates(Path(), kind="http", options=options, features=("exports",))
        cells = answered(settings, asked(settings))
        assert all("list it in gates.private_hosts if it may be called" in str(cell) for cell in cells.values())
        assert sink.received == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"allow": (200, 403)}, "deny holds a status that allow holds"),
        ({"allow": (99,)}, "allow must hold HTTP statuses"),
        ({"tokens": {"GOLD": "x"}}, "gates.probes.app.tokens.GOLD is not for one of your plans"),
        ({"tokens": {"FREE": "a\r\nX-Admin: 1"}}, "characters that a header cannot hold"),
        ({"header": "X Admin"}, "header and scheme must be plain words"),
        ({"url": "ftp://app"}, "gates.probes.app.url is not a web address"),
        ({"timeout_seconds": 0}, "timeout_seconds must be a whole number"),
        ({"tokens": "x"}, "tokens must be a table of strings"),
        ({"allow": True}, "allow must be a list of whole numbers"),
    ],
)
def test_an_option_that_cannot_be_right_is_refused_without_its_secret(
    options: dict[str, OptionValue], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        asked(probe(1, features=("exports",), **options))
    assert sentence in str(refused.value)
    assert "token-of" not in str(refused.value)


def test_a_token_never_shows() -> None:
    with http_sink(None) as sink:
        sink.reply(*[answer(500, b"token-of-free")] * 3)
        settings = probe(sink.port)
        assert "token-of" not in repr(settings) + str(answered(settings, asked(settings)))
