"""How books run queries: parsed once, and not optimized where there are few rows."""

from __future__ import annotations

import pytest

from trueup.books.file import Books, books_in_memory


def copied(books: Books, rows: int) -> Books:
    """The books, as after a copy of so many rows."""
    books.connection.execute("INSERT INTO trueup_copy VALUES ('account', 'users', [], ?, 0, NULL)", [rows])
    return books.planned_for_their_rows()


@pytest.mark.parametrize(("rows", "are_few"), [(0, True), (300, True), (301, False)])
def test_only_queries_of_few_rows_are_not_optimized(rows: int, are_few: bool) -> None:
    with books_in_memory() as books:
        few = copied(books, rows)
        assert few.are_few is are_few
        plan = few.run("EXPLAIN SELECT 1 FROM account WHERE false").fetchall()[0][1]
        assert ("Empty Result" in plan) is not are_few, plan


@pytest.mark.parametrize("rows", [0, 1000])
def test_values_are_bound_and_of_several_statements_the_last_answers(rows: int) -> None:
    with books_in_memory() as books:
        few = copied(books, rows)
        assert few.run("SELECT $n + 1", {"n": 1}).fetchall() == [(2,)]
        assert few.run("CREATE TEMP TABLE t AS SELECT 7 AS x; SELECT x FROM t").fetchall() == [(7,)]
