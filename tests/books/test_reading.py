"""A value is read into the books exactly, or it is NULL and on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.arrow import loaded
from tests.support.examples import few
from trueup.model.errors import ConfigurationError

ENTRY = {"entry_id": pa.array([1]), "account_id": pa.array(["user_1"])}


def read_one(column: str, values: pa.Array, words: dict[str, str] | None = None) -> tuple[object, str | None]:
    """The value in the books and what is on record about its row."""
    with loaded("ledger_entry", {**ENTRY, column: values}, words={column: words or {}}) as books:
        row = books.connection.execute(f"SELECT {column}, unreadable FROM ledger_entry").fetchone()
        assert row is not None
        return row[0], row[1]


@pytest.mark.slow
@few(10)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**19), max_value=10**19))
@example(Decimal("1000000000000000000.123456"))
def test_credits_as_text_or_decimal_are_exact(amount: Decimal) -> None:
    assert read_one("amount", pa.array([f"{amount:f}"])) == (amount, None)
    assert read_one("amount", pa.array([amount], pa.decimal128(38, 6))) == (amount, None)


@pytest.mark.parametrize(
    ("values", "problem_begins"),
    [
        (pa.array(["NaN"]), "amount cannot be read: NaN"),
        (pa.array(["Infinity"]), "amount cannot be read: Infinity"),
        (pa.array(["1.0000000000000000001"]), "amount has more than 18 decimals: 1.0000000000000000001"),
        (pa.array(["1e-19"]), "amount has more than"),
        (pa.array(["100000000000000000000"]), "amount is 1E+20 or more: 1000000"),
        (pa.array(["twelve"]), "amount cannot be read: twelve"),
        (pa.array([float("nan")]), "amount cannot be read: nan"),
        (pa.array([float("inf")]), "amount cannot be read: inf"),
        (pa.array([1e21]), "amount is 1E+20 or more: 1e+21"),
        (
            pa.array([Decimal("0.1234567890123456789")], pa.decimal128(38, 19)),
            "amount has more than 18 decimals: 0.1234567890123456789",
        ),
    ],
)
def test_credits_that_cannot_be_exact_are_unknown_and_on_record(values: pa.Array, problem_begins: str) -> None:
    value, problem = read_one("amount", values)
    assert value is None
    assert problem is not None
    assert problem.startswith(problem_begins)


def test_ten_decimals_are_kept_by_books_that_grow() -> None:
    assert read_one("amount", pa.array(["1.0000000001"])) == (Decimal("1.0000000001"), None)
    assert read_one("amount", pa.array([Decimal("0.1234567891")], pa.decimal128(38, 10))) == (
        Decimal("0.1234567891"),
        None,
    )


@pytest.mark.parametrize("text", ["1.500000000000000000", "1.5e0", " 1.5 ", "+1.5"])
def test_an_exact_amount_may_be_written_in_many_ways(text: str) -> None:
    assert read_one("amount", pa.array([text])) == (Decimal("1.5"), None)


def test_a_missing_required_value_is_on_record() -> None:
    assert read_one("amount", pa.array([None], pa.int64())) == (None, "amount is missing")
    assert read_one("amount", pa.array([None], pa.null())) == (None, "amount is missing")


def test_an_optional_value_may_be_missing_and_an_empty_text_is_missing() -> None:
    assert read_one("stripe_event_id", pa.array([None], pa.string())) == (None, None)
    assert read_one("stripe_event_id", pa.array([""])) == (None, None)


MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([MOMENT], pa.timestamp("us")),
        pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
        pa.array(["2026-01-02 03:04:05.678901"]),
        pa.array(["2026-01-02T03:04:05.678901Z"]),
        pa.array(["2026-01-02T05:04:05.678901+02:00"]),
        pa.array([1767323045678901]),
    ],
    ids=str,
)
def test_one_moment_in_many_writings_is_one_utc_moment(values: pa.Array) -> None:
    assert read_one("created_at", values) == (MOMENT, None)


@pytest.mark.slow
@few(10)
@given(st.datetimes(datetime(1970, 1, 12), datetime(2100, 1, 1)))
def test_seconds_and_milliseconds_since_1970_are_told_apart(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    seconds = round((whole - datetime(1970, 1, 1)) / timedelta(seconds=1))
    assert read_one("created_at", pa.array([seconds])) == (whole, None)
    if seconds * 1000 > 10**11:
        assert read_one("created_at", pa.array([seconds * 1000])) == (whole, None)


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["0000-00-00 00:00:00"]),
        pa.array(["infinity"]),
        pa.array(["10000-01-01"]),
        pa.array(["2026-02-30"]),
        pa.array(["0044-03-15 BC"]),
        pa.array([datetime(9999, 12, 31, 23, 59, 59)], pa.timestamp("us")),
        pa.array([2**63 - 1]),
        pa.array([float("nan")]),
    ],
    ids=str,
)
def test_an_impossible_date_is_unknown_and_on_record(values: pa.Array) -> None:
    value, problem = read_one("created_at", values)
    assert value is None
    assert problem is not None


@pytest.mark.parametrize(("values", "expected"), [(["t", "YES", "1", "on"], True), (["false", "0", "No"], False)])
def test_booleans_are_read_from_their_usual_words(values: Sequence[str], expected: bool) -> None:
    for value in values:
        assert read_one("posted", pa.array([value])) == (expected, None)


def test_a_column_with_a_neutral_value_reads_null_as_it() -> None:
    assert read_one("posted", pa.array([None], pa.bool_())) == (True, None)


def test_their_words_become_ours_and_an_empty_word_stands_for_null() -> None:
    words = {"TOP_UP": "purchase", "": "usage"}
    assert read_one("kind", pa.array(["TOP_UP"]), words) == ("purchase", None)
    assert read_one("kind", pa.array([None], pa.string()), words) == ("usage", None)
    assert read_one("kind", pa.array(["Usage"])) == ("usage", None)


def test_a_type_that_can_never_be_read_is_refused_with_the_column_named() -> None:
    with pytest.raises(ConfigurationError, match='mapped to "amount" is BOOLEAN'):
        read_one("amount", pa.array([True]))
    with pytest.raises(ConfigurationError, match='"stripe_event_id" is BLOB'):
        read_one("stripe_event_id", pa.array([b"\xff"]))


def test_four_byte_characters_and_quotes_stay_as_they_are() -> None:
    with loaded("ledger_entry", {**ENTRY, "account_id": pa.array(["👩‍🚀'\"; --"])}) as books:
        assert books.connection.execute("SELECT account_id FROM ledger_entry").fetchone() == ("👩‍🚀'\"; --",)
