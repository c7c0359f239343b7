"""Copying a relation: what cannot be read is counted, nothing is dropped in silence, a failure leaves no half."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from tests.support.arrow import Rows, loaded
from trueup.books.copy import copy_relation
from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.source import ColumnMapping, RelationMapping, Silent


def unreadable(books: Books) -> list[tuple[object, ...]]:
    return books.connection.execute(
        "SELECT row_key, account_id, problem, entries FROM unreadable_row ORDER BY row_key"
    ).fetchall()


def count(books: Books, relation: str) -> int:
    row = books.connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    assert row is not None
    return int(row[0])


def test_a_row_without_its_key_is_dropped_and_on_record() -> None:
    columns = {"entry_id": pa.array([1, None, None]), "account_id": pa.array(["a", "b", "b"])}
    with loaded("ledger_entry", columns) as books:
        assert count(books, "ledger_entry") == 1
        assert unreadable(books) == [("(no entry_id)", "b", "entry_id is missing", 2)]


def test_a_key_on_two_rows_is_kept_once_and_on_record() -> None:
    columns = {"entry_id": pa.array([7, 7, 8]), "account_id": pa.array(["a", "a", "a"])}
    with loaded("ledger_entry", columns) as books:
        assert count(books, "ledger_entry") == 2
        assert unreadable(books) == [("7", "a", "entry_id is on 2 rows", 2)]


def test_a_word_that_nobody_mapped_is_one_record_however_many_rows_show_it() -> None:
    columns = {
        "entry_id": pa.array([1, 2, 3]),
        "account_id": pa.array(["a"] * 3),
        "kind": pa.array(["GIFT", "GIFT", "usage"]),
    }
    with loaded("ledger_entry", columns) as books:
        assert unreadable(books) == [("kind=GIFT", None, "the mapping does not know this word", 2)]
        assert count(books, "ledger_entry") == 3


def test_an_unknown_role_is_an_ordinary_user() -> None:
    with loaded("account", {"account_id": pa.array(["a"]), "role": pa.array(["editor"])}) as books:
        assert books.connection.execute("SELECT role FROM account").fetchone() == ("user",)
        assert unreadable(books) == []


def test_integer_ids_stay_integers_and_text_ids_stay_text() -> None:
    for ids, expected in ((pa.array([9, 10]), [9, 10]), (pa.array(["9", "10"]), ["10", "9"])):
        with loaded("ledger_entry", {"entry_id": ids, "account_id": pa.array(["a", "a"])}) as books:
            found = books.connection.execute("SELECT entry_id FROM ledger_entry ORDER BY entry_id").fetchall()
            assert [row[0] for row in found] == expected


def test_a_column_of_which_nothing_can_be_read_is_a_wrong_mapping() -> None:
    columns = {
        "entry_id": pa.array(range(30)),
        "account_id": pa.array(["a"] * 30),
        "amount": pa.array(["someone@example.com"] * 30),
    }
    with (
        pytest.raises(ConfigurationError, match=r"No value of their_table\.amount can be read as credits"),
        loaded("ledger_entry", columns),
    ):
        pass


class DiesInTheMiddle:
    """A snapshot whose second batch never comes."""

    def read(self, _mapping: RelationMapping) -> pa.RecordBatchReader:
        batch = pa.record_batch({"entry_id": pa.array(range(100)), "account_id": pa.array(["a"] * 100)})

        def batches() -> Iterator[pa.RecordBatch]:
            yield batch
            raise SourceUnavailable("the server closed the connection")

        return pa.RecordBatchReader.from_batches(batch.schema, batches())

    def cancel(self) -> None:
        """Nothing is waited for."""


def test_a_source_that_dies_leaves_no_rows_and_says_how_far_it_came() -> None:
    columns = {name: ColumnMapping(column=name) for name in ("entry_id", "account_id")}
    mapping = RelationMapping(relation="ledger_entry", table="t", columns=columns)
    with books_in_memory() as books:
        with pytest.raises(SourceUnavailable, match="closed the connection"):
            copy_relation(books, DiesInTheMiddle(), mapping, unique_key=True, progress=Silent())  # type: ignore[arg-type]
        assert count(books, "ledger_entry") == 0
        (read,) = books.copies()
        assert read.problem == "the copy ended after 100 rows: the server closed the connection"
        assert books.mapped_columns() == {}


def test_an_empty_table_is_read_as_empty() -> None:
    columns = {"entry_id": pa.array([], pa.int64()), "account_id": pa.array([], pa.string())}
    with loaded("ledger_entry", columns) as books:
        (read,) = books.copies()
        assert (read.rows, read.unreadable_rows, read.problem) == (0, 0, None)


def test_copying_again_replaces_what_was_there() -> None:
    columns = {name: ColumnMapping(column=name) for name in ("entry_id", "account_id")}
    mapping = RelationMapping(relation="ledger_entry", table="t", columns=columns)

    with books_in_memory() as books:
        for ids in ([1, None, 2], [3]):
            table = pa.table({"entry_id": pa.array(ids, pa.int64()), "account_id": ["a"] * len(ids)})
            copy_relation(books, Rows(table), mapping, unique_key=True, progress=Silent())
        assert count(books, "ledger_entry") == 1
        assert unreadable(books) == []
