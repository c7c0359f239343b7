"""The text: readable at every width, plain when piped, and the same facts as everywhere."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.reports import CATALOGUE, QUICK, clean, large, reports, sample
from tests.support.writing import written
from trueup.checks import catalogue
from trueup.formats import write
from trueup.model.check import Check
from trueup.model.finding import Finding
from trueup.model.outcome import Checked, CheckOutcome
from trueup.model.report import Report

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_only_ids_and_commands_may_be_wider_than_the_page(width: int) -> None:
    for line in written(sample(), "text", width=width).split("\n"):
        alone = len(line.split()) == 1 or line.startswith("   trueup ")
        assert cell_len(line) <= width or alone, line


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_color_changes_nothing_but_color(width: int) -> None:
    plain = written(sample(), "text", width=width).split("\n")
    colored = _ESCAPE.sub("", written(sample(), "text", width=width, color=True)).split("\n")
    differing = [(left, right) for left, right in zip(plain, colored, strict=True) if left.strip() != right.strip()]
    verdict = [line for line in plain if "INCOMPLETE" in line] if width > 100 else []  # where there is room for a bar
    assert [left for left, _ in differing] == verdict
    assert all("█" in right for _, right in differing)


@QUICK
@given(reports(), st.sampled_from([60, 80, 120, 200]))
def test_piped_text_has_no_control_characters_and_no_boxes(report: Report, width: int) -> None:
    text = written(report, "text", width=width)
    assert all(line.isprintable() for line in text.split("\n"))
    ours = set(text) - set(str(report))  # an app's own words may hold any character
    assert not ours & set("│┃║─━═┌┐└┘╭╮╰╯")
    assert not any(line.endswith(" ") for line in text.split("\n"))


@QUICK
@given(reports())
def test_a_colored_report_holds_no_escape_but_our_colors(report: Report) -> None:
    assert all(line.isprintable() for line in _ESCAPE.sub("", written(report, "text", color=True)).split("\n"))


def test_the_verdict_the_counts_and_what_is_next_are_the_last_screen() -> None:
    lines = written(sample(), "text", width=80).rstrip().split("\n")[-20:]
    assert " ◆ INCOMPLETE   59/100, 10 of 11 checks apply, 2 could not answer, 1 switched off" in " ".join(lines)
    assert any("confidence 0.77" in line for line in lines)
    assert any(line.startswith(" findings  14 critical") for line in lines)
    assert lines[-1].startswith("   trueup audit --explain-score")
    last = written(clean(), "text").rstrip().split("\n")[-4:]
    assert last[0].startswith(" ✔ HEALTHY   100/100, ")
    assert "Everything that was checked agrees." in last[1]


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_many_findings_of_many_checks_fit_in_120_lines_and_all_are_counted(width: int) -> None:
    every = [CheckOutcome(check=check.id, outcome=_findings(check, 4), milliseconds=1) for check in catalogue()]
    many = dataclasses.replace(sample(whole=True), outcomes=tuple(every))
    text = written(many, "text", width=width)
    assert text.count("\n") <= 120
    assert "4 of 10" in text
    for check in catalogue():
        assert f" {check.id} " in text
    assert "trueup audit --all" in text.split("NEXT")[1]


def test_all_shows_every_finding_with_its_id() -> None:
    text = written(large(200), "text", width=120, everything=True)
    assert all(finding.id in text for finding in large(200).findings())
    assert "--all" not in text


def _findings(check: Check, number: int) -> Checked:
    findings = tuple(
        Finding(
            check=check.id,
            area=check.area,
            severity=check.severity,
            title=check.title,
            subject=f"user_{n}",
            message=f"user_{n} differs in a way that takes a rather long sentence to say, as real ones do.",
        )
        for n in range(number)
    )
    return Checked(population=10, findings=findings)


def test_the_sections_stand_in_the_order_of_what_to_do() -> None:
    text = written(sample(), "text", explains_score=True)
    names = ["CRITICAL  ", "ERROR  ", "WARNING  ", "INFO  ", "COULD NOT CHECK", "SAID TO BE ABSENT", "SWITCHED OFF"]
    names += ["GUARDRAILS", "SCORE", "NEXT"]
    places = [text.index(f"\n{name}") for name in names]
    assert places == sorted(places)


def test_what_could_not_be_checked_is_said_with_its_reason() -> None:
    text = written(sample(), "text", width=200)
    assert re.search(r"ledger_entry not whole +credit_transactions: the connection was lost after 10,000 rows", text)
    assert re.search(r"skipped +webhook_event.type is not mapped.*\n +hollow-event", text)
    assert re.search(r"broken +could not reach postgresql://app:\*\*\*@db.*\n +shared-customer", text)


def test_the_worst_finding_stands_first_and_is_the_one_to_explain() -> None:
    text = written(sample(), "text", width=80)
    ids = re.findall(r"^ {5}(credit-balance:\w+)", text, re.MULTILINE)
    assert len(ids) == 10
    assert ids[0] == "credit-balance:user_1021"
    assert "   trueup explain credit-balance:user_1021 " in text
    assert "trueup repair" not in text


def test_an_id_is_quoted_for_the_shell() -> None:
    base = sample(whole=True)
    report = Report(
        run_id="r",
        generated_at=base.generated_at,
        environment="e",
        period_days=1,
        database_as_of=None,
        relations=(),
        outcomes=tuple(made for made in base.outcomes if made.check == "stale-paid-plan"),
    )
    assert "trueup explain 'stale-paid-plan:kund:müller@例え.jp'" in written(report, "text")


def test_ten_thousand_findings_are_still_a_page() -> None:
    text = written(large(10_000), "text", width=120)
    assert text.count("\n") < 70
    assert "and 4,990 more (--all shows them)" in text


def test_the_score_is_reckoned_line_by_line() -> None:
    assert "SCORE" not in written(sample(), "text", width=80)
    text = written(sample(), "text", width=80, explains_score=True)
    taken = sum(float(number) for number in re.findall(r"^ +-([\d.]+) ", text, re.MULTILINE))
    left = re.search(r"([\d.]+)  left$", text, re.MULTILINE)
    assert left is not None
    assert 100 - taken == pytest.approx(float(left.group(1)))
    assert "59  the highest score with an open critical" in text


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_stream_without_unicode_gets_stand_ins(encoding: str) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    write(sample(), format="text", stream=out, width=80, catalogue=CATALOGUE)
    out.flush()
    text = out.buffer.getvalue().decode(encoding)
    assert "\n ? INCOMPLETE   59/100" in text
    assert "\\u4f8b" in text
    out.close()


def test_the_guardrails_say_what_may_go_ahead_and_why_not() -> None:
    text = written(sample(), "text", width=120)
    block = text.partition("GUARDRAILS")[2].partition("INCOMPLETE")[0]
    lines = [" ".join(line.split()) for line in block.split("\n")]
    assert "audited-repairs allowed" in lines
    assert "replay blocked Repair this before any event is replayed: evt_1Oa77." in lines
    assert "hollow-event could not look." in lines
    assert "release unknown gate-regression was not asked." in lines


def test_what_is_exempted_is_named_with_who_answers_for_it() -> None:
    block = written(sample(), "text", width=120).partition("EXEMPTED")[2].partition("COULD NOT CHECK")[0]
    said = (
        "paid-without-customer, user_42 1 accepted by finance until 2027-01-31: annual contract paid by bank transfer"
    )
    assert said in " ".join(block.split())
