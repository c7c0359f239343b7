"""More cases of `ledger-break`, beside those that its own file teaches with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trueup.checks.case_rows import balanced_entry, entry
from trueup.model.check import Case, ago
from trueup.model.policy import Policy
from trueup.model.relations import EntryKind, LedgerEntry, UnreadableRow
from trueup.model.severity import Severity

_FROM_ZERO = Policy(ledger_starts_at=Decimal(0))


def _set_anew(entry_id: int, amount: int, balance_after: int, when: datetime) -> LedgerEntry:
    return replace(balanced_entry(entry_id, amount, balance_after, when), sets_balance=True)


CASES: tuple[Case, ...] = (
    Case(
        name="a monthly allowance replaces what was left",
        given=(
            _set_anew(1, 1000, 1000, ago(days=60)),
            balanced_entry(2, -300, 700, ago(days=50)),
            _set_anew(3, 1000, 1000, ago(days=30)),
            balanced_entry(4, -10, 990, ago(days=20)),
        ),
        policy=_FROM_ZERO,
    ),
    Case(
        name="an entry that sets the balance sets it to its amount",
        given=(balanced_entry(1, 700, 700, ago(days=50)), _set_anew(2, 1000, 1700, ago(days=30))),
        fires=("2",),
        evidence={"2": {"difference": Decimal(700), "previous_balance_after": Decimal(0)}},
    ),
    Case(
        name="field failure 12: a handler of an old subscription wiped the credits",
        given=(balanced_entry(1, 500, 500, ago(days=9)), balanced_entry(2, -100, 0, ago(days=1))),
        fires=("2",),
        evidence={"2": {"difference": Decimal(-400)}},
    ),
    Case(
        name="two broken entries of one account are two findings",
        given=(
            balanced_entry(1, 100, 100, ago(days=4)),
            balanced_entry(2, 10, 120, ago(days=3)),
            balanced_entry(3, 10, 150, ago(days=2)),
        ),
        fires=("2", "3"),
    ),
    Case(
        name="field failure 32: equal timestamps, ordered by integer ids",
        given=(
            balanced_entry(9, 100, 100, ago(days=1)),
            balanced_entry(10, -10, 90, ago(days=1)),
            balanced_entry(11, -10, 80, ago(days=1)),
        ),
    ),
    Case(
        name="field failure 32: equal timestamps with text ids have no order to be wrong in",
        given=(
            balanced_entry("z", 100, 100, ago(days=2)),
            balanced_entry("b", -10, 90, ago(days=1)),
            balanced_entry("a", -20, 70, ago(days=1)),
            balanced_entry("c", 5, 75, ago(hours=1)),
        ),
    ),
    Case(
        name="equal timestamps with text ids do not excuse a lost update",
        given=(
            balanced_entry("z", 100, 100, ago(days=2)),
            balanced_entry("a", 50, 150, ago(days=1)),
            balanced_entry("b", 30, 130, ago(days=1)),
        ),
        fires=("b",),
        severities={"b": Severity.ERROR},
    ),
    Case(
        name="a reorder of text ids elsewhere than at equal timestamps",
        given=(
            balanced_entry("a", -10, 90, ago(days=2)),
            balanced_entry("b", 100, 100, ago(days=1)),
        ),
        fires=("b",),
        severities={"b": Severity.WARNING},
    ),
    Case(
        name="field failure 33: a back-dated entry is in its place by sequence",
        given=(
            balanced_entry(1, 100, 100, ago(days=1), sequence=1),
            balanced_entry(2, 50, 150, ago(days=9), sequence=2),
        ),
    ),
    Case(
        name="out-of-order ids with a right sum",
        given=(balanced_entry(2, 100, 100, ago(days=2)), balanced_entry(1, -10, 90, ago(days=1))),
    ),
    Case(
        name="field failure 43: a backfill wrote a wrong running balance",
        given=(
            balanced_entry(1, 100, 100, ago(days=3)),
            LedgerEntry(
                entry_id=2,
                kind=EntryKind.ADJUSTMENT,
                amount=Decimal(40),
                balance_after=Decimal(40),
                created_at=ago(days=1),
            ),
        ),
        fires=("2",),
    ),
    Case(
        name="the row of our own repair",
        given=(
            balanced_entry(1, 100, 100, ago(days=3)),
            LedgerEntry(
                entry_id=2,
                kind=EntryKind.BALANCE_SYNC,
                amount=Decimal(0),
                balance_after=Decimal(100),
                created_at=ago(days=2),
            ),
            balanced_entry(3, -10, 90, ago(days=1)),
        ),
    ),
    Case(
        name="an account with an unreadable entry is unknown, not broken",
        given=(
            balanced_entry(1, 100, 100, ago(days=3)),
            UnreadableRow(relation="ledger_entry", row_key="2", account_id="user_1"),
            balanced_entry(3, -10, 70, ago(days=1)),
        ),
    ),
    Case(
        name="every ledger begins at zero, and this one does",
        given=(balanced_entry(1, 100, 100, ago(days=3)), balanced_entry(2, -10, 90, ago(days=2))),
        policy=_FROM_ZERO,
    ),
    Case(
        name="every ledger begins at zero: the first entry was deleted",
        given=(balanced_entry(2, -10, 90, ago(days=2)), balanced_entry(3, 5, 95, ago(days=1))),
        policy=_FROM_ZERO,
        fires=("2",),
        severities={"2": Severity.ERROR},
        evidence={"2": {"previous_balance_after": Decimal(0), "difference": Decimal(100), "diagnosis": "break"}},
    ),
    Case(
        name="every ledger begins at zero: the only entry was edited",
        given=(balanced_entry(1, 10, 100, ago(days=3)),),
        policy=_FROM_ZERO,
        fires=("1",),
        severities={"1": Severity.ERROR},
    ),
    Case(
        name="every ledger begins at zero: an entry was invented before the first one",
        given=(balanced_entry(9, 500, 500, ago(days=9)), balanced_entry(10, 100, 100, ago(days=3))),
        policy=_FROM_ZERO,
        fires=("10",),
    ),
    Case(
        name="every ledger begins at zero: the first entry was deleted of one that ends where the rest begins",
        given=(balanced_entry(2, -10, 90, ago(days=2)), balanced_entry(3, 10, 100, ago(days=1))),
        policy=_FROM_ZERO,
        fires=("2",),
        severities={"2": Severity.ERROR},
    ),
    Case(
        name="every ledger begins at zero: the same entries in another order are one warning",
        given=(
            balanced_entry(1, 50, 150, ago(days=4), sequence=1),
            balanced_entry(2, 100, 100, ago(days=3), sequence=2),
            balanced_entry(3, -150, 0, ago(days=2), sequence=3),
        ),
        policy=_FROM_ZERO,
        fires=("1",),
        severities={"1": Severity.WARNING},
        evidence={"1": {"diagnosis": "reorder"}},
    ),
    Case(
        name="ledgers that begin at another balance",
        given=(balanced_entry(1, 100, 600, ago(days=3)), entry(2, amount=-10, balance_after=90, account_id="user_2")),
        policy=Policy(ledger_starts_at=Decimal(500)),
        fires=("2",),
    ),
)
