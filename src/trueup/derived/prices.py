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

PRICE_PLAN = Derived(
    name="price_plan",
    holds="Each price that a subscription has, or changes to at its next phase, beside the plan that it means: the one "
    "that the config gives its id, or else its lookup key. The plan is NULL where it means none.",
    sql="""
SELECT named.price_id, named.lookup_key, p.plan, p.rank
FROM (
    SELECT price_id, lookup_key FROM stripe_subscription_item
    UNION
    SELECT s.next_price_id, price.lookup_key
    FROM stripe_subscription AS s
    LEFT JOIN stripe_price AS price ON price.price_id = s.next_price_id
    WHERE s.next_price_id IS NOT NULL
) AS named
LEFT JOIN plan_price AS by_id  ON by_id.price_id = named.price_id
LEFT JOIN plan_price AS by_key ON by_key.price_id = named.lookup_key
LEFT JOIN plan AS p            ON p.plan = coalesce(by_id.plan, by_key.plan)
""",
)

PRICES: tuple[Derived, ...] = (BILLING_INTERVAL, PRICE_PLAN)
