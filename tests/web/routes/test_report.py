"""The contract's GET: the report of the newest audit that is young enough, in pages of one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import asking, is_problem
from tests.support.json_schema import violations
from tests.support.writing import document
from trueup.formats import json as report_format
from trueup.model.access import Role

SCHEMA = json.loads((Path(report_format.__file__).parent / "report.schema.json").read_text())


@pytest.fixture
def own(tmp_path: Path) -> Iterator[AdminApi]:
    """An app of the test's own, without a run."""
    with admin_api(tmp_path) as made:
        yield made


@pytest.mark.slow
def test_the_report_is_the_document_of_the_command_line(api: AdminApi) -> None:
    answered = api.get(REPORT).json()
    written = document(api.company.report())
    for varying in ("runId", "outcomes"):
        assert answered.pop(varying)
        assert written.pop(varying)
    assert answered == written
    assert list(answered) == list(written)


def test_the_report_keeps_its_schema(api: AdminApi) -> None:
    assert list(violations(api.get(REPORT).json(), SCHEMA, SCHEMA)) == []
    assert list(violations(api.get(f"{REPORT}?limit=3").json(), SCHEMA, SCHEMA)) == []


@pytest.mark.slow
def test_the_first_answer_starts_an_audit_and_the_next_ones_are_stored(own: AdminApi) -> None:
    first = own.get(REPORT)
    own.clock.forward(seconds=100)
    again = own.get(REPORT)
    assert (first.headers["Trueup-Report"], first.headers["Age"]) == ("started", "0")
    assert (again.headers["Trueup-Report"], again.headers["Age"]) == ("stored", "100")
    assert first.content == again.content
    own.clock.forward(seconds=201)
    late = own.get(REPORT)
    assert late.headers["Trueup-Report"] == "started"
    assert late.json()["runId"] != first.json()["runId"]
    assert own.get(f"{REPORT}?maxAgeSeconds=0").headers["Trueup-Report"] == "started"
    assert own.get(f"{REPORT}?maxAgeSeconds=900").headers["Trueup-Report"] == "stored"


@pytest.mark.slow
def test_a_report_that_is_served_late_allows_nothing_any_more(own: AdminApi) -> None:
    def guardrails(report: dict[str, Any]) -> dict[str, str]:
        return {guardrail["id"]: guardrail["status"] for guardrail in report["guardrails"]}

    patient = f"{REPORT}?maxAgeSeconds=86400"
    first = own.get(patient)
    own.clock.forward(minutes=60)
    same = own.get(patient)
    assert (same.content, same.headers["ETag"]) == (first.content, first.headers["ETag"])
    own.clock.forward(seconds=1)
    late = own.get(patient)
    assert late.headers["Trueup-Report"] == "stored"
    assert late.headers["ETag"] != first.headers["ETag"]
    before, after = guardrails(first.json()), guardrails(late.json())
    assert before["audited-repairs"] == before["complete-and-fresh"] == "allowed"
    assert after == {name: "unknown" if status == "allowed" else status for name, status in before.items()}
    whole = own.get(f"/api/v1/runs/{first.json()['runId']}").json()["report"]
    assert whole["guardrails"] == late.json()["guardrails"]
    assert guardrails(own.get(f"{REPORT}?maxAgeSeconds=0").json()) == before


@pytest.mark.slow
def test_twenty_callers_at_once_start_one_audit_and_none_holds_a_thread(own: AdminApi) -> None:
    def ask(_number: int) -> httpx.Response:
        with asking(own.app) as client:
            return client.ask("GET", REPORT, token=own.tokens[Role.ADMIN])

    with ThreadPoolExecutor(20) as executor:
        answers = list(executor.map(ask, range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["runId"] for answer in answers}) == 1
    assert len(own.store.runs.list()) == 1


@pytest.mark.slow
def test_first_seen_stays_what_it_was_in_a_later_run(own: AdminApi) -> None:
    before = own.get(REPORT).json()
    own.clock.forward(hours=1)
    after = own.get(REPORT).json()
    assert after["generatedAt"] != before["generatedAt"]
    known = {issue["id"] for issue in before["issues"]}
    assert {i["firstSeen"] for i in after["issues"] if i["id"] in known} == {before["generatedAt"]}
    assert {i["firstSeen"] for i in after["issues"] if i["id"] not in known} <= {after["generatedAt"]}


@pytest.mark.slow
def test_another_period_is_another_report(own: AdminApi) -> None:
    assert own.get(f"{REPORT}?periodDays=30").json()["periodDays"] == 30
    assert own.get(REPORT).json()["periodDays"] == 45
    assert own.get(f"{REPORT}?periodDays=30").headers["Trueup-Report"] == "stored"


@pytest.mark.parametrize(
    "query",
    [
        *(
            f"periodDays={value}"
            for value in ("0", "-1", "3651", "30.0", "%2030", "+30", "1_0", "", "ten", "%EF%BC%91", "1e1")
        ),
        "periodDays=30&periodDays=45",
        "perioddays=30",
        *(f"maxAgeSeconds={value}" for value in ("-1", "01", "2592001", "1.5")),
        *(f"limit={value}" for value in ("0", "1001", "1e2")),
        "cursor=",
        "cursor=abc",
        "nonsense=1",
    ],
)
def test_a_parameter_that_is_not_plainly_right_is_refused(api: AdminApi, query: str) -> None:
    assert is_problem(api.get(f"{REPORT}?{query}"), 422)


def test_pages_hold_each_issue_once_and_counts_are_of_the_whole(api: AdminApi) -> None:
    whole = api.get(REPORT).json()
    seen, cursor = [], ""
    while True:
        page = api.get(f"{REPORT}?limit=7{cursor}").json()
        assert page["summary"] == whole["summary"]
        seen += page["issues"]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == whole["issues"]
    assert whole["nextCursor"] is None


@pytest.mark.slow
def test_a_cursor_leads_on_through_its_run_whatever_is_audited_meanwhile(own: AdminApi) -> None:
    first = own.get(f"{REPORT}?limit=5").json()
    own.clock.forward(hours=1)
    own.company.execute("DELETE FROM credit_transactions")
    newer = own.get(REPORT).json()
    second = own.get(f"{REPORT}?limit=5&cursor={first['nextCursor']}")
    assert second.json()["runId"] == first["runId"] != newer["runId"]
    assert (second.headers["Trueup-Report"], second.headers["Age"]) == ("stored", "3600")


def test_a_cursor_that_we_did_not_write_for_this_list_is_refused(api: AdminApi) -> None:
    cursor = api.get(f"{REPORT}?limit=5").json()["nextCursor"]
    payload, _, signature = cursor.partition(".")
    other = api.get("/api/v1/findings?limit=5").json()["nextCursor"]
    for tampered in (
        f"A{payload[1:]}.{signature}",
        f"{payload}A.{signature}",
        f"{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        f"{payload}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
        other,
    ):
        assert is_problem(api.get(f"{REPORT}?cursor={tampered}"), 422), tampered
    assert is_problem(api.get(f"{REPORT}?cursor={cursor}&periodDays=30"), 422)
    assert api.get(f"{REPORT}?cursor={cursor}&periodDays=45").status_code == 200


def test_a_caller_who_holds_the_bytes_gets_none(api: AdminApi) -> None:
    etag = api.get(REPORT).headers["ETag"]
    for given in (etag, f'"other", W/{etag}', "*"):
        answer = api.get(REPORT, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    assert api.get(REPORT, headers={"If-None-Match": '"other"'}).status_code == 200
    assert api.get(f"{REPORT}?limit=3").headers["ETag"] != etag


def test_an_audit_that_cannot_be_made_is_said_without_where(own: AdminApi, tmp_path: Path) -> None:
    (tmp_path / "app.db").rename(tmp_path / "away.db")
    answer = own.get(REPORT)
    assert answer.status_code in {500, 503}
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
def test_admins_read_the_report(api: AdminApi, role: Role) -> None:
    assert api.get(REPORT, role=role).status_code == 200


def test_a_viewer_does_not(api: AdminApi) -> None:
    assert is_problem(api.get(REPORT, role=Role.VIEWER), 403)
    assert is_problem(api.client.ask("GET", REPORT), 401)


@pytest.mark.slow
def test_a_run_that_was_pruned_ends_its_cursors(own: AdminApi) -> None:
    cursor = own.get(f"{REPORT}?limit=5").json()["nextCursor"]
    with own.store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM trueup_run")
    assert is_problem(own.get(f"{REPORT}?cursor={cursor}"), 422)
