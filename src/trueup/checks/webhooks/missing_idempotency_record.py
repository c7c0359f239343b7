"""Every Stripe event that a ledger entry names has its webhook idempotency record."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from trueup.model.change import Append, Change, Refusal
from trueup.model.check import Case, Check, ago
from trueup.model.finding import Area, Finding
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, EventStatus, LedgerEntry, WebhookEvent
from trueup.model.severity import Severity


def _repair(finding: Finding) -> Change | Refusal:
    """Record the event as processed when its entry was written, so that a replay is recognised."""
    evidence = finding.evidence
    if evidence["repeated_grants"] != 0:
        return Refusal(
            reason="The same event granted credits more than once; undo the duplicate before it is recorded."
        )
    return Change(
        kind="backfill-idempotency-record",
        summary=f"one webhook_event row: {finding.subject} processed",
        append=Append(
            relation="webhook_event",
            values={
                "event_id": finding.subject,
                "type": "unknown",  # the ledger does not say, and a guess would look like a fact
                "status": EventStatus.PROCESSED,
                "received_at": evidence["first_at"],
                "processed_at": evidence["first_at"],
                "livemode": evidence["livemode"],
            },
        ),
    )


def _grant(
    entry_id: int, event: str | None, when: datetime, *, amount: int = 100, kind: EntryKind = EntryKind.PURCHASE
) -> LedgerEntry:
    return LedgerEntry(entry_id=entry_id, kind=kind, amount=Decimal(amount), stripe_event_id=event, created_at=when)


CHECK = Check(
    id="missing-idempotency-record",
    area=Area.WEBHOOKS,
    severity=Severity.ERROR,
    title="Ledger entry's Stripe event has no idempotency record",
    why="When Stripe or an operator sends this event again, nothing shows that it was handled: its credits are "
    "granted a second time.",
    requires=("ledger_entry.stripe_event_id",),
    population="SELECT count(*) FROM stripe_event_total",
    violations="""
WITH unrecorded AS (
    SELECT t.stripe_event_id
    FROM stripe_event_total AS t
    WHERE NOT EXISTS (SELECT 1 FROM webhook_event AS w WHERE w.event_id = t.stripe_event_id)
),
entry AS (
    SELECT stripe_event_id, account_id, entry_id, kind, amount, created_at,
           posted AND amount > 0
           AND kind IN ('purchase', 'subscription_grant', 'promotional_grant') AS is_grant
    FROM stripe_entry
    WHERE stripe_event_id IN (SELECT stripe_event_id FROM unrecorded)
),
by_kind AS (   -- two accounts or two kinds of one event are not a repetition
    SELECT stripe_event_id, greatest(sum(CASE WHEN is_grant THEN 1 ELSE 0 END) - 1, 0) AS repeated_grants
    FROM entry
    GROUP BY stripe_event_id, account_id, kind
),
repeated AS (
    SELECT stripe_event_id, sum(repeated_grants) AS repeated_grants FROM by_kind GROUP BY stripe_event_id
)
SELECT e.stripe_event_id                                                AS subject,
       min(e.account_id)                                                AS account_id,
       count(DISTINCT e.account_id)                                     AS accounts,
       count(*)                                                         AS entries,
       min(e.kind)                                                      AS kind,
       sum(e.amount)                                                    AS sum_of_amounts,
       min(r.repeated_grants)                                           AS repeated_grants,
       CAST(arg_min(e.entry_id, (e.created_at, e.entry_id)) AS VARCHAR) AS first_entry_id,
       min(e.created_at)                                                AS first_at,
       max(e.created_at)                                                AS last_at,
       $livemode                                                        AS livemode
FROM entry AS e
JOIN repeated AS r ON r.stripe_event_id = e.stripe_event_id
WHERE e.created_at >= $idempotency_since
  AND e.created_at < $settled_before
GROUP BY e.stripe_event_id
""",
    message="{subject} moved {sum_of_amounts} credits of {account_id} but has no idempotency record.",
    repair=_repair,
    cases=(
        Case(
            name="the event is recorded",
            given=(_grant(1, "evt_1", ago(days=2)), WebhookEvent(event_id="evt_1", received_at=ago(days=2))),
        ),
        Case(
            name="the event is not recorded",
            given=(_grant(1, "evt_1", ago(days=2)), WebhookEvent(event_id="evt_2", received_at=ago(days=2))),
            fires=("evt_1",),
            severities={"evt_1": Severity.ERROR},
            evidence={
                "evt_1": {
                    "account_id": "user_1",
                    "entries": 1,
                    "kind": "purchase",
                    "first_at": ago(days=2),
                    "livemode": True,
                }
            },
        ),
        Case(
            name="field failure 9: the idempotency table was pruned and the event replayed",
            given=(_grant(1, "evt_1", ago(days=40)), _grant(2, "evt_1", ago(days=2))),
            fires=("evt_1",),
            evidence={"evt_1": {"entries": 2, "repeated_grants": 1}},
        ),
        Case(
            name="entries older than the idempotency table",
            given=(_grant(1, "evt_1", datetime.fromisoformat("2025-02-28T23:59:59")),),
            policy=Policy(idempotency_since=date(2025, 3, 1)),
        ),
        Case(
            name="write in flight at the snapshot: exactly as old as it takes to settle",
            given=(_grant(1, "evt_1", ago(minutes=15)),),
            fires=(),
        ),
        Case(
            name="a second older than it takes to settle",
            given=(_grant(1, "evt_1", ago(minutes=15, seconds=1)),),
            fires=("evt_1",),
        ),
    ),
)
