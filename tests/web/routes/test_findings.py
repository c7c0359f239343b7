"""Findings: filtered, sorted, paged through one run; one in full, with its account's ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import is_problem
from trueup.checks import catalogue
from trueup.model.access import Role

FINDINGS = "/api/v1/findings"
COMPARE = {check.id for check in catalogue() if check.compares_accounts}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[AdminApi]:
    """An app of the test's own, with a run."""
    with admin_api(tmp_path) as made:
        made.get(REPORT)
        yield made


def walked(api: AdminApi, query: str, *, limit: int = 5) -> list[dict[str, Any]]:
    """Every finding that the pages hold."""
    seen: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = api.get(f"{FINDINGS}?limit={limit}{query}{cursor}").json()
        seen += page["findings"]
        if page["nextCursor"] is None:
            return seen
        cursor = f"&cursor={page['nextCursor']}"


def test_the_list_is_the_newest_reports_issues_with_their_state(api: AdminApi) -> None:
    listed = walked(api, "")
    assert [{k: v for k, v in found.items() if k != "state"} for found in listed] == api.issues()
    assert {found["state"] for found in listed} == {"open"}


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("severity=error", lambda found: found["severity"] == "error"),
        ("category=webhooks", lambda found: found["category"] == "webhooks"),
        ("check=credit-balance", lambda found: found["check"] == "credit-balance"),
        ("repairable=true", lambda found: found["repair"] is not None and "kind" in found["repair"]),
        ("revenueImpacting=false", lambda found: not found["revenueImpacting"]),
        ("exempted=true", lambda found: found["exemption"] is not None),
        ("state=open", lambda _: True),
        ("state=reopened", lambda _: False),
        ("severity=critical&category=credits", lambda f: (f["severity"], f["category"]) == ("critical", "credits")),
    ],
)
def test_a_filter_lets_through_what_it_says(api: AdminApi, query: str, holds: Any) -> None:
    issues = api.issues()
    expected = [issue["id"] for issue in issues if holds(issue) and (issue["exemption"] is None or "exempted" in query)]
    found = [one["id"] for one in walked(api, f"&{query}") if "exempted" in query or one["exemption"] is None]
    assert found == expected


def test_a_subject_finds_everything_about_it(api: AdminApi) -> None:
    subject = api.issues()[0]["subject"]
    found = walked(api, f"&subject={quote(subject, safe='')}")
    assert found
    assert {one["subject"] for one in found} == {subject}


@pytest.mark.parametrize("sort", ["severity", "risk", "first_seen", "subject"])
def test_every_order_pages_through_each_finding_once(api: AdminApi, sort: str) -> None:
    listed = [found["id"] for found in walked(api, f"&sort={sort}", limit=3)]
    assert sorted(listed) == sorted(issue["id"] for issue in api.issues())
    assert listed == [found["id"] for found in walked(api, f"&sort={sort}", limit=1000)]


def test_a_cursor_leads_on_through_the_same_question_alone(api: AdminApi) -> None:
    cursor = api.get(f"{FINDINGS}?limit=2&severity=error").json()["nextCursor"]
    assert api.get(f"{FINDINGS}?limit=9&severity=error&cursor={cursor}").status_code == 200
    assert is_problem(api.get(f"{FINDINGS}?limit=2&cursor={cursor}"), 422)
    assert is_problem(api.get(f"{FINDINGS}?limit=2&severity=critical&cursor={cursor}"), 422)
    assert is_problem(api.get(f"{FINDINGS}?severity=error&cursor={cursor[:-2]}AA"), 422)


@pytest.mark.parametrize(
    "query",
    ["severity=Error", "category=none", "check=Credit", "repairable=1", "state=closed", "sort=-risk", "runId=1", "x=1"],
)
def test_a_filter_that_is_not_known_is_refused(api: AdminApi, query: str) -> None:
    assert is_problem(api.get(f"{FINDINGS}?{query}"), 422)


def test_before_the_first_audit_there_is_no_list_to_be_taken_for_a_clean_one(tmp_path: Path) -> None:
    with admin_api(tmp_path) as fresh:
        assert is_problem(fresh.get(FINDINGS), 404)


def test_a_run_that_is_unknown_answers_like_one_of_another_environment(api: AdminApi) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert is_problem(api.get(f"{FINDINGS}?runId={unknown}"), 404)


@pytest.mark.slow
def test_what_was_resolved_is_listed_and_what_came_back_is_reopened(own: AdminApi) -> None:
    (gone, *_), before = own.issues(check="credit-balance"), own.issues()
    user = gone["subject"]
    right = gone["evidence"]["lastBalanceAfter"]
    own.company.execute(f"UPDATE users SET credits = {right} WHERE id = '{user}'")
    own.clock.forward(minutes=10)
    own.get(REPORT)
    (resolved,) = (found for found in walked(own, "&state=resolved") if found["id"] == gone["id"])
    assert (resolved["state"], resolved["message"]) == ("resolved", gone["message"])
    assert own.get(f"{FINDINGS}/{gone['id']}").json()["now"] == "not_found"
    own.company.execute(f"UPDATE users SET credits = {right} + 3 WHERE id = '{user}'")
    own.clock.forward(minutes=10)
    own.get(REPORT)
    assert [found["id"] for found in walked(own, "&state=reopened")] == [gone["id"]]
    full = own.get(f"{FINDINGS}/{gone['id']}").json()
    assert (full["state"], full["timesReopened"], full["firstSeen"]) == ("reopened", 1, before[0]["firstSeen"])


def test_one_finding_shows_its_evidence_and_its_accounts_ledger(api: AdminApi) -> None:
    (issue, *_) = api.issues(check="credit-balance")
    full = api.get(f"{FINDINGS}/{issue['id']}").json()
    assert full["finding"] == issue
    assert full["now"] == "found"
    assert full["current"]["evidence"] == issue["evidence"]
    assert full["timeline"]["accountId"] == issue["subject"]
    assert full["timeline"]["entries"][-1]["balanceAfter"] == issue["evidence"]["lastBalanceAfter"]
    assert full["why"]
    timeline = full["timeline"]
    of_ledger = [line["id"] for line in timeline["lines"] if line["relation"] == "ledger_entry"]
    assert of_ledger == [entry["entryId"] for entry in timeline["entries"]]
    assert {line["side"] for line in timeline["lines"]} == {"app"}
    assert "Stripe was not read here: what it knows is unknown." in timeline["unknown"]


@pytest.mark.slow
def test_a_finding_of_every_check_can_be_had_in_full(api: AdminApi) -> None:
    for issue in {issue["check"]: issue for issue in api.issues()}.values():
        full = api.get(f"{FINDINGS}/{quote(issue['id'], safe='')}")
        assert full.status_code == 200, issue["id"]
        assert full.json()["finding"] == issue
        now = full.json()["now"]
        needs_all_rows = issue["check"] in COMPARE or issue["category"] == "gates"
        assert now == "found" or (needs_all_rows and now == "unknown"), issue["id"]


@pytest.mark.parametrize("issue_id", ["credit-balance:nobody", "no-such-check:user_1", "credit-balance:a%2Fb%3Fc"])
def test_an_issue_that_is_unknown_is_not_found_whatever_its_id(api: AdminApi, issue_id: str) -> None:
    for role in (Role.ADMIN, Role.VIEWER):
        assert is_problem(api.get(f"{FINDINGS}/{issue_id}", role=role), 404)


@pytest.mark.slow
def test_a_database_that_is_away_leaves_what_is_remembered(own: AdminApi, tmp_path: Path) -> None:
    (issue, *_) = own.issues(check="credit-balance")
    (tmp_path / "app.db").rename(tmp_path / "away.db")
    full = own.get(f"{FINDINGS}/{issue['id']}").json()
    assert (full["now"], full["timeline"], full["finding"]) == ("unknown", None, issue)
