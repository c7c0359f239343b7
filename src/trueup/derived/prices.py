"""Derived relations about prices: how long what they pay for lasts, and which plan they mean."""

from __future__ import annotations

from trueup.derived.derivation import Derived

BILLING_INTERVAL = Derived(
    name="billing_interval",
    holds="The intervals that plans and prices are billed by, each with the most days that it has.",
    sql="""
SELECT length.interval, length.longest_days
FROM (VALUES ('day', 1), ('week', 7), ('month', 31), ('quarter', 92), ('year', 366)) AS length(interval, longest_days)
""",
)

SCHEDULED_PRICE = Derived(
    name="scheduled_price",
    holds="Each known price that a subscription changes to at its next phase, once for each set of prices that one "
    "changes to (`next_price_id`: ids with commas between them).",
    sql="""
WITH scheduled AS (
    SELECT DISTINCT next_price_id FROM stripe_subscription WHERE next_price_id IS NOT NULL
),
known AS (
    SELECT price_id, lookup_key FROM stripe_price
    UNION
    SELECT price_id, NULL FROM plan_price WHERE price_id NOT IN (SELECT price_id FROM stripe_price)
)
SELECT s.next_price_id, k.price_id, k.lookup_key
FROM scheduled AS s
JOIN known AS k ON strpos(',' || s.next_price_id || ',', ',' || k.price_id || ',') > 0
""",
)

PRICE_PLAN = Derived(
    name="price_plan",
    holds="Each price that a subscription has, or changes to at its next phase, beside the plan that it means: the one "
    "that the config gives its id, or else its lookup key. The plan is NULL where it means none.",
    sql="""
SELECT named.price_id, named.lookup_key, p.plan, p.rank
FROM (
    SELECT price_id, lookup_key FROM stripe_subscription_item
    UNION
    SELECT price_id, lookup_key FROM scheduled_price
) AS named
LEFT JOIN plan_price AS by_id  ON by_id.price_id = named.price_id
LEFT JOIN plan_price AS by_key ON by_key.price_id = named.lookup_key
LEFT JOIN plan AS p            ON p.plan = coalesce(by_id.plan, by_key.plan)
""",
)

SCHEDULED_PLAN = Derived(
    name="scheduled_plan",
    holds="One row per set of prices that a subscription changes to at its next phase, where one of them means a plan: "
    "the plan of the highest rank, as for the items that it has now.",
    sql="""
SELECT s.next_price_id, arg_max(p.plan, (p.rank, p.plan)) AS plan, max(p.rank) AS rank
FROM scheduled_price AS s
JOIN price_plan AS p ON p.price_id = s.price_id AND p.lookup_key IS NOT DISTINCT FROM s.lookup_key
WHERE p.plan IS NOT NULL
GROUP BY s.next_price_id
""",
)

PRICES: tuple[Derived, ...] = (BILLING_INTERVAL, SCHEDULED_PRICE, PRICE_PLAN, SCHEDULED_PLAN)
