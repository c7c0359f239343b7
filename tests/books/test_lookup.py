"""Rows are found by what they name, in small books as in large ones, and entries come in ledger order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.actions.repair.subject_reader import few_rows
from trueup.books.lookup import LargeLookup, SmallLookup
from trueup.books.opening import books_in_memory
from trueup.books.subject_books import SubjectBooks
from trueup.model.relations import Account, LedgerEntry, PlanChange
from trueup.model.source import ColumnMapping, RelationMapping


def mapped(relation: str, *columns: str) -> RelationMapping:
    return RelationMapping(
        relation=relation, table="theirs", columns={name: ColumnMapping(column=name) for name in columns}
    )


ENTRY = mapped("ledger_entry", "entry_id", "account_id", "sequence", "stripe_event_id", "created_at")
ACCOUNT = mapped("account", "account_id", "email")

ids = st.sampled_from(["u1", "u2", "it's", "grün", ""])
wanted = st.frozensets(st.sampled_from(["u1", "u2", "it's", "grün", "evt_1", "a\0b"]), max_size=3)
numbers = st.integers(1, 3) | st.none()
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2)) | st.none()
entries = st.lists(st.tuples(ids, numbers, st.sampled_from(["evt_1", "u1", None]), moments), max_size=8)
_FIRST = datetime(2026, 1, 1)
emails = st.sampled_from(["A@x.de", "a@X.de", "Ö@x.de", "ö@x.de", None])


@pytest.fixture(scope="module")
def handful() -> Iterator[SubjectBooks]:
    """Books that every example is put into, one after the other."""
    with books_in_memory() as books:
        yield SubjectBooks(books)


def _place_in_ledger(row: tuple[int, str, int | None, str | None, datetime | None]) -> tuple[object, ...]:
    number, _, sequence, _, moment = row
    return (sequence is not None, sequence or 0, moment is None, moment or _FIRST, number)


@given(entries, wanted, wanted)
def test_entries_are_found_by_any_of_two_columns(
    handful: SubjectBooks,
    rows: list[tuple[str, int | None, str | None, datetime | None]],
    accounts: frozenset[str],
    events: frozenset[str],
) -> None:
    numbered = [(number, *row) for number, row in enumerate(rows)]
    handful.put([few_rows(ENTRY, numbered, unique_key=True)])
    in_order = sorted(numbered, key=_place_in_ledger)
    expected = [row[0] for row in in_order if row[1] in accounts or row[3] in events]
    for lookup in (LargeLookup(handful.books), SmallLookup(handful.books)):
        found = list(lookup.rows(LedgerEntry, account_id=accounts, stripe_event_id=events))
        assert [entry.entry_id for entry in found] == expected
        assert list(lookup.rows(PlanChange, account_id=accounts)) == []
    handful.forget()


@given(st.lists(emails, max_size=5), st.frozensets(st.sampled_from(["a@x.de", "Ö@X.de", "b@x.de"])))
def test_an_address_is_the_same_in_any_case(
    handful: SubjectBooks, rows: list[str | None], asked: frozenset[str]
) -> None:
    numbered = [(f"u{number}", email) for number, email in enumerate(rows)]
    handful.put([few_rows(ACCOUNT, numbered, unique_key=True)])
    lower = {email.lower() for email in asked}
    expected = {key for key, email in numbered if email is not None and email.lower() in lower}
    for lookup in (LargeLookup(handful.books), SmallLookup(handful.books)):
        assert {account.account_id for account in lookup.rows(Account, email=asked)} == expected
    handful.forget()
