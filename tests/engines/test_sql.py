"""What a check needs is read from its SQL, and what is not portable is refused."""

from __future__ import annotations

import pytest
from sqlglot.errors import SqlglotError

from tests.support.portable import departures_from_portable
from trueup.engines.sql import (
    derived_of,
    needs_of,
    parameters_behind,
    parameters_of,
    rendered,
)


def test_needs_are_found_through_aliases_ctes_and_subqueries() -> None:
    sql = """
    WITH open AS (SELECT a.account_id AS subject, a.credits FROM account AS a WHERE EXISTS (
        SELECT 1 FROM ledger_entry AS e WHERE e.account_id = a.account_id AND e.kind = 'purchase'))
    SELECT subject, credits FROM open
    """
    assert needs_of(sql) == {
        ("account", ""),
        ("account", "account_id"),
        ("account", "credits"),
        ("ledger_entry", ""),
        ("ledger_entry", "account_id"),
        ("ledger_entry", "kind"),
    }


def test_needs_look_through_derived_relations() -> None:
    needs = needs_of("SELECT account_id FROM latest_entry")
    assert ("ledger_entry", "posted") in needs
    assert not any(relation == "latest_entry" for relation, _ in needs)
    assert derived_of("SELECT 1 FROM latest_entry") == {"latest_entry"}


def test_what_a_derived_relation_reads_only_where_it_is_mapped_is_no_need() -> None:
    needs = needs_of("SELECT account_id FROM stripe_entry")
    assert ("ledger_entry", "stripe_event_id") not in needs
    assert ("ledger_entry", "amount") in needs
    assert ("ledger_entry", "stripe_event_id") in needs_of("SELECT account_id FROM stripe_entry", with_optional=True)


def test_the_parameters_of_derived_relations_stand_behind_a_query() -> None:
    sql = "SELECT count(*) FROM subscription_link WHERE $today IS NOT NULL"
    assert parameters_of(sql) == {"today"}
    assert {"today", "settled_before", "past_due_since", "paused_entitles"} <= parameters_behind(sql)


def test_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SqlglotError):
        needs_of("SELECT account.nonsense FROM account")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT created_at - INTERVAL 1 DAY FROM account",
        "SELECT amount / 2 FROM ledger_entry",
        "SELECT amount / CAST(credits AS DOUBLE) FROM ledger_entry",
        "SELECT amount * power(2, -1) FROM ledger_entry",
        "SELECT median(amount) FROM ledger_entry",
        "SELECT quantile_cont(amount, 0.5) FROM ledger_entry",
        "SELECT mad(amount) FROM ledger_entry",
        "WITH account AS (SELECT 1 AS x) SELECT x FROM account",
        "SELECT current_timestamp",
        "SELECT now() FROM account",
        "SELECT current_date",
        "SELECT NULL AS plan FROM account UNION ALL SELECT plan FROM account",
        "WITH a AS (SELECT plan AS p, plan FROM account UNION SELECT plan, role FROM account) SELECT 1 FROM a, a AS b",
    ],
)
def test_what_engines_disagree_on_is_refused(sql: str) -> None:
    assert departures_from_portable(sql)


@pytest.mark.parametrize(
    "quotient", ["CAST(amount AS DOUBLE) / 2", "CAST(amount AS DOUBLE) * 3 / 2", "(amount - CAST(1 AS DOUBLE)) / 2"]
)
@pytest.mark.parametrize("dialect", ["duckdb", "spark", "trino"])
def test_a_double_may_be_divided_and_every_engine_divides_it(quotient: str, dialect: str) -> None:
    sql = f"SELECT {quotient} FROM ledger_entry"
    assert departures_from_portable(sql) == []
    assert " / 2" in rendered(sql, dialect)


def test_parameters_are_found_by_name() -> None:
    assert parameters_of("SELECT 1 WHERE a > $now AND b < $period_start") == {"now", "period_start"}
