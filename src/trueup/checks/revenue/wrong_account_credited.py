"""The credits of each payment belong to the account that paid, or to one of its organisation."""

from __future__ import annotations

import dataclasses
from functools import partial

from trueup.checks.case_rows import LATELY, entry
from trueup.model.check import Case, Check, ago, money_at_risk
from trueup.model.finding import Area
from trueup.model.relations import Account, EntryKind, Member
from trueup.model.severity import Severity
from trueup.model.stripe_objects import StripePaymentIntent

_BUYER = Account(account_id="org_1", stripe_customer_id="cus_1")
_OTHER = Account(account_id="user_1", stripe_customer_id="cus_2")
_PAID = StripePaymentIntent(payment_intent_id="pi_1", amount=5000, amount_received=5000, created_at=LATELY)


_credit = partial(entry, amount=500, payment="pi_1", account_id="user_1")


CHECK = Check(
    id="wrong-account-credited",
    area=Area.REVENUE,
    severity=Severity.ERROR,
    revenue_impacting=True,
    title="Credits went to an account that did not pay for them",
    why="The customer who paid has nothing for it, and another can spend the credits. Totals still agree, so that only "
    "the customer's complaint would show it.",
    population="SELECT count(DISTINCT money_id) FROM credited_account WHERE last_credited_at >= $period_start",
    # The e-mail address proves nothing by itself, but may excuse where the customer alone says who paid. Credits that
    # were taken back by hand, without the payment's name, are gone as well.
    violations="""
WITH rightful AS (                     -- who paid, and who is in one organisation with them
    SELECT c.money_id, c.account_id
    FROM credited_account AS c
    JOIN money_payer AS p ON p.money_id = c.money_id AND p.account_id = c.account_id
    UNION
    SELECT c.money_id, c.account_id
    FROM credited_account AS c
    JOIN money_payer AS p     ON p.money_id = c.money_id
    JOIN account_place AS own ON own.account_id = c.account_id
    JOIN account_place AS payers
      ON payers.account_id = p.account_id AND payers.organisation_id = own.organisation_id
),
stray AS (
    SELECT c.money_id, c.account_id, c.credits, c.last_credited_at, p.account_id AS payer_id, p.strength
    FROM credited_account AS c
    JOIN (SELECT money_id, min(account_id) AS account_id, min(strength) AS strength
          FROM money_payer GROUP BY money_id) AS p ON p.money_id = c.money_id
    LEFT JOIN (SELECT DISTINCT money_id FROM rightful) AS r ON r.money_id = c.money_id   -- others may have a share by design
    WHERE r.money_id IS NULL
      AND c.last_credited_at >= $period_start AND c.last_credited_at < $settled_before
),
returned AS (
    SELECT DISTINCT s.money_id, s.account_id
    FROM stray AS s
    JOIN ledger_entry AS l ON l.account_id = s.account_id AND l.amount = -s.credits
    WHERE l.posted AND l.kind IN ('clawback', 'adjustment') AND l.created_at >= s.last_credited_at
)
SELECT s.money_id                                                            AS subject,
       min(s.payer_id)                                                       AS account_id,
       min(s.account_id)                                                     AS credited_account_id,
       sum(s.credits)                                                        AS credits,
       max(s.last_credited_at)                                               AS last_credited_at,
       CASE min(s.strength) WHEN 1 THEN 'it names' ELSE 'its customer is' END AS evidence,
       min(m.customer_id)                                                    AS customer_id,
       min(k.email)                                                          AS customer_email,
       min(m.amount)                                                         AS amount,
       min(m.currency)                                                       AS currency
FROM stray AS s
JOIN stripe_money AS m         ON m.money_id = s.money_id
JOIN account AS a              ON a.account_id = s.account_id
LEFT JOIN stripe_customer AS k ON k.customer_id = m.customer_id
LEFT JOIN returned AS back     ON back.money_id = s.money_id AND back.account_id = s.account_id
WHERE m.state = 'paid' AND m.amount > 0 AND m.livemode = $livemode AND NOT m.other_application
  AND back.money_id IS NULL
  AND (s.strength = 1 OR a.email IS NULL OR k.email IS NULL OR lower(a.email) <> lower(k.email))
GROUP BY s.money_id
""",
    message="{account_id} paid {subject} ({evidence} {account_id}), and {credited_account_id} has its {credits} credits.",
    optional=(
        "stripe_customer",
        "ledger_entry.stripe_event_id",
        "ledger_entry.stripe_payment_intent_id",
        "ledger_entry.stripe_invoice_id",
    ),
    impact=money_at_risk("amount", "currency"),
    cases=(
        Case(name="the account that paid has the credits", given=(_BUYER, _PAID, _credit(account_id="org_1"))),
        Case(
            name="the payment is of another account's customer",
            given=(_BUYER, _OTHER, _PAID, _credit()),
            fires=("pi_1",),
            severities={"pi_1": Severity.ERROR},
            evidence={"pi_1": {"account_id": "org_1", "credited_account_id": "user_1", "evidence": "its customer is"}},
        ),
        Case(
            name="the payment names the account, though it is of another customer",
            given=(_BUYER, _OTHER, dataclasses.replace(_PAID, account_id="user_1"), _credit()),
        ),
        Case(
            name="a member has the credits that the organisation bought",
            given=(_BUYER, _OTHER, Member(account_id="org_1", member_id="user_1"), _PAID, _credit()),
        ),
        Case(
            name="the credits were taken back from the wrong account",
            given=(_BUYER, _OTHER, _PAID, _credit(), _credit(2, amount=-500, kind=EntryKind.ADJUSTMENT)),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(_BUYER, _OTHER, _PAID, _credit(created_at=ago(minutes=15))),
        ),
    ),
)
