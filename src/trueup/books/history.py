"""Compare what an audit read with what the audit before kept: a settled row that is gone or different is put on record.

Only what both audits read in the same way is compared, and only what a row said before: a value that is filled in later
is none that is rewritten.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.books.refresh import touched_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

_RECORD = "history_change"
_MOST_BY_THEMSELVES = 1_000
"""More rows of one relation that changed alike are one record: a migration, and not so many edits."""

_MAPPING_OF_ROWS = ("table", "where", "query", "parts", "key_prefix", "account_prefix", "rows_repeat")
"""What decides which rows a relation has."""
_CREDITS = ("amount", "balance_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """How a relation keeps its history: its key, its moment, what a settled row says for good, and which are settled.

    ``prunes``: the app may delete the oldest rows, which says nothing.
    """

    keys: Sequence[str]
    dated: str
    columns: Sequence[str]
    settled: str = "TRUE"
    prunes: bool = False


_HISTORIES = {
    "ledger_entry": _History(
        keys=("entry_id",),
        dated="created_at",
        columns=(
            *("account_id", "wallet", "sequence", "kind", "amount", "balance_after", "sets_balance", "created_at"),
            *("stripe_event_id", "stripe_payment_intent_id", "stripe_invoice_id", "stripe_charge_id"),
        ),
        settled="o.posted",
    ),
    "webhook_event": _History(
        keys=("event_id",),
        dated="received_at",
        columns=("type", "status", "received_at", "livemode"),
        settled="o.status = 'processed'",
        prunes=True,
    ),
    "plan_change": _History(keys=("account_id", "to_plan", "changed_at"), dated="changed_at", columns=("from_plan",)),
}


def carry_over(connection: DuckDBPyConnection, *, since: datetime) -> None:
    """Carry over what earlier audits put on record. The kept books are attached as ``before``."""
    connection.execute(f"INSERT INTO {_RECORD} SELECT * FROM before.{_RECORD} WHERE noticed_at >= ?", [since])


def compare_history(
    connection: DuckDBPyConnection,
    relation: str,
    *,
    mappings: tuple[str, str],
    is_refreshed: bool,
    settled_before: datetime,
    now: datetime,
) -> None:
    """Put on record which settled rows of the relation are gone or different in these books.

    The kept books are attached as ``before``; ``mappings`` are how the relation was read then and is read now, as JSON.
    Of a relation that ``is_refreshed`` only what the refresh touched can be different. A relation of which not one row
    is left is not compared: the audit says that itself.
    """
    history = _HISTORIES.get(relation)
    if history is None:
        return
    before, after = (json.loads(text) for text in mappings)
    mapped = set(before["columns"]) & set(after["columns"])
    if any(before[name] != after[name] for name in _MAPPING_OF_ROWS) or not mapped >= {*history.keys, history.dated}:
        return
    if any(before["columns"][name] != after["columns"][name] for name in (*history.keys, history.dated)):
        return
    if not connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchall():
        return
    if is_refreshed and not connection.execute(f"SELECT 1 FROM {touched_keys(relation)} LIMIT 1").fetchall():
        return
    columns = [name for name in history.columns if before["columns"].get(name) == after["columns"].get(name)]
    is_scaled_alike = before["credit_decimals"] == after["credit_decimals"]
    columns = [name for name in columns if name in mapped and (is_scaled_alike or name not in _CREDITS)]
    types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {relation}").fetchall()}
    connection.execute(
        _comparison(relation, history, columns, types, is_refreshed=is_refreshed, names_account="account_id" in mapped),
        {"settled_before": settled_before, "now": now},
    )


def _comparison(
    relation: str,
    history: _History,
    columns: Sequence[str],
    types: Mapping[str, str],
    *,
    is_refreshed: bool,
    names_account: bool,
) -> str:
    """The statement that compares the two tables of the relation, row by row of the same key."""

    def then(column: str) -> str:
        return f"TRY_CAST(o.{column} AS {types[column]})"

    joined = " AND ".join(f"{then(key)} = n.{key}" for key in history.keys)
    differs = {name: f"(o.{name} IS NOT NULL AND {then(name)} IS DISTINCT FROM n.{name})" for name in columns}
    is_different = " OR ".join(differs.values()) or "FALSE"
    same_key = " AND ".join(f"{then(key)} = same.{key}" for key in history.keys)
    agrees = " AND ".join(f"(o.{name} IS NULL OR {then(name)} IS NOT DISTINCT FROM same.{name})" for name in columns)
    is_gone = f"n.{history.keys[0]} IS NULL"
    named = ", ".join(f"CASE WHEN {test} THEN '{name}' END" for name, test in differs.items()) or "''"
    key_text = " || ' ' || ".join(f"CAST(o.{key} AS VARCHAR)" for key in history.keys)
    oldest = f"SELECT min(o.{history.dated}) FROM {relation} AS o WHERE {history.settled}"
    kept = f" AND (NOT {is_gone} OR o.{history.dated} >= ({oldest}))"
    # The rows of the touched keys go before everything else: with them as one more condition, both tables were joined.
    touched = f" WHERE {history.keys[0]} IN (SELECT key FROM {touched_keys(relation)})" if is_refreshed else ""
    old, new = (f"(SELECT * FROM {table}{touched})" for table in (f"before.{relation}", relation))
    return f"""
INSERT INTO {_RECORD} BY NAME
WITH changed AS (
    SELECT {key_text} AS row_key,
           {"o.account_id" if names_account else "CAST(NULL AS VARCHAR)"} AS account_id,
           CASE WHEN {is_gone} THEN '' ELSE concat_ws(', ', {named}) END AS columns,
           {_values("o", differs, is_gone)} AS before,
           CASE WHEN {is_gone} THEN NULL ELSE {_values("n", differs, is_gone)} END AS after,
           o.{history.dated} AS dated
    FROM {old} AS o
    LEFT JOIN {new} AS n ON {joined}
    WHERE o.{history.dated} <= $settled_before AND {history.settled}
      AND ({is_gone} OR {is_different}){kept if history.prunes else ""}
      AND NOT EXISTS (SELECT 1 FROM {new} AS same WHERE {same_key} AND {agrees or "TRUE"})
),
counted AS (
    SELECT *, count(*) OVER (PARTITION BY columns) AS alike,
           row_number() OVER (PARTITION BY columns ORDER BY dated, row_key) AS place
    FROM changed
)
SELECT '{relation}' AS relation,
       row_key, account_id, columns, before, after, dated, $now AS noticed_at,
       CASE WHEN alike > {_MOST_BY_THEMSELVES} THEN alike ELSE 1 END AS rows
FROM counted
WHERE (alike <= {_MOST_BY_THEMSELVES} OR place = 1)
  AND NOT EXISTS (SELECT 1 FROM {_RECORD} AS r WHERE r.relation = '{relation}' AND r.row_key = counted.row_key
                  AND r.before IS NOT DISTINCT FROM counted.before AND r.after IS NOT DISTINCT FROM counted.after)
"""


def _values(side: str, differs: Mapping[str, str], is_gone: str) -> str:
    """The values of the columns that differ, as one text; of a row that is gone all of them."""
    parts = [
        f"CASE WHEN {is_gone} OR {test} THEN '{name} ' || coalesce(CAST({side}.{name} AS VARCHAR), 'NULL') END"
        for name, test in differs.items()
    ]
    return f"concat_ws(', ', {', '.join(parts)})" if parts else "NULL"
