"""Derived relations about time: for which span each bill pays, what became of its money, and what is paid for good."""

from __future__ import annotations

from trueup.derived.derivation import Derived

_BILLS = ("stripe_invoice", "stripe_invoice_line", "stripe_invoice_payment", "stripe_refund", "stripe_dispute")
BILLS_AND_PURCHASES = (
    *_BILLS,
    *("stripe_event", "stripe_price", "stripe_payment_intent", "stripe_checkout_session"),
)
"""Relations that say for which time money was paid, by an invoice or without one."""

PAYMENT_RETURN = Derived(
    name="payment_return",
    holds="One row per payment of which money went back, by refunds that succeeded and have settled, or by a lost "
    "dispute, and how much. A payment of a time before payment intents is named by its charge.",
    optional=("stripe_refund", "stripe_dispute"),
    sql="""
SELECT moved.payment_intent_id, sum(moved.amount) AS amount
FROM (
    SELECT coalesce(payment_intent_id, charge_id) AS payment_intent_id, amount
    FROM stripe_refund
    WHERE status = 'succeeded' AND created_at < $settled_before
    UNION ALL
    SELECT coalesce(payment_intent_id, charge_id), amount FROM stripe_dispute WHERE status = 'lost'
) AS moved
WHERE moved.payment_intent_id IS NOT NULL
GROUP BY moved.payment_intent_id
""",
)

BILLED_TIME = Derived(
    name="billed_time",
    holds="One row per line of an invoice that is for a plan, or may be, on an invoice without a subscription, because "
    "the config does not say what its price sells: the span it bills, lately or still, or the number of payments after "
    "which it is for good; and the invoice's outcome: paid, "
    "open, unpaid (void, uncollectible, or credited before there was a payment) or returned (by refunds, a lost "
    "dispute, a credit note). A credit for what was left of a span, as a change in its middle gives, has `is_credit`.",
    optional=_BILLS,
    sql="""
WITH paid_back AS (
    SELECT p.invoice_id, sum(r.amount) AS amount
    FROM payment_return AS r
    JOIN stripe_invoice_payment AS p ON coalesce(p.payment_intent_id, p.charge_id) = r.payment_intent_id
    GROUP BY p.invoice_id
),
line AS (
    SELECT l.invoice_id, l.subscription_id, l.price_id, l.period_start, l.period_end, l.amount, l.proration,
           m.price_name, m.plan, m.instalments
    FROM stripe_invoice_line AS l
    LEFT JOIN price_meaning AS m ON m.price_id IS NOT DISTINCT FROM l.price_id
                                AND m.lookup_key IS NOT DISTINCT FROM l.lookup_key
                                AND m.product_id IS NOT DISTINCT FROM l.product_id
    WHERE NOT l.metered
)
SELECT DISTINCT l.invoice_id, coalesce(i.subscription_id, l.subscription_id) AS subscription_id,
       i.customer_id, i.account_id, i.currency, l.price_id, l.plan, l.instalments,
       coalesce(l.period_start, i.created_at)          AS starts_at,
       l.period_end                                    AS ends_at,
       l.amount < 0                                    AS is_credit,
       l.proration                                     AS is_proration,
       i.paid_out_of_band,
       coalesce(i.paid_at, i.created_at)               AS paid_at,
       CASE WHEN i.status IN ('void', 'uncollectible') THEN 'unpaid'
            WHEN i.status <> 'paid'                    THEN 'open'
            WHEN i.total > 0 AND i.credited_before >= i.total THEN 'unpaid'
            WHEN greatest(i.total, i.amount_paid) > 0
                 AND i.credited_before + greatest(i.credited, coalesce(b.amount, 0)) >= greatest(i.total, i.amount_paid)
                 THEN 'returned'
            ELSE 'paid' END                            AS outcome
FROM line AS l
JOIN stripe_invoice AS i      ON i.invoice_id = l.invoice_id
LEFT JOIN paid_back AS b      ON b.invoice_id = i.invoice_id
WHERE i.livemode = $livemode
  AND (l.plan IS NOT NULL OR l.price_name IS NULL AND coalesce(i.subscription_id, l.subscription_id) IS NULL)
  AND (l.period_end >= $period_start OR l.instalments IS NOT NULL)
""",
)

RUNNING_BILL = Derived(
    name="running_bill",
    holds="One row per subscription that was billed for a plan and for the time that runs now. `is_given_up`: every "
    "such bill is unpaid or its money went back. `paid_at`: when the last of them that is paid was; NULL where none "
    "is.",
    optional=_BILLS,
    sql="""
SELECT subscription_id,
       max(CASE WHEN outcome IN ('paid', 'open') THEN 1 ELSE 0 END) = 0 AS is_given_up,
       max(CASE WHEN outcome = 'paid' THEN paid_at END)                 AS paid_at
FROM billed_time
WHERE subscription_id IS NOT NULL
  AND plan IS NOT NULL
  AND NOT is_credit
  AND starts_at <= $now
  AND ends_at > $now
GROUP BY subscription_id
""",
)

WORDLESS_INVOICE = Derived(
    name="wordless_invoice",
    holds="The paid invoices of which no line is known, where lines of others are: what was sold is not known, and for "
    "which time, which may be for good.",
    optional=_BILLS,
    sql="""
SELECT i.invoice_id, i.customer_id, i.account_id, i.paid_at, i.created_at
FROM stripe_invoice AS i
WHERE i.status = 'paid'
  AND i.total > 0
  AND i.livemode = $livemode
  AND EXISTS (SELECT 1 FROM stripe_invoice_line)
  AND NOT EXISTS (SELECT 1 FROM stripe_invoice_line AS l WHERE l.invoice_id = i.invoice_id)
""",
)

PAID_TIME = Derived(
    name="paid_time",
    holds="One row per span of time of a subscription, or of a purchase without one: paid, unpaid, returned or open "
    "as it was billed; a trial; what a subscription is served for by its status where no bill of now is paid "
    "(subscription, grace, pause); terms of payment that are not over; and each payment towards a plan for good "
    "(instalment), of which `instalments` are needed. `is_running`: for this span service is right now. A paid span "
    "ends with a subscription that was ended at once, unless it was paid after that or outside Stripe. `known_by`: "
    "how its price is known.",
    optional=BILLS_AND_PURCHASES,
    sql="""
WITH given_back AS (                   -- from when on what was left of a span was credited
    SELECT subscription_id, plan, ends_at, min(starts_at) AS cut_at
    FROM billed_time
    WHERE is_credit AND is_proration AND outcome IN ('paid', 'open')
    GROUP BY subscription_id, plan, ends_at
),
billed AS (
    SELECT b.outcome, b.plan, b.subscription_id, b.customer_id, b.account_id, b.invoice_id, b.paid_at, b.starts_at,
           least(b.ends_at, coalesce(g.cut_at, b.ends_at),
                 CASE WHEN b.outcome = 'paid' AND (b.paid_out_of_band OR b.paid_at > s.ended_at) THEN b.ends_at
                      ELSE coalesce(s.ended_at, b.ends_at) END) AS ends_at
    FROM billed_time AS b
    LEFT JOIN subscription_standing AS s ON s.subscription_id = b.subscription_id
    LEFT JOIN given_back AS g ON g.subscription_id = b.subscription_id AND g.plan = b.plan AND g.ends_at = b.ends_at
                             AND g.cut_at > b.starts_at
    WHERE NOT b.is_credit
      AND b.ends_at >= $period_start
      AND (s.trial_end IS NULL OR b.ends_at > s.trial_end)
)
SELECT t.span, t.plan, t.subscription_id, t.customer_id, t.account_id, t.source_id, t.paid_at, t.starts_at, t.ends_at,
       t.instalments, t.price_id, t.known_by, t.is_running
FROM (
    SELECT outcome AS span, plan, subscription_id, customer_id, account_id, invoice_id AS source_id, paid_at,
           starts_at, ends_at, CAST(NULL AS BIGINT) AS instalments, CAST(NULL AS TEXT) AS price_id, 'line' AS known_by,
           outcome = 'paid' AND starts_at <= $now AND ends_at > $now AS is_running
    FROM billed
    WHERE ends_at > starts_at
    UNION ALL
    SELECT 'terms', NULL, NULL, customer_id, account_id, invoice_id, NULL,
           created_at, due_at, NULL, NULL, 'invoice', TRUE
    FROM stripe_invoice
    WHERE status = 'open' AND collection_method = 'send_invoice' AND subscription_id IS NULL
      AND due_at >= $past_due_since AND livemode = $livemode
    UNION ALL
    SELECT 'unknown', NULL, NULL, customer_id, account_id, invoice_id, paid_at,
           created_at, NULL, NULL, NULL, 'invoice', TRUE
    FROM wordless_invoice
    UNION ALL
    SELECT served_as, plan, subscription_id, customer_id, named_account_id, subscription_id, NULL,
           coalesce(current_period_start, created_at), current_period_end, NULL, NULL, 'status', TRUE
    FROM subscription_standing
    WHERE served_as IN ('subscription', 'grace', 'pause')
    UNION ALL
    SELECT 'trial', plan, subscription_id, customer_id, named_account_id, subscription_id, NULL, created_at,
           coalesce(least(trial_end, coalesce(ended_at, trial_end)), current_period_end), NULL, NULL, 'status',
           served_as = 'trial'
    FROM subscription_standing
    WHERE served_as = 'trial' OR trial_end >= $period_start
    UNION ALL
    SELECT 'instalment', plan, subscription_id, customer_id, account_id, money_id, paid_at, paid_at, NULL, instalments,
           price_id, known_by, FALSE
    FROM payment_for_good
) AS t
""",
)

PAYMENT_FOR_GOOD = Derived(
    name="payment_for_good",
    holds="One row per payment that was kept for a plan which is paid for good after one or more of them: `known_by` "
    "the line of its invoice or checkout, by a name in its metadata, by its amount, which only such a price of those "
    "that are sold once has, or by an amount that several of them have.",
    optional=(*BILLS_AND_PURCHASES, "stripe_customer"),
    sql="""
WITH sold_once AS (
    SELECT p.price_id, p.currency, p.unit_amount, m.plan, m.instalments
    FROM stripe_price AS p
    JOIN price_meaning AS m ON m.price_id = p.price_id
                           AND m.lookup_key IS NOT DISTINCT FROM p.lookup_key
                           AND m.product_id IS NOT DISTINCT FROM p.product_id
    WHERE p.interval IS NULL AND p.unit_amount > 0
),
named AS (                             -- purchases whose checkout or metadata name the price
    SELECT money_id, price_name, known_by FROM purchase_price WHERE known_by <> 'amount'
),
amount AS (
    SELECT currency, unit_amount, count(*) AS prices,
           max(CASE WHEN instalments = 1 THEN plan END)     AS plan,
           max(CASE WHEN instalments = 1 THEN price_id END) AS price_id
    FROM sold_once
    GROUP BY currency, unit_amount
)
SELECT p.money_id, p.subscription_id, p.customer_id, p.account_id, p.plan, p.price_id, p.instalments, p.paid_at,
       p.known_by
FROM (
    SELECT invoice_id AS money_id, subscription_id, customer_id, account_id, plan, price_id, instalments, paid_at,
           'line' AS known_by
    FROM billed_time
    WHERE instalments IS NOT NULL AND plan IS NOT NULL AND outcome = 'paid' AND NOT is_credit AND NOT is_proration
    UNION ALL
    SELECT l.payment_intent_id, NULL, l.customer_id, l.account_id, a.plan, a.price_id, 1,
           coalesce(l.succeeded_at, l.created_at),
           CASE WHEN a.prices = 1 THEN 'amount' ELSE 'amount of several prices' END
    FROM lone_payment AS l
    JOIN direct_purchase AS d     ON d.money_id = l.payment_intent_id
    JOIN amount AS a              ON a.currency = d.currency AND a.unit_amount = d.amount
    LEFT JOIN named               ON named.money_id = l.payment_intent_id
    LEFT JOIN payment_return AS r ON r.payment_intent_id = l.payment_intent_id
    WHERE l.state = 'paid' AND l.livemode = $livemode AND a.plan IS NOT NULL
      AND named.money_id IS NULL
      AND coalesce(r.amount, 0) < l.amount
    UNION ALL
    SELECT d.money_id, NULL, d.customer_id, d.account_id, p.plan, p.price_name, p.instalments,
           coalesce(d.paid_at, d.created_at), n.known_by
    FROM direct_purchase AS d
    JOIN named AS n               ON n.money_id = d.money_id
    JOIN configured_price AS p    ON p.price_name = n.price_name
    LEFT JOIN payment_return AS r ON r.payment_intent_id = d.money_id
    WHERE p.plan IS NOT NULL AND p.instalments IS NOT NULL AND d.livemode = $livemode
      AND coalesce(r.amount, 0) < d.amount
) AS p
""",
)

PAID_TIME_GROUP: tuple[Derived, ...] = (
    PAYMENT_RETURN,
    BILLED_TIME,
    RUNNING_BILL,
    WORDLESS_INVOICE,
    PAYMENT_FOR_GOOD,
    PAID_TIME,
)
