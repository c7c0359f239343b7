"""What surrounds every route: form, origin, query, methods, failures, headers, ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.api import Client, asking, config_in, is_problem
from tests.support.routes import SECRET, app_of
from trueup import __version__
from trueup.model.access import Role
from trueup.web.services import Services

GOOD = b'{"name": "ab"}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def orders(services: Services) -> Iterator[Client]:
    """Asks an app whose routes are a test's own."""
    with asking(app_of(services)) as made:
        yield made


@pytest.mark.parametrize("origin", ["http://trueup.test", "https://admin.example.com", "http://localhost:3000"])
def test_our_own_pages_and_configured_ones_may_change_things(services: Services, origin: str) -> None:
    more = '[server]\norigins = ["https://admin.example.com", "http://localhost:3000"]\n'
    services.config = config_in(services.config.path.parent, more)
    with asking(app_of(services)) as client:
        assert client.ask("POST", "/orders/7", content=GOOD, headers={**JSON, "Origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example.com",
        "https://trueup.test",
        "http://trueup.test:81",
        "http://trueup.test.evil.example.com",
        "http://trueup.test/",
        "HTTP://TRUEUP.TEST",
        "http://trueup.test http://evil.example.com",
    ],
)
def test_pages_of_another_origin_may_not(orders: Client, origin: str) -> None:
    assert is_problem(orders.ask("POST", "/orders/7", content=GOOD, headers={**JSON, "Origin": origin}), 403)


def test_two_origins_are_refused_and_reading_needs_none(orders: Client) -> None:
    both = [*JSON.items(), ("Origin", "http://trueup.test"), ("Origin", "http://trueup.test")]
    assert is_problem(orders.ask("POST", "/orders/7", content=GOOD, headers=both), 403)
    assert orders.ask("GET", "/orders/7", headers={"Origin": "https://evil.example.com"}).status_code == 200


def test_no_answer_invites_other_origins(orders: Client) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
        answer = orders.ask(method, "/orders/7", headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "query",
    [
        "limit=1&limit=2",
        "limit=1&Limit=1",
        "limits=1",
        "limit=1&xyzzy=1",
        "limit[]=1",
        "=1",
        "limit=%00",
        "limit=1%0a",
        "limit=%ff",
        "limit=%ed%a0%80",
        "limit=0",
        "limit=xyzzy",
        "limit",
        "limit=" + "1" * 5000,
        "&".join(f"a{number}=1" for number in range(60)),
    ],
)
def test_a_query_holds_known_parameters_once_in_clean_text(orders: Client, query: str) -> None:
    answer = orders.ask("GET", f"/orders/7?{query}")
    assert is_problem(answer, 422)
    assert "xyzzy" not in answer.text


def test_a_query_that_is_fine_is_read(orders: Client) -> None:
    assert orders.ask("GET", "/orders/7?limit=3").json() == {"number": 7, "limit": 3}
    assert orders.ask("GET", "/orders/7?").json() == {"number": 7, "limit": 10}


def test_the_root_says_what_answers_and_where_to_go_on(orders: Client) -> None:
    entrance = orders.ask("GET", "/").json()
    assert (entrance["name"], entrance["version"]) == ("trueup", __version__)
    assert {"healthz", "readyz", "openapi.json"} <= set(entrance["links"].values())
    assert orders.ask("GET", f"/{entrance['links']['health']}").status_code == 200


def test_what_does_not_exist_is_404_and_nothing_redirects(orders: Client) -> None:
    for path in (
        "/xyzzy",
        "/orders/7/",
        "//orders/7",
        "/orders/%2e%2e/healthz",
        "/docs",
        "/redoc",
        "/%00",
        "/%ff",
    ):
        answer = orders.ask("GET", path)
        assert is_problem(answer, 404), path
        assert "xyzzy" not in answer.text


def test_a_path_s_parameter_that_is_wrong_is_422_and_not_repeated(orders: Client) -> None:
    answer = orders.ask("GET", "/orders/xyzzy")
    assert is_problem(answer, 422)
    assert "xyzzy" not in answer.text


def test_another_method_is_405_and_names_every_one_that_is_taken(orders: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH", "XYZZY"):
        answer = orders.ask(method, "/orders/7", content=GOOD, headers=JSON)
        assert is_problem(answer, 405)
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_options_says_which_methods_there_are(orders: Client) -> None:
    answer = orders.ask("OPTIONS", "/orders/7")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "GET, HEAD, OPTIONS, POST", b"")
    assert is_problem(orders.ask("OPTIONS", "/xyzzy"), 404)


def test_head_is_get_without_its_body(orders: Client) -> None:
    got, head = orders.ask("GET", "/orders/7"), orders.ask("HEAD", "/orders/7")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert orders.ask("HEAD", "/orders/xyzzy").status_code == 422
    assert orders.ask("HEAD", "/xyzzy").status_code == 404


@pytest.mark.parametrize(
    ("how", "status"), [("bug", 500), ("config", 500), ("source", 503), ("framework", 418), ("answer", 500)]
)
def test_a_failure_of_any_kind_is_a_problem_without_its_reasons(orders: Client, how: str, status: int) -> None:
    answer = orders.ask("GET", f"/fail/{how}")
    assert is_problem(answer, status)
    for word in (SECRET, "postgresql", "SELECT", "ZeroDivision", "Traceback", "db/app"):
        assert word not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "path", ["/orders/7", "/orders/x", "/xyzzy", "/fail/bug", "/fail/source", "/healthz", "/openapi.json"]
)
def test_every_answer_is_wrapped_up_alike(orders: Client, path: str) -> None:
    headers = orders.ask("GET", path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert len(headers.get_list("x-request-id")) == len(headers.get_list("cache-control")) == 1


@pytest.mark.parametrize("given", ["4bf92f3577b34da6a3ce929d0e0e4736", "0197c1c9-1d0a-7c7e-8f00-5a3b0c0d0e0f"])
def test_a_request_id_of_the_strict_shape_is_kept(orders: Client, given: str) -> None:
    for path in ("/orders/7", "/fail/bug"):
        assert orders.ask("GET", path, headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "A" * 32, "f" * 65, "sk_live_abcdefabcdefabcdef", "-" * 32, "f" * 31 + " ", "f" * 31 + "\t;"]
)
def test_any_other_request_id_is_made_anew(orders: Client, given: str) -> None:
    answer = orders.ask("GET", "/orders/7", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.headers["x-request-id"])


def test_two_request_ids_are_none(orders: Client) -> None:
    twice = [("X-Request-Id", "f" * 32)] * 2
    assert orders.ask("GET", "/orders/7", headers=twice).headers["x-request-id"] != "f" * 32


def test_who_may_not_gets_403_before_anything_of_the_request_is_judged(services: Services) -> None:
    with asking(app_of(services, role=Role.VIEWER)) as viewer:
        assert is_problem(viewer.ask("POST", "/orders/xyzzy", content=b"xyzzy", headers=JSON), 403)
        assert viewer.ask("GET", "/orders/7").status_code == 200


def test_the_app_s_own_limits_hold_for_an_answer_that_breaks_in_the_middle(orders: Client) -> None:
    """Its status is sent already; the client sees the answer end early."""
    answer = orders.ask("GET", "/fail/stream")
    assert answer.status_code == 200
    assert SECRET not in answer.text
