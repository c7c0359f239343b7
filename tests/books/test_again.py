"""Statements that are run again and again say what they say when they are run once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trueup.books.opening import books_in_memory
from trueup.books.prepared_statements import PreparedStatements
from trueup.model.policy import Policy

numbers = st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.decimals(allow_nan=False, places=9, max_value=10**20)
moments = st.datetimes(datetime(1900, 1, 1), datetime(9998, 1, 1)) | st.dates()


@pytest.fixture(scope="module")
def again() -> Iterator[PreparedStatements]:
    with books_in_memory() as books:
        found = PreparedStatements(books.connection)
        found.expect(1)
        yield found


@pytest.mark.slow
@given(numbers | moments)
@example(2**31)
@example(-(2**31))
@example(-(2**31) - 1)
@example(Decimal("0E-9"))
@example(Decimal("1E+3"))
@example(date(2026, 1, 1))
def test_a_planned_number_or_moment_is_what_a_bound_one_is(again: PreparedStatements, value: object) -> None:
    with books_in_memory() as books:
        sql = "SELECT typeof($value), $value"
        assert again.run(sql, {"value": value}).fetchall() == books.connection.execute(sql, {"value": value}).fetchall()


@pytest.mark.parametrize("value", ["'); DROP TABLE account; --", None, 1.5])
def test_whatever_could_be_more_than_a_number_is_bound(again: PreparedStatements, value: object) -> None:
    with books_in_memory() as books:
        sql = "SELECT $value"
        assert again.run(sql, {"value": value}).fetchall() == books.connection.execute(sql, {"value": value}).fetchall()


def test_every_parameter_of_a_check_leaves_its_plan_kept() -> None:
    parameters = Policy().parameters(datetime(2026, 11, 29))
    assert None in parameters.values(), "one that holds nothing is among them"
    with books_in_memory() as books:
        again = PreparedStatements(books.connection)
        again.expect(1)
        for name, value in parameters.items():
            again.run(f"SELECT $value AS {name}", {"value": value})
        kept = books.connection.execute("SELECT count(*) FROM duckdb_prepared_statements()").fetchall()
        assert kept == [(len(parameters),)]


def test_a_parameter_may_hold_nothing_now_and_something_later() -> None:
    with books_in_memory() as books:
        again = PreparedStatements(books.connection)
        again.expect(1)
        sql = "SELECT coalesce(CAST($floor AS DECIMAL(38, 9)), 7), $name"
        for floor, expected in ((None, 7), (Decimal(3), 3), (None, 7), (Decimal("2.5"), Decimal("2.5"))):
            assert again.run(sql, {"floor": floor, "name": "a"}).fetchall() == [(expected, "a")]


def test_a_plan_follows_a_table_that_is_made_anew() -> None:
    with books_in_memory() as books:
        again = PreparedStatements(books.connection)
        again.expect(1)
        for kind in ("BIGINT", "VARCHAR"):
            again.run(f"CREATE OR REPLACE TABLE changing (value {kind})")
            again.run("INSERT INTO changing SELECT 1")
            assert again.run("SELECT typeof(value) FROM changing").fetchall() == [(kind,)]


def test_what_is_kept_does_not_grow_without_end() -> None:
    with books_in_memory() as books:
        again = PreparedStatements(books.connection)
        again.expect(1)
        for number in range(1200):
            assert again.run(f"SELECT {number}").fetchall() == [(number,)]
        (kept,) = again.run("SELECT count(*) FROM duckdb_prepared_statements()").fetchall()
        assert kept[0] <= 500


def test_many_rows_are_worth_a_better_plan() -> None:
    with books_in_memory() as books:
        again = PreparedStatements(books.connection)
        again.expect(1_000_000)
        again.run("SELECT 1")
        (kept,) = again.run("SELECT count(*) FROM duckdb_prepared_statements()").fetchall()
        assert kept[0] == 0
