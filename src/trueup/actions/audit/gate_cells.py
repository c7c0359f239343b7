"""The plan gates of a report: one for each feature on each plan, from the books."""

from __future__ import annotations

from collections.abc import Sequence

from trueup.books.file import Books
from trueup.engines.requirements import reads_gates
from trueup.model.check import Check
from trueup.model.gate import PlanGate, allowance
from trueup.model.policy import Policy
from trueup.model.relations import GATES, relation_name

# Where probes differ, the worst answer counts: a wrong one before a missing one, a missing one before a right one.
_CELLS = """
WITH cell AS (
    SELECT feature, plan, is_limit, expected FROM gate_expectation
    UNION ALL
    SELECT a.feature, a.plan, bool_and(a.is_limit), NULL
    FROM gate_answer AS a
    WHERE NOT EXISTS (SELECT 1 FROM gate_expectation AS e WHERE e.feature = a.feature AND e.plan = a.plan)
    GROUP BY a.feature, a.plan
), judged AS (
    SELECT c.feature, c.plan, a.is_limit, a.actual,
           row_number() OVER (
               PARTITION BY c.feature, c.plan
               ORDER BY CASE WHEN a.actual IS NULL THEN 1
                             WHEN a.actual IS DISTINCT FROM c.expected THEN 0
                             ELSE 2 END,
                        a.probe
           ) AS place
    FROM cell AS c
    JOIN gate_answer AS a ON a.feature = c.feature AND a.plan = c.plan
                         AND (c.expected IS NULL OR a.is_limit = c.is_limit OR a.problem IS NOT NULL)
)
SELECT c.feature, c.plan, c.is_limit, c.expected, j.is_limit AS answered_limit, j.actual,
       l.is_limit AS accepted_limit, l.accepted
FROM cell AS c
LEFT JOIN judged AS j ON j.feature = c.feature AND j.plan = c.plan AND j.place = 1
LEFT JOIN gate_acceptance AS l ON l.feature = c.feature AND l.plan = c.plan
LEFT JOIN plan AS p ON p.plan = c.plan
ORDER BY c.expected IS NULL, c.is_limit, c.feature, p.rank NULLS LAST, c.plan
"""


def plan_gates_of(books: Books, *, checks: Sequence[Check], policy: Policy) -> tuple[PlanGate, ...]:
    """Every cell of the matrix, then every cell that only the app knows; features before limits, plans by rank.

    None where none of these checks looks at plan gates, or the policy says that the app has none.
    """
    if policy.without & {relation_name(relation) for relation in GATES}:
        return ()
    if not any(reads_gates(check) for check in checks):
        return ()
    return tuple(
        PlanGate(
            feature=feature,
            plan=plan,
            expected=None if expected is None else allowance(number=expected, is_limit=is_limit),
            actual=None if actual is None else allowance(number=actual, is_limit=answered_limit),
            accepted=None if accepted is None else allowance(number=accepted, is_limit=accepted_limit),
        )
        for feature, plan, is_limit, expected, answered_limit, actual, accepted_limit, accepted in (
            books.connection.execute(_CELLS).fetchall()
        )
    )
