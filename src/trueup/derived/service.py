"""Derived relations about service: accounts that get less than is paid for, and payments without a subscription."""

from __future__ import annotations

from trueup.derived.derivation import Derived

PLAN_HISTORY = Derived(
    name="plan_history",
    holds="One row per account whose plan was changed: when it last was, and when and from which paid plan the "
    "account last came to an unpaid one.",
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

PLAN_MOVE = Derived(
    name="plan_move",
    holds="One row per change of a plan: whether a paid plan was left, and whether one was reached. A plan that the "
    "config does not know may have been paid.",
    sql="""
SELECT c.account_id, c.changed_at,
       coalesce(former.paid, TRUE) AS left_paid,
       coalesce(latter.paid, TRUE) AS reached_paid
FROM plan_change AS c
LEFT JOIN plan AS former ON former.plan = c.from_plan
LEFT JOIN plan AS latter ON latter.plan = c.to_plan
""",
)

PLAN_ALLOWANCE = Derived(
    name="plan_allowance",
    holds="One row per plan that owes credits: the most that one period of it, or one unit of a price of it, ever "
    "owed.",
    sql="""
SELECT p.plan, p.paid, max(greatest(coalesce(p.credits_per_period, 0), coalesce(c.credits, 0))) AS credits
FROM plan AS p
LEFT JOIN plan_price AS named ON named.plan = p.plan
LEFT JOIN price_credits AS c  ON c.price_name = named.price_id
GROUP BY p.plan, p.paid
HAVING max(greatest(coalesce(p.credits_per_period, 0), coalesce(c.credits, 0))) > 0
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
JOIN account_standing AS o ON o.account_id = a.account_id AND o.is_settled AND NOT o.is_closed
JOIN plan AS mine             ON mine.plan = a.plan
WHERE s.is_owed
  AND s.is_settled
  AND a.role = 'user'
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

BLOCKED_PAYER = Derived(
    name="blocked_payer",
    holds="One row per subscription or purchase that pays for a higher plan than any account has that may be using "
    "it, and the account that it is for. A price in no plan does not say which plan is owed, and is a finding of its "
    "own; but if the account was served a paid plan while this subscription ran, and no longer is, it is blocked "
    "whatever the price means.",
    optional=("ledger_entry",),
    sql="""
WITH granted AS (                      -- accounts that were credited for a price that is now in no plan
    SELECT account_id, max(created_at) AS granted_at
    FROM ledger_entry
    WHERE kind = 'subscription_grant'
      AND posted
      AND account_id IN (SELECT account_id FROM underserved_subscription WHERE plan_owed IS NULL)
    GROUP BY account_id
)
SELECT payer.account_id, payer.plan, payer.stripe_customer_id, payer.subscription_id, payer.paid_by, payer.customer_id,
       payer.status, payer.created_at, payer.current_period_end, payer.rank, payer.unmapped_price_id,
       payer.charged_minor, payer.charged_currency, payer.rivals, payer.paid_for
FROM (
    SELECT b.account_id, b.plan, b.stripe_customer_id, b.subscription_id, b.subscription_id AS paid_by, b.customer_id,
           b.status, b.created_at, b.current_period_end, b.rank, b.unmapped_price_id, b.charged_minor,
           b.charged_currency, b.rivals,
           coalesce(b.plan_owed, CASE WHEN c.demoted_at >= b.created_at THEN c.from_plan END, b.unmapped_price_id)
               AS paid_for
    FROM underserved_subscription AS b
    JOIN reached_plan AS v      ON v.subscription_id = b.subscription_id
    LEFT JOIN plan_history AS c ON c.account_id = b.account_id
    LEFT JOIN granted AS g      ON g.account_id = b.account_id AND g.granted_at >= b.created_at
    WHERE v.unknown_plans = 0
      AND ((b.plan_owed IS NOT NULL AND b.rank > v.highest_rank)
           OR (b.plan_owed IS NULL AND v.is_paid = 0 AND (c.demoted_at >= b.created_at OR g.account_id IS NOT NULL)))
    UNION ALL
    SELECT p.account_id, p.plan, p.stripe_customer_id, NULL, p.source_id, p.stripe_customer_id,
           p.status, p.created_at, p.current_period_end, p.rank, NULL, p.price_minor,
           p.price_currency, p.rivals, p.plan_owed
    FROM underserved_purchase AS p
    WHERE p.rank > p.highest_rank
) AS payer
""",
)

SERVICE: tuple[Derived, ...] = (
    PLAN_HISTORY,
    PLAN_MOVE,
    PLAN_ALLOWANCE,
    UNDERSERVED_SUBSCRIPTION,
    REACHED_PLAN,
    BLOCKED_PAYER,
)
