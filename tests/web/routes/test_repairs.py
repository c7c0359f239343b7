"""Repairs through the API: previewed, applied once, recorded, and refused with the status that says why."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import is_problem
from trueup.model.access import Role
from trueup.web import create_app

REASON = "Agreed with finance in ticket 4711."
REPAIRS = "/api/v1/repairs"
PREVIEW = f"{REPAIRS}/preview"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[AdminApi]:
    """An app of the test's own, with a run."""
    with admin_api(tmp_path) as made:
        made.get(REPORT)
        yield made


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_one_issue_of_each_kind_is_repaired_and_gone_from_the_next_report(
    request: pytest.FixtureRequest, tmp_path: Path, place: str
) -> None:
    """The contract from end to end: the report, the four repairs, the report again, the journal."""
    urls = [] if place == "sqlite" else [request.getfixturevalue("postgres_server").create_database() for _ in range(2)]
    with admin_api(tmp_path, place=urls[0] if urls else "", store_url=urls[1] if urls else "") as own:
        assert own.get(REPORT).headers["Trueup-Report"] == "started"
        repairable = list({issue.partition(":")[0]: issue for issue in own.repairable()}.values())
        assert len(repairable) == 4
        for number, issue in enumerate(repairable, start=1):
            done = own.post(REPORT, {"issueId": issue, "reason": REASON})
            assert done.status_code == 200, done.text
            answer = done.json()
            assert (answer["issueId"], answer["journalSeq"], answer["replayed"]) == (issue, number, False)
            assert (answer["result"], answer["changedSince"]) == ("applied", [])
            assert set(answer) == {
                *(
                    "result",
                    "changedSince",
                    "issueId",
                    "kind",
                    "summary",
                    "repairId",
                    "journalSeq",
                    "planHash",
                    "appliedAt",
                    "replayed",
                )
            }
        after = own.get(f"{REPORT}?maxAgeSeconds=0").json()
        assert not {issue["id"] for issue in after["issues"]} & set(repairable)
        entries = own.get("/api/v1/journal").json()["entries"]
        assert [entry["target"] for entry in entries] == repairable
        assert {entry["reason"] for entry in entries} == {REASON}
        assert {entry["actor"].partition(":")[0] for entry in entries} == {"token"}
        verdict = own.get("/api/v1/journal/verify").json()
        assert (verdict["verdict"], verdict["count"]) == ("sound", len(repairable))


@pytest.mark.slow
def test_a_preview_writes_nothing_and_its_hash_holds_the_repair_to_it(own: AdminApi) -> None:
    issue = own.repairable()[0]
    plan = own.post(PREVIEW, {"issueId": issue}).json()
    assert plan == own.post(PREVIEW, {"issueId": issue}).json()
    assert own.get("/api/v1/journal").json()["entries"] == []
    other = {"issueId": issue, "reason": REASON, "planHash": "0" * 64}
    assert is_problem(own.post(REPAIRS, other), 409)
    done = own.post(REPAIRS, {"issueId": issue, "reason": REASON, "planHash": plan["planHash"]})
    assert (done.status_code, done.json()["planHash"]) == (200, plan["planHash"])


@pytest.mark.slow
def test_the_same_key_and_body_give_the_first_result_and_another_body_is_refused(own: AdminApi) -> None:
    first, second, *_ = own.repairable()
    order, key = {"issueId": first, "reason": REASON}, {"Idempotency-Key": "order-1"}
    done = own.post(REPORT, order, headers=key).json()
    again = own.post(REPORT, order, headers=key).json()
    assert again == done | {"replayed": True}
    assert is_problem(own.post(REPORT, order | {"issueId": second}, headers=key), 422)
    assert own.post(REPORT, order | {"issueId": second}, headers=key, role=Role.SUPER_ADMIN).status_code == 200
    two = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert is_problem(own.post(REPORT, order, headers=two), 422)
    assert is_problem(own.post(REPORT, order, headers={"Idempotency-Key": "with space"}), 422)


@pytest.mark.slow
def test_what_is_repaired_already_is_stale_and_what_nobody_knows_is_not_found(own: AdminApi) -> None:
    issue = own.repairable()[0]
    assert own.post(REPORT, {"issueId": issue, "reason": REASON}).status_code == 200
    assert is_problem(own.post(REPORT, {"issueId": issue, "reason": REASON}), 409)
    assert is_problem(own.post(PREVIEW, {"issueId": issue}), 409)
    for unknown in ("credit-balance:nobody", "no-such-check:user_1"):
        for path in (REPORT, REPAIRS):
            assert is_problem(own.post(path, {"issueId": unknown, "reason": REASON}), 404)
        assert is_problem(own.post(PREVIEW, {"issueId": unknown}), 404)
    keyed = own.post(REPORT, {"issueId": "credit-balance:nobody", "reason": REASON}, headers={"Idempotency-Key": "k"})
    assert is_problem(keyed, 404)


@pytest.mark.slow
def test_a_finding_that_no_run_has_seen_yet_can_be_repaired(own: AdminApi) -> None:
    known = {issue["subject"] for issue in own.issues()}
    rows = own.company.rows(
        "SELECT u.id FROM users u WHERE u.credits = (SELECT t.balance_after FROM credit_transactions t"
        " WHERE t.user_id = u.id ORDER BY t.sequence DESC LIMIT 1) ORDER BY u.id"
    )
    user = next(str(row[0]) for row in rows if row[0] not in known)
    own.company.execute(f"UPDATE users SET credits = credits + 7 WHERE id = '{user}'")
    done = own.post(REPORT, {"issueId": f"credit-balance:{user}", "reason": REASON})
    assert done.status_code == 200, done.text


@pytest.mark.slow
def test_what_a_person_must_decide_is_refused_with_the_reason(own: AdminApi) -> None:
    issue = next(issue["id"] for issue in own.issues() if issue["repair"] is None)
    for answer in (own.post(REPORT, {"issueId": issue, "reason": REASON}), own.post(PREVIEW, {"issueId": issue})):
        assert is_problem(answer, 422)
        assert "a person decides" in answer.json()["detail"]


@pytest.mark.slow
def test_an_exemption_of_the_store_blocks_a_repair_at_once(own: AdminApi) -> None:
    issue = own.repairable()[0]
    check, _, subject = issue.partition(":")
    exemption = {"check": check, "subject": subject, "owner": "finance", "reason": REASON, "expires": "2027-01-31"}
    assert own.post("/api/v1/exemptions", exemption).status_code == 201
    refused = own.post(REPORT, {"issueId": issue, "reason": REASON})
    assert is_problem(refused, 422)
    assert "exempted by finance" in refused.json()["detail"]
    assert own.delete(f"/api/v1/exemptions/{issue}").status_code == 204
    assert own.post(REPORT, {"issueId": issue, "reason": REASON}).status_code == 200


@pytest.mark.slow
def test_where_repairs_are_off_a_known_issue_is_refused_and_an_unknown_one_not_found(own: AdminApi) -> None:
    issue = own.repairable()[0]
    config = dataclasses.replace(own.company.config, repair_url=None)
    app = create_app(config, store=own.store, catalogue=own.company.checks, clock=own.clock)
    own.client.app = app
    assert is_problem(own.post(REPORT, {"issueId": issue, "reason": REASON}), 422)
    assert is_problem(own.post(REPORT, {"issueId": "credit-balance:nobody", "reason": REASON}), 404)


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "too short"},
        {"reason": "   nine.....   "},
        {"reason": "x" * 501},
        {"reason": "a line\nand another one"},
        {"reason": "turned \u202e around and around"},
        {"reason": 5},
        {"reason": None},
        {"issueId": "credit-balance"},
        {"issueId": "credit-balance:"},
        {"issueId": "Credit:user_1"},
        {"issueId": "credit-balance:" + "x" * 201},
        {"issueId": "credit-balance:a\u0007b"},
        {"issueId": ["credit-balance:user_1"]},
        {"planHash": "abc"},
        {"planHash": 1},
        {"force": True},
    ],
)
def test_a_body_that_is_not_plainly_right_is_refused_without_repeating_it(
    api: AdminApi, change: dict[str, object]
) -> None:
    answer = api.post(REPORT, {"issueId": "credit-balance:user_1", "reason": REASON} | change)
    assert is_problem(answer, 422)
    assert not [
        value for value in change.values() if isinstance(value, str) and len(value) > 5 and value in answer.text
    ]


@pytest.mark.slow
def test_spaces_around_a_reason_do_not_count_and_are_not_kept(own: AdminApi) -> None:
    issue = own.repairable()[0]
    assert own.post(REPORT, {"issueId": issue, "reason": f"  {'x' * 500}  "}).status_code == 200
    assert own.get("/api/v1/journal").json()["entries"][0]["reason"] == "x" * 500


def test_a_viewer_neither_previews_nor_repairs(api: AdminApi) -> None:
    body = {"issueId": "credit-balance:user_1", "reason": REASON}
    for path in (REPORT, REPAIRS, PREVIEW):
        assert is_problem(api.post(path, body, role=Role.VIEWER), 403)


@pytest.mark.slow
def test_a_lock_that_is_held_is_busy_and_says_when_to_come_again(own: AdminApi) -> None:
    from sqlalchemy import text  # noqa: PLC0415 - of this test alone

    from trueup.targets import open_target  # noqa: PLC0415 - of this test alone

    issue = own.repairable()[0]
    with open_target(own.company.config.database_url).transaction() as connection:
        connection.execute(text("UPDATE users SET credits = credits"))
        answer = own.post(REPORT, {"issueId": issue, "reason": REASON})
    assert is_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert str(own.company.config.path.parent) not in answer.text
