"""What is left out of the checks of a few rows, because it can have no rows, changes no answer."""

from __future__ import annotations

import pytest

from tests.support.catalogue import few_rows_of, rows_given
from trueup.checks import catalogue
from trueup.engines.duckdb import DuckDB
from trueup.engines.sql import vacant_without
from trueup.model.check import CASE_NOW, Check
from trueup.model.relations import MAPPED, STRIPE, relation_name

OF_STRIPE = frozenset(map(relation_name, STRIPE))
SUPPLIED = OF_STRIPE | frozenset(map(relation_name, MAPPED))


@pytest.mark.sampled(10)
@pytest.mark.parametrize("check", catalogue(), ids=lambda check: check.id)
def test_a_check_has_the_same_rows_without_what_is_vacant(check: Check) -> None:
    """Asked alone, and in the tables that the case before has left."""
    for case in check.cases:
        with few_rows_of(check, case) as books:
            assert books.prepared is not None
            tables = books.prepared.tables
            parameters = case.policy.parameters(CASE_NOW)
            whole = DuckDB(books.run, parameters, standing=tables, shares=False)
            expected = _rows(whole, check)
            empty = SUPPLIED - {relation_name(type(row)) for row in rows_given((check,), case)}
            for shares in (False, True):
                less = DuckDB(books.run, parameters, standing=tables, shares=shares, empty=empty)
                assert _rows(less, check) == expected


def _rows(engine: DuckDB, check: Check) -> list[str]:
    return sorted(map(repr, engine.rows(check.violations)))


def test_without_stripe_the_relations_of_its_money_are_vacant_and_those_of_the_ledger_are_not() -> None:
    vacant = vacant_without(OF_STRIPE)
    assert {"stripe_money", "owed_line"} <= vacant
    assert not {"account_total", "latest_entry", "irregular_step"} & vacant
    assert vacant_without(frozenset()) == frozenset()
