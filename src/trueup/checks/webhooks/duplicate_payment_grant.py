"""One payment intent is credited once to an account, net of what was taken back, even if several events report it."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.money import MONEY_NAMES
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity

_entry = partial(entry, event="evt_{}", payment="pi_1")


_CLAWBACK = EntryKind.CLAWBACK
_CHECKOUT = "ledger_entry.stripe_checkout_session_id"

CHECK = Check(
    id="duplicate-payment-grant",
    area=Area.WEBHOOKS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="One payment was credited more than once",
    why="The customer paid once and holds the credits twice. Idempotency by event id did not stop it, because two "
    "events report the same payment.",
    requires=("ledger_entry.stripe_payment_intent_id or ledger_entry.stripe_charge_id or also " + _CHECKOUT,),
    widened_by=MONEY_NAMES,
    population="""
SELECT count(*) FROM stripe_entry
WHERE coalesce(stripe_payment_intent_id, stripe_checkout_session_id) IS NOT NULL AND posted AND amount > 0
""",
    violations="""
SELECT stripe_payment_intent_id AS subject, account_id, accounts, kind, grants, events, credits_granted, credits_reversed, excess,
       first_entry_id, last_entry_id, first_at, last_at
FROM doubled_grant
WHERE repeats = 'payment'
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
