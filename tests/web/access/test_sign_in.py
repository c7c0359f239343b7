"""Sign-in with a browser: who gets a session, what its cookie is worth, and which forms are accepted."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount

from tests.support.api import NOW, Clock, asking, config_in, is_problem, token_for
from tests.support.browser import HERE, Browser, hidden_token
from trueup.actions.sign_in import NewSession, make_sign_in_link, sign_in_with_link
from trueup.checks import catalogue
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError
from trueup.store import Store, parse_token
from trueup.web import create_app
from trueup.web.access import Permission, Principal, form_requires, form_token, page_requires, requires, strict_form
from trueup.web.access.own_address import safe_path
from trueup.web.access.session_cookies import SessionCookies
from trueup.web.app import assembled
from trueup.web.services import Services
from trueup.web.sign_in import router as sign_in_routes
from trueup.web.strict import Body, strict_json

PAGE, FORM = "/things", "/things/change"
JSON = {"Content-Type": "application/json"}

pages = APIRouter(include_in_schema=False)


class Change(Body):
    """A form with one value, and one that can be given several times."""

    name: str
    rows: list[str] = Field(default_factory=list)


@pages.get(PAGE)
def show(_who: Annotated[Principal, page_requires(Permission.FINDING_READ)], request: Request) -> HTMLResponse:
    """A page with a form."""
    return HTMLResponse(f'<input type="hidden" name="form_token" value="{form_token(request)()}">')


@pages.post(FORM)
def change(
    who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)], form: Annotated[Change, strict_form(Change)]
) -> dict[str, object]:
    """A change."""
    return {"actor": who.actor, **form.model_dump()}


@pages.post("/api/things")
def change_by_json(
    who: Annotated[Principal, requires(Permission.REPAIR_APPLY)], body: Annotated[Change, strict_json(Change)]
) -> dict[str, object]:
    """The same by JSON."""
    return {"actor": who.actor, **body.model_dump()}


@pytest.fixture
def app(tmp_path: Path, store: Store, clock: Clock) -> FastAPI:
    """An app with a page, its form, and sign-in."""
    services = Services(config=config_in(tmp_path), catalogue=catalogue(), clock=clock, given_store=store)
    whole = create_app(services.config, store=store, catalogue=(), clock=clock)
    return assembled(
        services,
        verifiers=whole.state.doorkeeper.verifiers,
        authenticate=None,
        routers=(pages, sign_in_routes),
        sessions=SessionCookies(services),
    )


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Browser]:
    """A browser on the server's machine."""
    with asking(app, address="127.0.0.1", base_url=HERE) as client:
        yield Browser(client=client)


@pytest.fixture
def remote(app: FastAPI) -> Iterator[Browser]:
    """A browser elsewhere, over HTTPS."""
    with asking(app, base_url="https://trueup.test") as client:
        yield Browser(client=client)


def link_for(store: Store, token: str, *, now: Any = NOW) -> str:
    """The path of a sign-in link for the holder of a token."""
    presented = parse_token(token)
    assert presented is not None
    return make_sign_in_link(store, presented.token_id, created_by="command:ada", now=now).path


def events(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The log's lines of this event."""
    return [line for record in caplog.records if (line := json.loads(record.getMessage()))["event"] == event]


def test_a_page_leads_to_sign_in_and_back(browser: Browser, store: Store) -> None:
    away = browser.open(f"{PAGE}?")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=/things")
    page = browser.open(away.headers["location"])
    assert '<input type="hidden" name="next" value="/things">' in page.text
    token = token_for(store, Role.ADMIN)
    back = browser.send("/sign-in", {"token": f" {token}\n", "next": "/things"})
    assert (back.status_code, back.headers["location"]) == (303, "/things")
    assert browser.open(PAGE).status_code == 200


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    browser: Browser, remote: Browser, store: Store
) -> None:
    token = token_for(store, Role.ADMIN)
    plain = browser.send("/sign-in", {"token": token}).headers["set-cookie"]
    safe = remote.send(link_for(store, token), {}).headers["set-cookie"]
    for cookie in (plain, safe):
        assert {"HttpOnly", "Path=/", "SameSite=lax", f"Max-Age={8 * 3600}"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()
    assert plain.startswith("trueup-session=")
    assert safe.startswith("__Host-trueup=")
    assert "Secure" in safe.split("; ")


def test_a_session_lasts_eight_hours_and_never_longer_than_its_token(
    browser: Browser, store: Store, clock: Clock
) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    clock.forward(hours=8, seconds=-1)
    assert browser.open(PAGE).status_code == 200
    clock.forward(seconds=1)
    assert browser.open(PAGE).status_code == 303
    late = token_for(store, Role.ADMIN, now=clock.now - timedelta(hours=23), days=1)
    browser.sign_in(late)
    clock.forward(hours=1)
    assert browser.open(PAGE).status_code == 303


def test_a_revoked_token_ends_its_sessions_at_once(browser: Browser, store: Store) -> None:
    token = token_for(store, Role.ADMIN)
    browser.sign_in(token)
    presented = parse_token(token)
    assert presented is not None
    store.tokens.revoke(presented.token_id, revoked_by="command:ada", now=NOW)
    assert browser.open(PAGE).status_code == 303


def test_signing_out_ends_this_session_and_everywhere_ends_all(app: FastAPI, browser: Browser, store: Store) -> None:
    token = token_for(store, Role.VIEWER)
    with asking(app, address="127.0.0.1", base_url=HERE) as client:
        other = Browser(client=client)
        third = Browser(client=client)
        for each in (browser, other, third):
            each.sign_in(token)
        kept = dict(browser.cookies)
        left = browser.send("/sign-out", {"form_token": hidden_token(browser.open(PAGE))})
        assert (left.status_code, left.headers["location"]) == (303, "/sign-in")
        assert browser.cookies == {}
        browser.cookies = kept
        assert browser.open(PAGE).status_code == 303
        assert other.open(PAGE).status_code == 200
        other.send("/sign-out/everywhere", {"form_token": hidden_token(other.open(PAGE))})
        assert third.open(PAGE).status_code == 303


def test_below_another_app_s_path_every_way_of_sign_in_stays_below_it(app: FastAPI, store: Store) -> None:
    host = Starlette(routes=[Mount("/ops/trueup", app=app)])
    with asking(host, address="127.0.0.1", base_url=HERE) as client:
        browser = Browser(client=client)
        away = browser.open(f"/ops/trueup{PAGE}").headers["location"]
        assert away == "/ops/trueup/sign-in?next=/ops/trueup/things"
        page = browser.open(away)
        assert 'action="/ops/trueup/sign-in"' in page.text
        token = token_for(store, Role.ADMIN)
        back = browser.send("/ops/trueup/sign-in", {"token": token, "next": "/ops/trueup/things"})
        assert back.headers["location"] == "/ops/trueup/things"
        assert browser.open("/ops/trueup/things").status_code == 200
        assert (
            browser.send("/ops/trueup/sign-in", {"token": token, "next": "//x"}).headers["location"] == "/ops/trueup/"
        )
        path = link_for(store, token)
        assert f'action="/ops/trueup{path}"' in browser.open(f"/ops/trueup{path}").text


def test_a_new_sign_in_ends_the_session_that_the_browser_had(browser: Browser, store: Store) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    before = dict(browser.cookies)
    browser.sign_in(token_for(store, Role.VIEWER))
    browser.cookies = before
    assert browser.open(PAGE).status_code == 303


def test_a_link_signs_in_once_and_only_by_its_button(browser: Browser, store: Store, clock: Clock) -> None:
    path = link_for(store, token_for(store, Role.ADMIN))
    for _ in range(3):
        assert f'action="{path}"' in browser.open(path).text
    assert browser.send(path, {}).status_code == 303
    assert browser.open(PAGE).status_code == 200
    assert browser.send(path, {}).status_code == 403
    late = link_for(store, token_for(store, Role.ADMIN))
    clock.forward(minutes=10)
    assert browser.send(late, {}).status_code == 403


def test_of_many_that_open_a_link_at_once_one_signs_in(store: Store) -> None:
    path = link_for(store, token_for(store, Role.ADMIN))
    secret = path.removeprefix("/sign-in/")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: sign_in_with_link(secret, store=store, now=NOW), range(8)))
    assert sum(isinstance(result, NewSession) for result in results) == 1


@pytest.mark.parametrize(
    "about",
    [
        {"address": "203.0.113.9", "base_url": HERE},
        {"address": "127.0.0.1", "base_url": "http://trueup.test"},
        {"address": "127.0.0.1", "base_url": "https://trueup.test"},
        {"address": "127.0.0.1", "base_url": HERE, "headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"address": "127.0.0.1", "base_url": HERE, "headers": {"X-Real-IP": "127.0.0.1"}},
    ],
)
def test_a_token_is_pasted_only_on_the_server_s_machine(
    app: FastAPI, store: Store, about: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trueup")
    with asking(app, **about) as client:
        browser = Browser(client=client)
        answer = browser.send("/sign-in", {"token": token_for(store, Role.ADMIN)})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert 'name="token"' not in browser.open("/sign-in").text
    assert events(caplog, "refused")


def test_without_encryption_a_link_works_only_on_the_server_s_machine(app: FastAPI, store: Store) -> None:
    path = link_for(store, token_for(store, Role.ADMIN))
    with asking(app) as client:
        answer = Browser(client=client).send(path, {})
    assert answer.status_code == 403
    assert "HTTPS" in answer.text


def test_wrong_tokens_are_refused_on_record_and_limited(browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trueup")
    wrong = "trueup_" + "0" * 16 + "_" + "1" * 64 + "_" + "2" * 8
    answers = [browser.send("/sign-in", {"token": wrong, "next": "//evil.example"}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [403] * 20 + [429]
    assert "evil.example" not in answers[0].text
    assert wrong not in answers[0].text
    assert len(events(caplog, "refused")) == 20
    assert "1" * 64 not in caplog.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": HERE}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "http://127.0.0.1:8322", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": HERE, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": HERE, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": HERE, "Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_forms_and_json_of_a_session_are_accepted_from_our_own_pages_only(
    browser: Browser, store: Store, headers: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trueup")
    browser.sign_in(token_for(store, Role.ADMIN))
    form = {"form_token": hidden_token(browser.open(PAGE)), "name": "a"}
    assert browser.send(FORM, form, headers=headers).status_code == status
    answer = browser._ask("POST", "/api/things", {**JSON, **headers}, b'{"name": "a"}')
    assert answer.status_code == status
    assert len(events(caplog, "refused")) == (0 if status == 200 else 2)


def test_an_origin_that_may_use_the_api_may_not_use_a_person_s_session(
    tmp_path: Path, store: Store, clock: Clock
) -> None:
    other = "https://admin.example.com"
    config = config_in(tmp_path, f'[server]\norigins = ["{other}"]\n')
    app = create_app(config, store=store, catalogue=catalogue(), clock=clock)
    token = token_for(store, Role.SUPER_ADMIN)
    with asking(app, address="127.0.0.1", base_url=HERE) as client:
        browser = Browser(client=client)
        browser.sign_in(token)
        body = b'{"name": "x", "role": "viewer", "lifetimeDays": 1}'
        headers = {**JSON, "Origin": other}
        assert is_problem(browser._ask("POST", "/api/v1/tokens", headers, body), 403)
        assert client.ask("POST", "/api/v1/tokens", headers=headers, content=body, token=token).status_code == 201


def test_a_form_is_accepted_once_and_on_record_the_second_time(
    browser: Browser, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trueup")
    browser.sign_in(token_for(store, Role.ADMIN))
    form = {"form_token": hidden_token(browser.open(PAGE)), "name": "a"}
    assert browser.send(FORM, form).json()["name"] == "a"
    again = browser.send(FORM, form)
    assert again.status_code == 409
    assert again.headers["content-type"].startswith("text/html")
    (refused,) = events(caplog, "refused")
    assert refused["reason"] == "the form was sent before"


def test_a_form_with_a_mistake_can_be_sent_again(browser: Browser, store: Store) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    token = hidden_token(browser.open(PAGE))
    assert browser.send(FORM, {"form_token": token, "nme": "a"}).status_code == 422
    assert browser.send(FORM, {"form_token": token, "name": "a"}).status_code == 200


def test_a_form_belongs_to_the_session_that_it_was_shown_to(app: FastAPI, browser: Browser, store: Store) -> None:
    token = token_for(store, Role.ADMIN)
    browser.sign_in(token)
    with asking(app, address="127.0.0.1", base_url=HERE) as client:
        other = Browser(client=client)
        other.sign_in(token)
        stolen = hidden_token(other.open(PAGE))
    for text in (stolen, "", "x", stolen.replace(".", "", 1), stolen[:-1] + ("0" if stolen[-1] != "0" else "1")):
        assert browser.send(FORM, {"form_token": text, "name": "a"}).status_code == 403
    assert browser.send(FORM, {"name": "a"}).status_code == 403


def test_a_form_that_was_shown_eight_hours_ago_is_refused(browser: Browser, store: Store, clock: Clock) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    form = {"form_token": hidden_token(browser.open(PAGE)), "name": "a"}
    clock.forward(hours=8)
    browser.sign_in(token_for(store, Role.ADMIN, now=clock.now))
    assert browser.send(FORM, form).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"name=a&name=b", None, 422),
        (b"name=a&rows=1&rows=2", None, 200),
        (b"name=a&other=b", None, 422),
        (b"name=%00", None, 422),
        (b"name=%ff", None, 422),
        (b"name", None, 422),
        ("name=ä".encode(), None, 422),
        (b"name=" + b"a" * 65536, None, 413),
        (b"name=a" + b"&rows=1" * 1100, None, 422),
        (b'{"name": "a"}', "application/json", 415),
        (b"name=a", "text/plain", 415),
        (b"name=a", "multipart/form-data", 415),
    ],
)
def test_a_form_is_read_strictly(browser: Browser, store: Store, content: bytes, kind: str | None, status: int) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    token = hidden_token(browser.open(PAGE)).encode()
    headers = {"Origin": HERE, "Content-Type": kind or "application/x-www-form-urlencoded"}
    assert browser._ask("POST", FORM, headers, b"form_token=" + token + b"&" + content).status_code == status


def test_a_viewer_s_form_is_refused_as_a_page(browser: Browser, store: Store) -> None:
    browser.sign_in(token_for(store, Role.VIEWER))
    answer = browser.send(FORM, {"form_token": hidden_token(browser.open(PAGE)), "name": "a"})
    assert answer.status_code == 403
    assert "role viewer does not have" in answer.text


@pytest.mark.parametrize("cookie", ["trueup-session=", "trueup-session={}; trueup-session=" + "a" * 43, "session={}"])
def test_a_cookie_that_is_not_clearly_ours_signs_nobody_in(browser: Browser, store: Store, cookie: str) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    secret = browser.cookies["trueup-session"]
    headers = {"Cookie": cookie.replace("{}", secret)}
    assert browser.client.ask("GET", PAGE, headers=headers).status_code == 303
    assert browser.open(PAGE).status_code == 200


def test_the_plain_cookie_is_worth_nothing_over_https(browser: Browser, remote: Browser, store: Store) -> None:
    browser.sign_in(token_for(store, Role.ADMIN))
    remote.cookies = dict(browser.cookies)
    assert remote.open(PAGE).status_code == 303


def test_a_proxy_s_encryption_counts_where_the_config_names_the_address(
    tmp_path: Path, store: Store, clock: Clock
) -> None:
    config = config_in(tmp_path, '[server]\npublic_url = "https://trueup.test"\n')
    app = create_app(config, store=store, catalogue=catalogue(), clock=clock)
    path = link_for(store, token_for(store, Role.ADMIN))
    with asking(app) as client:
        headers = {"Origin": "https://trueup.test", "Sec-Fetch-Site": "same-origin"}
        answer = Browser(client=client).send(path, {}, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith("__Host-trueup=")


@pytest.mark.parametrize(
    "url", ["http://trueup.example.com", "https://trueup.example.com/", "https://a b", "trueup.example.com", ""]
)
def test_a_public_address_that_is_not_encrypted_or_has_a_path_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"server\.public_url"):
        config_in(tmp_path, f'[server]\npublic_url = "{url}"\n')


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/a\r\nSet-Cookie: a=b",
        "/ä",
        "",
        "/" + "a" * 2000,
        "/sign-in?next=/sign-in",
        "/sign-out",
    ],
)
def test_sign_in_leads_nowhere_else(path: str) -> None:
    assert safe_path(path) == "/"


@pytest.mark.parametrize("path", ["/", "/findings?severity=error&q=a%2Fb", "/findings/credit-balance:user%201"])
def test_sign_in_leads_back_to_a_page_of_ours(path: str) -> None:
    assert safe_path(path) == path


def test_a_route_that_takes_a_form_without_reading_it_is_refused(services: Services) -> None:
    router = APIRouter()

    @router.post("/careless")
    def careless(_who: Annotated[Principal, form_requires(Permission.REPAIR_APPLY)]) -> None:
        """Change something without looking at the form's token."""

    with pytest.raises(ConfigurationError, match="must both require and read a form"):
        assembled(services, verifiers=(), authenticate=None, routers=(router,))
