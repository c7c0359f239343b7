"""What was written is read off the rows, and whoever cannot see it need not be asked again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support.catalogue import all_cases
from trueup.actions.audit.check_runner import run_checks
from trueup.actions.repair.difference import SnapshotDifference, affected, difference
from trueup.actions.repair.subject_snapshot import SubjectSnapshot
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.books.subject_books import SubjectBooks
from trueup.checks import catalogue
from trueup.engines.requirements import absent_need
from trueup.model.check import CASE_NOW, Check
from trueup.model.finding import Finding
from trueup.model.outcome import Checked
from trueup.model.policy import Policy
from trueup.model.relations import (
    GATES,
    MAPPED,
    STRIPE,
    EntryKind,
    LedgerEntry,
    PlanChange,
    Row,
    WebhookEvent,
    columns_of,
    relation_name,
)
from trueup.model.source import ColumnMapping, RelationMapping, Silent

CHECKS = catalogue()

ENTRY = RelationMapping(
    relation="ledger_entry",
    table="entries",
    columns={name: ColumnMapping(column=name) for name in ("entry_id", "account_id", "amount")},
)


def of(*rows: tuple[object, ...]) -> SubjectSnapshot:
    return SubjectSnapshot(rows={"ledger_entry": list(rows)}, mappings={"ledger_entry": ENTRY}, accounts=frozenset())


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([(1, "u", 5)], [(1, "u", 5)], SnapshotDifference(cells=frozenset(), grown={}, changed=frozenset())),
        ([(1, "u", 5), (2, "u", 6)], [(2, "u", 6), (1, "u", 5)],
         SnapshotDifference(cells=frozenset(), grown={}, changed=frozenset())),
        ([(1, "u", 5)], [(1, "u", 5), (2, "u", 0)],
         SnapshotDifference(cells=frozenset(), grown={"ledger_entry": 1}, changed=frozenset())),
        ([(1, "u", 5)], [(1, "u", 7), (2, "u", 0)],
         SnapshotDifference(cells=frozenset({("ledger_entry", "amount")}), grown={"ledger_entry": 1},
                            changed=frozenset())),
        ([(1, "u", 5)], [(2, "u", 5)],
         SnapshotDifference(cells=frozenset(), grown={}, changed=frozenset({"ledger_entry"}))),
        ([], [(2, "u", 5), (2, "u", 6)],
         SnapshotDifference(cells=frozenset(), grown={}, changed=frozenset({"ledger_entry"}))),
    ],
)  # fmt: skip
def test_a_difference_is_new_rows_changed_cells_or_no_more_than_a_change(
    before: list[tuple[object, ...]], after: list[tuple[object, ...]], expected: SnapshotDifference
) -> None:
    assert difference(of(*before), of(*after)) == expected


LATER = CASE_NOW + timedelta(seconds=1)
WRITTEN: tuple[Row, ...] = (
    LedgerEntry(entry_id=999, account_id="user_1", kind=EntryKind.BALANCE_SYNC, amount=Decimal(0), created_at=LATER),
    LedgerEntry(
        entry_id=999,
        account_id="user_1",
        kind=EntryKind.PURCHASE,
        amount=Decimal(100_000),
        balance_after=Decimal(100_000),
        created_at=CASE_NOW - timedelta(days=20),
    ),
    PlanChange(account_id="user_1", to_plan="FREE", changed_at=LATER),
    WebhookEvent(event_id="evt_new", type="invoice.paid", received_at=LATER),
)
"""Rows such as repairs write, and one such as a trigger might."""


def findings(books: Books, check: Check, policy: Policy) -> tuple[Finding, ...]:
    (made,) = run_checks(
        books, checks=(check,), policy=policy, now=CASE_NOW, progress=Silent(), counts_population=False
    )
    assert isinstance(made.outcome, Checked), made.outcome
    return made.outcome.findings


@contextlib.contextmanager
def empty_books() -> Iterator[Books]:
    """Books of a company without rows, of which everything is mapped."""
    with books_in_memory() as books:
        for relation in MAPPED:
            columns = [column.name for column in columns_of(relation)] + ["dense_sequence"]
            books.connection.execute(
                "INSERT INTO trueup_copy VALUES (?, 'case', ?, 0, 0, NULL)", [relation_name(relation), columns]
            )
        yield books


@contextlib.contextmanager
def filled(books: Books, rows: tuple[Row, ...]) -> Iterator[None]:
    """Put these rows into empty books, and take them out again."""
    books.connection.begin()
    try:
        for relation in {type(row) for row in rows}:
            books.replace_rows([row for row in rows if type(row) is relation], of=relation)
        yield
    finally:
        books.connection.rollback()


def keys_in(books: Books, name: str) -> frozenset[tuple[object, ...]]:
    relation = next(relation for relation in MAPPED if relation_name(relation) == name)
    keys = ", ".join(column.name for column in columns_of(relation) if column.is_key)
    return frozenset(books.connection.execute(f"SELECT {keys} FROM {name}").fetchall())


OUTSIDE = frozenset(map(relation_name, (*STRIPE, *GATES)))
OF_ROWS = [check for check in CHECKS if absent_need(check, dict.fromkeys(OUTSIDE, "absent"), {}) is None]
"""Around a repair nobody reads Stripe, and nobody probes plan gates: the other checks are not asked there."""


@pytest.mark.slow
@pytest.mark.sampled(7)
@pytest.mark.parametrize("check", OF_ROWS, ids=lambda check: check.id)
def test_a_row_that_a_check_is_said_not_to_see_changes_nothing_about_its_findings(check: Check) -> None:
    with empty_books() as books:
        for case in all_cases(check):
            with filled(books, case.given):
                before = findings(books, check, case.policy)
                known = {relation_name(relation): keys_in(books, relation_name(relation)) for relation in MAPPED}
            for row in WRITTEN:
                written = SnapshotDifference(
                    cells=frozenset(), grown={relation_name(type(row)): 1}, changed=frozenset()
                )
                parameters = case.policy.parameters(CASE_NOW)
                with filled(books, (*case.given, row)):
                    if not affected([check], written, books=SubjectBooks(books), known=known, parameters=parameters):
                        assert findings(books, check, case.policy) == before


def test_the_row_of_a_balance_sync_is_seen_by_those_who_follow_the_balance_only() -> None:
    with empty_books() as books, filled(books, WRITTEN[:1]):
        written = SnapshotDifference(cells=frozenset(), grown={"ledger_entry": 1}, changed=frozenset())
        parameters = Policy().parameters(CASE_NOW)
        seeing = affected(
            CHECKS, written, books=SubjectBooks(books), known={"ledger_entry": frozenset()}, parameters=parameters
        )
    names = {check.id for check in seeing}
    assert {"credit-balance", "ledger-break", "ledger-sequence-gap", "negative-balance"} <= names
    assert not {"duplicate-payment-grant", "purchase-without-payment"} & names


def test_a_check_that_is_not_understood_is_asked() -> None:
    odd = Check(
        id="odd",
        area=CHECKS[0].area,
        severity=CHECKS[0].severity,
        title="Odd",
        why="It names what is not there.",
        population="SELECT 0",
        violations="SELECT nothing AS subject FROM no_such_relation",
        message="{subject}",
        cases=(),
    )
    written = SnapshotDifference(cells=frozenset(), grown={}, changed=frozenset())
    with books_in_memory() as books:
        assert affected([odd], written, books=SubjectBooks(books), known={}, parameters={}) == [odd]


def test_a_changed_cell_asks_whoever_reads_its_column_and_nobody_else() -> None:
    written = SnapshotDifference(cells=frozenset({("account", "unlimited_credits")}), grown={}, changed=frozenset())
    with books_in_memory() as books:
        asked = affected(CHECKS, written, books=SubjectBooks(books), known={}, parameters={})
    names = {check.id for check in asked}
    assert "unlimited-credits" in names
    assert "stuck-event" not in names
