"""Plan gates in the formats for people: a compact matrix, and what changed since it was accepted."""

from __future__ import annotations

import dataclasses
import io

import pytest

from tests.support.reports import clean
from trueup.formats import write
from trueup.formats.matrix import cell_text, differences
from trueup.model.gate import Allowance, PlanGate
from trueup.model.report import Report


def gate(
    feature: str,
    plan: str,
    expected: Allowance | None,
    actual: Allowance | None,
    accepted: Allowance | None = None,
) -> PlanGate:
    return PlanGate(feature=feature, plan=plan, expected=expected, actual=actual, accepted=accepted)


GATES = (
    gate("exports", "FREE", False, True, False),
    gate("exports", "PRO", True, True, True),
    gate("exports", "ENTERPRISE", True, None, True),
    gate("seats", "FREE", 1, 1, 1),
    gate("seats", "PRO", 5, 5, 3),
    gate("seats", "ENTERPRISE", 500, 500, 500),
    gate("beta", "PRO", None, True),
)


def written(format: str, *, gates: tuple[PlanGate, ...] = GATES, width: int = 80) -> str:  # noqa: A002
    found: Report = dataclasses.replace(clean(), plan_gates=gates)
    out = io.StringIO()
    write(found, format=format, stream=out, width=width)
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 140])
def test_the_matrix_has_a_row_for_each_feature_and_a_column_for_each_plan(width: int) -> None:
    text = written("text", width=width)
    section = text.partition("PLAN GATES")[2].partition("\n\n")[0].splitlines()
    assert section[0].strip() == "4 of 7 as they should be"
    assert section[1].split() == ["FREE", "PRO", "ENTERPRISE"]
    assert [line.split()[0] for line in section[2:5]] == ["exports", "seats", "beta"]
    assert "yes, not no" in section[2]
    assert section[2].rstrip().endswith("?")
    assert section[3].split() == ["seats", "1", "5", "500"]
    assert max(map(len, text.splitlines())) <= width


def test_what_changed_since_it_was_accepted_is_told_also_where_the_matrix_allows_it() -> None:
    assert differences(dataclasses.replace(clean(), plan_gates=GATES)) == (
        "exports on FREE was denied when accepted and is allowed",
        "seats on PRO was 3 when accepted and is 5; the matrix allows it",
        "beta on PRO was not there when accepted and is allowed",
    )
    assert "changed: seats on PRO was 3" in written("text")
    assert "- changed: seats on PRO was 3" in written("markdown")


def test_without_a_lock_nothing_changed() -> None:
    unlocked = tuple(dataclasses.replace(each, accepted=None) for each in GATES)
    assert differences(dataclasses.replace(clean(), plan_gates=unlocked)) == ()


def test_a_report_without_plan_gates_does_not_speak_of_them() -> None:
    assert "gates" not in (written("text", gates=()) + written("markdown", gates=())).casefold()


def test_a_plan_s_name_cannot_become_markup() -> None:
    text = written("markdown", gates=(gate("a", "<b>|@team", True, True),))
    assert "<b>" not in text
    assert "|@team" not in text


@pytest.mark.parametrize(
    ("expected", "actual", "text"),
    [(True, True, "yes"), (False, True, "yes, not no"), (5, 6, "6, not 5"), (5, None, "?"), (None, False, "no, new")],
)
def test_a_cell_says_what_is_so_and_what_should_be(
    expected: Allowance | None, actual: Allowance | None, text: str
) -> None:
    assert cell_text(gate("a", "FREE", expected, actual)) == text


def test_one_is_not_true_and_unknown_is_not_equal() -> None:
    assert not gate("a", "FREE", True, 1).passed
    assert not gate("a", "FREE", 0, False).passed
    assert not gate("a", "FREE", None, None).passed
    assert gate("a", "FREE", True, True, 1).changed
    assert not gate("a", "FREE", True, None, True).changed
