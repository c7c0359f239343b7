"""A few rows are read into small books exactly as an audit reads all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.arrow import Rows
from trueup.actions.repair.subject_reader import few_rows
from trueup.books.copy import copy_relation
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.books.quarantine import note_unknown_plans
from trueup.books.subject_books import SubjectBooks
from trueup.model.relations import Plan
from trueup.model.source import ColumnMapping, RelationMapping, Silent

Raw = tuple[object, ...]

_ARROW = {
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
    '"NULL"': pa.null(),
}
_NOW = datetime(2026, 3, 1, 12)


def mapped(relation: str, *columns: str, **values: dict[str, str]) -> RelationMapping:
    return RelationMapping(
        relation=relation,
        table=f"their_{relation}",
        columns={name: ColumnMapping(column=name, values=values.get(name, {})) for name in columns},
    )


ENTRY = mapped("ledger_entry", "entry_id", "account_id", "kind", "amount", "balance_after", "created_at", "sequence")
ACCOUNT = mapped("account", "account_id", "plan", "role", "credits", plan={"pro_yearly": "PRO", "": "FREE"})
CHANGE = mapped("plan_change", "account_id", "from_plan", "to_plan", "changed_at")

texts = st.sampled_from(["u1", "u2", "", "grün", "it's", '\\"\\n{', "'); DROP TABLE account; --", "a\0b", "\u2028😀"])
amounts = st.sampled_from([0, 5, -5, 2**62, 2**63 - 1, 2**70, "7.25", "many", Decimal("1.10"), Decimal("NaN"), None])
floats = st.sampled_from([1.5, 0.1, -0.0, 1e300, 5e-324, float("inf"), float("nan"), None])
moments = st.sampled_from([_NOW, datetime(1066, 1, 1), datetime(2026, 1, 2, 3, 4, 5, 678901), None, "soon"])
entries = st.tuples(
    st.sampled_from([1, 2, 3, "x", None]),
    texts | st.none(),
    st.sampled_from(["purchase", "Usage", "welcome", None]),
    amounts | st.just(1.5),
    floats,
    moments,
    st.integers(1, 5) | st.none(),
)
accounts = st.tuples(
    texts | st.none(), st.sampled_from(["PRO", "pro_yearly", "GOLD", "", None]), st.just("admin") | st.none(), amounts
)
changes = st.tuples(texts, st.just("FREE") | st.none(), st.sampled_from(["PRO", None]), moments)


def of_audit(books: Books, mapping: RelationMapping, rows: Sequence[Raw], *, unique_key: bool) -> None:
    few = few_rows(mapping, rows, unique_key=unique_key)
    table = pa.table({name: pa.array(column.values, _ARROW[column.type]) for name, column in few.columns.items()})
    copy_relation(books, Rows(table), mapping, unique_key=unique_key, progress=Silent())
    note_unknown_plans(books)


def contents(books: Books, mapping: RelationMapping) -> list[object]:
    name = mapping.relation
    columns = ", ".join(f"CAST({column} AS VARCHAR) AS {column}" for column in (*mapping.columns, "unreadable"))
    queries = (
        f"SELECT {columns} FROM {name} ORDER BY ALL",
        "SELECT * FROM unreadable_row ORDER BY ALL",
        f"SELECT rows FROM copied_relation WHERE relation = '{name}'",
    )
    found: list[object] = [books.run(query).fetchall() for query in queries]
    return [*found, books.copies(), dict(books.mapped_columns())]


@pytest.fixture(scope="module")
def used() -> Iterator[SubjectBooks]:
    """Books that every example is put into, one after the other."""
    with books_in_memory() as books:
        books.replace_rows([Plan(plan="PRO", rank=1), Plan(plan="FREE", rank=0)], of=Plan)
        yield SubjectBooks(books)


@pytest.mark.slow
@given(
    st.one_of(
        st.tuples(st.just(ENTRY), st.lists(entries, max_size=6)),
        st.tuples(st.just(ACCOUNT), st.lists(accounts, max_size=6)),
        st.tuples(st.just(CHANGE), st.lists(changes, max_size=6)),
    ),
    st.booleans(),
)
def test_a_few_rows_are_read_as_an_audit_reads_them(
    used: SubjectBooks, given_rows: tuple[RelationMapping, list[Raw]], unique_key: bool
) -> None:
    mapping, rows = given_rows
    if unique_key:
        rows = list({str(row[0]): row for row in rows}.values())
    used.put([few_rows(mapping, rows, unique_key=unique_key)])
    with books_in_memory() as audited:
        audited.replace_rows([Plan(plan="PRO", rank=1), Plan(plan="FREE", rank=0)], of=Plan)
        of_audit(audited, mapping, rows, unique_key=unique_key)
        assert contents(used.books, mapping) == contents(audited, mapping)
    used.forget()


def test_rows_that_are_put_in_again_take_the_place_of_those_before(used: SubjectBooks) -> None:
    account = few_rows(ACCOUNT, [("u1", "PRO", "user", 10)], unique_key=True)
    used.put([account, few_rows(ENTRY, [(1, "u1", "welcome", 5, 5, _NOW, 1)], unique_key=True)])
    used.put([few_rows(ENTRY, [(2, "u1", "usage", -1, 4, _NOW, 2)], unique_key=True)])
    rows = used.books.run("SELECT entry_id, kind FROM ledger_entry").fetchall()
    assert rows == [(2, "usage")]
    assert used.books.run("SELECT count(*) FROM unreadable_row").fetchall() == [(0,)]
    assert used.books.run("SELECT count(*) FROM account").fetchall() == [(1,)]
    assert used.keys() == {"account": {("u1",)}, "ledger_entry": {(2,)}}
    used.forget()


@pytest.mark.parametrize("count", [3, 500])
def test_a_sum_after_an_outer_join_is_the_sum_of_few_rows_and_of_many(used: SubjectBooks, count: int) -> None:
    rows = [(n, "u1", "welcome", 5 if n == 1 else 0, 5, _NOW, n) for n in range(1, count + 1)]
    used.put([few_rows(ACCOUNT, [("u1", "PRO", "user", 5)], unique_key=True), few_rows(ENTRY, rows, unique_key=True)])
    asked = used.books.run("""
        SELECT e.account_id, sum(e.amount) AS credits
        FROM ledger_entry AS e
        LEFT JOIN (SELECT account_id FROM account WHERE plan = 'GONE') AS other ON other.account_id = e.account_id
        GROUP BY e.account_id
        HAVING sum(e.amount) > 0
    """)
    assert asked.fetchall() == [("u1", 5)]
    used.forget()


def test_nothing_of_a_subject_is_left_for_the_next(used: SubjectBooks) -> None:
    used.put([few_rows(ENTRY, [(1, "u1", "welcome", 5, 5, None, 1)], unique_key=False)])
    used.forget()
    for name in ("ledger_entry", "account", "unreadable_row"):
        assert used.books.run(f"SELECT count(*) FROM {name}").fetchall() == [(0,)]
    assert not used.keys()
    assert used.books.copies() == ()
