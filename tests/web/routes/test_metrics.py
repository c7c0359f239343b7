"""``/metrics``: what the store knows and what this process counted, with labels that cannot grow without end."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.admin_api import REPORT, AdminApi, admin_api
from trueup.model.access import Role

STATUSES = ("allowed", "blocked", "unknown")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(api: AdminApi) -> Samples:
    """Every sample of a scrape, by name and labels."""
    answer = api.get("/metrics", role=Role.VIEWER)
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def one(found: Samples, name: str, **labels: str) -> float | None:
    """The value of one sample."""
    return found.get((name, frozenset(labels.items())))


def test_findings_score_and_ages_are_the_newest_audits(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        assert one(samples(own), "trueup_last_complete_audit_age_seconds") is None
        report = own.get(REPORT).json()
        own.clock.forward(seconds=90)
        found = samples(own)
        assert one(found, "trueup_score") == report["summary"]["score"]
        assert one(found, "trueup_confidence") == report["summary"]["confidence"]
        assert one(found, "trueup_last_complete_audit_age_seconds") == 90
        assert (one(found, "trueup_run_duration_seconds") or 0) > 0
        for line in report["scoreBreakdown"]:
            labels = {"check": line["check"], "severity": line["severity"]}
            assert one(found, "trueup_findings", **labels) == line["findings"]
        assert one(found, "trueup_checks", outcome="checked") == sum(
            made["outcome"] == "checked" for made in report["outcomes"]
        )
        assert one(found, "trueup_store_usable") == 1


@pytest.mark.slow
def test_a_guardrail_has_one_status_and_too_old_an_audit_allows_nothing(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        report = own.get(REPORT).json()
        for forward, status in ((0, "allowed"), (61, "unknown")):
            own.clock.forward(minutes=forward)
            found = samples(own)
            for guardrail in report["guardrails"]:
                values = {s: one(found, "trueup_guardrail", id=guardrail["id"], status=s) for s in STATUSES}
                now = status if guardrail["status"] == "allowed" else guardrail["status"]
                assert values == {s: float(s == now) for s in STATUSES}


@pytest.mark.slow
def test_requests_are_counted_by_template_and_repairs_by_result(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        issue = own.repairable()[0]
        order = {"issueId": issue, "reason": "Agreed with finance in ticket 4711."}
        for _ in range(2):
            own.post(REPORT, order)
        own.get(f"/api/v1/findings/{issue}")
        own.get("/api/v1/findings/credit-balance:nobody")
        own.get("/no/such/path")
        own.client.ask("BREW", REPORT)
        found = samples(own)
        assert one(found, "trueup_repairs_total", result="applied") == 1
        assert one(found, "trueup_repairs_total", result="stale") == 1
        assert one(found, "trueup_repairs_total", result="refused") == 0
        path = "/api/v1/findings/{issue_id}"
        assert one(found, "trueup_requests_total", method="GET", route=path, status="200") == 1
        assert one(found, "trueup_requests_total", method="GET", route=path, status="404") == 1
        assert one(found, "trueup_requests_total", method="GET", route="other", status="404") == 1
        assert one(found, "trueup_requests_total", method="other", route=REPORT, status="405") == 1


def test_labels_hold_nothing_that_a_caller_chose(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        for number in range(30):
            own.get(f"/api/v1/findings/credit-balance:nobody{number}")
            own.client.ask(f"M{number}", f"/{number}")
        assert "nobody" not in own.get("/metrics").text
        values = {value for _, labels in samples(own) for name, value in labels if name in {"route", "method"}}
        assert len(values) < 10


@pytest.mark.slow
def test_a_store_that_cannot_be_used_is_a_fact_and_hides_nothing_else(tmp_path: Path) -> None:
    with admin_api(tmp_path) as own:
        own.get(REPORT)
        with own.store.database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE trueup_transition")
            connection.exec_driver_sql("DROP TABLE trueup_issue")
            connection.exec_driver_sql("DROP TABLE trueup_run")
        found = samples(own)
        assert one(found, "trueup_store_usable") == 0
        assert one(found, "trueup_requests_total", method="GET", route=REPORT, status="200") == 1
