"""Derived relations about money: what was paid at Stripe, what it owes in credits, and which entries are about it.

One *money* is one thing that is paid once: an invoice, or a payment or checkout that belongs to none. Whatever names a
part of it (a payment of the invoice, its checkout, an event about it) names the whole.
"""

from __future__ import annotations

from trueup.model.derivation import Derived

_LINKS = (
    "ledger_entry.stripe_event_id",
    "ledger_entry.stripe_payment_intent_id",
    "ledger_entry.stripe_invoice_id",
)

MONEY_NAME = Derived(
    name="money_name",
    holds="For payments of invoices, for checkouts and for events: the money that they are about.",
    # A subscription's checkout may not say which invoice it made: the subscription's first one.
    sql="""
WITH by_payment AS (
    SELECT payment_intent_id, min(invoice_id) AS invoice_id
    FROM stripe_invoice_payment
    WHERE payment_intent_id IS NOT NULL
    GROUP BY payment_intent_id
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

STRIPE_MONEY = Derived(
    name="stripe_money",
    holds="One row per money: an invoice, a payment that belongs to none, a checkout without a payment. Whether it is "
    "paid, still pending, or never will be (unpaid); how much it is; and when it was paid, where Stripe says so.",
    sql="""
WITH success AS (                      -- a payment does not say when it succeeded; its event does
    SELECT payment_intent_id, min(created_at) AS succeeded_at
    FROM stripe_event
    WHERE type IN ('payment_intent.succeeded', 'charge.succeeded', 'checkout.session.async_payment_succeeded')
      AND payment_intent_id IS NOT NULL
    GROUP BY payment_intent_id
),
of_invoice AS (
    SELECT p.invoice_id,
           max(CASE WHEN i.delayed AND i.status = 'processing' THEN 1 ELSE 0 END) AS delayed
    FROM stripe_invoice_payment AS p
    JOIN stripe_payment_intent AS i ON i.payment_intent_id = p.payment_intent_id
    GROUP BY p.invoice_id
),
at_checkout AS (
    SELECT payment_intent_id, min(account_id) AS account_id
    FROM stripe_checkout_session
    WHERE payment_intent_id IS NOT NULL
    GROUP BY payment_intent_id
)
SELECT m.money_id, m.form, m.state, m.status, m.is_delayed, m.through_checkout, m.customer_id, m.account_id,
       m.currency, m.amount, m.credited, m.created_at, m.paid_at, m.due_at, m.other_application, m.livemode
FROM (
    SELECT i.invoice_id                             AS money_id,
           'invoice'                                AS form,
           CASE WHEN i.status = 'paid' THEN 'paid'
                WHEN i.status IN ('draft', 'open') THEN 'pending'
                ELSE 'unpaid' END                   AS state,
           i.status                                 AS status,
           coalesce(o.delayed, 0) = 1               AS is_delayed,
           FALSE                                    AS through_checkout,
           i.customer_id                            AS customer_id,
           coalesce(i.account_id, s.account_id)     AS account_id,
           i.currency                               AS currency,
           i.total                                  AS amount,
           i.credited                               AS credited,
           i.created_at                             AS created_at,
           coalesce(i.paid_at, i.created_at)        AS paid_at,
           CASE WHEN i.collection_method = 'send_invoice' THEN i.due_at END AS due_at,
           coalesce(s.other_application, FALSE)     AS other_application,
           i.livemode                               AS livemode
    FROM stripe_invoice AS i
    LEFT JOIN stripe_subscription AS s ON s.subscription_id = i.subscription_id
    LEFT JOIN of_invoice AS o          ON o.invoice_id = i.invoice_id
    UNION ALL
    SELECT p.payment_intent_id, 'payment',
           CASE WHEN p.status = 'succeeded' THEN 'paid' WHEN p.status = 'canceled' THEN 'unpaid' ELSE 'pending' END,
           p.status, p.delayed, c.payment_intent_id IS NOT NULL, p.customer_id, coalesce(c.account_id, p.account_id),
           p.currency, p.amount, 0, p.created_at, x.succeeded_at, NULL, FALSE, p.livemode
    FROM stripe_payment_intent AS p
    LEFT JOIN at_checkout AS c ON c.payment_intent_id = p.payment_intent_id
    LEFT JOIN success AS x     ON x.payment_intent_id = p.payment_intent_id
    WHERE NOT EXISTS (SELECT 1 FROM stripe_invoice_payment AS i WHERE i.payment_intent_id = p.payment_intent_id)
    UNION ALL
    SELECT c.checkout_session_id, 'checkout',
           CASE WHEN c.payment_status IN ('paid', 'no_payment_required') THEN 'paid'
                WHEN c.status = 'expired' THEN 'unpaid' ELSE 'pending' END,
           c.payment_status, FALSE, TRUE, c.customer_id, c.account_id,
           c.currency, c.amount_total, 0, c.created_at, NULL, NULL, FALSE, c.livemode
    FROM stripe_checkout_session AS c
    WHERE c.payment_intent_id IS NULL AND c.invoice_id IS NULL AND c.subscription_id IS NULL AND c.mode = 'payment'
) AS m
""",
)

MONEY_BACK = Derived(
    name="money_back",
    holds="One row per money of which some was, or is to be, given back: refunds and lost disputes (returned), and "
    "those that are still under way (returning). Failed refunds, won disputes and mere inquiries are neither.",
    # When a refund succeeded or a dispute was lost is known from its last event.
    sql="""
WITH told AS (
    SELECT object_id, max(created_at) AS last_at FROM stripe_event WHERE object_id IS NOT NULL GROUP BY object_id
),
movement AS (
    SELECT r.payment_intent_id, r.amount, greatest(r.created_at, coalesce(t.last_at, r.created_at)) AS moved_at,
           CASE WHEN r.status = 'succeeded' THEN 'returned'
                WHEN r.status IN ('pending', 'requires_action') THEN 'returning' ELSE 'kept' END AS outcome
    FROM stripe_refund AS r
    LEFT JOIN told AS t ON t.object_id = r.refund_id
    UNION ALL
    SELECT d.payment_intent_id, d.amount, greatest(d.created_at, coalesce(t.last_at, d.created_at)),
           CASE WHEN d.status = 'lost' THEN 'returned'
                WHEN d.status IN ('needs_response', 'under_review', 'warning_needs_response',
                                  'warning_under_review', 'prevented') THEN 'returning' ELSE 'kept' END
    FROM stripe_dispute AS d
    LEFT JOIN told AS t ON t.object_id = d.dispute_id
)
SELECT coalesce(n.money_id, m.payment_intent_id)                                     AS money_id,
       CAST(sum(CASE WHEN m.outcome = 'returned' THEN m.amount ELSE 0 END) AS BIGINT)  AS returned,
       CAST(sum(CASE WHEN m.outcome = 'returning' THEN m.amount ELSE 0 END) AS BIGINT) AS returning,
       max(CASE WHEN m.outcome = 'returned' THEN m.moved_at END)                     AS last_returned_at
FROM movement AS m
LEFT JOIN money_name AS n ON n.name = m.payment_intent_id
WHERE m.outcome <> 'kept' AND m.payment_intent_id IS NOT NULL
GROUP BY coalesce(n.money_id, m.payment_intent_id)
""",
)

MONEY_ENTRY = Derived(
    name="money_entry",
    holds="The entries that name something of Stripe's, each with the money it is about: the invoice that it names, or "
    "else the one its payment, its checkout or its event belongs to. NULL where it names an event that is unknown.",
    optional=_LINKS,
    sql="""
SELECT e.entry_id, e.account_id, e.kind, e.amount, e.posted, e.created_at,
       coalesce(e.stripe_invoice_id, p.money_id, e.stripe_payment_intent_id,
                c.money_id, v.money_id, e.stripe_checkout_session_id) AS money_id
FROM stripe_entry AS e
LEFT JOIN money_name AS p ON p.name = e.stripe_payment_intent_id
LEFT JOIN money_name AS c ON c.name = e.stripe_checkout_session_id
LEFT JOIN money_name AS v ON v.name = e.stripe_event_id
""",
)

MONEY_CREDIT = Derived(
    name="money_credit",
    holds="One row per money that entries are about: how many of them gave credits for it, pending and empty ones "
    "too (credit_entries); of the posted ones, what was granted, by how many grants and the largest of them, taken "
    "back (reversed), given again (reinstated), and adjusted up and down. Promotional extras do not count.",
    optional=_LINKS,
    sql="""
SELECT money_id,
       sum(CASE WHEN kind <> 'promotional_grant' AND amount > 0 OR kind IN ('purchase', 'subscription_grant')
                 AND amount = 0 THEN 1 ELSE 0 END)                                              AS credit_entries,
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
       sum(CASE WHEN posted AND kind = 'adjustment' AND amount > 0 THEN amount ELSE 0 END)      AS adjusted_up,
       -sum(CASE WHEN posted AND kind = 'adjustment' AND amount < 0 THEN amount ELSE 0 END)     AS adjusted_down,
       min(account_id)                                                                          AS account_id,
       count(DISTINCT account_id)                                                               AS accounts,
       min(created_at)                                                                          AS first_entry_at,
       max(created_at)                                                                          AS last_entry_at
FROM money_entry
WHERE money_id IS NOT NULL
GROUP BY money_id
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

PLAN_LINE = Derived(
    name="plan_line",
    holds="The lines of invoices that are not metered: which plan each is for (NULL where its price means none), how "
    "many of the plan's own periods it covers, and which share of the price's full amount it costs.",
    sql="""
SELECT line.invoice_id, line.proration, line.amount, line.quantity, line.share, line.period_start, line.period_end,
       line.plan, line.credits_per_period, line.instalment_seconds,
       CAST(greatest(1, (4 * line.days + line.half_days) // (2 * line.half_days)) AS BIGINT) AS periods
FROM (
    SELECT l.invoice_id, l.proration, l.amount, coalesce(l.quantity, 1) AS quantity, l.period_start, l.period_end,
           plan.plan, plan.credits_per_period,
           CASE WHEN price.unit_amount > 0 AND coalesce(l.quantity, 1) > 0
                THEN CAST(l.amount AS DOUBLE)
                     * power(CAST(price.unit_amount AS DOUBLE) * coalesce(l.quantity, 1), -1) END AS share,
           CASE WHEN NOT l.proration AND l.period_end > l.period_start
                THEN date_diff('second', l.period_start, l.period_end) // 86400
                ELSE coalesce(price.interval_count * CASE price.interval WHEN 'day'   THEN 1
                                                                         WHEN 'week'  THEN 7
                                                                         WHEN 'month' THEN 30
                                                                         WHEN 'year'  THEN 365 END,
                              CASE coalesce(by_id.interval, by_key.interval) WHEN 'day'     THEN 1
                                                                             WHEN 'week'    THEN 7
                                                                             WHEN 'quarter' THEN 91
                                                                             WHEN 'year'    THEN 365
                                                                             ELSE 30 END) END AS days,
           CASE plan.interval WHEN 'day' THEN 2 WHEN 'week' THEN 14 WHEN 'quarter' THEN 183 WHEN 'year' THEN 731
                              ELSE 61 END     AS half_days,          -- twice an interval's usual days
           86400 * CASE plan.interval WHEN 'day' THEN 1 WHEN 'week' THEN 7 WHEN 'quarter' THEN 92 WHEN 'year' THEN 366
                                      ELSE 31 END AS instalment_seconds
    FROM stripe_invoice_line AS l
    LEFT JOIN plan_price AS by_id  ON by_id.price_id = l.price_id
    LEFT JOIN plan_price AS by_key ON by_key.price_id = l.lookup_key
    LEFT JOIN plan                 ON plan.plan = coalesce(by_id.plan, by_key.plan)
    LEFT JOIN stripe_price AS price ON price.price_id = l.price_id
    WHERE NOT l.metered
) AS line
""",
)

INVOICE_OWED = Derived(
    name="invoice_owed",
    holds="One row per invoice with a line for a plan whose credits are known: the fewest and the most credits that it "
    "owes by now. A price of twelve periods owes them one after the other, or at once. The most is NULL where the "
    "invoice also sells what no plan knows.",
    sql="""
WITH line AS (
    SELECT invoice_id, plan, proration, amount, share, period_end, periods, credits_per_period,
           CASE WHEN $credits_per_seat THEN quantity ELSE 1 END AS seats,
           least(periods, 1 + greatest(0, coalesce(date_diff('second', period_start, $past_due_since), 0)
                                          // instalment_seconds)) AS periods_due
    FROM plan_line
),
total AS (
    SELECT invoice_id,
           max(plan)                                                                              AS plan,
           max(periods)                                                                           AS periods,
           max(period_end)                                                                        AS period_end,
           sum(CASE WHEN proration THEN 0 ELSE seats * periods * credits_per_period END)          AS whole,
           sum(CASE WHEN proration THEN 0 ELSE seats * periods_due * credits_per_period END)      AS whole_due,
           sum(CASE WHEN proration AND amount > 0 THEN seats * periods * credits_per_period ELSE 0 END) AS added,
           sum(CASE WHEN proration AND amount < 0 THEN seats * periods * credits_per_period ELSE 0 END) AS dropped,
           sum(CASE WHEN proration THEN seats * periods * CAST(credits_per_period AS DOUBLE) * share ELSE 0 END)
                                                                                                  AS shared,
           sum(CASE WHEN proration THEN 1 ELSE 0 END)                                             AS prorations,
           sum(CASE WHEN proration AND plan IS NOT NULL AND share IS NULL THEN 1 ELSE 0 END)      AS unshared,
           sum(CASE WHEN amount > 0 AND credits_per_period IS NULL THEN 1 ELSE 0 END)             AS unknown_lines
    FROM line
    GROUP BY invoice_id
    HAVING count(credits_per_period) > 0
)
SELECT invoice_id, plan, periods, period_end, prorations,
       CAST(CASE WHEN prorations = 0 OR $proration = 'none' THEN whole_due
                 WHEN $proration = 'proportional' AND unshared = 0
                      THEN greatest(0, CAST(floor(whole_due + coalesce(shared, 0)) AS DECIMAL(38, 9)) - 1)
                 ELSE greatest(0, whole_due - greatest(0, dropped - added)) END AS DECIMAL(38, 9))  AS least_credits,
       CAST(CASE WHEN unknown_lines > 0 THEN NULL
                 WHEN prorations = 0 OR $proration = 'none' THEN whole
                 WHEN $proration = 'proportional' AND unshared = 0
                      THEN greatest(0, CAST(ceil(whole + coalesce(shared, 0)) AS DECIMAL(38, 9)) + 1)
                 ELSE whole + greatest(0, added - dropped) END AS DECIMAL(38, 9))                   AS most_credits
FROM total
""",
)

MONEY: tuple[Derived, ...] = (
    MONEY_NAME,
    STRIPE_MONEY,
    MONEY_BACK,
    MONEY_ENTRY,
    MONEY_CREDIT,
    CUSTOMER_ACCOUNT,
    PLAN_LINE,
    INVOICE_OWED,
)
