"""Derived relations about money: what was paid at Stripe, and whose it is.

One *money* is one thing that is paid once: an invoice, or a payment or checkout without an invoice. Whatever names a
part of it (a payment of the invoice, its checkout, an event about it) names the whole.
"""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

CHARGE_SOURCES = ("stripe_payment_intent", "stripe_refund", "stripe_dispute", "stripe_invoice_payment", "stripe_event")
"""What names charges beside the payments that they are of: each that is there shows some."""

MONEY_NAMES = ("stripe_invoice", "stripe_checkout_session", *CHARGE_SOURCES)
"""What shows that two names are of one money."""

CHARGE_NAME = Derived(
    name="charge_name",
    holds="For the charges that entries, refunds or disputes name in place of a payment intent: the payment intent, or "
    "the invoice of a time before payment intents, that the charge is of.",
    optional=(*ENTRY_LINKS, *CHARGE_SOURCES),
    sql="""
WITH wanted AS (
    SELECT stripe_payment_intent_id AS charge_id FROM stripe_entry WHERE substr(stripe_payment_intent_id, 1, 3) <> 'pi_'
    UNION
    SELECT charge_id FROM stripe_refund WHERE payment_intent_id IS NULL
    UNION
    SELECT charge_id FROM stripe_dispute WHERE payment_intent_id IS NULL
)
SELECT charge_id, min(payment_intent_id) AS payment_intent_id, min(invoice_id) AS invoice_id
FROM (
    SELECT charge_id, payment_intent_id, CAST(NULL AS TEXT) AS invoice_id FROM stripe_payment_intent
    UNION ALL
    SELECT charge_id, payment_intent_id, NULL FROM stripe_refund
    UNION ALL
    SELECT charge_id, payment_intent_id, NULL FROM stripe_dispute
    UNION ALL
    SELECT charge_id, payment_intent_id, invoice_id FROM stripe_invoice_payment
    UNION ALL
    SELECT object_id, payment_intent_id, invoice_id FROM stripe_event
) AS charge
WHERE charge_id IN (SELECT charge_id FROM wanted WHERE charge_id IS NOT NULL)
GROUP BY charge_id
HAVING coalesce(min(payment_intent_id), min(invoice_id)) IS NOT NULL
""",
)

MONEY_NAME = Derived(
    name="money_name",
    holds="For checkouts, events, charges, and the payments of invoices that something names: the money that they are "
    "about.",
    optional=(*ENTRY_LINKS, "stripe_event"),
    # A subscription's checkout may not say which invoice it made: the subscription's first one.
    sql="""
WITH wanted AS (                       -- few of an app whose entries name their invoices
    SELECT stripe_payment_intent_id AS payment_intent_id FROM stripe_entry WHERE stripe_payment_intent_id IS NOT NULL
    UNION
    SELECT payment_intent_id FROM stripe_checkout_session
    UNION
    SELECT payment_intent_id FROM stripe_event WHERE invoice_id IS NULL
    UNION
    SELECT payment_intent_id FROM stripe_refund
    UNION
    SELECT payment_intent_id FROM stripe_dispute
    UNION
    SELECT payment_intent_id FROM charge_name
),
by_payment AS (
    SELECT p.payment_intent_id, min(p.invoice_id) AS invoice_id
    FROM stripe_invoice_payment AS p
    JOIN wanted ON wanted.payment_intent_id = p.payment_intent_id
    GROUP BY p.payment_intent_id
),
first_invoice AS (
    SELECT subscription_id, arg_min(invoice_id, (created_at, invoice_id)) AS invoice_id
    FROM stripe_invoice
    WHERE subscription_id IN (SELECT subscription_id FROM stripe_checkout_session WHERE invoice_id IS NULL)
    GROUP BY subscription_id
),
by_checkout AS (
    SELECT s.checkout_session_id,
           coalesce(s.invoice_id, p.invoice_id, f.invoice_id, s.payment_intent_id, s.checkout_session_id) AS money_id
    FROM stripe_checkout_session AS s
    LEFT JOIN by_payment AS p    ON p.payment_intent_id = s.payment_intent_id
    LEFT JOIN first_invoice AS f ON f.subscription_id = s.subscription_id
),
by_charge AS (
    SELECT c.charge_id, coalesce(p.invoice_id, c.invoice_id, c.payment_intent_id) AS money_id
    FROM charge_name AS c
    LEFT JOIN by_payment AS p ON p.payment_intent_id = c.payment_intent_id
),
by_event AS (
    SELECT e.event_id, coalesce(e.invoice_id, p.invoice_id, e.payment_intent_id, c.money_id) AS money_id
    FROM stripe_event AS e
    LEFT JOIN by_payment AS p  ON p.payment_intent_id = e.payment_intent_id
    LEFT JOIN by_checkout AS c ON c.checkout_session_id = e.object_id
)
SELECT named.name, named.money_id
FROM (
    SELECT payment_intent_id AS name, invoice_id AS money_id FROM by_payment
    UNION ALL
    SELECT checkout_session_id, money_id FROM by_checkout
    UNION ALL
    SELECT charge_id, money_id FROM by_charge
    UNION ALL
    SELECT event_id, money_id FROM by_event WHERE money_id IS NOT NULL
) AS named
""",
)

LONE_PAYMENT = Derived(
    name="lone_payment",
    holds="One row per payment that belongs to no invoice: how it came, whether it is paid, still pending, or never "
    "will be (unpaid), and when it succeeded, if Stripe's events still show it.",
    optional=("stripe_event",),
    sql="""
WITH success AS (
    SELECT payment_intent_id, min(created_at) AS succeeded_at
    FROM stripe_event
    WHERE type IN ('payment_intent.succeeded', 'charge.succeeded', 'checkout.session.async_payment_succeeded')
      AND payment_intent_id IS NOT NULL
    GROUP BY payment_intent_id
),
at_checkout AS (
    SELECT payment_intent_id, min(account_id) AS account_id
    FROM stripe_checkout_session
    WHERE payment_intent_id IS NOT NULL
    GROUP BY payment_intent_id
)
SELECT p.payment_intent_id, p.status, p.delayed, p.customer_id, p.currency, p.created_at, x.succeeded_at, p.livemode,
       coalesce(c.account_id, p.account_id)                                        AS account_id,
       c.payment_intent_id IS NOT NULL                                             AS through_checkout,
       CASE WHEN p.status = 'succeeded' THEN 'paid'
            WHEN p.status = 'canceled' THEN 'unpaid'
            WHEN p.status IS NOT NULL THEN 'pending' END                           AS state,
       CASE WHEN p.amount_received > 0 THEN p.amount_received ELSE p.amount END    AS amount      -- what was captured
FROM stripe_payment_intent AS p
LEFT JOIN at_checkout AS c ON c.payment_intent_id = p.payment_intent_id
LEFT JOIN success AS x     ON x.payment_intent_id = p.payment_intent_id
WHERE NOT EXISTS (SELECT 1 FROM stripe_invoice_payment AS i WHERE i.payment_intent_id = p.payment_intent_id)
""",
)

STRIPE_MONEY = Derived(
    name="stripe_money",
    holds="One row per money: an invoice, a payment that belongs to none, a checkout without a payment. Whether it is "
    "paid, still pending, or never will be (unpaid); how much it is, before discounts too (`subtotal`), "
    "how much of that was charged, and how much credit notes took off it; and when it was paid, where Stripe says so.",
    sql="""
WITH of_invoice AS (
    SELECT p.invoice_id,
           max(CASE WHEN i.delayed AND i.status = 'processing' THEN 1 ELSE 0 END) AS delayed
    FROM stripe_invoice_payment AS p
    JOIN stripe_payment_intent AS i ON i.payment_intent_id = p.payment_intent_id
    GROUP BY p.invoice_id
)
SELECT m.money_id, m.form, m.state, m.status, m.is_delayed, m.customer_id, m.account_id,
       m.currency, m.amount, m.subtotal, m.charged, m.credited, m.created_at, m.paid_at, m.on_terms, m.due_at,
       m.other_application, m.livemode
FROM (
    SELECT i.invoice_id                             AS money_id,
           'invoice'                                AS form,
           CASE WHEN i.status = 'paid' THEN 'paid'
                WHEN i.status IN ('draft', 'open') THEN 'pending'
                WHEN i.status IN ('void', 'uncollectible') THEN 'unpaid' END AS state,
           i.status                                 AS status,
           coalesce(o.delayed, 0) = 1               AS is_delayed,
           i.customer_id                            AS customer_id,
           coalesce(i.account_id, s.account_id)     AS account_id,
           i.currency                               AS currency,
           i.total                                  AS amount,
           i.subtotal                               AS subtotal,
           CASE WHEN i.amount_paid > 0 THEN i.amount_paid ELSE i.total END AS charged,
           i.credited + i.credited_before           AS credited,
           i.created_at                             AS created_at,
           coalesce(i.paid_at, i.created_at)        AS paid_at,
           i.collection_method = 'send_invoice'     AS on_terms,
           i.due_at                                 AS due_at,
           coalesce(s.other_application, FALSE)     AS other_application,
           i.livemode                               AS livemode
    FROM stripe_invoice AS i
    LEFT JOIN stripe_subscription AS s ON s.subscription_id = i.subscription_id
    LEFT JOIN of_invoice AS o          ON o.invoice_id = i.invoice_id
    UNION ALL
    SELECT payment_intent_id, 'payment', state, status, delayed, customer_id, account_id, currency, amount, amount,
           amount, 0,
           created_at, succeeded_at, FALSE, NULL, FALSE, livemode
    FROM lone_payment
    UNION ALL
    SELECT c.checkout_session_id, 'checkout',
           CASE WHEN c.payment_status IN ('paid', 'no_payment_required') THEN 'paid'
                WHEN c.status = 'expired' THEN 'unpaid'
                WHEN c.payment_status IS NOT NULL THEN 'pending' END,
           c.payment_status, FALSE, c.customer_id, c.account_id,
           c.currency, c.amount_total, c.amount_subtotal, c.amount_total, 0, c.created_at, NULL, FALSE, NULL, FALSE,
           c.livemode
    FROM stripe_checkout_session AS c
    WHERE c.payment_intent_id IS NULL AND c.invoice_id IS NULL AND c.subscription_id IS NULL AND c.mode = 'payment'
) AS m
""",
)

MONEY_BACK = Derived(
    name="money_back",
    holds="One row per money that was refunded or disputed: how much of it was paid back (returned: refunds that "
    "succeeded, disputes that were lost), how much may yet be (under_way), and in how many movements, each of which "
    "may have been rounded to a whole credit. Failed refunds and won disputes are neither.",
    optional=("stripe_event",),
    # When a refund succeeded or a dispute was lost is known from its last event.
    sql="""
WITH last_event AS (
    SELECT object_id, max(created_at) AS last_at FROM stripe_event WHERE object_id IS NOT NULL GROUP BY object_id
),
movement AS (
    SELECT coalesce(r.payment_intent_id, r.charge_id) AS paid_by, r.amount,
           greatest(r.created_at, coalesce(t.last_at, r.created_at)) AS moved_at,
           CASE WHEN r.status = 'succeeded' THEN 'returned'
                WHEN r.status IN ('pending', 'requires_action') THEN 'under way' ELSE 'kept' END AS outcome
    FROM stripe_refund AS r
    LEFT JOIN last_event AS t ON t.object_id = r.refund_id
    UNION ALL
    SELECT coalesce(d.payment_intent_id, d.charge_id), d.amount,
           greatest(d.created_at, coalesce(t.last_at, d.created_at)),
           CASE WHEN d.status = 'lost' THEN 'returned'
                WHEN d.status IN ('needs_response', 'under_review', 'warning_needs_response',
                                  'warning_under_review', 'prevented') THEN 'under way' ELSE 'kept' END
    FROM stripe_dispute AS d
    LEFT JOIN last_event AS t ON t.object_id = d.dispute_id
)
SELECT coalesce(n.money_id, m.paid_by)                                               AS money_id,
       CAST(sum(CASE WHEN m.outcome = 'returned' THEN m.amount ELSE 0 END) AS BIGINT)  AS returned,
       CAST(sum(CASE WHEN m.outcome = 'under way' THEN m.amount ELSE 0 END) AS BIGINT) AS under_way,
       sum(CASE WHEN m.outcome = 'kept' THEN 0 ELSE 1 END)                           AS movements,
       max(CASE WHEN m.outcome = 'returned' THEN m.moved_at END)                     AS last_returned_at,
       max(m.moved_at)                                                               AS last_moved_at
FROM movement AS m
LEFT JOIN money_name AS n ON n.name = m.paid_by
WHERE m.paid_by IS NOT NULL
GROUP BY coalesce(n.money_id, m.paid_by)
""",
)

CUSTOMER_ACCOUNT = Derived(
    name="customer_account",
    holds="One row per Stripe customer whose account is known: the account that names the customer, or else the one "
    "that the customer names, or else the one account that its finished checkouts, subscriptions, invoices and "
    "payments name.",
    optional=("stripe_checkout_session", "stripe_subscription", "stripe_invoice", "stripe_payment_intent"),
    sql="""
SELECT known.customer_id,
       coalesce(min(known.linked_id), min(known.named_id),
                CASE WHEN min(known.bought_id) = max(known.bought_id) THEN min(known.bought_id) END) AS account_id
FROM (
    SELECT stripe_customer_id AS customer_id, account_id AS linked_id, CAST(NULL AS TEXT) AS named_id,
           CAST(NULL AS TEXT) AS bought_id
    FROM account
    WHERE stripe_customer_id IS NOT NULL
    UNION ALL
    SELECT customer_id, NULL, account_id, NULL FROM stripe_customer WHERE account_id IS NOT NULL
    UNION ALL
    SELECT customer_id, NULL, NULL, account_id FROM stripe_checkout_session
    WHERE account_id IS NOT NULL AND status = 'complete'
    UNION ALL
    SELECT customer_id, NULL, NULL, account_id FROM stripe_subscription WHERE account_id IS NOT NULL
    UNION ALL
    SELECT customer_id, NULL, NULL, account_id FROM stripe_invoice WHERE account_id IS NOT NULL
    UNION ALL
    SELECT customer_id, NULL, NULL, account_id FROM stripe_payment_intent WHERE account_id IS NOT NULL
) AS known
WHERE known.customer_id IS NOT NULL
GROUP BY known.customer_id
HAVING coalesce(min(known.linked_id), min(known.named_id),
                CASE WHEN min(known.bought_id) = max(known.bought_id) THEN min(known.bought_id) END) IS NOT NULL
""",
)

MONEY: tuple[Derived, ...] = (CHARGE_NAME, MONEY_NAME, LONE_PAYMENT, STRIPE_MONEY, MONEY_BACK, CUSTOMER_ACCOUNT)
