"""Derived relations about money: what was paid at Stripe, what it owes in credits, and which entries are about it.

One *money* is one thing that is paid once: an invoice, or a payment or checkout without an invoice. Whatever names a
part of it (a payment of the invoice, its checkout, an event about it) names the whole.
"""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

MONEY_NAME = Derived(
    name="money_name",
    holds="For checkouts, events, and the payments of invoices that something names: the money that they are about.",
    optional=ENTRY_LINKS,
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
    SELECT event_id, money_id FROM by_event WHERE money_id IS NOT NULL
) AS named
""",
)

LONE_PAYMENT = Derived(
    name="lone_payment",
    holds="One row per payment that belongs to no invoice: how it came, whether it is paid, still pending, or never "
    "will be (unpaid), and when it succeeded, if Stripe's events still show it.",
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
    "paid, still pending, or never will be (unpaid); how much it is, and "
    "how much of that was charged; and when it was paid, where Stripe says so.",
    sql="""
WITH of_invoice AS (
    SELECT p.invoice_id,
           max(CASE WHEN i.delayed AND i.status = 'processing' THEN 1 ELSE 0 END) AS delayed
    FROM stripe_invoice_payment AS p
    JOIN stripe_payment_intent AS i ON i.payment_intent_id = p.payment_intent_id
    GROUP BY p.invoice_id
)
SELECT m.money_id, m.form, m.state, m.status, m.is_delayed, m.customer_id, m.account_id,
       m.currency, m.amount, m.charged, m.credited, m.created_at, m.paid_at, m.on_terms, m.due_at, m.other_application,
       m.livemode
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
           CASE WHEN i.amount_paid > 0 THEN i.amount_paid ELSE i.total END AS charged,
           i.credited                               AS credited,
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
    SELECT payment_intent_id, 'payment', state, status, delayed, customer_id, account_id, currency, amount, amount, 0,
           created_at, succeeded_at, FALSE, NULL, FALSE, livemode
    FROM lone_payment
    UNION ALL
    SELECT c.checkout_session_id, 'checkout',
           CASE WHEN c.payment_status IN ('paid', 'no_payment_required') THEN 'paid'
                WHEN c.status = 'expired' THEN 'unpaid'
                WHEN c.payment_status IS NOT NULL THEN 'pending' END,
           c.payment_status, FALSE, c.customer_id, c.account_id,
           c.currency, c.amount_total, c.amount_total, 0, c.created_at, NULL, FALSE, NULL, FALSE, c.livemode
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
    # When a refund succeeded or a dispute was lost is known from its last event.
    sql="""
WITH last_event AS (
    SELECT object_id, max(created_at) AS last_at FROM stripe_event WHERE object_id IS NOT NULL GROUP BY object_id
),
movement AS (
    SELECT r.payment_intent_id, r.amount, greatest(r.created_at, coalesce(t.last_at, r.created_at)) AS moved_at,
           CASE WHEN r.status = 'succeeded' THEN 'returned'
                WHEN r.status IN ('pending', 'requires_action') THEN 'under way' ELSE 'kept' END AS outcome
    FROM stripe_refund AS r
    LEFT JOIN last_event AS t ON t.object_id = r.refund_id
    UNION ALL
    SELECT d.payment_intent_id, d.amount, greatest(d.created_at, coalesce(t.last_at, d.created_at)),
           CASE WHEN d.status = 'lost' THEN 'returned'
                WHEN d.status IN ('needs_response', 'under_review', 'warning_needs_response',
                                  'warning_under_review', 'prevented') THEN 'under way' ELSE 'kept' END
    FROM stripe_dispute AS d
    LEFT JOIN last_event AS t ON t.object_id = d.dispute_id
)
SELECT coalesce(n.money_id, m.payment_intent_id)                                     AS money_id,
       CAST(sum(CASE WHEN m.outcome = 'returned' THEN m.amount ELSE 0 END) AS BIGINT)  AS returned,
       CAST(sum(CASE WHEN m.outcome = 'under way' THEN m.amount ELSE 0 END) AS BIGINT) AS under_way,
       sum(CASE WHEN m.outcome = 'kept' THEN 0 ELSE 1 END)                           AS movements,
       max(CASE WHEN m.outcome = 'returned' THEN m.moved_at END)                     AS last_returned_at,
       max(m.moved_at)                                                               AS last_moved_at
FROM movement AS m
LEFT JOIN money_name AS n ON n.name = m.payment_intent_id
WHERE m.payment_intent_id IS NOT NULL
GROUP BY coalesce(n.money_id, m.payment_intent_id)
""",
)

MONEY_ENTRY = Derived(
    name="money_entry",
    holds="The entries that name something of Stripe's, each with the money it is about: the invoice that it names, or "
    "else the one its payment, its checkout or its event belongs to. NULL where it names an event that is unknown. "
    "gives_credits: pending and empty grants too, promotional extras not.",
    optional=ENTRY_LINKS,
    sql="""
SELECT e.entry_id, e.account_id, e.kind, e.amount, e.posted, e.created_at,
       coalesce(e.stripe_invoice_id, p.money_id, e.stripe_payment_intent_id,
                c.money_id, v.money_id, e.stripe_checkout_session_id)                      AS money_id,
       e.kind <> 'promotional_grant' AND e.amount > 0
       OR e.kind IN ('purchase', 'subscription_grant') AND e.amount = 0                    AS gives_credits
FROM stripe_entry AS e
LEFT JOIN money_name AS p ON p.name = e.stripe_payment_intent_id
LEFT JOIN money_name AS c ON c.name = e.stripe_checkout_session_id
LEFT JOIN money_name AS v ON v.name = e.stripe_event_id
""",
)

UNCREDITED_INVOICE = Derived(
    name="uncredited_invoice",
    holds="The paid invoices that no entry gives credits for.",
    optional=ENTRY_LINKS,
    sql="""
SELECT i.invoice_id, i.subscription_id, i.customer_id, i.account_id, i.currency, i.total AS amount, i.livemode,
       i.created_at, coalesce(i.paid_at, i.created_at) AS paid_at
FROM stripe_invoice AS i
WHERE i.status = 'paid'
  AND i.total > i.credited
  AND NOT EXISTS (SELECT 1 FROM money_entry AS e WHERE e.money_id = i.invoice_id AND e.gives_credits)
""",
)

MONEY_CREDIT = Derived(
    name="money_credit",
    holds="One row per money that entries are about: how many of them give credits (credit_entries); of the posted "
    "ones, what was granted, by how many grants and the largest of them, taken back (reversed), given again "
    "(reinstated), adjusted up and down, and what was a promotional extra.",
    optional=ENTRY_LINKS,
    sql="""
SELECT money_id,
       sum(CASE WHEN gives_credits THEN 1 ELSE 0 END)                                           AS credit_entries,
       sum(CASE WHEN posted THEN 0 ELSE 1 END)                                                  AS pending_entries,
       sum(CASE WHEN posted AND kind IN ('purchase', 'subscription_grant') AND amount >= 0
                THEN 1 ELSE 0 END)                                                              AS grants,
       sum(CASE WHEN posted AND kind IN ('purchase', 'subscription_grant') AND amount > 0
                THEN amount ELSE 0 END)                                                         AS granted,
       max(CASE WHEN posted AND kind IN ('purchase', 'subscription_grant') AND amount > 0
                THEN amount ELSE 0 END)                                                         AS largest_grant,
       -sum(CASE WHEN posted AND kind IN ('refund', 'clawback', 'purchase', 'subscription_grant') AND amount < 0
                 THEN amount ELSE 0 END)                                                        AS reversed,
       sum(CASE WHEN posted AND kind IN ('refund', 'clawback') AND amount > 0
                THEN amount ELSE 0 END)                                                         AS reinstated,
       sum(CASE WHEN posted AND kind = 'promotional_grant' AND amount > 0 THEN amount ELSE 0 END) AS extra,
       sum(CASE WHEN posted AND kind = 'adjustment' AND amount > 0 THEN amount ELSE 0 END)      AS adjusted_up,
       -sum(CASE WHEN posted AND kind = 'adjustment' AND amount < 0 THEN amount ELSE 0 END)     AS adjusted_down,
       min(account_id)                                                                          AS account_id,
       min(created_at)                                                                          AS first_entry_at,
       max(created_at)                                                                          AS last_entry_at
FROM money_entry
WHERE money_id IS NOT NULL
GROUP BY money_id
""",
)

NAMED_GRANT = Derived(
    name="named_grant",
    holds="The period's settled purchases and subscription grants that name a money, each with what Stripe says of it: "
    "paid, if one of the things named is; unknown, if one of them may be older or younger than what was read; "
    "otherwise pending, or none: never paid, of the other mode, or not there at all.",
    optional=ENTRY_LINKS,
    sql="""
WITH reading AS (
    SELECT relation, coalesce(complete_since, CAST('1900-01-01' AS TIMESTAMP)) AS since FROM stripe_reading
),
last_look AS (
    SELECT coalesce(min(read_at), $now) AS looked_at
    FROM stripe_reading
    WHERE relation IN ('stripe_invoice', 'stripe_payment_intent', 'stripe_checkout_session')
),
named AS (
    SELECT e.entry_id, e.account_id, e.amount, e.created_at, m.money_id, e.stripe_invoice_id,
           e.stripe_payment_intent_id, e.stripe_checkout_session_id
    FROM stripe_entry AS e
    JOIN money_entry AS m ON m.entry_id = e.entry_id
    WHERE e.posted AND e.amount > 0 AND e.kind IN ('purchase', 'subscription_grant')
      AND e.created_at >= $period_start AND e.created_at < $settled_before AND m.money_id IS NOT NULL
),
known AS (
    SELECT n.entry_id, n.account_id, n.amount, n.created_at, n.money_id,
           whole.money_id IS NOT NULL AS is_there,
           CASE WHEN whole.livemode = $livemode THEN whole.state
                WHEN whole.livemode <> $livemode THEN 'unpaid' END                                 AS whole_state,
           CASE WHEN i.livemode = $livemode AND i.status = 'succeeded' THEN 'paid' END             AS payment_state,
           CASE WHEN c.livemode = $livemode AND c.payment_status IN ('paid', 'no_payment_required')
                THEN 'paid' END                                                                    AS checkout_state,
           substr(n.money_id, 1, 3) = 'in_' AND n.stripe_invoice_id = n.money_id                   AS by_invoice,
           substr(n.money_id, 1, 3) = 'pi_' AND n.stripe_payment_intent_id = n.money_id            AS by_payment,
           substr(n.money_id, 1, 3) = 'cs_' AND n.stripe_checkout_session_id = n.money_id          AS by_checkout
    FROM named AS n
    LEFT JOIN stripe_money AS whole          ON whole.money_id = n.money_id
    LEFT JOIN stripe_payment_intent AS i     ON i.payment_intent_id = n.stripe_payment_intent_id
    LEFT JOIN stripe_checkout_session AS c   ON c.checkout_session_id = n.stripe_checkout_session_id
)
SELECT k.entry_id, k.account_id, k.amount, k.created_at, k.money_id,
       CASE WHEN k.whole_state = 'paid' OR k.payment_state = 'paid' OR k.checkout_state = 'paid' THEN 'paid'
            WHEN k.created_at >= l.looked_at THEN 'unknown'
            WHEN k.whole_state = 'pending' THEN 'pending'
            WHEN k.whole_state = 'unpaid' THEN 'none'
            WHEN k.is_there THEN 'unknown'
            WHEN date_diff('second', r.since, k.created_at)
                 >= CASE WHEN k.by_invoice THEN $invoice_reach_seconds ELSE $payment_reach_seconds END THEN 'none'
            ELSE 'unknown' END AS state
FROM known AS k
CROSS JOIN last_look AS l
LEFT JOIN reading AS r ON r.relation = CASE WHEN k.by_invoice  THEN 'stripe_invoice'
                                            WHEN k.by_payment  THEN 'stripe_payment_intent'
                                            WHEN k.by_checkout THEN 'stripe_checkout_session' END
""",
)

CUSTOMER_ACCOUNT = Derived(
    name="customer_account",
    holds="One row per Stripe customer whose account is known: the account that names the customer, or else the one "
    "that the customer names.",
    sql="""
SELECT known.customer_id, coalesce(min(known.linked_id), min(known.named_id)) AS account_id
FROM (
    SELECT stripe_customer_id AS customer_id, account_id AS linked_id, NULL AS named_id
    FROM account
    WHERE stripe_customer_id IS NOT NULL
    UNION ALL
    SELECT customer_id, NULL, account_id FROM stripe_customer WHERE account_id IS NOT NULL
) AS known
GROUP BY known.customer_id
""",
)

MONEY: tuple[Derived, ...] = (
    MONEY_NAME,
    LONE_PAYMENT,
    STRIPE_MONEY,
    MONEY_BACK,
    MONEY_ENTRY,
    UNCREDITED_INVOICE,
    MONEY_CREDIT,
    NAMED_GRANT,
    CUSTOMER_ACCOUNT,
)
