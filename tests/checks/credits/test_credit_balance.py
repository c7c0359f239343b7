"""When the balance sync is offered, what it would write, and when it is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.catalogue import checked
from trueup.checks.credits.credit_balance import CHECK
from trueup.model.change import Change, DescribedChange, Refusal
from trueup.model.check import Case, ago
from trueup.model.relations import Account, EntryKind, LedgerEntry, Row


def _repair_of(*given: Row) -> Change | DescribedChange | Refusal | None:
    (finding,) = checked(CHECK, Case(name="asked about", given=given)).findings
    return finding.repair


def _entry(
    entry_id: int | str, amount: int, balance_after: int, *, days: int, sequence: int | None = None
) -> LedgerEntry:
    return LedgerEntry(
        entry_id=entry_id,
        sequence=sequence,
        amount=Decimal(amount),
        balance_after=Decimal(balance_after),
        created_at=ago(days=days),
    )


def test_a_hand_edit_is_set_back_to_the_ledger_and_leaves_an_entry_of_amount_zero() -> None:
    repair = _repair_of(Account(account_id="user_1", credits=Decimal(120)), _entry(1, 100, 100, days=2))
    assert isinstance(repair, Change)
    assert repair.kind == "sync-credit-balance"
    assert repair.summary == "account.credits 120 -> 100, plus one ledger_entry row"
    assert repair.replace is not None
    assert (repair.replace.column, repair.replace.old, repair.replace.new) == ("credits", Decimal(120), Decimal(100))
    assert repair.append.values == {
        "account_id": "user_1",
        "kind": EntryKind.BALANCE_SYNC,
        "amount": Decimal(0),
        "balance_after": Decimal(100),
        "reason": "trueup: balance synced from 120 to 100",
    }


def test_the_books_after_the_repair_have_no_finding() -> None:
    account, entry = Account(account_id="user_1", credits=Decimal(120)), _entry(1, 100, 100, days=2)
    repair = _repair_of(account, entry)
    assert isinstance(repair, Change)
    appended = _entry(2, 0, int(Decimal(str(repair.append.values["balance_after"]))), days=0)
    repaired = Account(account_id="user_1", credits=Decimal(100))
    assert not checked(CHECK, Case(name="after", given=(repaired, entry, appended))).findings


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param(
            (Account(account_id="user_1", credits=Decimal(10)), _entry(1, -5, -5, days=2)),
            "below the floor",
            id="the ledger's balance would be a finding of its own",
        ),
        pytest.param(
            (
                Account(account_id="user_1", credits=Decimal(180)),
                _entry(1, 100, 100, days=3),
                _entry(2, 50, 150, days=2),
                _entry(3, 30, 130, days=1),
            ),
            "disagrees with itself",
            id="a lost update",
        ),
        pytest.param(
            (
                Account(account_id="user_1", credits=Decimal(140)),
                _entry(1, 100, 100, days=3, sequence=1),
                _entry(2, -10, 140, days=2, sequence=2),
                _entry(3, 50, 150, days=1, sequence=3),
            ),
            "disagrees with itself",
            id="a reorder",
        ),
        pytest.param(
            (
                Account(account_id="user_1", credits=Decimal(7)),
                _entry(1, 100, 100, days=4),
                _entry(2, 10, 120, days=3),
                _entry(3, 10, 120, days=2),
            ),
            "disagrees with itself",
            id="two breaks that cancel each other",
        ),
        pytest.param(
            (Account(account_id="user_1", credits=Decimal(50)),),
            "no ledger entry",
            id="an account without entries",
        ),
        pytest.param(
            (
                Account(account_id="user_1", credits=Decimal(50)),
                _entry("a", 100, 100, days=1),
                _entry("b", -100, 0, days=1),
            ),
            "share one timestamp",
            id="text ids of one timestamp",
        ),
    ],
)
def test_it_is_refused_where_the_ledger_has_no_one_answer(given: tuple[Row, ...], reason: str) -> None:
    repair = _repair_of(*given)
    assert isinstance(repair, Refusal)
    assert reason in repair.reason
