"""How books run queries: each is parsed once."""

from __future__ import annotations

from trueup.books.opening import books_in_memory


def test_values_are_bound_and_of_several_statements_the_last_answers() -> None:
    with books_in_memory() as books:
        assert books.run("SELECT $n + 1", {"n": 1}).fetchall() == [(2,)]
        assert books.run("CREATE TEMP TABLE t AS SELECT 7 AS x; SELECT x FROM t").fetchall() == [(7,)]
