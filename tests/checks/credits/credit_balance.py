"""More cases of `credit-balance`, beside those that its own file teaches with."""

from __future__ import annotations

from decimal import Decimal

from trueup.checks.case_rows import balanced_entry
from trueup.checks.credits.credit_balance import _account
from trueup.model.check import Case, ago
from trueup.model.relations import Account, EntryKind, LedgerEntry, UnreadableRow
from trueup.model.severity import Severity

CASES: tuple[Case, ...] = (
    Case(
        name="field failure 3: concurrent deliveries doubled the balance with one ledger row",
        given=(_account(200), balanced_entry(1, 100, 100, ago(days=1))),
        fires=("user_1",),
        evidence={"user_1": {"diagnosis": "hand-edit", "sum_of_amounts": Decimal(100)}},
    ),
    Case(
        name="neither the cache nor the ledger is explained by the other",
        given=(_account(7), balanced_entry(1, 100, 100, ago(days=2)), balanced_entry(2, 50, 160, ago(days=1))),
        fires=("user_1",),
        evidence={"user_1": {"diagnosis": "unexplained"}},
    ),
    Case(
        name="entries numbered in another order than they were written",
        given=(
            _account(140),
            balanced_entry(1, 100, 100, ago(days=3), sequence=1),
            balanced_entry(3, -10, 140, ago(days=1), sequence=2),
            balanced_entry(2, 50, 150, ago(days=2), sequence=3),
        ),
        fires=("user_1",),
        severities={"user_1": Severity.WARNING},
        evidence={"user_1": {"diagnosis": "reorder"}},
    ),
    Case(
        name="field failure 32: entries of one timestamp are ordered by their integer ids",
        given=(
            _account(90),
            balanced_entry(9, 100, 100, ago(days=1)),
            balanced_entry(10, -10, 90, ago(days=1)),
        ),
    ),
    Case(
        name="field failure 32: entries of one timestamp with text ids have no order to be wrong in",
        given=(
            _account(90),
            balanced_entry("b2", 100, 100, ago(days=1)),
            balanced_entry("a1", -10, 90, ago(days=1)),
        ),
    ),
    Case(
        name="entries of one timestamp with text ids, and none of them says what the cache says",
        given=(
            _account(180),
            balanced_entry("a0", 100, 100, ago(days=2)),
            balanced_entry("b2", 50, 150, ago(days=1)),
            balanced_entry("a1", 30, 130, ago(days=1)),
        ),
        fires=("user_1",),
        evidence={"user_1": {"diagnosis": "lost-update", "entries_tied_for_latest": 2}},
    ),
    Case(
        name="field failure 33: a back-dated entry is last by its sequence",
        given=(
            _account(150),
            balanced_entry(1, 100, 100, ago(days=1), sequence=1),
            balanced_entry(2, 50, 150, ago(days=9), sequence=2),
        ),
    ),
    Case(
        name="an account without entries has no credits",
        given=(_account(0),),
    ),
    Case(
        name="an account without entries has credits",
        given=(_account(50),),
        fires=("user_1",),
        evidence={"user_1": {"entries": 0, "drift": Decimal(50)}},
    ),
    Case(
        name="account created a minute ago",
        given=(Account(account_id="user_1", credits=Decimal(0), created_at=ago(minutes=1)),),
    ),
    Case(
        name="write in flight at the snapshot: entry and cache were written together",
        given=(_account(90), balanced_entry(1, 100, 100, ago(days=2)), balanced_entry(2, -10, 90, ago(seconds=1))),
    ),
    Case(
        name="a ledger that starts with an opening balance",
        given=(_account(540), balanced_entry(1, 50, 550, ago(days=2)), balanced_entry(2, -10, 540, ago(days=1))),
    ),
    Case(
        name="the sum counts from the opening balance",
        given=(_account(500), balanced_entry(1, 50, 550, ago(days=2)), balanced_entry(2, -10, 540, ago(days=1))),
        fires=("user_1",),
        evidence={"user_1": {"sum_of_amounts": Decimal(540), "diagnosis": "hand-edit"}},
    ),
    Case(
        name="out-of-order ids with a right sum",
        given=(_account(90), balanced_entry(2, 100, 100, ago(days=2)), balanced_entry(1, -10, 90, ago(days=1))),
    ),
    Case(
        name="the row of our own repair",
        given=(
            _account(100),
            balanced_entry(1, 100, 100, ago(days=2)),
            LedgerEntry(
                entry_id=2,
                kind=EntryKind.BALANCE_SYNC,
                amount=Decimal(0),
                balance_after=Decimal(100),
                created_at=ago(minutes=1),
            ),
        ),
    ),
    Case(
        name="an account with an unreadable entry is unknown, not broken",
        given=(
            _account(120),
            balanced_entry(1, 100, 100, ago(days=2)),
            UnreadableRow(relation="ledger_entry", row_key="2", account_id="user_1"),
        ),
    ),
)
