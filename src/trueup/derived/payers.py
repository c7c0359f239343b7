"""Derived relations about who paid: which account each money is of, and which accounts have its credits."""

from __future__ import annotations

from trueup.derived.derivation import ENTRY_LINKS, Derived

CREDITED_ACCOUNT = Derived(
    name="credited_account",
    holds="One row per money and account that still has credits for it: how many, and when they were last given. What "
    "was taken back in the money's name is taken off.",
    optional=ENTRY_LINKS,
    sql="""
SELECT money_id, account_id, sum(amount) AS credits,
       max(CASE WHEN kind IN ('purchase', 'subscription_grant') AND amount > 0 THEN created_at END) AS last_credited_at
FROM money_entry
WHERE posted
  AND money_id IS NOT NULL
  AND kind IN ('purchase', 'subscription_grant', 'refund', 'clawback', 'adjustment')
GROUP BY money_id, account_id
HAVING sum(amount) > 0
   AND sum(CASE WHEN kind IN ('purchase', 'subscription_grant') AND amount > 0 THEN 1 ELSE 0 END) > 0
""",
)

MONEY_PAYER = Derived(
    name="money_payer",
    holds="Each open account that a credited money is of, by the strongest reason that there is: 1 the money, or the "
    "finished checkout that made it, names the account, of which a gift's payer is another, or the account names the "
    "money's subscription; 2 its customer is the account's.",
    optional=(*ENTRY_LINKS, "stripe_checkout_session", "stripe_customer"),
    sql="""
WITH paid AS (
    SELECT m.money_id, m.account_id, m.customer_id, i.subscription_id
    FROM stripe_money AS m
    LEFT JOIN stripe_invoice AS i ON i.invoice_id = m.money_id
    WHERE m.money_id IN (SELECT money_id FROM credited_account)
),
named AS (                             -- metadata that name a credited account under any key, as of a gift
    SELECT c.money_id, c.account_id
    FROM credited_account AS c
    JOIN direct_purchase AS d ON d.money_id = c.money_id
    WHERE strpos(d.purpose, ': "' || c.account_id || '"') > 0
      AND regexp_matches(c.account_id, '[^0-9]')                   -- a mere number may mean anything
),
reason AS (
    SELECT money_id, account_id, 1 AS strength FROM paid
    UNION
    SELECT money_id, account_id, 1 FROM named
    UNION
    SELECT p.money_id, i.account_id, 1
    FROM stripe_payment_intent AS i
    JOIN paid AS p ON p.money_id = i.payment_intent_id
    UNION
    SELECT p.money_id, s.account_id, 1
    FROM stripe_checkout_session AS s
    JOIN money_name AS n ON n.name = s.checkout_session_id
    JOIN paid AS p       ON p.money_id = n.money_id
    WHERE s.status = 'complete'
    UNION
    SELECT p.money_id, s.account_id, 1
    FROM stripe_checkout_session AS s
    JOIN paid AS p ON p.subscription_id = s.subscription_id
    WHERE s.status = 'complete'
    UNION
    SELECT p.money_id, a.account_id, 1
    FROM account AS a
    JOIN paid AS p ON p.subscription_id = a.stripe_subscription_id
    UNION
    SELECT p.money_id, a.account_id, 2
    FROM account AS a
    JOIN paid AS p ON p.customer_id = a.stripe_customer_id
    UNION
    SELECT p.money_id, c.account_id, 2
    FROM stripe_customer AS c
    JOIN paid AS p ON p.customer_id = c.customer_id
),
known AS (
    SELECT r.money_id, r.account_id, min(r.strength) AS strength
    FROM reason AS r
    JOIN account AS a ON a.account_id = r.account_id
    WHERE a.active
    GROUP BY r.money_id, r.account_id
),
strongest AS (
    SELECT money_id, min(strength) AS strength FROM known GROUP BY money_id
)
SELECT k.money_id, k.account_id, k.strength
FROM known AS k
JOIN strongest AS s ON s.money_id = k.money_id AND s.strength = k.strength
""",
)

ACCOUNT_PLACE = Derived(
    name="account_place",
    holds="Each account beside each organisation that it is in: that it is a member of, or that it is itself.",
    sql="""
SELECT place.account_id, place.organisation_id
FROM (
    SELECT member_id AS account_id, account_id AS organisation_id FROM member
    UNION
    SELECT account_id, account_id FROM member
) AS place
""",
)

PAYERS: tuple[Derived, ...] = (CREDITED_ACCOUNT, MONEY_PAYER, ACCOUNT_PLACE)
