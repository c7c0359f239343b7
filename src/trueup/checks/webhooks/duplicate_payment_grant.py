"""One payment intent is credited once to an account, net of what was taken back, even if several events report it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity

_entry = partial(entry, event="evt_{}", payment="pi_1")


_CLAWBACK = EntryKind.CLAWBACK

CHECK = Check(
    id="duplicate-payment-grant",
    area=Area.WEBHOOKS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="One payment was credited more than once",
    why="The customer paid once and holds the credits twice. Idempotency by event id did not stop it, because two "
    "events report the same payment.",
    requires=("ledger_entry.stripe_payment_intent_id or ledger_entry.stripe_charge_id",),
    population="SELECT count(*) FROM stripe_entry WHERE stripe_payment_intent_id IS NOT NULL AND posted AND amount > 0",
    violations="""
WITH excess AS (   -- a yearly payment may back a grant every month: grants of different periods are no repetition
    SELECT stripe_payment_intent_id, account_id, kind,
           sum(CASE WHEN kind = 'purchase' OR seconds_later < $same_period_seconds THEN amount END) AS credits,
           min(credits_reversed) AS credits_reversed
    FROM repeated_grant
    WHERE repeats = 'payment' AND seconds_later IS NOT NULL
    GROUP BY stripe_payment_intent_id, account_id, kind
),
doubled AS (
    SELECT stripe_payment_intent_id, min(credits_reversed) AS credits_reversed, sum(credits) - min(credits_reversed) AS excess
    FROM excess
    GROUP BY stripe_payment_intent_id
)
SELECT g.stripe_payment_intent_id                                       AS subject,
       min(g.account_id)                                                AS account_id,
       count(DISTINCT g.account_id)                                     AS accounts,
       min(g.kind)                                                      AS kind,
       count(*)                                                         AS grants,
       count(DISTINCT g.stripe_event_id)                                AS events,
       sum(g.amount)                                                    AS credits_granted,
       min(d.credits_reversed)                                          AS credits_reversed,
       min(d.excess)                                                    AS excess,
       CAST(arg_min(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS first_entry_id,
       CAST(arg_max(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS last_entry_id,
       min(g.created_at)                                                AS first_at,
       max(g.created_at)                                                AS last_at
FROM repeated_grant AS g
JOIN excess  AS e ON e.stripe_payment_intent_id = g.stripe_payment_intent_id AND e.account_id = g.account_id AND e.kind = g.kind AND e.credits > 0
JOIN doubled AS d ON d.stripe_payment_intent_id = g.stripe_payment_intent_id
WHERE g.repeats = 'payment' AND d.excess > 0
GROUP BY g.stripe_payment_intent_id
""",
    message="{subject} was credited to {account_id} {grants:time} through {events:event|no event that the ledger names}: {excess} credits too many.",
    impact=credits_at_risk("excess"),
    cases=(
        Case(name="one payment, one purchase", given=(_entry(1, ago(days=2)), _entry(2, ago(days=1), payment="pi_2"))),
        Case(
            name="field failure 1: a manual resend credits twice",
            given=(_entry(1, ago(days=2), event="evt_1"), _entry(2, ago(days=1), event="evt_1")),
            fires=("pi_1",),
            severities={"pi_1": Severity.CRITICAL},
            evidence={"pi_1": {"events": 1, "excess": Decimal(100)}},
        ),
        Case(
            name="field failure 2: two different events of one payment both grant",
            given=(_entry(1, ago(days=2)), _entry(2, ago(days=2, seconds=-3))),
            fires=("pi_1",),
            evidence={"pi_1": {"account_id": "user_1", "events": 2, "grants": 2, "excess": Decimal(100)}},
        ),
        Case(
            name="grant, refund, and re-grant on one payment intent",
            given=(
                _entry(1, ago(days=9)),
                _entry(2, ago(days=5), amount=-100, kind=_CLAWBACK),
                _entry(3, ago(days=1)),
            ),
        ),
        Case(
            name="a partial clawback that was reinstated",
            given=(
                _entry(1, ago(days=9)),
                _entry(2, ago(days=5), amount=-30, kind=_CLAWBACK),
                _entry(3, ago(days=1), amount=30),
            ),
        ),
        Case(
            name="a promotional bonus beside the purchase",
            given=(_entry(1, ago(days=2)), _entry(2, ago(days=2), amount=20, kind=EntryKind.PROMOTIONAL_GRANT)),
        ),
    ),
)
