"""What a derived relation promises of its rows is true of its SQL."""

from __future__ import annotations

import pytest

from trueup.books.file import books_in_memory
from trueup.engines.duckdb import DuckDB
from trueup.engines.sql import needs_of
from trueup.model.derivation import Derived
from trueup.model.derived import DERIVED
from trueup.model.relations import LedgerEntry

NAMED = [derived for derived in DERIVED if derived.named_by]


@pytest.mark.parametrize("derived", NAMED, ids=lambda derived: derived.name)
def test_a_row_is_there_exactly_if_one_of_the_columns_that_name_it_has_a_value(derived: Derived) -> None:
    for named in ("", *derived.named_by):
        column = named.partition(".")[2]
        entry = LedgerEntry(entry_id=1, **({column: "x"} if column else {}))  # type: ignore[arg-type]
        with books_in_memory() as books:
            books.replace_rows([entry], of=LedgerEntry)
            found = DuckDB(books.run, {}).number(f"SELECT count(*) FROM {derived.name}")
        assert found == bool(column)


def test_what_is_only_read_through_a_derived_relation_can_be_left_out() -> None:
    sql = "SELECT e.entry_id, a.plan FROM stripe_entry AS e JOIN account AS a ON a.account_id = e.account_id"
    assert ("ledger_entry", "kind") in needs_of(sql)
    assert {relation for relation, _ in needs_of(sql, without=frozenset({"stripe_entry"}))} == {"account"}
