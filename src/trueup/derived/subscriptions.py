"""Derived relations of Stripe's subscriptions: the plan of each, whether it is owed service, and whose it is.

Only this app's subscriptions count: not those of another application, another mode, or another app's products.
"""

from __future__ import annotations

from trueup.derived.derivation import Derived

EXCUSING = ("stripe_event", "stripe_invoice", "stripe_price")
"""Relations that put a date or an amount on a subscription. If unmapped, the plan's own price and period are used."""

BOUGHT_ITEM = Derived(
    name="bought_item",
    holds="Each item of a subscription beside the plan that its price means, and what it costs. It is this app's if "
    "the config says what the price sells, or its product is listed; without a list all are.",
    sql="""
SELECT i.subscription_id, i.item_id, i.price_id, i.lookup_key, i.product_id, i.quantity, i.metered,
       p.price_name, p.plan, p.rank,
       price.unit_amount,
       price.currency,
       CASE WHEN i.metered THEN 0 ELSE price.unit_amount * i.quantity END AS list_minor,
       p.price_name IS NOT NULL
           OR ours.product_id IS NOT NULL
           OR (SELECT count(*) FROM stripe_product) = 0               AS is_ours
FROM stripe_subscription_item AS i
LEFT JOIN price_meaning AS p     ON p.price_id = i.price_id
                                AND p.lookup_key IS NOT DISTINCT FROM i.lookup_key
                                AND p.product_id IS NOT DISTINCT FROM i.product_id
LEFT JOIN stripe_price AS price  ON price.price_id = i.price_id
LEFT JOIN stripe_product AS ours ON ours.product_id = i.product_id
""",
)

SUBSCRIPTION_STANDING = Derived(
    name="subscription_standing",
    holds="One row per subscription of this app: the plan of the highest rank among its items; what its latest "
    "invoice charged, or else what its prices say, or the plan's; since when it is late; when it ends, or to which "
    "plan it changes. `is_live`: it bills. `is_free`: it bills nothing, by its price or its plan. `is_owed`: what it "
    "pays for must be there. `served_as`: the name of the span in which its account may keep the plan, or nothing "
    "says otherwise; NULL where it may not, or where the config says of all its prices that they mean no plan. Both "
    "follow what was paid for the time that runs now, before the status. "
    "`is_settled`: nothing about it is so young that a webhook may be on its way.",
    sql="""
WITH meaning AS (
    SELECT subscription_id,
           arg_max(plan, (rank, plan))                                                     AS plan,
           sum(CASE WHEN is_ours THEN 1 ELSE 0 END)                                        AS items_of_ours,
           sum(CASE WHEN is_ours AND price_name IS NULL AND NOT metered THEN 1 ELSE 0 END)       AS unmapped_items,
           min(CASE WHEN is_ours AND price_name IS NULL AND NOT metered THEN price_id END)       AS unmapped_price_id,
           min(CASE WHEN price_name IS NULL THEN 0 ELSE 1 END) = 1 AND max(plan) IS NULL   AS is_of_no_plan,
           min(CASE WHEN is_ours THEN product_id END)                                      AS product_id,
           CASE WHEN count(*) = count(list_minor) THEN sum(list_minor) END                 AS list_minor,
           max(CASE WHEN metered THEN 1 ELSE 0 END) = 1                                    AS bills_usage,
           min(currency)                                                                   AS list_currency
    FROM bought_item
    GROUP BY subscription_id
),
late AS (                              -- since when its oldest open invoice was to be paid
    SELECT subscription_id, min(coalesce(due_at, created_at)) AS late_since
    FROM stripe_invoice
    WHERE status = 'open' AND subscription_id IS NOT NULL
    GROUP BY subscription_id
),
news AS (                              -- changes that may not have reached the app yet
    SELECT DISTINCT object_id
    FROM stripe_event
    WHERE created_at >= $settled_before AND object_id IS NOT NULL
),
seen AS (
    SELECT s.subscription_id, s.customer_id, s.account_id AS named_account_id, s.status, s.paused,
           s.created_at, s.current_period_start, s.current_period_end, s.trial_end, s.cancel_at_period_end, s.ended_at,
           m.unmapped_price_id, m.product_id,
           coalesce(m.unmapped_items, 0)                       AS unmapped_items,
           coalesce(m.is_of_no_plan, FALSE)                    AS is_of_no_plan,
           p.plan, p.rank, coalesce(p.paid, FALSE)             AS plan_paid,
           coalesce(late.late_since, s.current_period_start)   AS late_since,
           CASE WHEN bill.total > 0 OR bill.subtotal > 0        THEN bill.total
                WHEN m.list_minor IS NOT NULL                   THEN m.list_minor
                ELSE p.price_minor END                         AS charged_minor,
           CASE WHEN bill.total > 0 OR bill.subtotal > 0        THEN bill.currency
                WHEN m.list_minor IS NOT NULL                   THEN m.list_currency
                ELSE p.price_currency END                      AS charged_currency,
           CASE WHEN bill.total > 0                             THEN FALSE
                WHEN m.list_minor IS NOT NULL                   THEN m.list_minor = 0 AND NOT m.bills_usage
                ELSE p.plan IS NOT NULL AND NOT p.paid END     AS is_free,
           CASE WHEN s.cancel_at IS NOT NULL                    THEN s.cancel_at
                WHEN s.cancel_at_period_end                     THEN s.current_period_end
                WHEN s.next_price_id IS NULL                    THEN s.next_phase_at END AS ends_at,
           s.next_phase_at,
           next_phase.plan                                     AS next_plan,
           next_phase.rank                                     AS next_rank,
           coalesce(running.is_given_up, FALSE)                AS is_given_up,
           running.paid_at IS NOT NULL                         AS is_paid,
           coalesce(running.paid_at > s.ended_at, FALSE)       AS is_paid_after_its_end,
           s.created_at < $settled_before
               AND coalesce(s.current_period_start, s.created_at) < $settled_before
               AND coalesce(s.canceled_at, s.created_at) < $settled_before
               AND coalesce(s.ended_at, s.created_at) < $settled_before
               AND coalesce(bill.created_at, s.created_at) < $settled_before
               AND coalesce(bill.paid_at, s.created_at) < $settled_before
               AND news.object_id IS NULL                      AS is_settled
    FROM stripe_subscription AS s
    LEFT JOIN meaning AS m          ON m.subscription_id = s.subscription_id
    LEFT JOIN plan AS p             ON p.plan = m.plan
    LEFT JOIN late                  ON late.subscription_id = s.subscription_id
    LEFT JOIN stripe_invoice AS bill ON bill.invoice_id = s.latest_invoice_id
    LEFT JOIN running_bill AS running ON running.subscription_id = s.subscription_id
    LEFT JOIN news                  ON news.object_id = s.subscription_id
    LEFT JOIN scheduled_plan AS next_phase ON next_phase.next_price_id = s.next_price_id
    WHERE s.livemode = $livemode
      AND NOT s.other_application
      AND (m.subscription_id IS NULL OR m.items_of_ours > 0)
)
SELECT subscription_id, customer_id, named_account_id, status, created_at, current_period_start, current_period_end,
       trial_end, ended_at, late_since,
       plan, rank, plan_paid, unmapped_items, unmapped_price_id, product_id, charged_minor, charged_currency,
       ends_at, next_phase_at, next_plan, next_rank, is_free, is_given_up,
       coalesce(status IN ('active', 'trialing', 'past_due') AND NOT paused AND ended_at IS NULL, FALSE) AS is_live,
       coalesce((status IN ('active', 'trialing') OR (status = 'past_due' AND late_since >= $past_due_since))
                AND NOT paused AND ended_at IS NULL AND NOT is_given_up, FALSE)
           OR is_paid_after_its_end AS is_owed,
       CASE WHEN is_of_no_plan                                           THEN NULL
            WHEN status IS NULL                                          THEN 'subscription'
            WHEN is_paid_after_its_end                                   THEN 'paid'
            WHEN paused AND NOT $paused_entitles                         THEN NULL
            WHEN paused AND status IN ('active', 'trialing')             THEN 'pause'  -- it may void its time's bills
            WHEN is_given_up AND NOT paused                              THEN NULL
            WHEN status = 'trialing'                                     THEN 'trial'
            WHEN status = 'active' AND is_paid                           THEN 'paid'
            WHEN status = 'active'                                       THEN 'subscription'
            WHEN status = 'past_due'
                 AND coalesce(late_since >= $past_due_since, TRUE)       THEN 'grace'
            WHEN status = 'canceled' AND cancel_at_period_end
                 AND coalesce(current_period_end > $now, FALSE)          THEN 'subscription' END AS served_as,
       coalesce(is_settled, FALSE) AS is_settled
FROM seen
""",
)

SUBSCRIPTION_LINK = Derived(
    name="subscription_link",
    holds="Each account that a subscription may belong to, and the strongest reason: 1 the subscription names it, 2 "
    "it names the subscription, 3 the finished checkout that made the subscription names it, 4 it names the customer, "
    "5 the customer names it.",
    optional=("stripe_checkout_session",),
    sql="""
SELECT subscription_id, account_id, min(strength) AS strength, min(is_closed) AS is_closed
FROM (
    SELECT s.subscription_id, a.account_id, 1 AS strength, CASE WHEN a.active THEN 0 ELSE 1 END AS is_closed
    FROM subscription_standing AS s
    JOIN account AS a ON a.account_id = s.named_account_id
    UNION ALL
    SELECT s.subscription_id, a.account_id, 2, CASE WHEN a.active THEN 0 ELSE 1 END
    FROM subscription_standing AS s
    JOIN account AS a ON a.stripe_subscription_id = s.subscription_id
    UNION ALL
    SELECT s.subscription_id, a.account_id, 3, CASE WHEN a.active THEN 0 ELSE 1 END
    FROM subscription_standing AS s
    JOIN stripe_checkout_session AS c ON c.subscription_id = s.subscription_id AND c.status = 'complete'
    JOIN account AS a                 ON a.account_id = c.account_id
    UNION ALL
    SELECT s.subscription_id, a.account_id, 4, CASE WHEN a.active THEN 0 ELSE 1 END
    FROM subscription_standing AS s
    JOIN account AS a ON a.stripe_customer_id = s.customer_id
    UNION ALL
    SELECT s.subscription_id, a.account_id, 5, CASE WHEN a.active THEN 0 ELSE 1 END
    FROM subscription_standing AS s
    JOIN stripe_customer AS c ON c.customer_id = s.customer_id
    JOIN account AS a         ON a.account_id = c.account_id
) AS found
GROUP BY subscription_id, account_id
""",
)

TAKEN_SUBSCRIPTION = Derived(
    name="taken_subscription",
    holds="The subscriptions that name an open account which has their plan: they pay for that account, and for no "
    "other of the same customer.",
    sql="""
SELECT l.subscription_id
FROM subscription_link AS l
JOIN subscription_standing AS s ON s.subscription_id = l.subscription_id
JOIN account AS a               ON a.account_id = l.account_id AND a.plan = s.plan
WHERE l.strength = 1 AND l.is_closed = 0
""",
)

SUBSCRIPTION_HOLDER = Derived(
    name="subscription_holder",
    holds="One row per subscription that belongs to an account: the account with the strongest reason, open ones "
    "first, and how many have one as strong (more than one: they share a customer).",
    sql="""
WITH strongest AS (
    SELECT subscription_id, min(is_closed * 10 + strength) AS reason
    FROM subscription_link
    GROUP BY subscription_id
)
SELECT l.subscription_id, min(l.account_id) AS account_id, count(*) AS rivals
FROM subscription_link AS l
JOIN strongest AS s ON s.subscription_id = l.subscription_id AND s.reason = l.is_closed * 10 + l.strength
GROUP BY l.subscription_id
""",
)

SUBSCRIPTIONS: tuple[Derived, ...] = (
    BOUGHT_ITEM,
    SUBSCRIPTION_STANDING,
    SUBSCRIPTION_LINK,
    TAKEN_SUBSCRIPTION,
    SUBSCRIPTION_HOLDER,
)
