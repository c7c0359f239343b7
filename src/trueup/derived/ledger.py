"""Derived relations about the ledger and its accounts: totals, latest entries, and what entries name of Stripe's.

Ledger order is total: ``sequence`` where mapped, then ``created_at``, then the entry's id in its own type. Only posted
entries take part in the running balance: a pending row carries a stale one.

A chain is the entries of one wallet of one account. An app whose accounts have one balance has one wallet, ''.
"""

from __future__ import annotations

from trueup.derived.derivation import Derived

ACCOUNT_TOTAL = Derived(
    name="account_total",
    holds="One row per chain with posted entries: how many, the sum of their amounts, and the span of their sequence "
    "numbers and dates.",
    sql="""
SELECT account_id, wallet,
       count(*)        AS entries,
       sum(amount)     AS total_amount,
       min(created_at) AS first_entry_at,
       max(created_at) AS last_entry_at,
       count(sequence) AS sequences,
       min(sequence)   AS lowest_sequence,
       max(sequence)   AS highest_sequence
FROM ledger_entry
WHERE posted AND account_id IS NOT NULL
GROUP BY account_id, wallet
""",
)

REPLACED_AMOUNT = Derived(
    name="replaced_amount",
    holds="One row per chain that an entry has set to its amount (``sets_balance``): the sum of the amounts before the "
    "latest such entry, which are no longer part of what the chain holds.",
    sql="""
SELECT account_id, wallet, sum(CASE WHEN sets > sets_so_far THEN amount ELSE 0 END) AS amount
FROM (
    SELECT account_id, wallet, amount,
           sum(CASE WHEN sets_balance THEN 1 ELSE 0 END) OVER (PARTITION BY account_id, wallet) AS sets,
           sum(CASE WHEN sets_balance THEN 1 ELSE 0 END) OVER in_order                          AS sets_so_far
    FROM ledger_entry
    WHERE posted AND account_id IN (SELECT account_id FROM ledger_entry WHERE posted AND sets_balance)
    WINDOW in_order AS (PARTITION BY account_id, wallet ORDER BY sequence NULLS FIRST, created_at, entry_id)
) AS entry
WHERE sets > 0
GROUP BY account_id, wallet
""",
)

LATEST_ENTRY = Derived(
    name="latest_entry",
    holds="One row per chain with posted entries: the balance_after of the latest one in ledger order. Of a ledger "
    "that keeps no running balance it is the sum of its amounts, from ledger_starts_at on, or from the latest entry "
    "that sets it; ``is_sum`` says so.",
    optional=("ledger_entry.balance_after",),
    # Only entries that share the highest sequence number, or else the last date, are put in order: few of many.
    sql="""
WITH kept AS (
    SELECT count(*) AS balances FROM (SELECT 1 FROM ledger_entry WHERE balance_after IS NOT NULL LIMIT 1) AS balance
)
SELECT e.account_id, e.wallet,
       CASE WHEN min(k.balances) = 0
            THEN min(t.total_amount - coalesce(r.amount, 0))
                 + CASE WHEN min(r.account_id) IS NULL THEN coalesce(CAST($ledger_starts_at AS DECIMAL(38, 9)), 0)
                        ELSE 0 END
            ELSE arg_max(e.balance_after, (coalesce(e.sequence, -1), e.created_at, e.entry_id)) END AS balance_after,
       min(k.balances) = 0 AS is_sum
FROM ledger_entry AS e
CROSS JOIN kept AS k
JOIN account_total AS t ON t.account_id = e.account_id AND t.wallet = e.wallet
                       AND coalesce(t.highest_sequence, -1) = coalesce(e.sequence, -1)
LEFT JOIN replaced_amount AS r ON r.account_id = e.account_id AND r.wallet = e.wallet
WHERE e.posted
  AND (t.highest_sequence IS NOT NULL OR e.created_at = t.last_entry_at)
GROUP BY e.account_id, e.wallet
""",
)

ACCOUNT_BALANCE = Derived(
    name="account_balance",
    holds="One row per account with posted entries: what the ledger says that all of its wallets hold together; NULL "
    "where it does not say that of one of them.",
    optional=("ledger_entry.balance_after",),
    sql="""
SELECT account_id,
       CASE WHEN count(*) = count(balance_after) THEN sum(balance_after) END AS balance_after,
       max(CASE WHEN is_sum THEN 1 ELSE 0 END) = 1                           AS is_sum
FROM latest_entry
GROUP BY account_id
""",
)


STRIPE_ENTRY = Derived(
    name="stripe_entry",
    holds="The entries that name something of Stripe's: an event, a payment intent, an invoice, a checkout session, a "
    "charge or a subscription. Where an entry names a charge and no payment intent, `stripe_payment_intent_id` is the "
    "charge's id: `money_name` knows what it is about.",
    optional=(
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    sql="""
SELECT entry_id, account_id, kind, amount, posted, created_at,
       stripe_event_id, coalesce(stripe_payment_intent_id, stripe_charge_id) AS stripe_payment_intent_id,
       stripe_invoice_id, stripe_checkout_session_id, stripe_subscription_id, stripe_account
FROM ledger_entry
WHERE stripe_event_id IS NOT NULL
   OR stripe_payment_intent_id IS NOT NULL
   OR stripe_invoice_id IS NOT NULL
   OR stripe_checkout_session_id IS NOT NULL
   OR stripe_charge_id IS NOT NULL
   OR stripe_subscription_id IS NOT NULL
""",
)

STRIPE_EVENT_TOTAL = Derived(
    name="stripe_event_total",
    holds="One row per Stripe event that the ledger names: how many entries name it, and how many of those are posted "
    "grants.",
    sql="""
SELECT stripe_event_id,
       count(*) AS entries,
       sum(CASE WHEN posted AND amount > 0 AND kind IN ('purchase', 'subscription_grant', 'promotional_grant')
                THEN 1 ELSE 0 END) AS grants
FROM stripe_entry
WHERE stripe_event_id IS NOT NULL
GROUP BY stripe_event_id
""",
)

LEDGER = (
    ACCOUNT_TOTAL,
    REPLACED_AMOUNT,
    LATEST_ENTRY,
    ACCOUNT_BALANCE,
    STRIPE_ENTRY,
    STRIPE_EVENT_TOTAL,
)
