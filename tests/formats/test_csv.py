"""The CSV: a row per finding, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given

from tests.support.reports import QUICK, finding, reports, sample
from tests.support.writing import written
from trueup.formats.csv import COLUMNS, cell
from trueup.model.report import Report


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(report, "csv"), newline="")))


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", '"=', " =", "'=", '" -', "\uff1d", "\uff20"]
)
def test_text_that_could_start_a_formula_gets_an_apostrophe(start: str) -> None:
    assert cell(f"{start}1+1").startswith("'")


def test_ordinary_text_is_left_alone() -> None:
    assert cell("user_1: 5 - 3 = 2 @ noon") == "user_1: 5 - 3 = 2 @ noon"


def test_a_formula_behind_a_semicolon_is_defused() -> None:
    assert cell('x;"=1+1') == "x;'\"=1+1"


def test_a_control_character_becomes_an_escape() -> None:
    assert cell("a\x1b[2Jb\nc\x7f") == "a\\x1b[2Jb\\nc\\x7f"


@pytest.mark.slow
@QUICK
@given(reports())
def test_no_cell_starts_like_a_formula(report: Report) -> None:
    for row in rows(report):
        for value in row.values():
            assert value.strip(" \"'")[:1] not in {"=", "+", "@", "\uff1d"} or value.startswith("'")
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))
            assert value.isprintable()


@QUICK
@given(reports())
def test_every_row_has_every_column_and_stands_on_one_line(report: Report) -> None:
    lines = written(report, "csv").split("\n")
    assert len(lines) == 2 + sum(1 for _ in report.findings())
    for row in rows(report):
        assert tuple(row) == COLUMNS
        json.loads(row["evidence"])
        json.loads(row["money_at_risk"])


def test_a_row_says_what_is_at_risk_and_what_would_be_done() -> None:
    found = {row["id"]: row for row in rows(sample())}
    row = found["duplicate-payment-grant:pi_3Pq8sZLkdIwHu7ix0Qm2"]
    assert json.loads(row["money_at_risk"]) == {"eur": 4500, "usd": 12900}
    assert row["credits_at_risk"] == "5000"
    assert row["revenue_impacting"] == "true"
    assert found["credit-balance:user_1000"]["repair"] == "sync-credit-balance"
    assert found["paid-without-customer:user_42"]["repair"] == "refused: an exemption covers it"
    assert found["paid-without-customer:user_42"]["exempted"] == "true"


def test_a_hostile_subject_is_still_one_cell() -> None:
    assert cell(finding("credit-balance", '=cmd|"/c calc"!A1', "m").subject) == '\'=cmd|"/c calc"!A1'
