"""What a query can see of a relation's rows is read from its SQL, and never taken for less than it is."""

from __future__ import annotations

import pytest

from trueup.checks import catalogue
from trueup.derived import DERIVED
from trueup.engines.scans import Scan, reads_of


def conditions(sql: str, relation: str) -> set[str]:
    return {scan.condition for scan in reads_of(sql).scans if scan.relation == relation}


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("FROM ledger_entry AS e", ""),
        ("FROM ledger_entry AS e WHERE posted AND e.amount > $floor", "(amount > $floor) AND (posted)"),
        ("FROM ledger_entry AS e WHERE posted OR amount > 0", "(posted OR amount > 0)"),
        ("FROM account AS a JOIN ledger_entry AS e ON e.amount > 0 WHERE e.posted", "(amount > 0) AND (posted)"),
        ("FROM account AS a JOIN ledger_entry AS e ON e.amount > a.credits", ""),
        ("FROM account AS a LEFT JOIN ledger_entry AS e ON e.posted WHERE e.amount > 0", "(posted)"),
        ("FROM account AS a FULL JOIN ledger_entry AS e ON e.posted WHERE e.amount > 0", ""),
        ("FROM ledger_entry AS e RIGHT JOIN account AS a ON e.posted WHERE e.amount > 0", ""),
        ("FROM account AS a ANTI JOIN ledger_entry AS e ON e.posted", ""),
        ("FROM account AS a WHERE NOT EXISTS (SELECT 1 FROM ledger_entry AS e WHERE e.amount > 0)", "(amount > 0)"),
        ("FROM ledger_entry AS e WHERE posted AND amount > (SELECT max(credits) FROM account)", "(posted)"),
        ("FROM (SELECT * FROM ledger_entry) AS q WHERE q.posted", ""),
        ("FROM ledger_entry AS e TABLESAMPLE 10 PERCENT WHERE posted", ""),
    ],
)
def test_a_condition_on_a_row_alone_decides_whether_it_is_seen(rest: str, expected: str) -> None:
    assert conditions(f"SELECT 1 AS subject {rest}", "ledger_entry") == {expected}


def test_of_a_cte_that_hides_a_relation_nothing_is_left_out() -> None:
    sql = "WITH ledger_entry AS (SELECT * FROM ledger_entry WHERE posted) SELECT entry_id FROM ledger_entry"
    assert conditions(sql, "ledger_entry") == {""}


def test_a_derived_relation_is_looked_through() -> None:
    reads = reads_of("SELECT count(*) FROM stripe_entry WHERE posted")
    (scan,) = reads.scans
    assert scan.relation == "ledger_entry"
    assert "stripe_event_id IS NULL" in scan.condition
    assert ("ledger_entry", "stripe_invoice_id") in reads.columns


def test_what_a_derived_relation_reads_where_it_is_mapped_is_read_as_well() -> None:
    assert ("account", "credits") in reads_of("SELECT entry_id FROM suspect_entry").columns


@pytest.mark.parametrize("sql", [check.violations for check in catalogue()] + [derived.sql for derived in DERIVED])
def test_every_check_and_derived_relation_reads_something(sql: str) -> None:
    assert reads_of(sql).scans or "FROM (VALUES" in sql
    assert all(isinstance(scan, Scan) for scan in reads_of(sql).scans)
