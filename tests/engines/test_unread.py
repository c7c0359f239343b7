"""What is left out of one finding's check where Stripe was not read changes no answer."""

from __future__ import annotations

import pytest

from tests.support.catalogue import few_rows_of
from trueup.checks import catalogue
from trueup.engines.duckdb import DuckDB
from trueup.engines.sql import vacant_without
from trueup.model.check import CASE_NOW, Check
from trueup.model.relations import STRIPE, relation_name

OF_STRIPE = frozenset(map(relation_name, STRIPE))


@pytest.mark.sampled(10)
@pytest.mark.parametrize("check", catalogue(), ids=lambda check: check.id)
def test_a_check_has_the_same_rows_without_what_is_vacant(check: Check) -> None:
    for case in check.cases:
        unread = OF_STRIPE - {relation_name(type(row)) for row in case.given}
        with few_rows_of(check, case) as books:
            assert books.prepared is not None
            parameters, tables = case.policy.parameters(CASE_NOW), books.prepared.tables
            whole = DuckDB(books.run, parameters, standing=tables, shares=False)
            less = DuckDB(books.run, parameters, standing=tables, shares=False, unread=unread)
            assert sorted(map(repr, less.rows(check.violations))) == sorted(map(repr, whole.rows(check.violations)))


def test_without_stripe_the_relations_of_its_money_are_vacant_and_those_of_the_ledger_are_not() -> None:
    vacant = vacant_without(OF_STRIPE)
    assert {"stripe_money", "owed_line"} <= vacant
    assert not {"account_total", "latest_entry", "irregular_step"} & vacant
    assert vacant_without(frozenset()) == frozenset()
