"""Stripe's side of the company's mass, in sets: what must stand there for the app's rows to be right.

Stripe acts seconds before the app does: a period begins eight seconds, a payment succeeds some five before the ledger
row. Each invoice, payment, refund and checkout has the id that the ledger's row names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.demo.offer import (
    PACK_PRICES,
    PRO_MONTHLY,
    PRO_YEARLY,
    SEAT,
    TEAM_MONTHLY,
    TRIAL_DAYS,
    OfferedPrice,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.demo.history import Span

_PAYING = "standing IN ('cancelled', 'monthly', 'yearly', 'team')"
_BOUGHT = "source IN ('purchase', 'refunded purchase')"
_PACK_CENTS = f"CASE pack {' '.join(f'WHEN {pack} THEN {price.cents}' for pack, price in PACK_PRICES.items())} END"


def make_bulk_rows(connection: DuckDBPyConnection, *, span: Span) -> None:
    """Fill the tables of schema ``stripe`` for every ordinary account, out of ``person`` and ``ledger_line``."""
    connection.execute(_CUSTOMER)
    connection.execute(_CYCLE, {"now": span.now})
    connection.execute(_SUBSCRIPTION)
    for sql in (_PLAN_ITEM, _SEAT_ITEM, _PLAN_LINE, _SEAT_LINE, _INVOICE, _INVOICE_PAYMENT, _PAYMENT):
        connection.execute(sql)
    connection.execute("DROP TABLE stripe.cycle")
    connection.execute(_SALE)
    for sql in (_CHECKOUT, _PACK_PAYMENT, _REFUND):
        connection.execute(sql)
    connection.execute("DROP TABLE stripe.sale")


def _by_standing(field: str) -> str:
    """A field of the price that a standing pays."""

    def of(price: OfferedPrice) -> str:
        value = getattr(price, field)
        return f"'{value}'" if isinstance(value, str) else str(value)

    return (
        f"CASE standing WHEN 'yearly' THEN {of(PRO_YEARLY)} WHEN 'team' THEN {of(TEAM_MONTHLY)} "
        f"ELSE {of(PRO_MONTHLY)} END"
    )


_CUSTOMER = """
INSERT INTO stripe.customer BY NAME
SELECT u.stripe_customer_id AS customer_id, u.id AS account_id, u.created_at + to_seconds(60) AS created_at
FROM person AS p
JOIN users AS u ON u.id = account_id(p.number)
WHERE u.stripe_customer_id IS NOT NULL
"""

# A row for each period that was billed. The app has credited those that are older than two hours; a younger one's
# invoice is still a draft.
_CYCLE = f"""
CREATE TABLE stripe.cycle AS
SELECT number, standing, nth, starts_at,
       paid_from - to_seconds(8) + to_months(CAST((nth + 1) * months AS INTEGER)) AS ends_at,
       starts_at + to_seconds(8) < $now - to_hours(2)                              AS is_paid
FROM (
    SELECT number, standing, months, nth, paid_from, paid_until,
           paid_from - to_seconds(8) + to_months(CAST(nth * months AS INTEGER)) AS starts_at
    FROM (SELECT *, CASE WHEN standing = 'yearly' THEN 12 ELSE 1 END AS months FROM person WHERE {_PAYING}) AS payer,
         range(0, 1 + (SELECT date_diff('month', min(created_at), $now) FROM person)) AS every_cycle(nth)
) AS period
WHERE starts_at + to_seconds(8) < least(paid_until, $now)
"""

_SUBSCRIPTION = f"""
INSERT INTO stripe.subscription BY NAME
SELECT stripe_id('sub', number, 0)            AS subscription_id,
       stripe_id('cus', number, 0)            AS customer_id,
       CASE standing WHEN 'cancelled' THEN 'canceled' WHEN 'trial' THEN 'trialing' ELSE 'active' END AS status,
       'charge_automatically'                 AS collection_method,
       paid_from - to_seconds(8)              AS created_at,
       coalesce(latest.starts_at, paid_from - to_seconds(8)) AS current_period_start,
       coalesce(latest.ends_at, paid_from - to_seconds(8) + to_days({TRIAL_DAYS})) AS current_period_end,
       CASE WHEN standing = 'trial' THEN paid_from - to_seconds(8) + to_days({TRIAL_DAYS}) END AS trial_end,
       CASE WHEN standing = 'cancelled' THEN paid_until - to_seconds(3) END AS canceled_at,
       CASE WHEN standing = 'cancelled' THEN paid_until - to_seconds(3) END AS ended_at,
       CASE WHEN latest.nth IS NOT NULL THEN stripe_id('in', number, latest.nth) END AS latest_invoice_id
FROM person
LEFT JOIN (
    SELECT number, max(nth) AS nth, max(starts_at) AS starts_at, max(ends_at) AS ends_at
    FROM stripe.cycle GROUP BY number
) AS latest USING (number)
WHERE {_PAYING} OR standing = 'trial'
"""

_PLAN_ITEM = f"""
INSERT INTO stripe.subscription_item BY NAME
SELECT stripe_id('si', number, 0) AS item_id, stripe_id('sub', number, 0) AS subscription_id,
       {_by_standing("price_id")} AS price_id, {_by_standing("product")} AS product_id,
       1 AS quantity, {_by_standing("interval")} AS "interval"
FROM person
WHERE {_PAYING} OR standing = 'trial'
"""

_SEAT_ITEM = f"""
INSERT INTO stripe.subscription_item BY NAME
SELECT stripe_id('si', organisation, 1) AS item_id, stripe_id('sub', organisation, 0) AS subscription_id,
       '{SEAT.price_id}' AS price_id, '{SEAT.product}' AS product_id, count(*) AS quantity,
       '{SEAT.interval}' AS "interval"
FROM team_seat
GROUP BY organisation
"""

_PLAN_LINE = f"""
INSERT INTO stripe.invoice_line BY NAME
SELECT stripe_id('il', number, nth) AS line_id, stripe_id('in', number, nth) AS invoice_id,
       stripe_id('sub', number, 0) AS subscription_id,
       {_by_standing("price_id")} AS price_id, {_by_standing("product")} AS product_id,
       1 AS quantity, {_by_standing("cents")} AS amount, starts_at AS period_start, ends_at AS period_end
FROM stripe.cycle
"""

# Who joins in the middle of a period is billed from the next one on.
_SEAT_LINE = f"""
INSERT INTO stripe.invoice_line BY NAME
SELECT stripe_id('il', number, 1000 + nth) AS line_id, stripe_id('in', number, nth) AS invoice_id,
       stripe_id('sub', number, 0) AS subscription_id, '{SEAT.price_id}' AS price_id, '{SEAT.product}' AS product_id,
       count(*) AS quantity, {SEAT.cents} * count(*) AS amount, starts_at AS period_start, ends_at AS period_end
FROM stripe.cycle
JOIN team_seat AS seat ON seat.organisation = number AND seat.joined_at <= starts_at
GROUP BY number, nth, starts_at, ends_at
"""

_INVOICE = """
INSERT INTO stripe.invoice BY NAME
SELECT stripe_id('in', number, nth) AS invoice_id, stripe_id('cus', number, 0) AS customer_id,
       stripe_id('sub', number, 0)  AS subscription_id,
       CASE WHEN is_paid THEN 'paid' ELSE 'draft' END AS status,
       CASE WHEN nth = 0 THEN 'subscription_create' ELSE 'subscription_cycle' END AS billing_reason,
       total AS subtotal, total, total AS amount_due, CASE WHEN is_paid THEN total ELSE 0 END AS amount_paid,
       starts_at AS created_at, CASE WHEN is_paid THEN starts_at + to_seconds(3) END AS paid_at
FROM stripe.cycle
JOIN (
    SELECT invoice_id, CAST(sum(amount) AS BIGINT) AS total FROM stripe.invoice_line GROUP BY invoice_id
) AS billed ON billed.invoice_id = stripe_id('in', number, nth)
"""

_INVOICE_PAYMENT = """
INSERT INTO stripe.invoice_payment BY NAME
SELECT stripe_id('inpay', number, nth) AS invoice_payment_id, stripe_id('in', number, nth) AS invoice_id,
       stripe_id('pi', number, 10000 + nth) AS payment_intent_id, 'paid' AS status, i.amount_paid, 'usd' AS currency
FROM stripe.cycle
JOIN stripe.invoice AS i ON i.invoice_id = stripe_id('in', number, nth)
WHERE is_paid
"""

_PAYMENT = """
INSERT INTO stripe.payment_intent BY NAME
SELECT p.payment_intent_id, i.customer_id, 'succeeded' AS status, p.amount_paid AS amount,
       p.amount_paid AS amount_received, 'Subscription' AS description, i.created_at + to_seconds(2) AS created_at
FROM stripe.invoice_payment AS p
JOIN stripe.invoice AS i USING (invoice_id)
"""

_SALE = f"""
CREATE TABLE stripe.sale AS
SELECT number, occasion, made_at, {_PACK_CENTS} AS cents
FROM (SELECT number, occasion, made_at, amount AS pack FROM ledger_line WHERE {_BOUGHT}) AS bought
"""

_CHECKOUT = """
INSERT INTO stripe.checkout_session BY NAME
SELECT stripe_id('cs_live', number, occasion) AS checkout_session_id, stripe_id('cus', number, 0) AS customer_id,
       'paid' AS payment_status, stripe_id('pi', number, occasion) AS payment_intent_id, cents AS amount_total,
       made_at - to_seconds(240) AS created_at
FROM stripe.sale
"""

_PACK_PAYMENT = """
INSERT INTO stripe.payment_intent BY NAME
SELECT stripe_id('pi', number, occasion) AS payment_intent_id, stripe_id('cus', number, 0) AS customer_id,
       'succeeded' AS status, cents AS amount, cents AS amount_received, 'Credits' AS description,
       'order_' || number || '_' || occasion AS purpose, made_at - to_seconds(6) AS created_at
FROM stripe.sale
"""

_REFUND = """
INSERT INTO stripe.refund BY NAME
SELECT stripe_id('re', line.number, line.occasion) AS refund_id,
       stripe_id('pi', line.number, line.occasion) AS payment_intent_id,
       'succeeded' AS status, sale.cents AS amount, line.made_at - to_seconds(5) AS created_at
FROM ledger_line AS line
JOIN stripe.sale AS sale ON sale.number = line.number AND sale.occasion = line.occasion
WHERE line.source = 'refund'
"""
