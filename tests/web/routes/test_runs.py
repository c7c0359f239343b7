"""Runs: listed newest first, one in full, compared, started by request."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.admin_api import REPORT, AdminApi, admin_api
from tests.support.api import asking, is_problem
from trueup.model.access import Role

RUNS = "/api/v1/runs"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminApi]:
    """A company that was audited, changed, and audited again."""
    with admin_api(tmp_path_factory.mktemp("two")) as made:
        made.get(REPORT)
        gone = made.issues(check="credit-balance")[0]
        made.company.execute(
            f"UPDATE users SET credits = {gone['evidence']['lastBalanceAfter']} WHERE id = '{gone['subject']}'"
        )
        made.clock.forward(minutes=1)
        made.get(f"{REPORT}?maxAgeSeconds=0")
        yield made


@pytest.mark.slow
def test_runs_are_listed_newest_first_each_once(two: AdminApi) -> None:
    whole = two.get(RUNS).json()
    moments = [run["generatedAt"] for run in whole["runs"]]
    assert moments == sorted(moments, reverse=True)
    assert whole["nextCursor"] is None
    first = two.get(f"{RUNS}?limit=1").json()
    second = two.get(f"{RUNS}?limit=1&cursor={first['nextCursor']}").json()
    assert [*first["runs"], *second["runs"]] == whole["runs"]
    assert second["nextCursor"] is None


def test_a_run_in_full_is_its_report_without_the_issues(two: AdminApi) -> None:
    report = two.get(REPORT).json()
    full = two.get(f"{RUNS}/{report['runId']}").json()
    assert full["report"] == {name: value for name, value in report.items() if name not in {"issues", "nextCursor"}}
    assert full["run"]["issues"] == len(report["issues"])
    assert full["run"]["trigger"] == "request"


def test_the_difference_says_what_was_resolved(two: AdminApi) -> None:
    newer, older = (run["runId"] for run in two.get(RUNS).json()["runs"])
    found = two.get(f"{RUNS}/{newer}/difference").json()
    assert found["withRunId"] == older
    assert found["counts"]["resolved"] == len(found["resolved"]) >= 1
    assert two.get(f"{RUNS}/{newer}/difference?with={older}").json()["resolved"] == found["resolved"]
    assert two.get(f"{RUNS}/{older}/difference?with={newer}").json()["counts"]["resolved"] == 0
    first = two.get(f"{RUNS}/{older}/difference?limit=1").json()
    assert (len(first["new"]), first["counts"]["new"] > 1, first["withRunId"]) == (1, True, None)


def test_an_unknown_run_is_not_found(two: AdminApi) -> None:
    known = two.get(RUNS).json()["runs"][0]["runId"]
    for path in (f"{RUNS}/{UNKNOWN}", f"{RUNS}/{UNKNOWN}/difference", f"{RUNS}/{known}/difference?with={UNKNOWN}"):
        assert is_problem(two.get(path), 404)
    assert is_problem(two.get(f"{RUNS}/1"), 422)
    assert is_problem(two.get(f"{RUNS}?cursor={two.get(f'{REPORT}?limit=1').json()['nextCursor']}"), 422)


def test_a_started_run_is_answered_when_it_is_done_and_shared_by_those_who_ask_at_once(two: AdminApi) -> None:
    def start(_number: int) -> tuple[int, str]:
        with asking(two.app) as client:
            answer = client.ask("POST", RUNS, token=two.tokens[Role.ADMIN], json={"periodDays": 20})
        return answer.status_code, answer.json()["run"]["runId"]

    with ThreadPoolExecutor(5) as executor:
        answers = set(executor.map(start, range(5)))
    ((status, run_id),) = answers
    assert status == 201
    run = two.get(f"{RUNS}/{run_id}").json()["run"]
    assert (run["periodDays"], run["decides"]) == (20, False)


@pytest.mark.parametrize("body", [{"periodDays": 0}, {"periodDays": "20"}, {"periodDays": True}, {"days": 3}, [], 5])
def test_a_run_that_cannot_be_is_refused(two: AdminApi, body: object) -> None:
    assert is_problem(two.post(RUNS, body), 422)


def test_a_viewer_reads_runs_and_starts_none(two: AdminApi) -> None:
    assert two.get(RUNS, role=Role.VIEWER).status_code == 200
    assert is_problem(two.post(RUNS, {}, role=Role.VIEWER), 403)
