"""Plan gates in an audit: what differs is found, what was not answered is broken, and kept books probe nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.gated import CALLABLE, CONFIG, NOW, Gated, cell, gated, issue_ids, outcome, row
from trueup.actions.audit.record_run import remember
from trueup.actions.audit.run_audit import audit
from trueup.actions.checks.catalogue import chosen
from trueup.checks import catalogue
from trueup.config.gate_lock import read_lock
from trueup.model.errors import ConfigurationError
from trueup.model.outcome import Broken, Checked, NotApplicable, Skipped
from trueup.model.source import Silent
from trueup.store import open_store

FILE = """
[gates.probes.build]
kind = "file"
path = "plans.json"
"""


@pytest.fixture
def company(tmp_path: Path) -> Gated:
    return gated(tmp_path)


def test_an_app_that_does_what_the_matrix_says_passes(company: Gated) -> None:
    report = company.report()
    assert issue_ids(report) == []
    assert report.complete
    assert [gate.passed for gate in report.plan_gates] == [True] * 9
    assert [(gate.feature, gate.plan) for gate in report.plan_gates][:4] == [
        ("exports", "FREE"),
        ("exports", "PRO"),
        ("exports", "TEAM"),
        ("sso", "FREE"),
    ]
    assert row(report, "seats") == [1, 5, 50]


def test_one_changed_line_is_a_critical_finding_that_names_feature_plan_expected_and_actual(company: Gated) -> None:
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    report = company.report()
    (finding,) = report.findings()
    assert finding.id == "gate-regression:exports:FREE"
    assert finding.severity.value == "critical"
    assert finding.alerts
    assert finding.message == "exports on FREE should be denied but is allowed, according to the probe app."
    assert not cell(report, "exports", "FREE").passed


def test_a_limit_that_moved_is_found_both_ways(company: Gated) -> None:
    company.change('"PRO": 5', '"PRO": 50')
    company.change('"TEAM": 50}', '"TEAM": 5}')
    assert issue_ids(company.report()) == ["gate-regression:seats:PRO", "gate-regression:seats:TEAM"]


def test_a_feature_that_nobody_put_into_the_matrix_is_uncovered(company: Gated) -> None:
    company.change('    "sso"', '    "beta": {"FREE"},\n    "sso"')
    report = company.report()
    assert issue_ids(report) == ["gate-uncovered:beta"]
    assert cell(report, "beta", "FREE").actual is True
    assert cell(report, "beta", "FREE").expected is None


def test_a_probe_that_cannot_answer_breaks_the_check_and_the_report(company: Gated) -> None:
    company.change("    return SEATS", "    raise RuntimeError('down')\n    return SEATS")
    report = company.report()
    broken = outcome(report, "gate-unreachable")
    assert isinstance(broken, Broken)
    assert "exports:FREE (9 unanswered, probe app): the callable raised RuntimeError: down" in broken.error
    assert not report.complete
    assert all(gate.actual is None and not gate.passed for gate in report.plan_gates)


def test_half_the_answers_still_show_a_regression_and_the_report_stays_incomplete(company: Gated) -> None:
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    company.change("    return SEATS", "    assert feature != 'sso'\n    return SEATS")
    report = company.report()
    assert issue_ids(report) == ["gate-regression:exports:FREE"]
    assert isinstance(outcome(report, "gate-unreachable"), Broken)
    assert row(report, "sso") == [None, None, None]
    regression = outcome(report, "gate-regression")
    assert isinstance(regression, Checked)
    assert regression.population == 6


def test_a_feature_that_no_probe_is_asked_about_is_unanswered(tmp_path: Path) -> None:
    company = gated(tmp_path, probes=CALLABLE + 'features = ["exports", "seats"]\n')
    broken = outcome(company.report(), "gate-unreachable")
    assert isinstance(broken, Broken)
    assert "sso:FREE (3 unanswered, probe none): no probe was asked about it" in broken.error


def test_without_a_probe_nothing_passes(tmp_path: Path) -> None:
    report = gated(tmp_path, probes="").report()
    assert isinstance(outcome(report, "gate-unreachable"), Broken)
    assert isinstance(outcome(report, "gate-uncovered"), Skipped)


def test_of_two_probes_the_one_that_answers_wrongly_counts(tmp_path: Path) -> None:
    company = gated(tmp_path, probes=CALLABLE + FILE)
    plans = '{"features": {"exports": {"FREE": true, "PRO": true, "TEAM": true}}}'
    (tmp_path / "plans.json").write_text(plans)
    report = company.report()
    assert "gate-regression:exports:FREE" in issue_ids(report)
    assert cell(report, "exports", "FREE").actual is True
    assert cell(report, "sso", "TEAM").actual is None, "one of the two did not answer"
    assert isinstance(outcome(report, "gate-unreachable"), Broken)


def test_a_matrix_that_nobody_wrote_skips_the_checks_and_says_how_to_write_it(company: Gated) -> None:
    company.path.write_text(CONFIG.format(folder=company.folder).replace('matrix = "gates.toml"', ""))
    report = company.report()
    skipped = outcome(report, "gate-regression")
    assert isinstance(skipped, Skipped)
    assert 'matrix = "gates.toml" under [gates]' in skipped.reason
    assert report.plan_gates == ()
    assert not report.complete


def test_gates_that_the_business_says_it_has_not_are_off(company: Gated) -> None:
    company.path.write_text(CONFIG.format(folder=company.folder) + "enabled = false\n")
    report = company.report()
    assert all(isinstance(made.outcome, NotApplicable) for made in report.outcomes)
    assert report.plan_gates == ()


def test_an_audit_without_gate_checks_asks_nobody(company: Gated) -> None:
    company.change("FEATURES = {", "open('asked', 'w').close()\nFEATURES = {")
    checks = chosen(catalogue(), ["shared-customer"])
    report = audit(company.config(), checks=checks, now=NOW, progress=Silent())
    assert not (company.folder / "asked").exists()
    assert report.plan_gates == ()


def test_kept_books_answer_without_asking_anybody(company: Gated, tmp_path: Path) -> None:
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    books = tmp_path / "kept.duckdb"
    live = company.report(keep_books=books)
    (company.folder / "rules.py").unlink()
    for again in (company.report_of_books(books), company.report_of_books(books, with_config=False)):
        assert again.plan_gates == live.plan_gates
        assert issue_ids(again) == ["gate-regression:exports:FREE"]
        assert again.complete


def test_kept_books_are_held_against_the_matrix_of_today(company: Gated, tmp_path: Path) -> None:
    books = tmp_path / "kept.duckdb"
    company.report(keep_books=books)
    company.change(
        'exports = { min_plan = "PRO" }', 'exports = { min_plan = "FREE" }\nbeta = { plans = [] }', file="gates.toml"
    )
    report = company.report_of_books(books)
    assert issue_ids(report) == ["gate-regression:exports:FREE"]
    assert cell(report, "beta", "FREE").actual is None
    assert isinstance(outcome(report, "gate-unreachable"), Broken)


def test_an_option_that_cannot_be_right_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    company = gated(tmp_path, probes='[gates.probes.app]\nkind = "callabel"\n')
    with pytest.raises(ConfigurationError, match='did you mean "callable"'):
        company.report()


def test_a_corrupt_lock_is_an_error_and_never_no_lock(company: Gated) -> None:
    company.lock.write_text("version = 1\n")
    with pytest.raises(ConfigurationError, match="restore it from version control"):
        company.report()
    assert read_lock(str(company.folder / "nothing.lock")) is None


@pytest.mark.slow
def test_what_could_not_be_asked_resolves_no_finding(company: Gated) -> None:
    everything = catalogue()
    company.change('"exports": {"PRO"', '"exports": {"FREE", "PRO"')
    with open_store(company.config().store_url) as store:
        first = remember(company.report(), store=store, trigger="command", milliseconds=0, catalogue=everything)
        assert first.new
        company.change("    return SEATS", "    assert feature != 'exports'\n    return SEATS")
        second = remember(company.report(), store=store, trigger="command", milliseconds=0, catalogue=everything)
        assert second.resolved == ()
        company.change("    assert feature != 'exports'\n", "")
        company.change('"exports": {"FREE", "PRO"', '"exports": {"PRO"')
        third = remember(company.report(), store=store, trigger="command", milliseconds=0, catalogue=everything)
        assert third.resolved
