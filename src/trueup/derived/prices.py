"""Derived relations about prices: what each means, what one unit of it owes from which day, how long a bill lasts."""

from __future__ import annotations

from trueup.derived.derivation import Derived

BILLING_INTERVAL = Derived(
    name="billing_interval",
    holds="The intervals that plans and prices are billed by, each with its usual number of days, the most that it "
    "has, and those of two.",
    sql="""
SELECT length.interval, length.usual_days, length.longest_days, length.days_of_two
FROM (VALUES ('day', 1, 1, 2), ('week', 7, 7, 14), ('month', 30, 31, 61), ('quarter', 91, 92, 183),
             ('year', 365, 366, 731)) AS length(interval, usual_days, longest_days, days_of_two)
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

CONFIGURED_PRICE = Derived(
    name="configured_price",
    holds="Each name under which the config says what a price sells, or which plan it means: that plan, the number of "
    "payments after which it is paid for good (1: at once; NULL: never), and whether it sells nothing.",
    sql="""
SELECT named.price_name,
       max(named.plan)          AS plan,
       max(named.instalments)   AS instalments,
       max(named.sells_nothing) AS sells_nothing
FROM (
    SELECT price_id AS price_name, plan, CAST(NULL AS BIGINT) AS instalments, 0 AS sells_nothing FROM plan_price
    UNION ALL
    SELECT price_name, NULL,
           CASE WHEN lifetime THEN 1 ELSE lifetime_after END,
           CASE WHEN sells_nothing THEN 1 ELSE 0 END
    FROM sold_price
) AS named
GROUP BY named.price_name
""",
)

PRICE_MEANING = Derived(
    name="price_meaning",
    holds="Each price that there is, and as an item, a line, a checkout or a scheduled phase names it, beside the name "
    "under which the config says what it sells (`price_name`: its id, or else its lookup key, or else its product), "
    "the plan that it means, and the number of payments after which that is for good. NULL where the config says "
    "nothing, or no plan.",
    optional=("stripe_subscription", "stripe_subscription_item", "stripe_invoice_line", "stripe_checkout_session"),
    sql="""
WITH named AS (
    SELECT price_id, lookup_key, product_id FROM stripe_subscription_item
    UNION
    SELECT price_id, lookup_key, product_id FROM stripe_invoice_line
    UNION
    SELECT price_id, lookup_key, product_id FROM stripe_checkout_session WHERE price_id IS NOT NULL
    UNION
    SELECT price_id, lookup_key, CAST(NULL AS VARCHAR) FROM scheduled_price
    UNION
    SELECT price_id, lookup_key, product_id FROM stripe_price
),
meant AS (
    SELECT named.price_id, named.lookup_key, named.product_id,
           coalesce(by_id.price_name, by_key.price_name, by_product.price_name)                       AS price_name,
           coalesce(by_id.sells_nothing, by_key.sells_nothing, by_product.sells_nothing, 0) = 1       AS sells_nothing,
           coalesce(by_id.plan, by_key.plan, by_product.plan)                                         AS plan,
           CASE WHEN by_id.plan IS NOT NULL OR by_id.instalments IS NOT NULL   THEN by_id.instalments
                WHEN by_key.plan IS NOT NULL OR by_key.instalments IS NOT NULL THEN by_key.instalments
                ELSE by_product.instalments END                                                       AS instalments
    FROM named
    LEFT JOIN stripe_price AS known          ON known.price_id = named.price_id
    LEFT JOIN configured_price AS by_id      ON by_id.price_name = named.price_id
    LEFT JOIN configured_price AS by_key     ON by_key.price_name = coalesce(named.lookup_key, known.lookup_key)
    LEFT JOIN configured_price AS by_product ON by_product.price_name = coalesce(known.product_id, named.product_id)
)
SELECT m.price_id, m.lookup_key, m.product_id, m.price_name, p.plan, p.rank, m.instalments
FROM meant AS m
LEFT JOIN plan AS p ON p.plan = m.plan AND NOT m.sells_nothing
""",
)

SCHEDULED_PLAN = Derived(
    name="scheduled_plan",
    holds="One row per set of prices that a subscription changes to at its next phase, where one of them means a plan: "
    "the plan of the highest rank, as for the items that it has now.",
    sql="""
SELECT s.next_price_id, arg_max(p.plan, (p.rank, p.plan)) AS plan, max(p.rank) AS rank
FROM scheduled_price AS s
JOIN price_meaning AS p ON p.price_id = s.price_id
                      AND p.lookup_key IS NOT DISTINCT FROM s.lookup_key
                      AND p.product_id IS NULL
WHERE p.plan IS NOT NULL
GROUP BY s.next_price_id
""",
)

PRICE_ALLOWANCE = Derived(
    name="price_allowance",
    holds="How many credits one unit of a price owes, and from which day to which. On the day of a change both numbers "
    "hold: the application changed at some hour of it.",
    sql="""
SELECT price_name, credits,
       coalesce(since, CAST('1900-01-01' AS TIMESTAMP))                        AS holds_from,
       coalesce(lead(since) OVER in_order, CAST('2900-01-01' AS TIMESTAMP))    AS holds_until
FROM price_credits
WINDOW in_order AS (PARTITION BY price_name ORDER BY since NULLS FIRST)
""",
)

PRICES: tuple[Derived, ...] = (
    BILLING_INTERVAL,
    SCHEDULED_PRICE,
    CONFIGURED_PRICE,
    PRICE_MEANING,
    SCHEDULED_PLAN,
    PRICE_ALLOWANCE,
)
