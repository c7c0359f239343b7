"""Derived relations about purchases: money that belongs to no invoice, what it says of itself, and what it bought."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

DIRECT_PURCHASE = Derived(
    name="direct_purchase",
    holds="One row per payment or checkout that belongs to no invoice and was paid: its amount before discounts and "
    "tax where the checkout shows it, and what was charged; the price and quantity of its only line; the metadata of "
    "both as one text "
    "(`purpose`), again without what names its account or customer (`kind`; empty where they say nothing else), and "
    "then without digits (`signature`).",
    sql="""
WITH checkout AS (
    SELECT coalesce(payment_intent_id, checkout_session_id) AS money_id, min(checkout_session_id) AS checkout_session_id
    FROM stripe_checkout_session
    WHERE invoice_id IS NULL AND subscription_id IS NULL AND mode = 'payment'
    GROUP BY coalesce(payment_intent_id, checkout_session_id)
),
paid AS (
    SELECT m.money_id, m.customer_id, m.account_id, m.currency, m.created_at, m.paid_at, m.livemode,
           coalesce(c.amount_subtotal, m.amount)                 AS amount, m.amount AS charged,
           c.price_id, c.lookup_key, c.product_id, c.quantity,
           c.checkout_session_id IS NOT NULL                     AS through_checkout,
           coalesce(p.description, '')                           AS description,
           coalesce(p.purpose, '') || coalesce(c.purpose, '')    AS purpose
    FROM stripe_money AS m
    LEFT JOIN checkout AS named             ON named.money_id = m.money_id
    LEFT JOIN stripe_checkout_session AS c  ON c.checkout_session_id = named.checkout_session_id
    LEFT JOIN stripe_payment_intent AS p    ON p.payment_intent_id = m.money_id
    WHERE m.form IN ('payment', 'checkout') AND m.state = 'paid' AND coalesce(c.amount_subtotal, m.amount) > 0
),
anonymous AS (
    SELECT paid.*,
           replace(replace(replace(paid.purpose,
                   '"' || coalesce(paid.account_id, holder.account_id, '') || '"', '"?"'),
                   '"' || coalesce(paid.customer_id, '') || '"', '"?"'),
                   '"' || coalesce(customer.email, '') || '"', '"?"') AS kind
    FROM paid
    LEFT JOIN customer_account AS holder  ON holder.customer_id = paid.customer_id
    LEFT JOIN stripe_customer AS customer ON customer.customer_id = paid.customer_id
)
SELECT money_id, customer_id, account_id, currency, created_at, paid_at, livemode, amount, charged, price_id,
       lookup_key, product_id, quantity, through_checkout, description, purpose,
       CASE WHEN regexp_matches(kind, '^([{]"[^"]*": "[?]"(, "[^"]*": "[?]")*[}])+$') THEN '' ELSE kind END AS kind,
       translate(kind, '0123456789', '') AS signature
FROM anonymous
""",
)

PURCHASE_PRICE = Derived(
    name="purchase_price",
    holds="For direct purchases: the name under which the config says what they bought, and by which rule that is "
    "known: the checkout's line, a name in the metadata, the key of the metadata that says the credits, or the amount, "
    "where exactly one price that is sold once has it.",
    sql="""
WITH by_line AS (
    SELECT d.money_id, m.price_name
    FROM direct_purchase AS d
    JOIN price_meaning AS m ON m.price_id = d.price_id
                           AND m.lookup_key IS NOT DISTINCT FROM d.lookup_key
                           AND m.product_id IS NOT DISTINCT FROM d.product_id
    WHERE m.price_name IS NOT NULL
),
by_name AS (
    SELECT d.money_id, min(c.price_name) AS price_name
    FROM direct_purchase AS d
    JOIN configured_price AS c ON strpos(d.purpose, ': "' || c.price_name || '"') > 0
    GROUP BY d.money_id
    HAVING count(*) = 1
),
by_key AS (
    SELECT d.money_id, min(t.price_name) AS price_name
    FROM direct_purchase AS d
    JOIN sold_price AS t ON strpos(d.purpose, '"' || t.credits_from || '": "') > 0
    GROUP BY d.money_id
    HAVING count(*) = 1
),
amount AS (                            -- what one price alone costs, of those that are sold once
    SELECT currency, unit_amount, min(price_id) AS price_id
    FROM stripe_price
    WHERE interval IS NULL AND unit_amount > 0
    GROUP BY currency, unit_amount
    HAVING count(*) = 1
),
by_amount AS (
    SELECT d.money_id, m.price_name
    FROM direct_purchase AS d
    JOIN amount AS a        ON a.currency = d.currency AND a.unit_amount = d.amount
    JOIN stripe_price AS p  ON p.price_id = a.price_id
    JOIN price_meaning AS m ON m.price_id = p.price_id
                           AND m.lookup_key IS NOT DISTINCT FROM p.lookup_key
                           AND m.product_id IS NOT DISTINCT FROM p.product_id
    WHERE d.price_id IS NULL
)
SELECT d.money_id,
       coalesce(l.price_name, n.price_name, k.price_name, a.price_name) AS price_name,
       CASE WHEN l.price_name IS NOT NULL THEN 'line'
            WHEN n.price_name IS NOT NULL THEN 'metadata'
            WHEN k.price_name IS NOT NULL THEN 'metadata'
            ELSE 'amount' END                                           AS known_by
FROM direct_purchase AS d
LEFT JOIN by_line AS l    ON l.money_id = d.money_id
LEFT JOIN by_name AS n    ON n.money_id = d.money_id
LEFT JOIN by_key AS k     ON k.money_id = d.money_id
LEFT JOIN by_amount AS a  ON a.money_id = d.money_id
WHERE coalesce(l.price_name, n.price_name, k.price_name, a.price_name) IS NOT NULL
""",
)

SINGLE_SALE = Derived(
    name="single_sale",
    holds="What was sold once since the ledger began, by an invoice's line or by a direct purchase, with all that may "
    "say of it which kind of thing it was, and whether its money led to credits. `form`: its currency, whether it came "
    "through a checkout, and its description. Metadata that no other sale has, such as an order's id, say nothing.",
    optional=ENTRY_LINKS,
    sql="""
WITH ledger AS (
    SELECT min(created_at) AS first_entry_at FROM ledger_entry
),
sale AS (
    SELECT l.invoice_id AS money_id, l.price_id, coalesce(p.product_id, l.product_id) AS product_id,
           '' AS kind, '' AS signature, l.amount, l.currency || ' invoice' AS form, i.created_at
    FROM stripe_invoice_line AS l
    JOIN stripe_price AS p   ON p.price_id = l.price_id AND p.interval IS NULL
    JOIN stripe_invoice AS i ON i.invoice_id = l.invoice_id AND i.status = 'paid'
    WHERE l.amount > 0 AND NOT l.metered AND i.livemode = $livemode
    UNION ALL
    SELECT d.money_id, d.price_id, coalesce(p.product_id, d.product_id), d.kind, d.signature, d.amount,
           d.currency || CASE WHEN d.through_checkout THEN ' checkout ' ELSE ' payment ' END || d.description,
           d.created_at
    FROM direct_purchase AS d
    LEFT JOIN stripe_price AS p ON p.price_id = d.price_id
    WHERE d.livemode = $livemode AND d.charged > 0
)
SELECT sale.money_id, sale.price_id, sale.product_id, sale.signature, sale.amount, sale.form,
       CASE WHEN count(*) OVER (PARTITION BY sale.form, sale.kind) = 1 THEN '' ELSE sale.kind END AS kind,
       CASE WHEN c.credit_entries > 0 THEN 1 ELSE 0 END AS is_credited
FROM sale
CROSS JOIN ledger
LEFT JOIN money_credit AS c ON c.money_id = sale.money_id
WHERE sale.created_at >= ledger.first_entry_at OR c.credit_entries > 0
""",
)

CREDIT_WORDS = (
    "credit|token|top.?up|coin|point|recharge|refill|deposit|wallet|balance|funds|pack|bundle|minutes|messages|quota"
)
"""Words by which metadata say that a payment is for something that a ledger counts."""

LIKELY_PURCHASE = Derived(
    name="likely_purchase",
    holds="The money of single sales that are purchases of credits going by others like them, and what these have in "
    "common (`likeness`): the price, the product (of which every other price that was paid led to credits), the "
    "metadata, or nothing but the amount. Of `of_them` that were paid, `credited` led to credits.",
    optional=ENTRY_LINKS,
    # Metadata that speak of credits mean the same whatever the number in it; others where the amount is the same, or
    # where amounts differ so much that customers type them in. One credited sale of several may be a kindness.
    sql=f"""
WITH price AS (
    SELECT price_id, max(product_id) AS product_id, count(*) AS of_them, sum(is_credited) AS credited
    FROM single_sale
    WHERE price_id IS NOT NULL
    GROUP BY price_id
),
product AS (
    SELECT product_id, sum(of_them) AS of_them, sum(credited) AS credited,
           sum(CASE WHEN credited = 0 THEN 1 ELSE 0 END) AS prices_without_credits
    FROM price
    GROUP BY product_id
),
worded AS (                            -- its metadata speak of credits
    SELECT signature, count(*) AS of_them, sum(is_credited) AS credited
    FROM single_sale
    WHERE regexp_matches(lower(signature), '{CREDIT_WORDS}')
    GROUP BY signature
),
typed AS (                             -- its metadata are the same, and customers type in the amount
    SELECT form, kind, count(*) AS of_them, sum(is_credited) AS credited
    FROM single_sale
    WHERE kind <> ''
    GROUP BY form, kind
    HAVING 2 * sum(is_credited) >= count(*) AND 2 * count(DISTINCT amount) > count(*)
),
alike AS (
    SELECT form, kind, amount, count(*) AS of_them, sum(is_credited) AS credited
    FROM single_sale
    WHERE price_id IS NULL
    GROUP BY form, kind, amount
),
likely AS (
    SELECT s.money_id, 1 AS nearness, 'price' AS likeness, p.of_them, p.credited
    FROM single_sale AS s
    JOIN price AS p ON p.price_id = s.price_id
    WHERE p.credited > 1 OR p.credited > 0 AND 2 * p.credited >= p.of_them
    UNION ALL
    SELECT s.money_id, 2, 'product', f.of_them, f.credited
    FROM single_sale AS s
    JOIN price AS p   ON p.price_id = s.price_id
    JOIN product AS f ON f.product_id = s.product_id
    WHERE f.credited > 0 AND f.prices_without_credits = CASE WHEN p.credited = 0 THEN 1 ELSE 0 END
    UNION ALL
    SELECT s.money_id, 3, 'metadata', w.of_them, w.credited
    FROM single_sale AS s
    JOIN worded AS w ON w.signature = s.signature
    WHERE w.credited > 0
    UNION ALL
    SELECT s.money_id, 4, 'metadata', t.of_them, t.credited
    FROM single_sale AS s
    JOIN typed AS t ON t.form = s.form AND t.kind = s.kind
    UNION ALL
    SELECT s.money_id, 5, 'amount', a.of_them, a.credited
    FROM single_sale AS s
    JOIN alike AS a ON a.form = s.form AND a.kind = s.kind AND a.amount = s.amount
    WHERE s.price_id IS NULL AND (a.credited > 1 OR a.credited > 0 AND 2 * a.credited >= a.of_them)
)
SELECT money_id,
       arg_min(likeness, nearness) AS likeness,
       arg_min(of_them, nearness)  AS of_them,
       arg_min(credited, nearness) AS credited
FROM likely
GROUP BY money_id
""",
)

PURCHASES: tuple[Derived, ...] = (DIRECT_PURCHASE, PURCHASE_PRICE, SINGLE_SALE, LIKELY_PURCHASE)
