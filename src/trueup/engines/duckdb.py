"""The default engine: DuckDB, on the books themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from trueup.derived import DERIVED
from trueup.engines.sql import derived_of, parameters_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.model.change import Value
    from trueup.model.check import EvidenceRow

Run = Callable[[str, Mapping[str, object]], "DuckDBPyConnection"]

_FETCH = 10_000

# One sort over hashes instead of exact decimals, at half the cost. It errs on one side only: equal hashes of different
# balances are a matter of 2^-64, and everything else that is not plainly regular (a tie, a NULL) is left to the exact
# look. Entries without a sequence number come first, by date, as they do in ledger order.
_FASTER = {
    "unproven_account": """
SELECT DISTINCT account_id
FROM ledger_entry
WHERE posted AND account_id IS NOT NULL
  AND hash(account_id) IN (
    SELECT account
    FROM (
        SELECT account, place, created_at, balance_before,
               lag(place)         OVER in_order AS previous_place,
               lag(created_at)    OVER in_order AS previous_created_at,
               lag(balance_after) OVER in_order AS previous_balance_after
        FROM (
            SELECT hash(account_id)                                                AS account,
                   coalesce(sequence, epoch_us(created_at) - 4611686018427387904)  AS place,
                   epoch_us(created_at)                                            AS created_at,
                   hash(balance_after)                                             AS balance_after,
                   hash(balance_after - amount)                                    AS balance_before
            FROM ledger_entry
            WHERE posted AND account_id IS NOT NULL
        ) AS entry
        WINDOW in_order AS (PARTITION BY account ORDER BY place)
    ) AS step
    WHERE previous_balance_after <> balance_before
       OR created_at < previous_created_at
       OR place = previous_place
  )
""",
}


# Of a few rows, what only one other query reads is no work worth a table.
_READ_ONCE = frozenset({"unproven_account", "balance_visit", "billing_type", "billing_interval"})


class DuckDB:
    """Runs checks' SQL through ``run``, which executes one query on the books.

    Derived relations are made on first use and shared. ``standing``, where it is given, are their tables that are
    there from an earlier use, kept up to date here: books for a few rows are used again, and then a table is emptied
    and filled, and nothing is done for the sake of many rows.
    """

    name = "duckdb"

    def __init__(self, run: Run, parameters: Mapping[str, object], *, standing: set[str] | None = None) -> None:
        self._run = run
        self._parameters = parameters
        self._standing = standing
        self._made: set[str] = set()

    def number(self, sql: str) -> int:
        """The one number this query answers."""
        rows = self._execute(sql).fetchall()  # to the end: an unfinished result keeps the connection from other work
        return int(rows[0][0]) if rows and rows[0][0] is not None else 0

    def rows(self, sql: str) -> Iterator[EvidenceRow]:
        """The query's rows, fetched in batches; column order is kept."""
        cursor = self._execute(sql)
        names = [column[0] for column in cursor.description or ()]
        while batch := cursor.fetchmany(_FETCH):
            for row in batch:
                values: dict[str, Value] = dict(zip(names, row, strict=True))
                yield values

    def _execute(self, sql: str) -> DuckDBPyConnection:
        for name in derived_of(sql):
            self._make(name)
        return self._run(sql, {name: self._parameters[name] for name in parameters_of(sql)})

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        exact = next(derived.sql for derived in DERIVED if derived.name == name)
        sql = exact if self._standing is not None else _FASTER.get(name, exact)
        for below in derived_of(sql):
            self._make(below)
        bound = {parameter: self._parameters[parameter] for parameter in parameters_of(sql)}
        if self._standing is None:
            self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", bound)
        else:
            self._refill(name, sql, bound, self._standing)
        self._made.add(name)

    def _refill(self, name: str, sql: str, bound: Mapping[str, object], standing: set[str]) -> None:
        if name in _READ_ONCE:
            if name not in standing:
                self._run(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}", {})
                standing.add(name)
            return
        if name in standing:
            self._run(f"DELETE FROM {name}", {})
        else:
            self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM ({sql}) AS nothing LIMIT 0", bound)
            standing.add(name)
        self._run(f"INSERT INTO {name} {sql}", bound)
