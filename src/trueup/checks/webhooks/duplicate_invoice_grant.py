"""One invoice grants an account its subscription credits once for each period it paid for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity

_grant = partial(entry, invoice="in_1", kind=EntryKind.SUBSCRIPTION_GRANT)


CHECK = Check(
    id="duplicate-invoice-grant",
    area=Area.WEBHOOKS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="One invoice granted subscription credits more than once",
    why="The customer received two allowances for one payment, and usually receives them every period from now on.",
    requires=("ledger_entry.stripe_invoice_id",),
    population="""
SELECT count(*) FROM stripe_entry
WHERE stripe_invoice_id IS NOT NULL AND posted AND amount > 0 AND kind = 'subscription_grant'
""",
    # The ledger does not say how long an invoice's period is, so the dates decide. Months are never less than 28 days
    # apart, so that grants less than 25 days apart are of one period. If an invoice's next two follow it monthly, it
    # paid for one month only, and its second grant is one too many, however late it came.
    violations="""
WITH invoice AS (                      -- when an account was first credited for each of its invoices
    SELECT account_id, stripe_invoice_id, min(created_at) AS first_at
    FROM stripe_entry
    WHERE stripe_invoice_id IS NOT NULL AND posted AND amount > 0 AND kind = 'subscription_grant'
      AND account_id IN (SELECT account_id FROM repeated_grant WHERE repeats = 'invoice' AND seconds_later IS NOT NULL)
    GROUP BY account_id, stripe_invoice_id
),
succession AS (
    SELECT account_id, stripe_invoice_id, first_at,
           lead(first_at)    OVER (PARTITION BY account_id ORDER BY first_at, stripe_invoice_id) AS next_at,
           lead(first_at, 2) OVER (PARTITION BY account_id ORDER BY first_at, stripe_invoice_id) AS after_next_at
    FROM invoice
),
monthly AS (
    SELECT account_id, stripe_invoice_id
    FROM succession
    WHERE date_diff('second', first_at, next_at) BETWEEN $same_period_seconds AND $month_limit_seconds
      AND date_diff('second', next_at, after_next_at) BETWEEN $same_period_seconds AND $month_limit_seconds
),
excess AS (
    SELECT g.stripe_invoice_id, g.account_id,
           sum(CASE WHEN g.seconds_later < $same_period_seconds OR m.account_id IS NOT NULL THEN g.amount END) AS credits,
           min(g.credits_reversed) AS credits_reversed
    FROM repeated_grant AS g
    LEFT JOIN monthly AS m ON m.account_id = g.account_id AND m.stripe_invoice_id = g.stripe_invoice_id
    WHERE g.repeats = 'invoice' AND g.seconds_later IS NOT NULL
    GROUP BY g.stripe_invoice_id, g.account_id
),
doubled AS (
    SELECT stripe_invoice_id, min(credits_reversed) AS credits_reversed, sum(credits) - min(credits_reversed) AS excess
    FROM excess
    GROUP BY stripe_invoice_id
)
SELECT g.stripe_invoice_id                                              AS subject,
       min(g.account_id)                                                AS account_id,
       count(DISTINCT g.account_id)                                     AS accounts,
       count(*)                                                         AS grants,
       sum(g.amount)                                                    AS credits_granted,
       min(d.credits_reversed)                                          AS credits_reversed,
       min(d.excess)                                                    AS excess,
       CAST(arg_min(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS first_entry_id,
       CAST(arg_max(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS last_entry_id,
       min(g.created_at)                                                AS first_at,
       max(g.created_at)                                                AS last_at
FROM repeated_grant AS g
JOIN excess  AS e ON e.stripe_invoice_id = g.stripe_invoice_id AND e.account_id = g.account_id AND e.credits > 0
JOIN doubled AS d ON d.stripe_invoice_id = g.stripe_invoice_id
WHERE g.repeats = 'invoice' AND d.excess > 0
GROUP BY g.stripe_invoice_id
""",
    message="{subject} granted {account_id} subscription credits {grants} times: {excess} credits too many.",
    impact=credits_at_risk("excess"),
    cases=(
        Case(
            name="an invoice a month, a grant each",
            given=tuple(_grant(n, ago(days=30 * n), invoice=f"in_{n}") for n in range(1, 5)),
        ),
        Case(
            name="two events of one invoice both grant",
            given=(_grant(1, ago(days=3)), _grant(2, ago(days=3, seconds=-20))),
            fires=("in_1",),
            severities={"in_1": Severity.CRITICAL},
            evidence={"in_1": {"account_id": "user_1", "grants": 2, "excess": Decimal(100)}},
        ),
        Case(
            name="yearly invoice backing twelve monthly grants",
            given=tuple(_grant(n, ago(days=30.4 * n)) for n in range(1, 13)),
        ),
        Case(
            name="field failure 41: calendar month against anniversary, two allowances for one payment",
            given=(
                _grant(1, datetime.fromisoformat("2026-01-15")),
                _grant(2, datetime.fromisoformat("2026-02-01")),
            ),
            fires=("in_1",),
            evidence={"in_1": {"grants": 2, "excess": Decimal(100)}},
        ),
        Case(
            name="a yearly plan that was upgraded a month in",
            given=(
                _grant(1, datetime.fromisoformat("2025-11-03")),
                _grant(2, datetime.fromisoformat("2025-12-03")),
                _grant(3, datetime.fromisoformat("2025-12-05"), invoice="in_2"),
                _grant(4, datetime.fromisoformat("2026-01-05"), invoice="in_2"),
                _grant(5, datetime.fromisoformat("2026-02-05"), invoice="in_2"),
            ),
        ),
        Case(
            name="grants twenty-five days apart are of two periods",
            given=(_grant(1, ago(days=25)), _grant(2, ago(days=0))),
        ),
    ),
)
