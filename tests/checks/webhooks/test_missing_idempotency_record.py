"""When the idempotency record is backfilled, what it would say, and when it is refused."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from tests.support.catalogue import checked
from trueup.checks.webhooks import mode_mismatch
from trueup.checks.webhooks.missing_idempotency_record import CHECK
from trueup.model.change import Change, DescribedChange, Refusal
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, EventStatus, LedgerEntry, Row, WebhookEvent


def _repair_of(*given: Row, livemode: bool = True) -> Change | DescribedChange | Refusal | None:
    case = Case(name="asked about", given=given, policy=Policy(livemode=livemode))
    (finding,) = checked(CHECK, case).findings
    return finding.repair


def _grant(entry_id: int, *, days: int) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id,
        kind=EntryKind.PURCHASE,
        amount=Decimal(100),
        stripe_event_id="evt_1",
        created_at=ago(days=days),
    )


def test_the_record_says_processed_when_the_entry_was_written() -> None:
    repair = _repair_of(_grant(1, days=2))
    assert isinstance(repair, Change)
    assert repair.replace is None
    assert repair.append.relation == "webhook_event"
    assert repair.append.values == {
        "event_id": "evt_1",
        "type": "unknown",
        "status": EventStatus.PROCESSED,
        "received_at": ago(days=2),
        "processed_at": ago(days=2),
        "livemode": True,
    }


def test_the_record_is_of_the_environments_own_mode_and_is_no_finding_itself() -> None:
    repair = _repair_of(_grant(1, days=2), livemode=False)
    assert isinstance(repair, Change)
    values = repair.append.values
    received_at = values["received_at"]
    assert isinstance(received_at, datetime)
    record = WebhookEvent(event_id="evt_1", type="unknown", received_at=received_at, livemode=bool(values["livemode"]))
    after = Case(name="after", given=(_grant(1, days=2), record), policy=Policy(livemode=False))
    assert not checked(CHECK, after).findings
    assert not checked(mode_mismatch.CHECK, after).findings


def test_it_is_refused_while_the_same_event_has_duplicate_grants() -> None:
    repair = _repair_of(_grant(1, days=3), _grant(2, days=2))
    assert isinstance(repair, Refusal)
    assert "more than once" in repair.reason
