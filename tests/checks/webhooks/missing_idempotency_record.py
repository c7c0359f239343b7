"""More cases of `missing-idempotency-record`, beside those that its own file teaches with."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from trueup.checks.webhooks.missing_idempotency_record import _grant
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, EventStatus, LedgerEntry, WebhookEvent

CASES: tuple[Case, ...] = (
    Case(
        name="one event crediting two accounts and a bonus repeats nothing",
        given=(
            _grant(1, "evt_1", ago(days=2)),
            _grant(2, "evt_1", ago(days=2), kind=EntryKind.PROMOTIONAL_GRANT),
            LedgerEntry(
                entry_id=3,
                account_id="user_2",
                kind=EntryKind.PURCHASE,
                amount=Decimal(100),
                stripe_event_id="evt_1",
                created_at=ago(days=2),
            ),
        ),
        fires=("evt_1",),
        evidence={"evt_1": {"repeated_grants": 0, "accounts": 2, "entries": 3}},
    ),
    Case(
        name="the first entry that owes a record",
        given=(_grant(1, "evt_1", datetime.fromisoformat("2025-03-01")),),
        policy=Policy(idempotency_since=date(2025, 3, 1)),
        fires=("evt_1",),
    ),
    Case(
        name="an entry written by checkout verification names no event",
        given=(_grant(1, None, ago(days=2)),),
    ),
    Case(
        name="a clawback needs its record as well",
        given=(_grant(1, "evt_1", ago(days=2), amount=-100, kind=EntryKind.CLAWBACK),),
        fires=("evt_1",),
    ),
    Case(
        name="a failed attempt is on record all the same",
        given=(
            _grant(1, "evt_1", ago(days=2)),
            WebhookEvent(event_id="evt_1", status=EventStatus.FAILED, received_at=ago(days=2)),
        ),
    ),
)
