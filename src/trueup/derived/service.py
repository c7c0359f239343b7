"""Derived relations about service: accounts that get less than is paid for, and payments without a subscription."""

from __future__ import annotations

from trueup.derived.derivation import Derived

PLAN_HISTORY = Derived(
    name="plan_history",
    holds="One row per account whose plan was changed: when it last was, and when and from which paid plan the account "
    "last came to an unpaid one.",
    sql="""
SELECT move.account_id,
       max(move.changed_at)                                              AS changed_at,
       max(CASE WHEN move.is_demotion THEN move.changed_at END)          AS demoted_at,
       arg_max(move.from_plan, CASE WHEN move.is_demotion THEN (move.changed_at, move.from_plan) END) AS from_plan
FROM (
    SELECT c.account_id, c.changed_at, c.from_plan, earlier.paid AND NOT later.paid AS is_demotion
    FROM plan_change AS c
    LEFT JOIN plan AS earlier ON earlier.plan = c.from_plan
    LEFT JOIN plan AS later   ON later.plan = c.to_plan
) AS move
GROUP BY move.account_id
""",
)

UNDERSERVED_SUBSCRIPTION = Derived(
    name="underserved_subscription",
    holds="The subscriptions that are owed service and whose account is on a lower plan than the one paid for; those "
    "of unpaid accounts too where nothing says which plan their price means.",
    sql="""
SELECT a.account_id, a.plan, a.stripe_customer_id,
       s.subscription_id, s.customer_id, s.status, s.created_at, s.current_period_end,
       s.plan AS plan_owed, s.rank, s.unmapped_price_id, s.charged_minor, s.charged_currency,
       h.rivals
FROM subscription_standing AS s
JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
JOIN account AS a             ON a.account_id = h.account_id
JOIN plan AS mine             ON mine.plan = a.plan
WHERE s.is_owed
  AND s.is_settled
  AND a.active
  AND a.role = 'user'
  AND (a.created_at IS NULL OR a.created_at < $settled_before)
  AND ((s.plan_paid AND s.rank > mine.rank) OR (s.plan IS NULL AND s.unmapped_items > 0 AND NOT mine.paid))
""",
)

REACHED_PLAN = Derived(
    name="reached_plan",
    holds="One row per underserved subscription: the highest plan of the accounts that may be using it. Those are its "
    "own, others that it is linked to and no subscription of theirs explains, and the organisations of all of them.",
    sql="""
WITH payer AS (                        -- whose own subscription explains the plan
    SELECT DISTINCT other.account_id
    FROM underserved_subscription AS b
    JOIN subscription_link AS l       ON l.subscription_id = b.subscription_id
    JOIN subscription_holder AS other ON other.account_id = l.account_id
    JOIN subscription_standing AS s   ON s.subscription_id = other.subscription_id
    WHERE s.is_owed
),
reach AS (                             -- who may be using what a subscription pays for
    SELECT l.subscription_id, l.account_id
    FROM underserved_subscription AS b
    JOIN subscription_link AS l ON l.subscription_id = b.subscription_id
    LEFT JOIN payer             ON payer.account_id = l.account_id
    WHERE l.account_id = b.account_id OR payer.account_id IS NULL
    UNION
    SELECT l.subscription_id, m.account_id
    FROM underserved_subscription AS b
    JOIN subscription_link AS l ON l.subscription_id = b.subscription_id
    JOIN member AS m            ON m.member_id = l.account_id
)
SELECT r.subscription_id,
       max(p.rank)                               AS highest_rank,
       max(CASE WHEN p.paid THEN 1 ELSE 0 END)   AS is_paid,
       count(*) - count(p.plan)                  AS unknown_plans
FROM reach AS r
JOIN account AS a   ON a.account_id = r.account_id
LEFT JOIN plan AS p ON p.plan = a.plan
WHERE a.active
GROUP BY r.subscription_id
""",
)

INVOICE_COVER = Derived(
    name="invoice_cover",
    holds="The customers and accounts that an invoice without a subscription, or one paid outside Stripe, covers now: "
    "it has paid until later, or is to be paid by transfer and is not late yet.",
    sql="""
SELECT cover.customer_id, cover.account_id
FROM (
    SELECT i.customer_id, i.account_id
    FROM stripe_invoice AS i
    JOIN stripe_invoice_line AS l ON l.invoice_id = i.invoice_id
    WHERE i.status = 'paid'
      AND (i.subscription_id IS NULL OR i.paid_out_of_band)
      AND (i.credited < i.total OR i.total = 0)
      AND l.period_end > $now
    UNION
    SELECT customer_id, account_id
    FROM stripe_invoice
    WHERE status = 'open'
      AND collection_method = 'send_invoice'
      AND subscription_id IS NULL
      AND due_at >= $past_due_since
) AS cover
""",
)

SERVICE: tuple[Derived, ...] = (PLAN_HISTORY, UNDERSERVED_SUBSCRIPTION, REACHED_PLAN, INVOICE_COVER)
