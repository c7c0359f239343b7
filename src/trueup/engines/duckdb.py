"""The default engine: DuckDB, on the books themselves."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from trueup.engines.sql import (
    derived_of,
    derived_sql,
    parameters_of,
    shell_of,
    vacancy_in,
    vacant_behind,
    vacant_without,
    with_derived,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.model.change import Value
    from trueup.model.check import EvidenceRow

Run = Callable[[str, Mapping[str, object]], "DuckDBPyConnection"]

_FETCH = 10_000

# One sort over hashes instead of exact decimals, at half the cost. It errs on one side only: equal hashes of different
# balances are a matter of 2^-64, and everything else that is not plainly regular (a tie, a NULL) is left to the exact
# look, as is every ledger that an entry has set anew. Entries without a sequence number come first, by date, as they do
# in ledger order.
_FASTER = {
    "unproven_account": """
SELECT DISTINCT account_id
FROM ledger_entry
WHERE posted AND account_id IS NOT NULL
  AND hash(account_id, wallet) IN (
    SELECT account
    FROM (
        SELECT account, place, created_at, balance_before, begins_elsewhere,
               lag(place)         OVER in_order AS previous_place,
               lag(created_at)    OVER in_order AS previous_created_at,
               lag(balance_after) OVER in_order AS previous_balance_after
        FROM (
            SELECT hash(account_id, wallet)                                        AS account,
                   coalesce(sequence, epoch_us(created_at) - 4611686018427387904)  AS place,
                   epoch_us(created_at)                                            AS created_at,
                   hash(balance_after)                                             AS balance_after,
                   hash(balance_after - amount)                                    AS balance_before,
                   balance_after - amount <> CAST($ledger_starts_at AS DECIMAL(38, 9)) AS begins_elsewhere
            FROM ledger_entry
            WHERE posted AND account_id IS NOT NULL
        ) AS entry
        WINDOW in_order AS (PARTITION BY account ORDER BY place)
    ) AS step
    WHERE previous_balance_after <> balance_before
       OR (previous_place IS NULL AND begins_elsewhere)
       OR created_at < previous_created_at
       OR place = previous_place
  )
UNION
SELECT account_id FROM ledger_entry WHERE posted AND sets_balance AND account_id IS NOT NULL
""",
}


# After an outer join one side of which the statistics prove empty, DuckDB 2.0 believes that there are no rows, and so
# that a sum of what may be zero or less is zero: a condition on the sum is answered wrongly. Without statistics it is
# not. (Seen in 2.0.0 and 2.0.1.)
_TRUSTING = "SET disabled_optimizers = ''"
_DISTRUSTING = "SET disabled_optimizers = 'statistics_propagation'"
_OUTER_JOIN = re.compile(r"\b(?:LEFT|RIGHT|FULL)\s+(?:OUTER\s+)?JOIN\b", re.IGNORECASE)
_SUM = re.compile(r"\bsum\s*\(", re.IGNORECASE)


@functools.cache
def sums_after_an_outer_join(sql: str) -> bool:
    """Whether the SQL may sum rows of an outer join; DuckDB's statistics must not be trusted for it then.

    >>> sums_after_an_outer_join("SELECT sum(a.credits) FROM account AS a LEFT JOIN plan AS p ON p.plan = a.plan")
    True
    """
    return _OUTER_JOIN.search(sql) is not None and _SUM.search(sql) is not None


# Of a few rows, a relation that only one other query reads is not worth a table.
_READ_ONCE = frozenset(
    {
        *("unproven_account", "balance_visit", "account_wallets", "apart_tie", "apart_break"),
        *("billing_type", "billing_interval"),
    }
)


class DuckDB:
    """Runs checks' SQL through ``run``, which executes one query on the books.

    Derived relations are made on first use and shared. ``standing``, where it is given, are their tables that are
    there from an earlier use, and whether they may hold rows, kept up to date here: books for a few rows are used
    again, and then a table is emptied and filled, and nothing is done for the sake of many rows. ``shares`` is False
    where only one query will be run: it then makes what it needs for itself, in one statement.

    What can have no rows because what it reads has none is made without running it: half of the derived relations,
    where Stripe is not read, and almost all of the time of a few rows. Books of a few rows say which relations are
    ``empty``, and a query that can have no rows is not run on them; of others it is looked up. The rows that relations
    have must not change meanwhile.
    """

    name = "duckdb"

    def __init__(
        self,
        run: Run,
        parameters: Mapping[str, object],
        *,
        standing: dict[str, bool] | None = None,
        shares: bool = True,
        empty: frozenset[str] = frozenset(),
    ) -> None:
        self._run = run
        self._shares = shares
        self._vacant_here = vacant_without(empty) if standing is not None else frozenset()
        self._without_rows = empty | self._vacant_here
        self._parameters = parameters
        self._standing = standing
        self._made: set[str] = set()
        self._shells: set[str] = set()
        self._vacant: dict[str, bool] = {}
        self._distrusts: bool | None = None

    def number(self, sql: str) -> int:
        """The number that this query returns."""
        rows = self._execute(sql).fetchall()  # to the end: an unfinished result keeps the connection from other work
        return int(rows[0][0]) if rows and rows[0][0] is not None else 0

    def rows(self, sql: str) -> Iterator[EvidenceRow]:
        """The query's rows, fetched in batches; column order is kept."""
        if self._has_no_rows(sql):
            return
        cursor = self._execute(sql)
        names = [column[0] for column in cursor.description or ()]
        while batch := cursor.fetchmany(_FETCH):
            for row in batch:
                values: dict[str, Value] = dict(zip(names, row, strict=True))
                yield values

    def _has_no_rows(self, sql: str) -> bool:
        """Return whether the query can have none. In books that are used once it is run, and its errors are seen."""
        return bool(self._without_rows) and any(names <= self._without_rows for names in vacancy_in(sql))

    def _execute(self, sql: str) -> DuckDBPyConnection:
        if self._shares:
            for name in derived_of(sql):
                self._make(name)
        else:
            for name in vacant_behind(sql, self._vacant_here):
                self._keep_shell(name)
            sql = with_derived(sql, vacant=self._vacant_here)
        self._distrust_statistics(sums_after_an_outer_join(sql))
        return self._run(sql, self._bound(sql))

    def _distrust_statistics(self, distrusts: bool) -> None:  # noqa: FBT001 - the one argument, and its name says it
        """Switch for the next query. Of a few rows nothing is optimized at all."""
        if self._standing is None and distrusts is not self._distrusts:
            self._run(_DISTRUSTING if distrusts else _TRUSTING, {})
            self._distrusts = distrusts

    def _make(self, name: str) -> None:
        if name in self._made:
            return
        if self._standing is None and self._is_vacant(name):
            self._make_shell(name)
            self._made.add(name)
            return
        if self._standing is not None and name in self._vacant_here and name not in _READ_ONCE:
            self._keep_empty(name, self._standing)
            self._made.add(name)
            return
        exact = derived_sql()[name]
        sql = exact if self._standing is not None else _FASTER.get(name, exact)
        for below in derived_of(sql):
            self._make(below)
        bound = self._bound(sql)
        if self._standing is None:
            self._distrust_statistics(sums_after_an_outer_join(sql))
            self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", bound)
        else:
            self._refill(name, sql, bound, self._standing)
        self._made.add(name)

    def _make_shell(self, name: str) -> None:
        """Make the relation without its rows, from others without theirs: only its columns are worked out."""
        if name in self._shells or name in self._made:
            return
        sql = derived_sql()[name]
        for below in derived_of(sql):
            self._make_shell(below)
        self._create_empty(name, sql)
        self._shells.add(name)

    def _keep_shell(self, name: str) -> None:
        """Make the table without rows that a vacant relation is read from, where it is not there from earlier."""
        shell = shell_of(name)
        if self._standing is None or shell in self._standing:
            return
        for below in vacant_behind(derived_sql()[name], self._vacant_here):
            self._keep_shell(below)
        self._create_empty(shell, with_derived(derived_sql()[name], vacant=self._vacant_here))
        self._standing[shell] = False

    def _keep_empty(self, name: str, standing: dict[str, bool]) -> None:
        """See to it that a vacant relation's table is there, without rows."""
        self._keep_table(name, standing)
        if standing[name]:
            self._run(f"DELETE FROM {name}", {})
            standing[name] = False

    def _keep_table(self, name: str, standing: dict[str, bool]) -> None:
        """Make the relation's table without rows, where it is not there from earlier, and those that it reads."""
        if name in standing:
            return
        sql = derived_sql()[name]
        for below in derived_of(sql):
            self._keep_table(below, standing)
        if name in _READ_ONCE:
            self._run(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}", {})
        else:
            self._create_empty(name, sql)
        standing[name] = False

    def _create_empty(self, table: str, sql: str) -> None:
        self._run(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM ({sql}) AS nothing LIMIT 0", self._bound(sql))

    def _is_vacant(self, name: str) -> bool:
        """Return whether the relation can have no rows."""
        if name not in self._vacant:
            if name in derived_sql():
                self._vacant[name] = any(all(map(self._is_vacant, names)) for names in vacancy_in(derived_sql()[name]))
            else:
                self._vacant[name] = not self._run(f"SELECT 1 FROM {name} LIMIT 1", {}).fetchall()
        return self._vacant[name]

    def _bound(self, sql: str) -> dict[str, object]:
        return {parameter: self._parameters[parameter] for parameter in parameters_of(sql)}

    def _refill(self, name: str, sql: str, bound: Mapping[str, object], standing: dict[str, bool]) -> None:
        if name in _READ_ONCE:
            self._keep_table(name, standing)
            return
        if name not in standing:  # one statement: most repairs are the only one of their process
            self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", bound)
        else:
            if standing[name]:
                self._run(f"DELETE FROM {name}", {})
            self._run(f"INSERT INTO {name} {sql}", bound)
        standing[name] = True
