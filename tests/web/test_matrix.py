"""Who may do what: every role on every route, written out by hand. A route that is not written down fails here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.support.api import Client, asking, is_problem, token_for
from tests.support.ledger_app import TABLES
from trueup.model.access import Role
from trueup.store import Store
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
    "GET /findings/{issue_id}": VIEWERS,
    "GET /accounts": ADMINS,
    "GET /accounts/{account}": ADMINS,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
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
    "{name}": assets()["console.css"].name,
    "{plan}": "PRO",
    "{run_id}": "00000000-0000-4000-8000-000000000000",
    "{issue_id}": "credit-balance:user_1",
    "{check_id}": "credit-balance",
    "{token_id}": "0" * 16,
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
    content = b'{"periodDays": 0}' if method == "POST" else None
    headers = {**(headers or {}), **({"Content-Type": "application/json"} if content else {})}
    answer = client.ask(method, path, token=token, headers=headers, content=content)
    assert answer.status_code < 500 or is_problem(answer, 503), answer.text
    return answer.status_code


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
def test_a_stranger_may_ask_for_health_and_nothing_else(client: Client, stranger: str) -> None:
    for name, allowed in MATRIX.items():
        status = asked(client, name, headers=STRANGERS[stranger])
        # The wrong token is refused so often in a row that the limit for its address is reached.
        assert status == 200 if None in allowed else status in {401, 429}, name


def test_the_roles_grow_and_hold_what_the_design_says() -> None:
    assert ROLES[Role.VIEWER] < ROLES[Role.ADMIN] < ROLES[Role.SUPER_ADMIN]
    assert ROLES[Role.SUPER_ADMIN] == set(Permission)
    assert ROLES[Role.SUPER_ADMIN] - ROLES[Role.ADMIN] == {Permission.TOKEN_MANAGE}
    may_not = {Permission.REPAIR_APPLY, Permission.EVIDENCE_READ, Permission.JOURNAL_READ, Permission.AUDIT_START}
    assert not ROLES[Role.VIEWER] & may_not
    assert set(ANYONE) == {Permission.HEALTH_READ}


def test_the_description_says_which_permission_each_route_needs(app: FastAPI) -> None:
    document = app.openapi()
    described = {
        f"{method.upper()} {path}": operation["x-permission"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    pages = ("GET /openapi.json", "GET /static/", "GET /findings", "GET /accounts")
    assert described == {name: route.permission for name, route in routes(app).items() if not name.startswith(pages)}
