"""The matrix and the app know the same features, on the same plans."""

from __future__ import annotations

from trueup.model.check import Case, Check
from trueup.model.finding import Area
from trueup.model.relations import GateAnswer, GateExpectation, GateFeature, GateProbe
from trueup.model.severity import Severity

_EXPORTS = (GateExpectation(feature="exports", plan="FREE", expected=0), GateExpectation(feature="exports", plan="PRO"))
_LISTS = GateProbe(probe="app", lists=True)
_ASKED = (
    GateAnswer(feature="exports", plan="FREE", probe="app", actual=0),
    GateAnswer(feature="exports", plan="PRO", probe="app", actual=1),
)

CHECK = Check(
    id="gate-uncovered",
    area=Area.GATES,
    severity=Severity.ERROR,
    title="Feature that only the app or only the matrix knows",
    why="A feature that the matrix does not mention is on plans that were never decided, and no regression of it is "
    "ever found. One that the app does not know is promised to plans and given to none.",
    requires=("gate_feature.feature",),
    population="""
SELECT count(DISTINCT feature)
FROM (SELECT feature FROM gate_expectation UNION ALL SELECT feature FROM gate_feature) AS known
""",
    violations="""
SELECT feature AS subject, feature, CAST(NULL AS TEXT) AS plan, 'matrix' AS missing_in, min(probe) AS probe
FROM gate_feature
WHERE feature NOT IN (SELECT feature FROM gate_expectation)
GROUP BY feature
UNION ALL
SELECT a.feature AS subject, a.feature, NULL AS plan, 'app' AS missing_in, min(a.probe) AS probe
FROM gate_answer AS a
JOIN gate_probe AS p ON p.probe = a.probe AND p.lists
LEFT JOIN gate_feature AS f ON f.feature = a.feature AND f.probe = a.probe
WHERE f.feature IS NULL
  AND a.feature IN (SELECT feature FROM gate_expectation)
GROUP BY a.feature
UNION ALL
SELECT a.feature || ':' || a.plan AS subject, a.feature, a.plan, 'matrix' AS missing_in, min(a.probe) AS probe
FROM gate_answer AS a
LEFT JOIN gate_expectation AS e ON e.feature = a.feature AND e.plan = a.plan
WHERE e.plan IS NULL
  AND a.feature IN (SELECT feature FROM gate_expectation)
GROUP BY a.feature, a.plan
""",
    message="{subject} is not in the {missing_in}, according to the probe {probe}.",
    cases=(
        Case(
            name="both know the same",
            given=(*_EXPORTS, _LISTS, *_ASKED, GateFeature(feature="exports", probe="app")),
        ),
        Case(
            name="the app has a feature that is not in the matrix",
            given=(
                *_EXPORTS,
                _LISTS,
                *_ASKED,
                GateFeature(feature="exports", probe="app"),
                GateFeature(feature="beta", probe="app"),
                GateAnswer(feature="beta", plan="FREE", probe="app", actual=1),
            ),
            fires=("beta",),
            severities={"beta": Severity.ERROR},
            evidence={"beta": {"missing_in": "matrix", "plan": None, "probe": "app"}},
        ),
        Case(
            name="the matrix has a feature that the app does not list",
            given=(*_EXPORTS, _LISTS, *_ASKED, GateFeature(feature="sso", probe="app")),
            fires=("exports", "sso"),
            evidence={"exports": {"missing_in": "app"}, "sso": {"missing_in": "matrix"}},
        ),
        Case(
            name="a probe that lists nothing cannot miss a feature",
            given=(*_EXPORTS, GateProbe(probe="app"), *_ASKED),
        ),
        Case(
            name="a probe that lists, and was asked about something else",
            given=(
                *_EXPORTS,
                GateExpectation(feature="sso", plan="PRO"),
                _LISTS,
                *_ASKED,
                GateFeature(feature="exports", probe="app"),
                GateAnswer(feature="sso", plan="PRO", probe="api", actual=1),
            ),
        ),
        Case(
            name="the app knows a plan that the matrix does not",
            given=(
                *_EXPORTS,
                _LISTS,
                *_ASKED,
                GateFeature(feature="exports", probe="app"),
                GateAnswer(feature="exports", plan="LEGACY", probe="app", actual=1),
            ),
            fires=("exports:LEGACY",),
            evidence={"exports:LEGACY": {"feature": "exports", "plan": "LEGACY", "missing_in": "matrix"}},
        ),
    ),
)
