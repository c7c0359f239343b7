"""Derived relations about an account's time: every span that was paid for it, and purchases that are not served."""

from __future__ import annotations

from trueup.derived.derivation import Derived
from trueup.derived.paid_time import BILLS_AND_PURCHASES

PAYING = ("stripe_subscription", "stripe_subscription_item", "stripe_customer", *BILLS_AND_PURCHASES)
"""Relations that say what was paid for: ``optional`` to a check that they can only excuse from."""

HELD_TIME = Derived(
    name="held_time",
    holds="Each span of paid time beside every account that it may be for, and the strongest reason, as a "
    "subscription's link has it. A subscription that pays for the account it names is for no other; nor is what names "
    "an account.",
    optional=(*BILLS_AND_PURCHASES, "stripe_customer"),
    # Who pays is worked out before the join: a condition that looks up accounts would be asked of every pair.
    sql="""
WITH payment AS (
    SELECT p.*,
           CASE WHEN p.subscription_id IS NOT NULL THEN p.subscription_id
                WHEN named.account_id IS NOT NULL  THEN named.account_id
                ELSE p.customer_id END AS payer
    FROM paid_time AS p
    LEFT JOIN account AS named ON named.account_id = p.account_id
)
SELECT t.span, t.plan, t.subscription_id, t.source_id, t.paid_at, t.starts_at, t.ends_at, t.instalments, t.price_id,
       t.known_by, t.is_running, w.account_id, min(w.strength) AS strength
FROM payment AS t
JOIN (
    SELECT l.subscription_id AS payer, l.account_id, l.strength
    FROM subscription_link AS l
    LEFT JOIN taken_subscription AS taken ON taken.subscription_id = l.subscription_id
    WHERE l.strength = 1 OR taken.subscription_id IS NULL
    UNION ALL
    SELECT account_id, account_id, 1 FROM account
    UNION ALL
    SELECT stripe_customer_id, account_id, 4 FROM account WHERE stripe_customer_id IS NOT NULL
    UNION ALL
    SELECT c.customer_id, c.account_id, 5
    FROM stripe_customer AS c
    JOIN account AS a ON a.account_id = c.account_id
) AS w ON w.payer = t.payer
GROUP BY t.span, t.plan, t.subscription_id, t.source_id, t.paid_at, t.starts_at, t.ends_at, t.instalments, t.price_id,
         t.known_by, t.is_running, w.account_id
""",
)

ACCOUNT_TIME = Derived(
    name="account_time",
    holds="One row per span of an account's time, with its name: paid, trial, grace, pause, terms, subscription (by "
    "its status alone), lifetime; open, unpaid and returned, for which nothing is owed; and unknown, where the plan "
    "may have been bought for good before what was read of Stripe begins. `is_running`: service is right now because "
    "of it.",
    optional=(*BILLS_AND_PURCHASES, "stripe_customer"),
    sql="""
WITH counted AS (
    SELECT h.*, row_number() OVER (PARTITION BY h.account_id, h.price_id ORDER BY h.paid_at, h.source_id) AS number
    FROM held_time AS h
    WHERE h.span = 'instalment'
)
SELECT t.account_id, t.span, t.plan, t.starts_at, t.ends_at, t.is_running, t.source_id, t.subscription_id, t.paid_at,
       t.known_by, t.strength
FROM (
    SELECT account_id, span, plan, starts_at, ends_at, is_running, source_id, subscription_id, paid_at,
           known_by, strength
    FROM held_time
    WHERE span <> 'instalment'
    UNION ALL
    SELECT account_id, 'lifetime', plan, starts_at, NULL, TRUE, source_id, NULL, paid_at, known_by, strength
    FROM counted
    WHERE number = instalments
    UNION ALL
    SELECT DISTINCT a.account_id, 'unknown', a.plan, a.created_at, r.complete_since, TRUE, CAST(NULL AS VARCHAR),
           CAST(NULL AS VARCHAR), CAST(NULL AS TIMESTAMP), 'reading', 4
    FROM account AS a
    JOIN configured_price AS p ON p.plan = a.plan AND p.instalments IS NOT NULL
    JOIN stripe_reading AS r   ON r.relation = 'stripe_invoice' AND r.complete_since IS NOT NULL
    WHERE a.created_at IS NULL OR a.created_at < r.complete_since
) AS t
""",
)

OWED_PURCHASE = Derived(
    name="owed_purchase",
    holds="One row per purchase without a subscription that pays for a plan now, for a time or for good, and the "
    "account that it is for: the one with the strongest reason, and how many have one as strong. `highest_rank`: of "
    "the plans of the accounts and organisations that it may be served to; NULL where one of them is on a plan that "
    "is not known.",
    optional=(*BILLS_AND_PURCHASES, "stripe_customer"),
    sql="""
WITH bought AS (
    SELECT t.account_id, t.span, t.source_id, t.starts_at, t.ends_at, t.known_by, t.strength, p.plan, p.rank
    FROM account_time AS t
    JOIN plan AS p    ON p.plan = t.plan
    JOIN account AS a ON a.account_id = t.account_id
    WHERE t.is_running
      AND t.subscription_id IS NULL
      AND t.span IN ('paid', 'lifetime')
      AND t.known_by IN ('line', 'metadata', 'amount')
      AND t.paid_at < $settled_before
      AND p.paid
      AND a.active
),
reach AS (
    SELECT source_id, account_id FROM bought
    UNION
    SELECT b.source_id, m.account_id
    FROM bought AS b
    JOIN member AS m ON m.member_id = b.account_id
),
served AS (
    SELECT r.source_id, CASE WHEN count(*) = count(p.rank) THEN max(p.rank) END AS highest_rank
    FROM reach AS r
    JOIN account AS a   ON a.account_id = r.account_id AND a.active
    LEFT JOIN plan AS p ON p.plan = a.plan
    GROUP BY r.source_id
),
strongest AS (
    SELECT source_id, min(strength) AS strength FROM bought GROUP BY source_id
)
SELECT b.source_id, min(b.account_id) AS account_id, count(DISTINCT b.account_id) AS rivals,
       max(b.span) AS span, max(b.plan) AS plan, max(b.rank) AS rank, max(b.known_by) AS known_by,
       min(b.starts_at) AS starts_at, max(b.ends_at) AS ends_at, max(s.highest_rank) AS highest_rank
FROM bought AS b
JOIN strongest AS w ON w.source_id = b.source_id AND w.strength = b.strength
JOIN served AS s    ON s.source_id = b.source_id
GROUP BY b.source_id
""",
)

UNDERSERVED_PURCHASE = Derived(
    name="underserved_purchase",
    holds="The purchases without a subscription that pay for another plan now than the account is on, and the "
    "accounts of an ordinary user that they are for, settled on both sides.",
    optional=(*BILLS_AND_PURCHASES, "stripe_customer"),
    sql="""
SELECT a.account_id, a.plan, mine.rank AS rank_served, mine.paid AS is_served_paid, a.unlimited_credits,
       a.stripe_customer_id, o.source_id, o.span AS status, o.starts_at AS created_at, o.ends_at AS current_period_end,
       o.plan AS plan_owed, o.rank, o.highest_rank, o.known_by, o.rivals, bought.price_minor, bought.price_currency
FROM owed_purchase AS o
JOIN account AS a           ON a.account_id = o.account_id
JOIN account_standing AS mature ON mature.account_id = a.account_id AND mature.is_settled AND NOT mature.is_closed
JOIN plan AS mine           ON mine.plan = a.plan
JOIN plan AS bought         ON bought.plan = o.plan
WHERE a.role = 'user'
  AND a.plan <> o.plan
""",
)

OWED_PLAN = Derived(
    name="owed_plan",
    holds="One row per subscription that is owed service for a paid plan, and per purchase of another plan than the "
    "one that is served, where one account alone has the strongest reason to be the one that it is for.",
    optional=(*BILLS_AND_PURCHASES, "stripe_customer"),
    sql="""
SELECT owed.account_id, owed.subscription_id, owed.paid_by, owed.customer_id, owed.status, owed.plan, owed.rank,
       owed.created_at, owed.current_period_end, owed.charged_minor, owed.charged_currency
FROM (
    SELECT h.account_id, s.subscription_id, s.subscription_id AS paid_by, s.customer_id, s.status, s.plan, s.rank,
           s.created_at, s.current_period_end, s.charged_minor, s.charged_currency
    FROM subscription_standing AS s
    JOIN subscription_holder AS h ON h.subscription_id = s.subscription_id
    WHERE s.is_owed AND s.plan_paid AND h.rivals = 1
    UNION ALL
    SELECT account_id, NULL, source_id, stripe_customer_id, status, plan_owed, rank,
           created_at, current_period_end, price_minor, price_currency
    FROM underserved_purchase
    WHERE rivals = 1
) AS owed
""",
)

ACCOUNT_TIME_GROUP: tuple[Derived, ...] = (HELD_TIME, ACCOUNT_TIME, OWED_PURCHASE, UNDERSERVED_PURCHASE, OWED_PLAN)
