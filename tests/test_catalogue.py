"""Every case of every check, and what every check promises by being in the catalogue."""

from __future__ import annotations

import statistics
import string
from pathlib import Path

import pytest

import trueup.checks
from tests.support.catalogue import all_cases, checked, checked_as_a_repair_does, checked_in_fresh_books
from tests.support.portable import column_exists, departures_from_portable
from tests.support.thoroughness import is_in_turn
from trueup.checks import catalogue
from trueup.derived import DERIVED
from trueup.engines.requirements import needs_of_check, options_of
from trueup.engines.sql import needs_of, parameters_of, rendered
from trueup.model.check import CASE_NOW, Case, Check
from trueup.model.finding import Area
from trueup.model.outcome import Checked
from trueup.model.policy import Policy

CHECKS = catalogue()
CHECKS_FOLDER = Path(trueup.checks.__file__).parent
MOST_LINES_OF_A_FILE = 200
USUAL_LINES_OF_A_FILE = 110
CASES = [
    pytest.param(check, case, id=f"{check.id}: {case.name}", marks=() if case in check.cases else pytest.mark.slow)
    for check in CHECKS
    for case in all_cases(check)
]
EVERY_CHECK = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
MOST_TEACHING_CASES = 6  # more than two screens, and a check is buried under its tests
QUERIES = [
    *(pytest.param(check.population + check.violations, id=check.id) for check in CHECKS),
    *(pytest.param(derived.sql, id=derived.name) for derived in DERIVED),
]
MOST_LINES_OF_A_QUERY = 60  # what two checks need, or one thought of its own, is a derived relation
LONGER_STILL = {"hollow-event": 88, "missing-grant": 88}
DIALECTS = ("spark", "trino", "clickhouse", "bigquery", "snowflake")


@pytest.mark.parametrize(("check", "case"), CASES)
def test_the_case_fires_for_exactly_its_subjects(check: Check, case: Case) -> None:
    """As an audit asks and as a repair does; of the long tail, which is slow, a third each time as a repair does."""
    assert_as_the_case_says(checked(check, case), case)
    if case in check.cases or check.repair is not None or is_in_turn(case.name, one_in=3):
        assert_as_the_case_says(checked_as_a_repair_does(check, case), case)


def assert_as_the_case_says(outcome: Checked, case: Case) -> None:
    assert outcome.population >= (1 if outcome.findings else 0)
    open_findings = {finding.subject: finding for finding in outcome.findings if finding.exemption is None}
    assert sorted(finding.subject for finding in outcome.findings if finding.exemption is None) == sorted(case.fires)
    for subject, severity in case.severities.items():
        assert open_findings[subject].severity is severity
    for subject, expected in case.evidence.items():
        evidence = open_findings[subject].evidence
        assert {name: evidence[name] for name in expected} == dict(expected)


@EVERY_CHECK
def test_a_check_fires_in_books_that_held_no_rows_before(check: Check) -> None:
    """The cases share their books, whose tables keep the statistics of earlier cases: what DuckDB concludes from them
    may be wrong only in books where a table never held a row, as in those of many companies."""
    firing = next(case for case in check.cases if case.fires)
    outcome = checked_in_fresh_books(check, firing)
    assert sorted(finding.subject for finding in outcome.findings if finding.exemption is None) == sorted(firing.fires)


@EVERY_CHECK
def test_a_check_has_quiet_and_firing_cases_with_names_of_their_own(check: Check) -> None:
    assert any(case.fires for case in check.cases)
    assert any(not case.fires for case in check.cases)
    assert len(check.cases) <= MOST_TEACHING_CASES, "the others belong into tests/checks/<area>/<id>.py"
    names = [case.name for case in all_cases(check)]
    assert len(names) == len(set(names))


def test_a_checks_file_is_read_on_two_screens() -> None:
    files = [path for folder in Area for path in sorted((CHECKS_FOLDER / folder).glob("[!_]*.py"))]
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert len(lines) == len(CHECKS)
    assert {name: count for name, count in lines.items() if count > MOST_LINES_OF_A_FILE} == {}
    assert statistics.median(lines.values()) <= USUAL_LINES_OF_A_FILE


@EVERY_CHECK
def test_the_file_name_is_the_id_and_the_folder_the_area(check: Check) -> None:
    module = f"trueup.checks.{check.area}.{check.id.replace('-', '_')}"
    assert __import__(module, fromlist=["CHECK"]).CHECK.id == check.id
    assert check.invariant


@EVERY_CHECK
def test_the_sql_stays_inside_the_portable_subset(check: Check) -> None:
    for sql in (check.population, check.violations):
        assert departures_from_portable(sql) == []
        for dialect in DIALECTS:
            assert rendered(sql, dialect)


@pytest.mark.parametrize("derived", DERIVED, ids=lambda derived: derived.name)
def test_derived_relations_stay_inside_the_portable_subset(derived: object) -> None:
    sql = next(d.sql for d in DERIVED if d is derived)
    assert departures_from_portable(sql) == []
    for dialect in DIALECTS:
        assert rendered(sql, dialect)


@pytest.mark.parametrize("sql", QUERIES)
def test_a_query_names_its_spans_of_time_and_divides_with_a_slash(sql: str) -> None:
    assert [word for word in ("power(", "86400", "86_400") if word in sql] == []


@EVERY_CHECK
def test_a_violations_query_is_read_on_one_screen(check: Check) -> None:
    assert len(check.violations.strip().splitlines()) <= LONGER_STILL.get(check.id, MOST_LINES_OF_A_QUERY)


@EVERY_CHECK
def test_the_sql_names_only_relations_columns_and_parameters_that_exist(check: Check) -> None:
    sql = check.population + check.violations
    assert parameters_of(sql) <= Policy().parameters(CASE_NOW).keys()
    for relation, column in needs_of(check.population) | needs_of(check.violations):
        assert not column or column_exists(relation, column)


@EVERY_CHECK
def test_what_a_check_requires_beyond_its_sql_is_a_column_that_exists(check: Check) -> None:
    for need in (column for columns in check.requires for column in options_of(columns)):
        relation, column = need.split(".")
        assert column_exists(relation, column) or need == "ledger_entry.dense_sequence"


@EVERY_CHECK
def test_a_check_needs_the_relations_it_is_about(check: Check) -> None:
    assert needs_of_check(check), "a check that needs nothing would pass without looking"


@EVERY_CHECK
def test_the_message_is_made_from_the_row_and_nothing_else(check: Check) -> None:
    firing = next(case for case in check.cases if case.fires)
    finding = next(iter(checked(check, firing).findings))
    named = {name for _, name, _, _ in string.Formatter().parse(check.message) if name}
    assert named <= {"subject", *finding.evidence}
    assert finding.message
