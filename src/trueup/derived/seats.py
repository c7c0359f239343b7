"""Derived relations about seats: the members of organisations, and the prices that are sold by the seat."""

from __future__ import annotations

from trueup.derived.derivation import Derived

SEAT_HOLDER = Derived(
    name="seat_holder",
    holds="One row per subscription that is linked to an account: the account that its seats are for, which is one "
    "with billable members where there is one, and how many it has.",
    sql="""
WITH billable AS (
    SELECT account_id, count(DISTINCT member_id) AS members
    FROM member
    WHERE billable
    GROUP BY account_id
)
SELECT l.subscription_id,
       arg_min(l.account_id, (CASE WHEN b.members > 0 THEN 0 ELSE 1 END, l.is_closed, l.strength, l.account_id))
           AS account_id,
       arg_min(coalesce(b.members, 0),
               (CASE WHEN b.members > 0 THEN 0 ELSE 1 END, l.is_closed, l.strength, l.account_id)) AS members
FROM subscription_link AS l
LEFT JOIN billable AS b ON b.account_id = l.account_id
GROUP BY l.subscription_id
""",
)

SEAT_PRICE = Derived(
    name="seat_price",
    holds="The prices that are sold by the seat, and how many seats one unit of each pays for and includes. The config "
    "says so (`is_said`), or else it is a price of a plan, of which some live subscription has more than one, or an "
    "add-on of which two subscriptions or more, and half of all, have as many as they have members.",
    sql="""
WITH item AS (
    SELECT i.price_id, i.price_name, i.plan, i.quantity, o.members,
           sum(i.quantity) OVER (PARTITION BY i.subscription_id) AS all_quantities
    FROM bought_item AS i
    JOIN subscription_standing AS s ON s.subscription_id = i.subscription_id
    LEFT JOIN seat_holder AS o     ON o.subscription_id = i.subscription_id
    WHERE s.is_live AND i.is_ours AND NOT i.metered
),
guessed AS (
    SELECT price_id
    FROM item
    GROUP BY price_id
    HAVING max(quantity) > 1
       AND (max(plan) IS NOT NULL
            OR sum(CASE WHEN members IN (quantity, all_quantities) AND quantity > 1 THEN 1 ELSE 0 END) > 1
               AND 2 * sum(CASE WHEN members IN (quantity, all_quantities) THEN 1 ELSE 0 END) >= count(*))
)
SELECT DISTINCT item.price_id,
       CASE WHEN said.price_name IS NULL THEN 1 ELSE coalesce(said.seats, 0) END AS seats,
       coalesce(said.included_seats, 0)                                          AS included_seats,
       said.price_name IS NOT NULL                                               AS is_said
FROM item
LEFT JOIN guessed            ON guessed.price_id = item.price_id
LEFT JOIN sold_price AS said ON said.price_name = item.price_name
                            AND (said.seats IS NOT NULL OR said.included_seats IS NOT NULL)
WHERE said.price_name IS NOT NULL OR guessed.price_id IS NOT NULL
""",
)

SEATS: tuple[Derived, ...] = (SEAT_HOLDER, SEAT_PRICE)
