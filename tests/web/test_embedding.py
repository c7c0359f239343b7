"""The app inside somebody else's: their people, their prefix, no lifespan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from tests.support.api import Client, asking, config_in, is_problem, token_for
from tests.support.routes import app_of
from trueup.checks import catalogue
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError
from trueup.store import open_store
from trueup.web import Principal, create_app
from trueup.web.services import Services

WITHOUT_TOKENS = "[server]\ntokens = false\n"


def by_cookie(request: Request) -> Principal | None:
    """The host's own session, as a plain function."""
    role = request.cookies.get("session")
    return Principal(actor=f"embedded:{role}", role=Role(role)) if role else None


async def by_cookie_in_the_loop(request: Request) -> Principal | None:
    """The same as a coroutine function."""
    return by_cookie(request)


def starlette_host(app: FastAPI) -> Starlette:
    def home(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("the host's own page")

    return Starlette(routes=[Route("/", home), Mount("/ops/trueup", app=app)])


def fastapi_host(app: FastAPI) -> FastAPI:
    host = FastAPI()
    host.mount("/ops/trueup", app)
    return host


@pytest.fixture(params=[starlette_host, fastapi_host])
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """The app in another app under a prefix, opened by nobody."""
    config = config_in(tmp_path, WITHOUT_TOKENS)
    open_store(config.store_url).close()
    app = create_app(config, authenticate=by_cookie, catalogue=catalogue())
    host: Callable[[FastAPI], Any] = request.param
    with asking(host(app)) as client:
        yield client
    app.state.services.close()


def test_the_host_says_who_comes_in(mounted: Client) -> None:
    assert is_problem(mounted.ask("GET", "/ops/trueup/openapi.json"), 401)
    answer = mounted.ask("GET", "/ops/trueup/openapi.json", headers={"Cookie": "session=viewer"})
    assert answer.status_code == 200


def test_the_description_knows_the_prefix_and_not_its_neighbours(mounted: Client) -> None:
    document = mounted.ask("GET", "/ops/trueup/openapi.json", headers={"Cookie": "session=viewer"}).json()
    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": "/ops/trueup"}]
    assert "/healthz" in document["paths"]
    assert not [path for path in document["paths"] if path.startswith("/ops")]


def test_paths_methods_and_failures_are_as_without_a_prefix(mounted: Client) -> None:
    assert mounted.ask("GET", "/ops/trueup/healthz").json() == {"status": "ok"}
    assert mounted.ask("GET", "/ops/trueup/readyz").status_code == 200
    assert mounted.ask("OPTIONS", "/ops/trueup/healthz").headers["allow"] == "GET, HEAD, OPTIONS"
    assert is_problem(mounted.ask("PUT", "/ops/trueup/healthz"), 405)
    assert is_problem(mounted.ask("GET", "/ops/trueup/nothing"), 404)
    assert is_problem(mounted.ask("GET", "/ops/trueup/healthz?a=1"), 422)


@pytest.mark.parametrize("host", [starlette_host, fastapi_host])
def test_a_failure_inside_stays_a_problem_and_the_host_s_page_stays_the_host_s(
    services: Services, host: Callable[[FastAPI], Any]
) -> None:
    with asking(host(app_of(services))) as client:
        assert is_problem(client.ask("GET", "/ops/trueup/fail/bug"), 500)
        headers = {"Content-Type": "application/json", "Origin": "http://trueup.test"}
        answer = client.ask("POST", "/ops/trueup/orders/7", content=b'{"name": "ab"}', headers=headers)
        assert answer.status_code == 200
        assert "content-security-policy" not in client.ask("GET", "/").headers


def test_a_coroutine_function_may_say_who_comes_in(tmp_path: Path) -> None:
    app = create_app(config_in(tmp_path, WITHOUT_TOKENS), authenticate=by_cookie_in_the_loop, catalogue=())
    with asking(app) as client:
        assert client.ask("GET", "/openapi.json").status_code == 401
        assert client.ask("GET", "/openapi.json", headers={"Cookie": "session=admin"}).status_code == 200


def test_our_tokens_come_in_beside_the_host_s_people(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    app = create_app(config, authenticate=by_cookie, catalogue=())
    with open_store(config.store_url) as store, asking(app) as client:
        token = token_for(store, Role.VIEWER, now=app.state.services.clock())
        assert client.ask("GET", "/openapi.json", token=token).status_code == 200
        # A token of ours that is wrong is not shown to the host: it was not meant for it.
        cookie = {"Cookie": "session=admin"}
        assert client.ask("GET", "/openapi.json", token=token[:-1] + "x", headers=cookie).status_code == 401
        assert client.ask("GET", "/openapi.json", token="the-host-s-own", headers=cookie).status_code == 200
    app.state.services.close()


def test_an_app_into_which_nobody_could_come_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No client could sign in"):
        create_app(config_in(tmp_path, WITHOUT_TOKENS))


def test_a_store_that_cannot_be_opened_is_503_and_is_tried_again(tmp_path: Path) -> None:
    """Making the app opens nothing: a host that starts before its database is not kept from starting."""
    config = config_in(tmp_path)
    blocked = tmp_path / "store.db"
    blocked.mkdir()
    app = create_app(config, catalogue=())
    with asking(app) as client:
        answer = client.ask("GET", "/readyz")
        assert is_problem(answer, 503)
        assert str(tmp_path) not in answer.text
        blocked.rmdir()
        open_store(config.store_url).close()
        assert client.ask("GET", "/readyz").status_code == 200
    app.state.services.close()
