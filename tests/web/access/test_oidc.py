"""Sign-in at an identity provider: the whole way over TLS, and each way in which an answer may be another's."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.support.api import NOW, Client, Clock, asking, config_in
from tests.support.browser import HERE, Browser
from tests.support.identity import Authority
from tests.support.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.support.issuer import encoded
from trueup.checks import catalogue
from trueup.config import Config
from trueup.model.access import Role
from trueup.model.approval import Approval, ApprovalKind
from trueup.model.errors import ConfigurationError
from trueup.store import Store
from trueup.web import create_app

SIGN_IN, CALLBACK, PAGE = "/sign-in/oidc?next=/findings", "/sign-in/oidc/callback", "/api/v1/approvals"

OIDC = """
[alerts]
private_hosts = ["127.0.0.1"]
[server.oidc]
issuer = "{issuer}"
client_id = "trueup"
client_secret = "${{OIDC_SECRET}}"
[server.oidc.roles]
viewer = ["billing-read"]
admin = ["billing-admin"]
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the provider's certificate."""
    return Authority.founded_in(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def provider(authority: Authority, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    """A provider whose certificate this machine believes."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with identity_provider(authority.server("127.0.0.1"), clock) as running:
        yield running


def config_for(folder: Path, provider: IdentityProvider, more: str = "") -> Config:
    """A config with this provider."""
    return config_in(folder, OIDC.format(issuer=provider.issuer) + more, OIDC_SECRET=SECRET)


@pytest.fixture
def client(tmp_path: Path, provider: IdentityProvider, store: Store, clock: Clock) -> Iterator[Client]:
    """Asks the console, on the server's own machine."""
    app = create_app(config_for(tmp_path, provider), store=store, catalogue=catalogue(), clock=clock)
    with asking(app, address="127.0.0.1", base_url=HERE) as made:
        yield made


@pytest.fixture
def browser(client: Client) -> Browser:
    """A person's browser."""
    return Browser(client=client)


def came_back(browser: Browser, provider: IdentityProvider, start: str = SIGN_IN) -> str:
    """Go to the provider, and return the address that it leads back to."""
    led = browser.open(start)
    assert led.status_code == 303, led.text
    back = urlsplit(provider.authorize(led.headers["location"]))
    assert f"{back.scheme}://{back.netloc}{back.path}" == HERE + CALLBACK
    return f"{back.path}?{back.query}"


def changed(address: str, **values: str | None) -> str:
    """The address with other query parameters."""
    path, _, query = address.partition("?")
    known: dict[str, Any] = {name: parts[0] for name, parts in parse_qs(query).items()} | values
    return f"{path}?{urlencode({name: value for name, value in known.items() if value is not None})}"


def refused(answer: httpx.Response, status: int = 403) -> bool:
    """Whether it was refused with a page, and no session was given."""
    assert answer.status_code == status, answer.text
    return not any(header.startswith("trueup-session=") for header in answer.headers.get_list("set-cookie"))


def test_a_person_signs_in_at_the_provider_and_comes_back_to_the_page(
    browser: Browser, provider: IdentityProvider, store: Store
) -> None:
    assert '<a href="/sign-in/oidc?next=/findings">' in browser.open("/sign-in?next=/findings").text
    answer = browser.open(came_back(browser, provider))
    assert (answer.status_code, answer.headers["location"]) == (303, "/findings")
    assert list(browser.cookies) == ["trueup-session"], "the attempt's cookie is gone"
    session = store.sessions.find(browser.cookies["trueup-session"], now=NOW)
    assert session is not None
    assert (session.actor, session.role, session.method, session.created_at) == ("oidc:ada", Role.ADMIN, "oidc", NOW)
    assert browser.open(PAGE).status_code == 200


def test_a_role_that_was_taken_away_is_seen_at_the_next_sign_in(browser: Browser, provider: IdentityProvider) -> None:
    browser.open(came_back(browser, provider))
    assert browser.open(PAGE).status_code == 200
    provider.roles = ["billing-read"]
    assert browser.open(PAGE).status_code == 200, "the session keeps its role until it ends"
    browser.open(came_back(browser, provider))
    assert browser.open(PAGE).status_code == 403
    provider.roles = ["something-else"]
    assert refused(browser.open(came_back(browser, provider)))


def approvable(app_store: Store, clock: Clock) -> None:
    """A request of another person waits."""
    approval = Approval(
        approval_id=str(uuid.uuid4()),
        kind=ApprovalKind.EXEMPTION,
        target="ledger-break:user_1",
        plan_hash="0" * 64,
        summary="finance answers for user_1",
        asked={},
        reason="until the ledger is mended",
        requested_by="oidc:grace",
        requested_at=clock.now,
        expires_at=clock.now + timedelta(hours=4),
    )
    app_store.approvals.request(approval, environment="production")


def test_a_sign_in_that_the_provider_remembered_is_not_fresh_and_a_fresh_one_is_asked_for(
    browser: Browser, provider: IdentityProvider, store: Store, clock: Clock
) -> None:
    approvable(store, clock)
    asked_at = int(clock.now.replace(tzinfo=UTC).timestamp())
    provider.change = {"auth_time": asked_at - 3600}
    ordinary = parse_qs(urlsplit(browser.open("/sign-in/oidc").headers["location"]).query)
    assert ("prompt" in ordinary, ordinary["max_age"]) == (False, ["28800"])  # asked for it, a provider says auth_time
    browser.open(came_back(browser, provider))
    page = browser.open("/approvals").text
    again = "/sign-in/oidc?next=/approvals&amp;fresh=true"
    assert f'<a href="{again}">Sign in anew</a>' in page
    led = urlsplit(browser.open(again.replace("&amp;", "&")).headers["location"])
    query = parse_qs(led.query)
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    for stale in ({"auth_time": asked_at - 3600}, {"auth_time": None}, {"auth_time": "now"}):
        provider.change = stale
        assert refused(browser.open(came_back(browser, provider, again.replace("&amp;", "&"))))
    provider.change = {"auth_time": asked_at}
    answer = browser.open(came_back(browser, provider, again.replace("&amp;", "&")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    assert "Sign in anew" not in browser.open("/approvals").text


@pytest.mark.parametrize(
    "change",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 1},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": None},
        {"sub": ""},
        {"sub": "a\nb"},
        {"roles": None},
    ],
)
def test_an_id_token_that_is_not_of_this_sign_in_is_refused_on_record(
    browser: Browser, provider: IdentityProvider, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trueup")
    provider.change = change
    assert refused(browser.open(came_back(browser, provider)))
    assert any(json.loads(record.getMessage())["event"] == "refused" for record in caplog.records)
    assert browser.open(PAGE).status_code == 401


def test_a_token_that_the_provider_did_not_sign_is_refused(browser: Browser, provider: IdentityProvider) -> None:
    address = came_back(browser, provider)
    provider.tokens.published = type(provider.tokens)().key_set()
    assert refused(browser.open(address))


def test_an_unsigned_token_is_refused(
    browser: Browser, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = came_back(browser, provider)
    head = encoded({"alg": "none", "typ": "JWT", "kid": "rsa-1"})
    monkeypatch.setattr(type(provider.tokens), "token", lambda _self, body: f"{head}.{encoded(body)}.")
    assert refused(browser.open(address))


@pytest.mark.parametrize(
    "values",
    [
        {"state": "another"},
        {"state": None},
        {"code": None},
        {"code": "another"},
        {"iss": "https://evil.example"},
        {"error": "access_denied"},
    ],
)
def test_an_answer_that_was_changed_is_refused(
    browser: Browser, provider: IdentityProvider, values: dict[str, str | None]
) -> None:
    assert refused(browser.open(changed(came_back(browser, provider), **values)))


def test_an_answer_is_good_for_the_browser_that_asked_and_once(
    client: Client, browser: Browser, provider: IdentityProvider
) -> None:
    address = came_back(browser, provider)
    assert refused(Browser(client=client).open(address)), "a person is not signed in as another by a link"
    other = Browser(client=client)
    came_back(other, provider)
    assert refused(other.open(address))
    kept = dict(browser.cookies)
    assert browser.open(address).status_code == 303
    browser.cookies = kept
    assert refused(browser.open(address), 409)


def test_an_attempt_ends_after_ten_minutes_and_cannot_be_made_up(
    browser: Browser, provider: IdentityProvider, clock: Clock
) -> None:
    address = came_back(browser, provider)
    name = "trueup-session-oidc"
    kept = browser.cookies[name]
    for text in ("", ".", "x.y", kept[:-2] + "AA", encoded(b'["s","n","v","/",1]') + ".AAAA", "ä", "a" * 5000):
        browser.cookies[name] = text
        browser.cookies = {key: value for key, value in browser.cookies.items() if value.isascii()}
        assert refused(browser.open(address))
    browser.cookies[name] = kept
    clock.forward(minutes=10)
    assert refused(browser.open(address))


def test_sign_in_leads_to_no_other_place(browser: Browser, provider: IdentityProvider) -> None:
    led = browser.open("/sign-in/oidc?next=//evil.example")
    back = urlsplit(provider.authorize(led.headers["location"]))
    assert browser.open(f"{back.path}?{back.query}").headers["location"] == "/"


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://127.0.0.1/token"},
        {"authorization_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "https://evil.example/\r\nSet-Cookie: a=b"},
    ],
)
def test_a_provider_that_describes_another_is_not_asked(
    browser: Browser, provider: IdentityProvider, document: dict[str, Any]
) -> None:
    provider.document = document
    assert refused(browser.open(SIGN_IN), 503)


def test_a_provider_that_is_down_is_said_to_be(browser: Browser, provider: IdentityProvider) -> None:
    address = came_back(browser, provider)
    provider.is_down = True
    assert refused(browser.open(address), 503)


def test_the_secret_goes_to_the_provider_and_nowhere_else(
    browser: Browser, provider: IdentityProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    led = browser.open(SIGN_IN)
    assert CLIENT in led.headers["location"]
    browser.open(f"{urlsplit(provider.authorize(led.headers['location'])).path}?code=x&state=y")
    assert SECRET not in led.headers["location"] + caplog.text + str(led.headers)


def test_elsewhere_a_sign_in_needs_https_and_gets_the_strict_cookie(
    tmp_path: Path, provider: IdentityProvider, store: Store, clock: Clock
) -> None:
    config = config_for(tmp_path, provider).path
    text = config.read_text().replace("[server.oidc]", '[server]\npublic_url = "https://trueup.test"\n[server.oidc]', 1)
    app = create_app(
        config_in(tmp_path, text.partition('store.db"\n')[2], OIDC_SECRET=SECRET),
        store=store,
        catalogue=catalogue(),
        clock=clock,
    )
    with asking(app, base_url="https://trueup.test") as client:
        browser = Browser(client=client)
        led = browser.open(SIGN_IN)
        assert led.headers["set-cookie"].startswith("__Host-trueup-oidc=")
        back = urlsplit(provider.authorize(led.headers["location"]))
        assert back.netloc == "trueup.test"
        answer = browser.open(f"{back.path}?{back.query}")
        assert answer.headers.get_list("set-cookie")[0].startswith("__Host-trueup=")
    with asking(app, base_url="http://10.0.0.1") as client:
        assert refused(Browser(client=client).open(SIGN_IN))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('issuer = "http://id.example.com"', "issuer"),
        ('algorithms = ["HS256"]', "algorithms"),
        ('scopes = ["profile"]', "scopes"),
        ("roles = {}", "roles"),
        ('roles = { root = ["x"] }', "not a role"),
    ],
)
def test_a_provider_that_could_not_be_trusted_is_refused(tmp_path: Path, more: str, says: str) -> None:
    known = {"issuer": '"https://id.example.com"', "client_id": '"trueup"', "roles": '{ admin = ["x"] }'}
    name, _, value = more.partition(" = ")
    lines = "\n".join(f"{key} = {written}" for key, written in {**known, name: value}.items())
    with pytest.raises(ConfigurationError, match=says):
        config_in(tmp_path, f"[server.oidc]\n{lines}\n")


def test_behind_another_address_the_public_one_must_be_given(tmp_path: Path) -> None:
    oidc = 'issuer = "https://id.example.com"\nclient_id = "trueup"\nroles = { admin = ["x"] }\n'
    with pytest.raises(ConfigurationError, match="public_url"):
        config_in(tmp_path, f'[server]\nbind = "0.0.0.0:80"\n[server.oidc]\n{oidc}')
