"""The reader reads what the writer wrote."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import datetime

from hypothesis import assume, given

from tests.support.reports import NOW, QUICK, finding, reports, sample
from trueup.formats import write
from trueup.formats.report_reader import StoredReport, read_report
from trueup.model.change import DescribedChange
from trueup.model.outcome import Checked
from trueup.model.report import Report


def text_of(report: Report, first_seen: dict[str, datetime] | None = None) -> str:
    out = io.StringIO()
    write(report, format="json", stream=out, first_seen=first_seen or {})
    return out.getvalue()


def read(report: Report) -> StoredReport:
    return read_report(text_of(report), place="report.json")


def is_readable(report: Report) -> bool:
    cells = [(gate.feature, gate.plan) for gate in report.plan_gates]
    rails = [rail.id for rail in report.guardrails]
    return bool(report.run_id) and len(set(cells)) == len(cells) and len(set(rails)) == len(rails)


@QUICK
@given(reports())
def test_what_was_read_is_written_as_the_same_text(report: Report) -> None:
    assume(is_readable(report))
    assert text_of(read(report).report) == text_of(report)


@QUICK
@given(reports())
def test_reading_what_was_written_gives_the_same_value(report: Report) -> None:
    assume(is_readable(report))
    stored = read(report)
    assert read(stored.report) == stored


@QUICK
@given(reports())
def test_reading_loses_nothing_that_the_document_shows_in_full(report: Report) -> None:
    assume(is_readable(report))
    again = read(report).report
    same = ("generated_at", "period_days", "database_as_of", "stripe_as_of")
    assert [getattr(again, name) for name in same] == [getattr(report, name) for name in same]
    assert (again.status, again.score, again.confidence) == (report.status, report.score, report.confidence)
    assert again.severities == report.severities
    assert again.at_risk.money == {code: amount for code, amount in report.at_risk.money.items() if amount}
    assert again.at_risk.credits == report.at_risk.credits
    for before, after in zip(report.findings(), again.findings(), strict=True):
        assert (after.fingerprint, after.severity, after.area) == (before.fingerprint, before.severity, before.area)
        assert (after.alerts, after.repairable) == (before.alerts, before.repairable)


def test_a_change_that_was_read_is_described_and_cannot_be_applied() -> None:
    changes = [f.repair for f in read(sample()).report.findings() if f.id == "credit-balance:user_1000"]
    text = "account.credits 120 -> 100, plus one ledger_entry row"
    assert changes == [DescribedChange(kind="sync-credit-balance", safe=True, text=text)]


def test_when_a_finding_was_first_seen_is_read_with_it() -> None:
    (first, *others) = sample().findings()
    earlier = datetime(2026, 2, 1)
    stored = read_report(text_of(sample(), {first.fingerprint: earlier}), place="report.json")
    assert stored.first_seen == {first.fingerprint: earlier} | {other.fingerprint: NOW for other in others}


def test_a_masked_subject_keeps_the_fingerprint_of_what_it_hides() -> None:
    secret = finding("credit-balance", "sk_live_51HxYzAbCdEfGhIjKlMnOpQr", "m")
    outcome = dataclasses.replace(sample(whole=True).outcomes[0], outcome=Checked(population=1, findings=(secret,)))
    report = dataclasses.replace(sample(whole=True), outcomes=(outcome,))
    assert "51HxYzAbCdEfGhIjKlMnOpQr" not in text_of(report)
    (again,) = read(report).report.findings()
    assert again.fingerprint == secret.fingerprint
    assert again.subject == json.loads(text_of(report))["issues"][0]["subject"] != secret.subject
