"""A statement that was parsed for one connection is run on others, at once as well, with values of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from trueup.disk import statements
from trueup.disk.statements import execute, parse

TWICE = "SELECT $number + count(*) FROM range($rows)"


def twice(connection: duckdb.DuckDBPyConnection, number: int) -> int:
    """Ask for twice the number."""
    ((doubled,),) = execute(connection, TWICE, {"number": number, "rows": number}).fetchall()
    return int(doubled)


def test_a_text_is_parsed_once_whichever_connection_runs_it() -> None:
    with duckdb.connect() as first, duckdb.connect() as second:
        assert parse(first, TWICE) is parse(second, TWICE)
        assert [twice(first, 1), twice(second, 2)] == [2, 4]
    with duckdb.connect() as later:
        assert twice(later, 3) == 6


def test_connections_in_threads_share_statements_and_not_their_values() -> None:
    def ask_often(number: int) -> set[int]:
        with duckdb.connect() as connection:
            return {twice(connection, number) for _ in range(50)}

    with ThreadPoolExecutor(max_workers=4) as threads:
        assert list(threads.map(ask_often, range(4))) == [{0}, {2}, {4}, {6}]


def test_of_several_statements_the_last_has_the_values_and_the_rows() -> None:
    with duckdb.connect() as connection:
        rows = execute(connection, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7); SELECT a + ? FROM t", [1])
        assert rows.fetchall() == [(8,)]


def test_no_more_than_so_many_texts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, tuple[duckdb.Statement, ...]] = {}
    monkeypatch.setattr(statements, "_MOST_KEPT", 3)
    monkeypatch.setattr(statements, "_parsed", kept)
    with duckdb.connect() as connection:
        for number in range(10):
            execute(connection, f"SELECT {number}")
            assert len(kept) <= 3


def test_a_text_that_cannot_be_parsed_is_refused_each_time() -> None:
    with duckdb.connect() as connection:
        for _ in range(2):
            with pytest.raises(duckdb.ParserException):
                execute(connection, "SELECT FROM WHERE")
