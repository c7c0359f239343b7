"""Who may do what: every role on every route, written out by hand. A route that is not written down fails here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.api import Client, asking, is_problem, token_for
from tests.support.ledger_app import TABLES
from trueup.actions.sign_in import FormTokens
from trueup.model.access import Role
from trueup.store import Store, parse_token
from trueup.web.access import Door
from trueup.web.access.permissions import ANYONE, ROLES, Permission
from trueup.web.console.assets import assets
from trueup.web.declared import DeclaredRoute

EVERYBODY, VIEWERS, ADMINS, ROOT = (
    (None, Role.VIEWER, Role.ADMIN, Role.SUPER_ADMIN),
    (Role.VIEWER, Role.ADMIN, Role.SUPER_ADMIN),
    (Role.ADMIN, Role.SUPER_ADMIN),
    (Role.SUPER_ADMIN,),
)

MATRIX: dict[str, tuple[Role | None, ...]] = {
    "GET /": EVERYBODY,
    "GET /static/{name}": EVERYBODY,
    "GET /findings": VIEWERS,
    "POST /notes": ADMINS,
    "POST /selection": ADMINS,
    "GET /selection/all": ADMINS,
    "GET /selection": ADMINS,
    "POST /selection/repairs": ADMINS,
    "POST /selection/exemptions": ADMINS,
    "GET /findings/{issue_id}": VIEWERS,
    "GET /accounts": ADMINS,
    "GET /accounts/{account}": ADMINS,
    "GET /runs": VIEWERS,
    "POST /runs": ADMINS,
    "GET /repair": ADMINS,
    "GET /approvals": ADMINS,
    "POST /approvals": ADMINS,
    "POST /approvals/repairs": ADMINS,
    "POST /approvals/undos": ADMINS,
    "POST /approvals/exemptions": ADMINS,
    "GET /undo": ADMINS,
    "POST /undo": ADMINS,
    "GET /gates/accept": ADMINS,
    "POST /gates/accept": ADMINS,
    "POST /repair": ADMINS,
    "POST /exemptions": ADMINS,
    "GET /exemptions/end": ADMINS,
    "POST /exemptions/end": ADMINS,
    "GET /runs/{named}": VIEWERS,
    "GET /checks": VIEWERS,
    "GET /checks/{check_id}": VIEWERS,
    "GET /gates": VIEWERS,
    "GET /replays": VIEWERS,
    "GET /exemptions": VIEWERS,
    "GET /journal": ADMINS,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /sign-in/{secret}": EVERYBODY,
    "POST /sign-in/{secret}": EVERYBODY,
    "GET /sign-in/oidc": EVERYBODY,
    "GET /sign-in/oidc/callback": EVERYBODY,
    "POST /sign-out": VIEWERS,
    "POST /sign-out/everywhere": VIEWERS,
    "GET /openapi.json": VIEWERS,
    "GET /metrics": VIEWERS,
    "GET /api/admin/billing-assurance": ADMINS,
    "POST /api/admin/billing-assurance": ADMINS,
    "GET /api/v1/runs": VIEWERS,
    "GET /api/v1/runs/{run_id}": VIEWERS,
    "GET /api/v1/runs/{run_id}/difference": VIEWERS,
    "POST /api/v1/runs": ADMINS,
    "GET /api/v1/findings": VIEWERS,
    "GET /api/v1/findings/{issue_id}": VIEWERS,
    "GET /api/v1/accounts/{account}/statement": ADMINS,
    "POST /api/v1/repairs/preview": ADMINS,
    "POST /api/v1/repairs": ADMINS,
    "POST /api/v1/repairs/undo": ADMINS,
    "GET /api/v1/notes/{issue_id}": VIEWERS,
    "POST /api/v1/notes": ADMINS,
    "GET /api/v1/approvals": ADMINS,
    "GET /api/v1/approvals/{approval_id}": ADMINS,
    "POST /api/v1/approval-requests/repairs": ADMINS,
    "POST /api/v1/approval-requests/exemptions": ADMINS,
    "POST /api/v1/approval-requests/undos": ADMINS,
    "POST /api/v1/approvals/{approval_id}/approve": ADMINS,
    "POST /api/v1/approvals/{approval_id}/reject": ADMINS,
    "GET /api/v1/exemptions": VIEWERS,
    "POST /api/v1/exemptions": ADMINS,
    "DELETE /api/v1/exemptions/plans/{plan}/{check_id}": ADMINS,
    "DELETE /api/v1/exemptions/{issue_id}": ADMINS,
    "GET /api/v1/alerts": ADMINS,
    "GET /api/v1/checks": VIEWERS,
    "GET /api/v1/checks/{check_id}": VIEWERS,
    "GET /api/v1/journal": ADMINS,
    "GET /api/v1/journal/verify": ADMINS,
    "GET /api/v1/tokens": ROOT,
    "POST /api/v1/tokens": ROOT,
    "DELETE /api/v1/tokens/{token_id}": ROOT,
}

PLACES = {
    "{account}": "user_1",
    "{named}": "00000000-0000-4000-8000-000000000000",
    "{name}": assets()["console.css"].name,
    "{plan}": "PRO",
    "{run_id}": "00000000-0000-4000-8000-000000000000",
    "{issue_id}": "credit-balance:user_1",
    "{check_id}": "credit-balance",
    "{token_id}": "0" * 16,
    "{approval_id}": "00000000-0000-4000-8000-000000000000",
    "{secret}": "0" * 43,
}
STRANGERS = {
    "nobody": {},
    "a wrong token": {"Authorization": "Bearer trueup_" + "0" * 16 + "_" + "1" * 64 + "_" + "2" * 8},
    "a cookie": {"Cookie": "session=super_admin"},
    "headers that others believe": {"X-Forwarded-User": "root", "X-Remote-User": "root", "X-Original-URL": "/healthz"},
}


def routes(app: FastAPI) -> dict[str, DeclaredRoute]:
    return {f"{method} {route.path}": route for route in app.state.routes for method in route.methods}


def asked(client: Client, name: str, token: str | None = None, headers: dict[str, str] | None = None) -> int:
    """The status for a request of this route that changes nothing: its body is wrong for each, its ids are unknown."""
    method, path = name.split(" ")
    for place, value in PLACES.items():
        path = path.replace(place, value)
    assert "{" not in path, "give the new place a value"
    route = routes(client.app)[name]
    content = {Door.API: b'{"periodDays": 0}', Door.FORM: form(client.app, token), Door.PAGE: b""}[route.door]
    kind = "application/json" if route.door is Door.API else "application/x-www-form-urlencoded"
    own = {"Origin": client.base_url} if route.door is Door.FORM else {}
    headers = {**(headers or {}), **own, **({"Content-Type": kind} if method == "POST" else {})}
    answer = client.ask(method, path, token=token, headers=headers, content=content if method == "POST" else None)
    assert answer.status_code < 500 or is_problem(answer, 503), answer.text
    return answer.status_code


def form(app: FastAPI, token: str | None) -> bytes:
    """A form that holds a field too many, with the hidden token that the caller's page would have."""
    presented = parse_token(token or "")
    services = app.state.services
    name = f"actor:token:{presented.token_id if presented else ''}"
    return f"form_token={FormTokens(name, store=services.store, now=services.clock()).make()}&more=1".encode()


@pytest.fixture
def client(app: FastAPI, tmp_path: Path) -> Iterator[Client]:
    """Asks the app, over an app database with nothing in it."""
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.executescript(TABLES)
    connection.close()
    with asking(app) as made:
        yield made


def test_every_route_of_the_app_is_in_the_matrix(app: FastAPI) -> None:
    assert set(routes(app)) == set(MATRIX)


@pytest.mark.parametrize("name", MATRIX)
def test_who_may(client: Client, store: Store, name: str) -> None:
    for role in Role:
        status = asked(client, name, token_for(store, role))
        assert (status not in {401, 403}) == (role in MATRIX[name]), (name, role, status)
        assert role in MATRIX[name] or status == 403


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_may_ask_for_health_and_sign_in_and_nothing_else(
    app: FastAPI, client: Client, stranger: str
) -> None:
    for name, allowed in MATRIX.items():
        status = asked(client, name, headers=STRANGERS[stranger])
        # The wrong token is refused so often in a row that the limit for its address is reached.
        if None in allowed:
            assert status == (404 if "oidc" in name else 422 if name.startswith("POST") else 200), name
        else:
            # A page leads to the sign-in page, which says nothing either.
            assert status in ({401, 429} if routes(app)[name].door is Door.API else {303, 429}), name


def test_the_roles_grow_and_hold_what_the_design_says() -> None:
    assert ROLES[Role.VIEWER] < ROLES[Role.ADMIN] < ROLES[Role.SUPER_ADMIN]
    assert ROLES[Role.SUPER_ADMIN] == set(Permission)
    assert ROLES[Role.SUPER_ADMIN] - ROLES[Role.ADMIN] == {Permission.TOKEN_MANAGE}
    may_not = {Permission.REPAIR_APPLY, Permission.EVIDENCE_READ, Permission.JOURNAL_READ, Permission.AUDIT_START}
    assert not ROLES[Role.VIEWER] & may_not
    assert set(ANYONE) == {Permission.HEALTH_READ, Permission.SIGN_IN}


def test_the_description_says_which_permission_each_route_needs(app: FastAPI) -> None:
    document = app.openapi()
    described = {
        f"{method.upper()} {path}": operation["x-permission"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    shown = {
        name: route for name, route in routes(app).items() if route.door is Door.API and name != "GET /openapi.json"
    }
    assert described == {name: route.permission for name, route in shown.items()}
