"""Credits move in the sizes that are usual for their kind, or that a plan explains."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.derivation import READ_FOR_OWED
from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, LedgerEntry
from trueup.model.severity import Severity

_moved = partial(entry, created_at=ago(days=3))


def _usual(kind: EntryKind = EntryKind.PURCHASE) -> tuple[LedgerEntry, ...]:
    """Ten movements of 80 to 120: the usual size is 100, the usual spread 10, and above 200 is far outside."""
    sizes = (80, 90, 90, 100, 100, 100, 100, 110, 110, 120)
    return tuple(
        _moved(n, amount=size, kind=kind, created_at=ago(days=200 + n)) for n, size in enumerate(sizes, start=1)
    )


CHECK = Check(
    id="large-credit-movement",
    area=Area.REVENUE,
    severity=Severity.WARNING,
    title="Unusually large credit movement",
    why="A misplaced digit, a script that ran twice or a stolen admin session shows first as one movement far larger "
    "than its kind ever is. Credits that are spent do not come back.",
    population="""
SELECT count(*)
FROM ledger_entry
WHERE posted AND created_at >= $period_start AND kind NOT IN ('balance_sync', 'expiry', 'other')
""",
    violations="""
WITH planned AS (                           -- one period's credits, a quarter's and a year's up front, an upgrade's
    SELECT credits_per_period AS credits FROM plan
    UNION
    SELECT 3 * credits_per_period FROM plan
    UNION
    SELECT 12 * credits_per_period FROM plan
    UNION
    SELECT credits FROM price_credits
    UNION
    SELECT higher.credits_per_period - lower.credits_per_period
    FROM plan AS higher
    JOIN plan AS lower ON lower.credits_per_period < higher.credits_per_period
),
large AS (                             -- from here on the amounts are exact
    SELECT e.account_id, e.kind, abs(e.amount) AS credits, s.usual_amount, s.usual_spread, count(*) AS entries
    FROM ledger_entry AS e
    JOIN usual_movement AS s ON s.kind = e.kind
    WHERE e.posted
      AND abs(e.amount) >= $large_movement_floor
      AND abs(e.amount) > s.usual_amount + $large_movement_factor * s.usual_spread
    GROUP BY e.account_id, e.kind, abs(e.amount), s.usual_amount, s.usual_spread
    HAVING count(DISTINCT CAST(e.created_at AS DATE)) < 3   -- what an account gets on so many days is a habit
)
SELECT e.entry_id    AS subject,
       e.account_id,
       e.kind,
       e.amount,
       large.usual_amount,
       large.usual_spread,
       large.entries AS entries_of_this_size,
       e.created_at
FROM ledger_entry AS e
JOIN large        ON large.account_id = e.account_id AND large.kind = e.kind AND large.credits = abs(e.amount)
LEFT JOIN planned ON planned.credits = large.credits AND large.kind = 'subscription_grant'
LEFT JOIN owed_entry AS o ON o.entry_id = e.entry_id
WHERE e.posted
  AND abs(e.amount) >= $large_movement_floor
  AND e.created_at >= $period_start
  AND planned.credits IS NULL
  AND (o.most_credits IS NULL OR abs(e.amount) > o.most_credits AND NOT o.is_judged)   -- else wrong-grant-amount's
""",
    message="Entry {subject} moved {amount} credits of {account_id} as {kind}; usual is {usual_amount}.",
    optional=READ_FOR_OWED,
    cases=(
        Case(
            name="only movements of the usual size",
            given=(*_usual(), _moved(50, amount=200)),
        ),
        Case(
            name="a purchase a hundred times the usual",
            given=(*_usual(), _moved(50, amount=10_000)),
            fires=("50",),
            evidence={"50": {"usual_amount": Decimal(100), "usual_spread": Decimal(10), "entries_of_this_size": 1}},
        ),
        Case(
            name="exactly as far outside as the policy allows",
            given=(*_usual(), _moved(50, amount=200)),
            policy=Policy(large_movement_floor=Decimal(1)),
        ),
        Case(
            name="a little further outside than the policy allows",
            given=(*_usual(), _moved(50, amount="200.000001")),
            policy=Policy(large_movement_floor=Decimal(1)),
            fires=("50",),
        ),
        Case(
            name="just below the floor",
            given=(*_usual(), _moved(50, amount="999.999999")),
        ),
    ),
)
