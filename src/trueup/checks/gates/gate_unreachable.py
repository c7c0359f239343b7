"""Every probe answers every question of the matrix."""

from __future__ import annotations

from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import GateAnswer, GateExpectation, GateProbe
from trueup.model.severity import Severity

_FREE = GateExpectation(feature="exports", plan="FREE", expected=0)
_PRO = GateExpectation(feature="exports", plan="PRO", expected=1)


def _answer(plan: str, actual: int | None, problem: str | None = None, *, is_limit: bool = False) -> GateAnswer:
    return GateAnswer(feature="exports", plan=plan, probe="app", is_limit=is_limit, actual=actual, problem=problem)


CHECK = Check(
    id="gate-unreachable",
    area=Area.GATES,
    severity=Severity.CRITICAL,
    inconclusive=True,
    title="Plan gate that could not be asked",
    why="What a plan really gets is unknown: it may be right, and it may be given away. A release that goes out now "
    "goes out unchecked.",
    population="SELECT count(*) FROM gate_expectation",
    violations="""
SELECT min(feature || ':' || plan) AS subject, count(*) AS cells, probe, problem
FROM (
    SELECT e.feature, e.plan, a.probe, a.problem
    FROM gate_expectation AS e
    JOIN gate_answer AS a ON a.feature = e.feature AND a.plan = e.plan
    WHERE a.problem IS NOT NULL
    UNION ALL
    SELECT e.feature, e.plan, 'none' AS probe, 'no probe was asked about it' AS problem
    FROM gate_expectation AS e
    LEFT JOIN gate_answer AS a ON a.feature = e.feature AND a.plan = e.plan AND (a.is_limit = e.is_limit)
    WHERE a.feature IS NULL
) AS unanswered
GROUP BY probe, problem
UNION ALL
SELECT p.probe AS subject, 0 AS cells, p.probe, p.problem
FROM gate_probe AS p
LEFT JOIN gate_answer AS a ON a.probe = p.probe AND a.problem = p.problem
WHERE p.problem IS NOT NULL
  AND a.probe IS NULL
""",
    message="{subject} ({cells} unanswered, probe {probe}): {problem}",
    cases=(
        Case(name="everything is answered", given=(_FREE, _PRO, _answer("FREE", 0), _answer("PRO", 1))),
        Case(name="answered wrongly is answered", given=(_FREE, _answer("FREE", 1))),
        Case(
            name="one answer is missing",
            given=(_FREE, _PRO, _answer("FREE", 0), _answer("PRO", None, "it did not answer")),
            fires=("exports:PRO",),
            evidence={"exports:PRO": {"cells": 1, "probe": "app", "problem": "it did not answer"}},
        ),
        Case(
            name="the whole probe failed, for one reason",
            given=(
                _FREE,
                _PRO,
                GateProbe(probe="app", problem="it is down"),
                _answer("FREE", None, "it is down"),
                _answer("PRO", None, "it is down"),
            ),
            fires=("exports:FREE",),
            evidence={"exports:FREE": {"cells": 2, "problem": "it is down"}},
        ),
        Case(
            name="no probe was asked",
            given=(_FREE,),
            fires=("exports:FREE",),
            evidence={"exports:FREE": {"probe": "none"}},
        ),
        Case(
            name="what the matrix does not ask about needs no answer",
            given=(_FREE, _answer("FREE", 0), _answer("LEGACY", None, "it did not answer")),
        ),
    ),
)
