"""Each plan gets of each feature exactly what the matrix says: nothing that it must not have, nothing less."""

from __future__ import annotations

from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import GateAnswer, GateExpectation
from trueup.model.severity import Severity


def _expects(feature: str, plan: str, expected: int, *, is_limit: bool = False) -> GateExpectation:
    return GateExpectation(feature=feature, plan=plan, is_limit=is_limit, expected=expected)


def _answers(
    feature: str,
    plan: str,
    actual: int | None,
    *,
    is_limit: bool = False,
    probe: str = "app",
    problem: str | None = None,
) -> GateAnswer:
    return GateAnswer(feature=feature, plan=plan, probe=probe, is_limit=is_limit, actual=actual, problem=problem)


CHECK = Check(
    id="gate-regression",
    area=Area.GATES,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="Plan gets something else than the matrix says",
    why="Either customers use for free what others pay for, or customers who pay are locked out of what they bought. "
    "No alarm goes off: the code that decides it changed in passing, and the next release brings it to every customer.",
    population="""
SELECT count(DISTINCT e.feature || ':' || e.plan)
FROM gate_expectation AS e
JOIN gate_answer AS a ON a.feature = e.feature AND a.plan = e.plan AND a.is_limit = e.is_limit
WHERE a.problem IS NULL
""",
    violations="""
SELECT feature || ':' || plan AS subject,
       feature,
       plan,
       CASE WHEN is_limit THEN CAST(wanted AS VARCHAR) WHEN wanted = 1 THEN 'allowed' ELSE 'denied' END AS expected,
       CASE WHEN is_limit THEN CAST(got AS VARCHAR) WHEN got = 1 THEN 'allowed' ELSE 'denied' END       AS actual,
       probe
FROM (
    SELECT e.feature, e.plan, e.is_limit,
           e.expected                 AS wanted,
           arg_min(a.actual, a.probe) AS got,
           min(a.probe)               AS probe
    FROM gate_expectation AS e
    JOIN gate_answer AS a ON a.feature = e.feature AND a.plan = e.plan AND a.is_limit = e.is_limit
    WHERE a.problem IS NULL
      AND a.actual <> e.expected
    GROUP BY e.feature, e.plan, e.is_limit, e.expected
) AS differing
""",
    message="{feature} on {plan} should be {expected} but is {actual}, according to the probe {probe}.",
    cases=(
        Case(
            name="every plan gets what it should",
            given=(
                _expects("exports", "FREE", 0),
                _expects("exports", "PRO", 1),
                _answers("exports", "FREE", 0),
                _answers("exports", "PRO", 1),
            ),
        ),
        Case(
            name="a plan gets what it must not have",
            given=(_expects("exports", "FREE", 0), _answers("exports", "FREE", 1)),
            fires=("exports:FREE",),
            severities={"exports:FREE": Severity.CRITICAL},
            evidence={
                "exports:FREE": {"feature": "exports", "plan": "FREE", "expected": "denied", "actual": "allowed"}
            },
        ),
        Case(
            name="a plan misses what it must have",
            given=(_expects("sso", "TEAM", 1), _answers("sso", "TEAM", 0)),
            fires=("sso:TEAM",),
            evidence={"sso:TEAM": {"expected": "allowed", "actual": "denied"}},
        ),
        Case(
            name="a limit that is met exactly",
            given=(_expects("seats", "PRO", 5, is_limit=True), _answers("seats", "PRO", 5, is_limit=True)),
        ),
        Case(
            name="a limit of one, and the app answers yes: neither right nor wrong, but no answer to the question",
            given=(_expects("seats", "FREE", 1, is_limit=True), _answers("seats", "FREE", 1)),
        ),
        Case(
            name="no answer is not a regression; gate-unreachable reports it",
            given=(_expects("exports", "FREE", 0), _answers("exports", "FREE", None, problem="it did not answer")),
        ),
    ),
)
