"""One Stripe event grants credits of one kind to an account at most once."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from trueup.checks.case_rows import entry
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
    population="SELECT count(*) FROM stripe_event_total WHERE grants > 0",
    violations="""
WITH excess AS (   -- every grant after the first of its account and kind
    SELECT stripe_event_id, account_id, kind, sum(amount) AS credits, min(credits_reversed) AS credits_reversed
    FROM repeated_grant
    WHERE repeats = 'event' AND seconds_later IS NOT NULL
    GROUP BY stripe_event_id, account_id, kind
),
doubled AS (
    SELECT stripe_event_id, min(credits_reversed) AS credits_reversed, sum(credits) - min(credits_reversed) AS excess
    FROM excess
    GROUP BY stripe_event_id
)
SELECT g.stripe_event_id                                                AS subject,
       min(g.account_id)                                                AS account_id,
       count(DISTINCT g.account_id)                                     AS accounts,
       min(g.kind)                                                      AS kind,
       count(*)                                                         AS grants,
       sum(g.amount)                                                    AS credits_granted,
       min(d.credits_reversed)                                          AS credits_reversed,
       min(d.excess)                                                    AS excess,
       CAST(arg_min(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS first_entry_id,
       CAST(arg_max(g.entry_id, (g.created_at, g.entry_id)) AS VARCHAR) AS last_entry_id,
       min(g.created_at)                                                AS first_at,
       max(g.created_at)                                                AS last_at
FROM repeated_grant AS g
JOIN excess  AS e ON e.stripe_event_id = g.stripe_event_id AND e.account_id = g.account_id AND e.kind = g.kind AND e.credits > 0
JOIN doubled AS d ON d.stripe_event_id = g.stripe_event_id
WHERE g.repeats = 'event' AND d.excess > 0
GROUP BY g.stripe_event_id
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
