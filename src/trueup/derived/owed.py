"""Derived relations about what an invoice owes: its lines read as plans and periods, and the credits for them."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

_HOLDS = (
    "One row for each of them with a line for a plan whose credits are known: the fewest and the most credits that it "
    "owes by now. A price of twelve periods owes them one after the other, or at once. The most is NULL where the "
    "invoice also sells something that is in no plan."
)


def _owed(judged: str) -> str:
    """What the invoices owe that ``SELECT judged`` names: reading the lines of all of them costs more than a scan."""
    return _SQL.replace("{judged}", judged)


_SQL = """
WITH plan_line AS (   -- its plan (NULL where the price means none), and how many of the plan's periods it covers
    SELECT line.invoice_id, line.proration, line.amount, line.quantity, line.share, line.period_start, line.period_end,
           line.plan, line.credits_per_period, line.instalment_seconds,
           CAST(greatest(1, (4 * line.days + line.half_days) // (2 * line.half_days)) AS BIGINT) AS periods
    FROM (
        SELECT l.invoice_id, l.proration, l.amount, coalesce(l.quantity, 1) AS quantity, l.period_start, l.period_end,
               plan.plan, plan.credits_per_period,
               CASE WHEN price.unit_amount > 0 AND coalesce(l.quantity, 1) > 0
                    THEN CAST(l.amount AS DOUBLE) / (CAST(price.unit_amount AS DOUBLE) * coalesce(l.quantity, 1))
                    END AS share,
               CASE WHEN NOT l.proration AND l.period_end > l.period_start
                    THEN date_diff('second', l.period_start, l.period_end) // $day_seconds
                    ELSE coalesce(price.interval_count * CASE price.interval WHEN 'day'   THEN 1
                                                                             WHEN 'week'  THEN 7
                                                                             WHEN 'month' THEN 30
                                                                             WHEN 'year'  THEN 365 END,
                                  CASE coalesce(by_id.interval, by_key.interval) WHEN 'day'     THEN 1
                                                                                 WHEN 'week'    THEN 7
                                                                                 WHEN 'quarter' THEN 91
                                                                                 WHEN 'year'    THEN 365
                                                                                 ELSE 30 END) END AS days,
               CASE plan.interval WHEN 'day'     THEN 2
                                  WHEN 'week'    THEN 14
                                  WHEN 'quarter' THEN 183
                                  WHEN 'year'    THEN 731
                                  ELSE 61 END AS half_days,            -- an interval's usual length
               CASE plan.interval WHEN 'day'     THEN 1
                                  WHEN 'week'    THEN 7
                                  WHEN 'quarter' THEN 92
                                  WHEN 'year'    THEN 366
                                  ELSE 31 END * $day_seconds AS instalment_seconds   -- its longest
        FROM stripe_invoice_line AS l
        LEFT JOIN plan_price AS by_id  ON by_id.price_id = l.price_id
        LEFT JOIN plan_price AS by_key ON by_key.price_id = l.lookup_key
        LEFT JOIN plan                 ON plan.plan = coalesce(by_id.plan, by_key.plan)
        LEFT JOIN stripe_price AS price ON price.price_id = l.price_id
        WHERE NOT l.metered AND l.invoice_id IN (SELECT {judged})
    ) AS line
),
line AS (
    SELECT invoice_id, plan, proration, amount, share, period_end, periods, credits_per_period,
           CASE WHEN $credits_per_seat THEN quantity ELSE 1 END AS seats,
           least(periods, 1 + greatest(0, coalesce(date_diff('second', period_start, $past_due_since), 0)
                                          // instalment_seconds)) AS periods_due
    FROM plan_line
),
total AS (
    SELECT invoice_id,
           max(plan)                                                                              AS plan,
           max(periods)                                                                           AS periods,
           max(period_end)                                                                        AS period_end,
           sum(CASE WHEN proration THEN 0 ELSE seats * periods * credits_per_period END)          AS whole,
           sum(CASE WHEN proration THEN 0 ELSE seats * periods_due * credits_per_period END)      AS whole_due,
           sum(CASE WHEN proration AND amount > 0 THEN seats * periods * credits_per_period ELSE 0 END) AS added,
           sum(CASE WHEN proration AND amount < 0 THEN seats * periods * credits_per_period ELSE 0 END) AS dropped,
           sum(CASE WHEN proration THEN seats * periods * CAST(credits_per_period AS DOUBLE) * share ELSE 0 END)
                                                                                                  AS shared,
           sum(CASE WHEN proration THEN 1 ELSE 0 END)                                             AS prorations,
           sum(CASE WHEN proration AND plan IS NOT NULL AND share IS NULL THEN 1 ELSE 0 END)      AS unshared,
           sum(CASE WHEN amount > 0 AND credits_per_period IS NULL THEN 1 ELSE 0 END)             AS unknown_lines
    FROM line
    GROUP BY invoice_id
    HAVING count(credits_per_period) > 0
)
SELECT invoice_id, plan, periods, period_end, prorations,
       CAST(CASE WHEN prorations = 0 OR $proration = 'none' THEN whole_due
                 WHEN $proration = 'proportional' AND unshared = 0
                      THEN greatest(0, CAST(floor(whole_due + coalesce(shared, 0)) AS DECIMAL(38, 9)) - 1)
                 ELSE greatest(0, whole_due - greatest(0, dropped - added)) END AS DECIMAL(38, 9))  AS least_credits,
       CAST(CASE WHEN unknown_lines > 0 THEN NULL
                 WHEN prorations = 0 OR $proration = 'none' THEN whole
                 WHEN $proration = 'proportional' AND unshared = 0
                      THEN greatest(0, CAST(ceil(whole + coalesce(shared, 0)) AS DECIMAL(38, 9)) + 1)
                 ELSE whole + greatest(0, added - dropped) END AS DECIMAL(38, 9))                   AS most_credits
FROM total
"""

INVOICE_OWED = Derived(
    name="invoice_owed",
    holds=f"What the invoices owe that entries are about. {_HOLDS}",
    optional=ENTRY_LINKS,
    sql=_owed("money_id FROM money_credit"),
)

UNCREDITED_OWED = Derived(
    name="uncredited_owed",
    holds=f"What the paid invoices owe that no entry gives credits for. {_HOLDS}",
    optional=ENTRY_LINKS,
    sql=_owed("invoice_id FROM uncredited_invoice"),
)

OWED: tuple[Derived, ...] = (INVOICE_OWED, UNCREDITED_OWED)
