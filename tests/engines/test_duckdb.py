"""The default engine gives the answers of the portable SQL, faster."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.books.file import Books
from trueup.books.opening import books_in_memory
from trueup.derived.ledger_steps import IRREGULAR_STEP, UNPROVEN_ACCOUNT
from trueup.engines.duckdb import DuckDB
from trueup.model.check import CASE_NOW
from trueup.model.policy import Policy
from trueup.model.relations import Account, LedgerEntry

entries = st.builds(
    lambda position, account, sequence, minutes, amount, balance, posted: LedgerEntry(
        entry_id=position,
        account_id=f"user_{account}",
        sequence=sequence,
        created_at=CASE_NOW + timedelta(minutes=minutes),
        amount=Decimal(amount),
        balance_after=Decimal(balance),
        posted=posted,
    ),
    st.integers(1, 10_000),
    st.integers(1, 3),
    st.none() | st.integers(1, 6),
    st.integers(0, 4),
    st.integers(-2, 2),
    st.integers(-3, 3),
    st.booleans() | st.just(True),
)
ledgers = st.lists(entries, max_size=14, unique_by=lambda entry: entry.entry_id)


def steps(books: Books, table: str) -> list[tuple[object, ...]]:
    return books.connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()


@pytest.mark.slow
@given(ledgers, st.sampled_from([None, Decimal(0)]))
def test_the_fast_proof_of_regular_ledgers_leaves_out_no_irregular_step(
    ledger: list[LedgerEntry], ledger_starts_at: Decimal | None
) -> None:
    policy = Policy(ledger_starts_at=ledger_starts_at)
    with books_in_memory() as books:
        books.replace_rows(ledger, of=LedgerEntry)
        engine = DuckDB(books.run, policy.parameters(CASE_NOW))
        engine.number("SELECT count(*) FROM irregular_step")
        fast = steps(books, "irregular_step")
        books.connection.execute(f"CREATE OR REPLACE TEMP TABLE unproven_account AS {UNPROVEN_ACCOUNT.sql}")
        bound = {"ledger_starts_at": ledger_starts_at}
        books.connection.execute(f"CREATE TEMP TABLE exact_step AS {IRREGULAR_STEP.sql}", bound)
        assert fast == steps(books, "exact_step")


def test_a_regular_ledger_needs_no_exact_look() -> None:
    ledger = [
        LedgerEntry(entry_id=n, sequence=n, amount=Decimal(1), balance_after=Decimal(n), created_at=CASE_NOW)
        for n in range(1, 100)
    ]
    with books_in_memory() as books:
        books.replace_rows(ledger, of=LedgerEntry)
        engine = DuckDB(books.run, Policy().parameters(CASE_NOW))
        assert engine.number("SELECT count(*) FROM unproven_account") == 0


@pytest.mark.parametrize("condition", ["a.plan = 'GONE'", "a.email IS NULL", "a.unlimited_credits"])
@pytest.mark.parametrize("join", ["LEFT JOIN", "left outer join"])
def test_a_sum_after_an_outer_join_to_no_rows_is_still_the_sum(join: str, condition: str) -> None:
    account = Account(account_id="user_1", plan="PRO", email="ada@example.com")
    moved = [LedgerEntry(entry_id=n, amount=Decimal(amount)) for n, amount in enumerate((100, -10, 0), start=1)]
    sql = f"""
    SELECT e.account_id AS subject, sum(e.amount) AS credits
    FROM ledger_entry AS e
    {join} (SELECT a.account_id FROM account AS a WHERE {condition}) AS other ON other.account_id = e.account_id
    GROUP BY e.account_id
    HAVING sum(e.amount) > 0
    """
    with books_in_memory() as books:
        books.replace_rows([account], of=Account)
        books.replace_rows(moved, of=LedgerEntry)
        engine = DuckDB(books.run, Policy().parameters(CASE_NOW))
        assert engine.number("SELECT count(*) FROM account") == 1
        assert [*engine.rows(sql)] == [{"subject": "user_1", "credits": Decimal(90)}]
        assert engine.number(f"SELECT count(*) FROM ({sql}) AS positive") == 1
        assert engine.number("SELECT count(*) FROM ledger_entry") == 3
