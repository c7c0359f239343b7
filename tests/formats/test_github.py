"""GitHub's annotations: one line each, with nothing in it that could end it or begin another command."""

from __future__ import annotations

import re

from hypothesis import given

from tests.support.reports import QUICK, hostile_text, reports, sample
from tests.support.writing import written
from trueup.formats.github import annotation
from trueup.model.report import Report

_LINE = re.compile(r"::(error|warning|notice) file=trueup\.toml,line=1,title=([^:,\r\n]*)::([^\r\n]*)")


@given(hostile_text, hostile_text)
def test_no_text_leaves_its_annotation(title: str, text: str) -> None:
    line = annotation("error", title, text)
    assert line.endswith("\n")
    assert _LINE.fullmatch(line[:-1])


@QUICK
@given(reports())
def test_a_report_is_annotations_and_nothing_else(report: Report) -> None:
    assert all(_LINE.fullmatch(line) for line in written(report, "github").split("\n")[:-1])


def test_severities_are_levels_and_exempted_findings_are_notices() -> None:
    lines = written(sample(), "github").splitlines()
    level = {line.split("::")[2].partition(": ")[0]: line.split(" ")[0] for line in lines}
    assert level["credit-balance:user_1000"] == "::error"
    assert level["stale-paid-plan:kund:müller@例え.jp"] == "::warning"
    assert level["ending-plan:user_99"] == "::notice"
    assert level["paid-without-customer:user_42"] == "::notice"


def test_what_could_not_be_checked_is_an_error() -> None:
    text = written(sample(), "github")
    assert "::error file=trueup.toml,line=1,title=could not check hollow-event::skipped: webhook_event.type" in text
    assert "title=could not check ledger_entry::credit_transactions was not read whole" in text


def test_per_cent_signs_colons_and_commas_are_escaped_as_github_reads_them() -> None:
    assert annotation("notice", "a:b,c%", "50 %: x, y") == (
        "::notice file=trueup.toml,line=1,title=a%3Ab%2Cc%25::50 %25: x, y\n"
    )
