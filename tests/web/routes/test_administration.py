"""Exemptions, checks, the journal and tokens."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import is_problem
from trueup.model.access import Role
from trueup.web import create_app

EXEMPTIONS = "/api/v1/exemptions"
TOKENS = "/api/v1/tokens"
JOURNAL = "/api/v1/journal"
ACCEPTED = {
    "check": "stuck-event",
    "subject": "evt/1 ?#%",
    "owner": "finance",
    "reason": "settled by hand in the dashboard",
    "expires": "2027-01-31",
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[AdminApi]:
    """An app of the test's own."""
    with admin_api(tmp_path) as made:
        yield made


@pytest.mark.slow
def test_an_exemption_holds_in_the_next_report_and_is_taken_back(own: AdminApi) -> None:
    (issue, *_) = own.issues(check="stuck-event")
    made = own.post(EXEMPTIONS, ACCEPTED | {"subject": issue["subject"]})
    assert made.status_code == 201
    assert made.json()["createdBy"].startswith("token:")
    assert made.json() in own.get(EXEMPTIONS).json()["exemptions"]
    own.clock.forward(minutes=10)
    (exempted,) = own.issues(id=issue["id"])
    assert exempted["exemption"]["owner"] == "finance"
    assert own.delete(f"{EXEMPTIONS}/{issue['id']}").status_code == 204
    own.clock.forward(minutes=10)
    assert own.issues(id=issue["id"])[0]["exemption"] is None


def test_a_subject_may_hold_any_character_of_an_address(own: AdminApi) -> None:
    assert own.post(EXEMPTIONS, ACCEPTED).status_code == 201
    where = f"{EXEMPTIONS}/{quote('stuck-event:evt/1 ?#%', safe='')}"
    assert own.delete(where).status_code == 204
    assert is_problem(own.delete(where), 404)


def test_an_exemption_is_added_once_for_a_known_check_and_a_day_to_come(own: AdminApi) -> None:
    assert own.post(EXEMPTIONS, ACCEPTED).status_code == 201
    assert is_problem(own.post(EXEMPTIONS, ACCEPTED), 409)
    assert is_problem(own.post(EXEMPTIONS, ACCEPTED | {"subject": "b", "expires": "2026-11-22"}), 409)
    assert own.post(EXEMPTIONS, ACCEPTED | {"subject": "b", "expires": "2026-11-23"}).status_code == 201
    assert is_problem(own.post(EXEMPTIONS, ACCEPTED | {"check": "no-such-check"}), 404)


def test_an_exemption_of_the_config_is_listed_and_not_taken_out_here(own: AdminApi) -> None:
    configured = [one for one in own.get(EXEMPTIONS).json()["exemptions"] if one["source"] == "config"]
    assert {one["expired"] for one in configured} == {True, False}
    one = configured[0]
    assert is_problem(own.delete(f"{EXEMPTIONS}/{one['check']}:{one['subject']}"), 409)
    own.post(EXEMPTIONS, ACCEPTED | {"check": one["check"], "subject": one["subject"]})
    (shown,) = (
        found
        for found in own.get(EXEMPTIONS).json()["exemptions"]
        if (found["check"], found["subject"]) == (one["check"], one["subject"])
    )
    assert shown["source"] == "store"


@pytest.mark.slow
def test_a_plan_is_exempted_and_taken_back_by_its_name(own: AdminApi) -> None:
    found = [issue for issue in own.issues(check="credit-balance") if issue["exemption"] is None]
    assert len({issue["subject"] for issue in found}) > 1
    whole = {name: value for name, value in ACCEPTED.items() if name != "subject"} | {"check": "credit-balance"}
    for plan in ("FREE", "PRO", "TEAM"):
        made = own.post(EXEMPTIONS, whole | {"plan": plan})
        assert made.status_code == 201
        assert (made.json()["subject"], made.json()["plan"]) == (None, plan)
    assert is_problem(own.post(EXEMPTIONS, whole | {"plan": "PRO"}), 409)
    own.clock.forward(minutes=10)
    exempted = own.issues(check="credit-balance")
    assert [issue["id"] for issue in exempted] == [issue["id"] for issue in found]
    assert {issue["exemption"]["plan"] for issue in exempted} <= {"FREE", "PRO", "TEAM"}
    assert {issue["exemption"]["subject"] for issue in exempted} == {None}
    for plan in ("FREE", "PRO", "TEAM"):
        assert own.delete(f"{EXEMPTIONS}/plans/{plan}/credit-balance").status_code == 204
    assert is_problem(own.delete(f"{EXEMPTIONS}/plans/PRO/credit-balance"), 404)
    own.clock.forward(minutes=10)
    assert {issue["exemption"] for issue in own.issues(check="credit-balance")} == {None}


def test_a_plan_is_exempted_only_where_there_is_one_and_findings_are_about_one(own: AdminApi) -> None:
    whole = {name: value for name, value in ACCEPTED.items() if name != "subject"}
    assert is_problem(own.post(EXEMPTIONS, whole | {"check": "credit-balance", "plan": "GOLD"}), 404)
    assert is_problem(own.post(EXEMPTIONS, whole | {"plan": "PRO"}), 409)
    assert is_problem(own.post(EXEMPTIONS, whole), 422)


@pytest.mark.parametrize(
    "change",
    [
        *({"expires": value} for value in ("31.1.2027", "2027-02-30", "1798675200", "2027-01-31T00:00:00", 5, None)),
        {"owner": ""},
        {"reason": "short"},
        {"subject": "a\nb"},
        {"subject": ""},
        {"subject": None},
        {"plan": "PRO"},
        {"check": "Stuck"},
        {"more": 1},
    ],
)
def test_an_exemption_that_is_not_plainly_right_is_refused(api: AdminApi, change: dict[str, object]) -> None:
    assert is_problem(api.post(EXEMPTIONS, ACCEPTED | change), 422)


def test_the_catalogue_is_listed_and_each_check_can_be_had_in_full(api: AdminApi) -> None:
    lines = api.get("/api/v1/checks", role=Role.VIEWER).json()["checks"]
    assert [line["id"] for line in lines] == [check.id for check in api.company.checks]
    for line in lines:
        full = api.get(f"/api/v1/checks/{line['id']}", role=Role.VIEWER).json()
        assert {name: full[name] for name in line} == line
        assert "SELECT" in full["violations"]
        assert any(not example["fires"] for example in full["examples"])
    assert is_problem(api.get("/api/v1/checks/no-such-check"), 404)
    assert is_problem(api.get("/api/v1/checks/Upper"), 422)


@pytest.mark.slow
def test_the_journal_is_paged_in_its_order_and_verified(own: AdminApi) -> None:
    for issue in own.repairable()[:3]:
        own.post(REPORT, {"issueId": issue, "reason": "Agreed with finance in ticket 4711."})
    whole = own.get(JOURNAL).json()
    assert [entry["seq"] for entry in whole["entries"]] == [1, 2, 3]
    assert (whole["lastSeq"], whole["nextCursor"]) == (3, None)
    first = own.get(f"{JOURNAL}?limit=2").json()
    second = own.get(f"{JOURNAL}?limit=2&cursor={first['nextCursor']}").json()
    assert [*first["entries"], *second["entries"]] == whole["entries"]
    assert own.get(f"{JOURNAL}/verify").json()["verdict"] == "sound"
    own.company.execute("UPDATE trueup_journal SET reason = 'another one' WHERE seq = 2")
    broken = own.get(f"{JOURNAL}/verify").json()
    assert (broken["verdict"], broken["seq"], broken["hash"]) == ("broken", 2, None)


def test_where_there_is_no_journal_that_is_said(own: AdminApi) -> None:
    for table in ("trueup_journal", "trueup_journal_head", "trueup_repair", "trueup_binding", "trueup_schema_version"):
        own.company.execute(f"DROP TABLE IF EXISTS {table}")
    assert is_problem(own.get(JOURNAL), 404)
    assert is_problem(own.get(f"{JOURNAL}/verify"), 404)


def test_a_database_that_cannot_be_reached_leaves_the_journal_unknown_and_not_absent(own: AdminApi) -> None:
    away = "postgresql://nobody:hunter2@127.0.0.1:1/app"
    config = dataclasses.replace(own.company.config, repair_url=away, database_url=away)
    own.client.app = create_app(config, store=own.store, catalogue=own.company.checks, clock=own.clock)
    for path in (JOURNAL, f"{JOURNAL}/verify"):
        answer = own.get(path)
        assert is_problem(answer, 503)
        assert "hunter2" not in answer.text


def test_a_token_is_shown_once_works_and_is_worthless_once_revoked(own: AdminApi) -> None:
    made = own.post(TOKENS, {"name": "ci", "role": "viewer", "lifetimeDays": 30}, role=Role.SUPER_ADMIN)
    assert made.status_code == 201
    secret, token = made.json()["secret"], made.json()["token"]
    assert (token["role"], token["expiresAt"][:10], token["valid"]) == ("viewer", "2026-12-23", True)
    assert own.client.ask("GET", "/api/v1/checks", token=secret).status_code == 200
    listed = own.get(TOKENS, role=Role.SUPER_ADMIN)
    assert secret not in listed.text
    assert secret.split("_")[2] not in listed.text
    assert own.delete(f"{TOKENS}/{token['id']}", role=Role.SUPER_ADMIN).status_code == 204
    assert own.client.ask("GET", "/api/v1/checks", token=secret).status_code == 401
    assert is_problem(own.delete(f"{TOKENS}/{token['id']}", role=Role.SUPER_ADMIN), 404)
    (revoked,) = (t for t in own.get(TOKENS, role=Role.SUPER_ADMIN).json()["tokens"] if t["id"] == token["id"])
    assert (revoked["valid"], revoked["revokedAt"]) == (False, "2026-11-23T07:30:15Z")


@pytest.mark.parametrize(
    "change", [{"lifetimeDays": 91}, {"lifetimeDays": 0}, {"role": "root"}, {"name": ""}, {"name": "a\n"}, {"x": 1}]
)
def test_a_token_that_cannot_be_is_refused(api: AdminApi, change: dict[str, object]) -> None:
    body = {"name": "ci", "role": "viewer", "lifetimeDays": 30} | change
    assert is_problem(api.post(TOKENS, body, role=Role.SUPER_ADMIN), 422)


def test_tokens_are_the_super_admins_alone(api: AdminApi) -> None:
    for role in (Role.VIEWER, Role.ADMIN):
        assert is_problem(api.get(TOKENS, role=role), 403)
        assert is_problem(api.post(TOKENS, {}, role=role), 403)
        assert is_problem(api.delete(f"{TOKENS}/{'0' * 16}", role=role), 403)
