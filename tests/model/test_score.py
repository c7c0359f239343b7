"""The score's published promises, for any outcomes."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from trueup.model.finding import Area, Finding
from trueup.model.outcome import Broken, Checked, CheckOutcome, NotApplicable, Off, Outcome, Skipped
from trueup.model.relations import Exemption
from trueup.model.score import CAPS, ScoreLine, breakdown, confidence, score
from trueup.model.severity import Severity


def finding(check: str, severity: Severity, subject: str) -> Finding:
    return Finding(check=check, area=Area.CREDITS, severity=severity, title="t", subject=subject, message="m")


@st.composite
def checked_outcomes(draw: st.DrawFn) -> list[CheckOutcome]:
    made = []
    for position in range(draw(st.integers(0, 5))):
        check = f"check-{position}"
        severities = draw(st.lists(st.sampled_from(list(Severity)), max_size=8))
        findings = tuple(finding(check, severity, str(n)) for n, severity in enumerate(severities))
        population = draw(st.integers(0, 10_000))
        outcome = Checked(population=population, findings=findings)
        made.append(CheckOutcome(check=check, outcome=outcome, milliseconds=1))
    return made


def with_one_more(outcomes: list[CheckOutcome], position: int, severity: Severity) -> list[CheckOutcome]:
    made = outcomes[position]
    assert isinstance(made.outcome, Checked)
    more = (*made.outcome.findings, finding(made.check, severity, "one more"))
    return [
        *outcomes[:position],
        dataclasses.replace(made, outcome=dataclasses.replace(made.outcome, findings=more)),
        *outcomes[position + 1 :],
    ]


def severities_of(outcomes: list[CheckOutcome]) -> set[Severity]:
    return {f.severity for made in outcomes if isinstance(made.outcome, Checked) for f in made.outcome.findings}


@given(checked_outcomes())
def test_a_hundred_means_exactly_that_nothing_above_info_was_found(outcomes: list[CheckOutcome]) -> None:
    assert (score(breakdown(outcomes)) == 100) == (severities_of(outcomes) <= {Severity.INFO})


@given(checked_outcomes().filter(bool), st.data(), st.sampled_from(list(Severity)))
def test_another_finding_never_raises_the_score(
    outcomes: list[CheckOutcome], data: st.DataObject, severity: Severity
) -> None:
    position = data.draw(st.integers(0, len(outcomes) - 1))
    assert score(breakdown(with_one_more(outcomes, position, severity))) <= score(breakdown(outcomes))


@given(checked_outcomes())
def test_an_open_critical_caps_the_score_at_59_and_an_open_error_at_84(outcomes: list[CheckOutcome]) -> None:
    value = score(breakdown(outcomes))
    found = severities_of(outcomes)
    assert 0 <= value <= 100
    assert value <= 59 or Severity.CRITICAL not in found
    assert value <= 84 or Severity.ERROR not in found
    assert all(value <= CAPS[severity] for severity in found)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_penalty_grows_with_severity_and_with_the_share_that_is_broken(findings: int, population: int) -> None:
    lines = [ScoreLine(check="c", severity=s, findings=findings, population=population) for s in Severity]
    penalties = [line.penalty for line in lines]
    assert penalties == sorted(set(penalties))
    for line in lines:
        assert dataclasses.replace(line, findings=findings + 1).penalty >= line.penalty
        assert dataclasses.replace(line, population=population + 1).penalty <= line.penalty


@given(checked_outcomes())
def test_an_exempted_finding_costs_nothing(outcomes: list[CheckOutcome]) -> None:
    exemption = Exemption(check_id="c", subject="s")
    silenced = []
    for made in outcomes:
        assert isinstance(made.outcome, Checked)
        findings = tuple(dataclasses.replace(f, exemption=exemption) for f in made.outcome.findings)
        silenced.append(dataclasses.replace(made, outcome=dataclasses.replace(made.outcome, findings=findings)))
    assert score(breakdown(silenced)) == 100


ABSENT = NotApplicable(reason="r")


@given(checked_outcomes(), st.sampled_from([Skipped(reason="r"), Broken(error="e"), Off(), ABSENT]))
def test_what_could_not_be_checked_lowers_confidence_and_not_the_score(
    outcomes: list[CheckOutcome], unanswered: Outcome
) -> None:
    more = [*outcomes, CheckOutcome(check="another", outcome=unanswered, milliseconds=0)]
    assert score(breakdown(more)) == score(breakdown(outcomes))
    if isinstance(unanswered, (Off, NotApplicable)):
        assert confidence(more) == confidence(outcomes)
    else:
        assert confidence(more) < 1.0


def test_nothing_checked_is_no_confidence_at_all() -> None:
    assert confidence([]) == 0.0
