"""What switching off unlimited credits would write."""

from __future__ import annotations

from decimal import Decimal

from tests.support.catalogue import checked
from trueup.checks.entitlements.unlimited_credits import CHECK
from trueup.model.change import Append, Change, DescribedChange, Refusal, Replace
from trueup.model.check import Case, ago
from trueup.model.relations import Account, EntryKind, LedgerEntry, Row, UnreadableRow

UNLIMITED = Account(account_id="user_1", unlimited_credits=True)


def the_repair(*given: Row) -> Change | DescribedChange | Refusal | None:
    (finding,) = checked(CHECK, Case(name="under test", given=given)).findings
    return finding.repair


def test_the_flag_is_switched_off_and_a_row_of_zero_keeps_the_running_balance() -> None:
    repair = the_repair(
        Account(account_id="user_1", unlimited_credits=True, credits=Decimal(60)),
        LedgerEntry(entry_id=1, amount=Decimal(100), balance_after=Decimal(100), created_at=ago(days=2)),
        LedgerEntry(entry_id=2, amount=Decimal(-40), balance_after=Decimal(60), created_at=ago(days=1)),
    )
    assert repair == Change(
        kind="switch-off-unlimited",
        summary="account.unlimited_credits yes -> no, plus one ledger_entry row of amount 0",
        replace=Replace(relation="account", row_key="user_1", column="unlimited_credits", old=True, new=False),
        append=Append(
            relation="ledger_entry",
            values={
                "account_id": "user_1",
                "kind": EntryKind.ADJUSTMENT,
                "amount": Decimal(0),
                "balance_after": Decimal(60),
                "reason": "trueup: unlimited credits switched off",
            },
        ),
    )


def test_a_balance_that_the_ledger_does_not_back_is_refused_because_limits_would_uncover_it() -> None:
    repair = the_repair(
        Account(account_id="user_1", unlimited_credits=True, credits=Decimal(61)),
        LedgerEntry(entry_id=1, amount=Decimal(60), balance_after=Decimal(60), created_at=ago(days=2)),
    )
    assert isinstance(repair, Refusal)
    assert "credit-balance would be found" in repair.reason


def test_a_balance_below_the_floor_is_refused_because_limits_would_uncover_it() -> None:
    repair = the_repair(
        Account(account_id="user_1", unlimited_credits=True, credits=Decimal(-1)),
        LedgerEntry(entry_id=1, amount=Decimal(-1), balance_after=Decimal(-1), created_at=ago(days=2)),
    )
    assert isinstance(repair, Refusal)
    assert "negative-balance would be found" in repair.reason


def test_an_account_without_entries_starts_at_zero() -> None:
    repair = the_repair(UNLIMITED)
    assert isinstance(repair, Change)
    assert repair.append.values["balance_after"] == Decimal(0)


def test_an_unreadable_balance_is_never_written_down_again() -> None:
    unreadable: Decimal | None = None
    entry = LedgerEntry(entry_id=1, amount=Decimal(100), balance_after=unreadable)  # type: ignore[arg-type]
    on_record = UnreadableRow(
        relation="ledger_entry", row_key="1", account_id="user_1", problem="balance_after is missing"
    )
    assert isinstance(the_repair(UNLIMITED, entry, on_record), Refusal)
