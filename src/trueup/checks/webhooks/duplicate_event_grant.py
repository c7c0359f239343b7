"""One Stripe event grants credits of one kind to an account at most once."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
from trueup.derived.money import MONEY_NAMES
from trueup.model.check import Case, Check, ago, credits_at_risk
from trueup.model.finding import Area
from trueup.model.relations import EntryKind
from trueup.model.severity import Severity

_entry = partial(entry, event="evt_1")


CHECK = Check(
    id="duplicate-event-grant",
    area=Area.WEBHOOKS,
    severity=Severity.CRITICAL,
    revenue_impacting=True,
    title="One Stripe event granted credits more than once",
    why="The customer holds credits that were not paid for, and every replay of the event adds more.",
    requires=("ledger_entry.stripe_event_id",),
    widened_by=MONEY_NAMES,
    population="SELECT count(*) FROM stripe_event_total WHERE grants > 0",
    violations="""
SELECT stripe_event_id AS subject, account_id, accounts, kind, grants, credits_granted, credits_reversed, excess,
       first_entry_id, last_entry_id, first_at, last_at
FROM doubled_grant
WHERE repeats = 'event'
""",
    message="{subject} granted {kind} credits to {account_id} {grants} times: {excess} credits too many.",
    impact=credits_at_risk("excess"),
    cases=(
        Case(name="one event, one grant", given=(_entry(1, ago(days=2)), _entry(2, ago(days=2), event="evt_2"))),
        Case(
            name="field failure 1: a retry credits twice",
            given=(_entry(1, ago(days=2)), _entry(2, ago(days=2, minutes=-1))),
            fires=("evt_1",),
            severities={"evt_1": Severity.CRITICAL},
            evidence={
                "evt_1": {
                    "account_id": "user_1",
                    "accounts": 1,
                    "grants": 2,
                    "excess": Decimal(100),
                    "first_entry_id": "1",
                    "last_entry_id": "2",
                }
            },
        ),
        Case(
            name="one event crediting two accounts by design",
            given=(_entry(1, ago(days=2)), _entry(2, ago(days=2), account_id="user_2")),
        ),
        Case(
            name="a bonus beside the base",
            given=(_entry(1, ago(days=2)), _entry(2, ago(days=2), amount=20, kind=EntryKind.PROMOTIONAL_GRANT)),
        ),
        Case(
            name="a retry that doubles two accounts is one finding",
            given=(
                _entry(1, ago(days=2)),
                _entry(2, ago(days=2), account_id="user_2"),
                _entry(3, ago(days=1)),
                _entry(4, ago(days=1), account_id="user_2"),
            ),
            fires=("evt_1",),
            evidence={"evt_1": {"accounts": 2, "grants": 4, "excess": Decimal(200)}},
        ),
        Case(
            name="a duplicate that was already reversed",
            given=(
                _entry(1, ago(days=3)),
                _entry(2, ago(days=2)),
                _entry(3, ago(days=1), amount=-100, kind=EntryKind.CLAWBACK),
            ),
        ),
    ),
)
