"""Derived relations about money and its entries: which entries are about a money, and which money has none."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived
from trueup.derived.money import CHARGE_SOURCES

MONEY_ENTRY = Derived(
    name="money_entry",
    holds="The entries that name something of Stripe's, each with the money it is about: the invoice that it names, or "
    "else the one its payment, its checkout or its event belongs to; where it names a subscription alone, the "
    "subscription's latest invoice of the time. NULL where it names an event that is unknown. "
    "gives_credits: pending and empty grants too, promotional extras not.",
    optional=ENTRY_LINKS,
    sql="""
WITH by_subscription AS (              -- the invoice of the period in which the entry was written
    SELECT e.entry_id, arg_max(i.invoice_id, (i.created_at, i.invoice_id)) AS invoice_id
    FROM stripe_entry AS e
    JOIN stripe_invoice AS i ON i.subscription_id = e.stripe_subscription_id
    WHERE coalesce(e.stripe_invoice_id, e.stripe_payment_intent_id, e.stripe_checkout_session_id,
                   e.stripe_event_id) IS NULL
      AND date_diff('second', e.created_at, i.created_at) <= $day_seconds
      AND i.status IN ('draft', 'open', 'paid')
    GROUP BY e.entry_id
)
SELECT e.entry_id, e.account_id, e.kind, e.amount, e.posted, e.created_at,
       coalesce(e.stripe_invoice_id, p.money_id, e.stripe_payment_intent_id,
                c.money_id, v.money_id, e.stripe_checkout_session_id, s.invoice_id)        AS money_id,
       e.kind <> 'promotional_grant' AND e.amount > 0
       OR e.kind IN ('purchase', 'subscription_grant') AND e.amount = 0                    AS gives_credits
FROM stripe_entry AS e
LEFT JOIN money_name AS p ON p.name = e.stripe_payment_intent_id
LEFT JOIN money_name AS c ON c.name = e.stripe_checkout_session_id
LEFT JOIN money_name AS v ON v.name = e.stripe_event_id
LEFT JOIN by_subscription AS s ON s.entry_id = e.entry_id
""",
)

UNCREDITED_INVOICE = Derived(
    name="uncredited_invoice",
    holds="The paid invoices that no entry gives credits for.",
    optional=ENTRY_LINKS,
    sql="""
SELECT i.invoice_id
FROM stripe_invoice AS i
WHERE i.status = 'paid'
  AND (i.total > i.credited + i.credited_before OR i.total = 0)   -- a full coupon takes no credits away
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

CREDITED_EVENT = Derived(
    name="credited_event",
    holds="The events of Stripe's list about a money that an entry gives credits for.",
    optional=(*ENTRY_LINKS, "stripe_event"),
    sql="""
SELECT DISTINCT v.event_id
FROM stripe_event AS v
LEFT JOIN money_name AS n ON n.name = v.event_id
JOIN money_entry AS e     ON e.money_id = coalesce(n.money_id, v.invoice_id, v.payment_intent_id)
WHERE e.gives_credits
""",
)

PAID_ENTRY_TOTAL = Derived(
    name="paid_entry_total",
    holds="How many entries whose money is there name each of Stripe's accounts, and how many name none; nothing where "
    "no entry names any.",
    optional=(*ENTRY_LINKS, "stripe_checkout_session", "stripe_invoice", "stripe_subscription", *CHARGE_SOURCES),
    sql="""
SELECT e.stripe_account, count(*) AS entries
FROM stripe_entry AS e
JOIN money_entry AS n  ON n.entry_id = e.entry_id
JOIN stripe_money AS m ON m.money_id = n.money_id
WHERE EXISTS (SELECT 1 FROM stripe_entry AS named WHERE named.stripe_account IS NOT NULL)
GROUP BY e.stripe_account
""",
)

CONNECTED_ACCOUNT = Derived(
    name="connected_account",
    holds="The Stripe accounts that entries or events name and whose objects are not among those that were read: "
    "connected accounts. Where it is not known whose objects were read, they are of the account that most entries name "
    "of those whose money is there.",
    optional=(
        *ENTRY_LINKS,
        "webhook_event",
        "stripe_checkout_session",
        "stripe_invoice",
        "stripe_subscription",
        *CHARGE_SOURCES,
    ),
    sql="""
WITH named AS (
    SELECT DISTINCT stripe_account FROM stripe_entry WHERE stripe_account IS NOT NULL
),
own AS (
    SELECT stripe_account FROM stripe_reading WHERE stripe_account IS NOT NULL
    UNION
    SELECT stripe_account
    FROM paid_entry_total
    WHERE stripe_account IS NOT NULL
      AND 2 * entries > (SELECT sum(entries) FROM paid_entry_total)
      AND NOT EXISTS (SELECT 1 FROM stripe_reading WHERE stripe_account IS NOT NULL)
)
SELECT DISTINCT other.stripe_account
FROM (
    SELECT stripe_account FROM named
    UNION
    SELECT stripe_account FROM webhook_event WHERE stripe_account IS NOT NULL
    UNION
    SELECT stripe_account FROM stripe_event WHERE stripe_account IS NOT NULL
) AS other
WHERE other.stripe_account NOT IN (SELECT stripe_account FROM own)
""",
)

NAMED_GRANT = Derived(
    name="named_grant",
    holds="The period's settled purchases and subscription grants that name a money, each with what Stripe says of it: "
    "paid, if one of the things named is; unknown, if one of them may be older or younger than what was read, or is a "
    "connected account's; otherwise pending, or none: never paid, of the other mode, or not there at all.",
    optional=(*ENTRY_LINKS, "webhook_event", "stripe_event"),
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
           e.stripe_payment_intent_id, e.stripe_checkout_session_id,
           connected.stripe_account IS NOT NULL AS is_connected
    FROM stripe_entry AS e
    JOIN money_entry AS m                    ON m.entry_id = e.entry_id
    LEFT JOIN connected_account AS connected ON connected.stripe_account = e.stripe_account
    WHERE e.posted AND e.amount > 0 AND e.kind IN ('purchase', 'subscription_grant')
      AND e.created_at >= $period_start AND e.created_at < $settled_before AND m.money_id IS NOT NULL
),
known AS (
    SELECT n.entry_id, n.account_id, n.amount, n.created_at, n.money_id, n.is_connected,
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
            WHEN k.is_there OR k.is_connected THEN 'unknown'
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

CREDITED_MONEY: tuple[Derived, ...] = (
    MONEY_ENTRY,
    UNCREDITED_INVOICE,
    MONEY_CREDIT,
    CREDITED_EVENT,
    PAID_ENTRY_TOTAL,
    CONNECTED_ACCOUNT,
    NAMED_GRANT,
)
