"""What could not be read of a relation that was copied: put on record, and kept from the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.books.file import Books
from trueup.books.reading import literal
from trueup.books.schema import UNREADABLE, own_words
from trueup.disk.statements import execute
from trueup.model.errors import ConfigurationError
from trueup.model.relations import Relation, columns_of, relation_name
from trueup.model.source import RelationMapping

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNKNOWN_PLAN = "no plan of this name is configured"
BETWEEN = "chr(10)"
"""What divides a row's problems, of which none has a line break in it."""
_NOTE = "INSERT INTO unreadable_row (relation, row_key, account_id, problem, entries, cause)"
_ENOUGH_TO_JUDGE = 20


def quarantine_unreadable(
    connection: DuckDBPyConnection, relation: Relation, mapping: RelationMapping, *, unique_key: bool
) -> None:
    """Record what could not be read, and drop only rows that have no name."""
    name = relation_name(relation)
    keys = [column.name for column in columns_of(relation) if column.is_key]
    nameless = " OR ".join(f"{key} IS NULL" for key in keys)
    owner = "account_id" if any(c.name == "account_id" for c in columns_of(relation)) else "NULL"
    execute(connection, f"DELETE FROM unreadable_row WHERE relation = '{name}'")
    if mapping.balances_since is not None or "posted" in mapping.columns:  # one that is not posted moves no balance
        execute(
            connection,
            f"UPDATE {name} SET {UNREADABLE} = NULL "
            f"WHERE {UNREADABLE} = 'balance_after is missing' AND (NOT posted OR created_at < ?)",
            [mapping.balances_since],
        )
    if _is_any(connection, name, f"{UNREADABLE} IS NOT NULL OR {nameless}"):
        row_key = f"coalesce(CAST({keys[0]} AS VARCHAR), '(no {keys[0]})')"
        execute(
            connection,
            f"{_NOTE} SELECT '{name}', row_key, min(owner), problem, count(*), split_part(problem, ': ', 1) FROM ("
            f"SELECT {row_key} AS row_key, {owner} AS owner, unnest(string_split({UNREADABLE}, {BETWEEN})) AS problem "
            f"FROM {name} WHERE {UNREADABLE} IS NOT NULL) GROUP BY row_key, problem",
        )
        execute(connection, f"DELETE FROM {name} WHERE {nameless}")
    if mapping.rows_repeat:
        _keep_the_processed_one(connection, name, keys[0])
    elif len(keys) == 1 and not unique_key:
        keep_one_of_each(connection, name, keys[0], owner)
    for column, words in own_words(relation).items():
        _note_unknown_words(connection, name, column, words)


def _is_any(connection: DuckDBPyConnection, name: str, condition: str) -> bool:
    return bool(execute(connection, f"SELECT 1 FROM {name} WHERE {condition} LIMIT 1").fetchall())


def _keep_the_processed_one(connection: DuckDBPyConnection, name: str, key: str) -> None:
    """Of the rows of one event keep the first that is processed, or else the first."""
    execute(
        connection,
        f"DELETE FROM {name} WHERE rowid NOT IN (SELECT arg_min(rowid, "
        f"(CASE WHEN status = 'processed' THEN 0 ELSE 1 END, received_at)) FROM {name} GROUP BY {key})",
    )


def keep_one_of_each(connection: DuckDBPyConnection, name: str, key: str, owner: str) -> None:
    execute(
        connection,
        f"CREATE OR REPLACE TEMP TABLE repeated_key AS "
        f"SELECT {key}, count(*) AS entries, min(rowid) AS kept FROM {name} GROUP BY {key} HAVING count(*) > 1",
    )
    if _is_any(connection, "repeated_key", "TRUE"):
        execute(
            connection,
            f"{_NOTE} SELECT '{name}', CAST({key} AS VARCHAR), (SELECT min({owner}) FROM {name} AS n "
            f"WHERE n.{key} = r.{key}), '{key} is on ' || entries || ' rows', entries, '{key} is on several rows' "
            "FROM repeated_key AS r",
        )
        execute(
            connection,
            f"DELETE FROM {name} WHERE {key} IN (SELECT {key} FROM repeated_key) "
            f"AND rowid NOT IN (SELECT kept FROM repeated_key)",
        )
    execute(connection, "DROP TABLE repeated_key")


def _note_unknown_words(connection: DuckDBPyConnection, name: str, column: str, words: tuple[str, ...]) -> None:
    known = ", ".join(map(literal, words))
    execute(
        connection,
        f"{_NOTE} SELECT '{name}', '{column}=' || {column}, NULL, "
        f"'the mapping does not know this word', count(*), NULL FROM {name} "
        f"WHERE {column} IS NOT NULL AND {column} NOT IN ({known}) GROUP BY {column}",
    )


def note_unknown_plans(books: Books) -> None:
    """A plan word that no configured plan has is a finding: the checks about plans cannot judge its accounts."""
    execute(
        books.connection,
        f"{_NOTE} SELECT 'account', 'plan=' || plan, NULL, '{UNKNOWN_PLAN}', "
        "count(*), NULL FROM account WHERE plan IS NOT NULL AND plan NOT IN (SELECT plan FROM plan) "
        "AND EXISTS (SELECT 1 FROM plan) GROUP BY plan",
    )


def unreadable_rows() -> str:
    """What was put on record, once for each row: of a row with two problems it is there twice."""
    return "(SELECT relation, row_key, max(entries) AS entries FROM unreadable_row GROUP BY ALL) AS unreadable"


def refuse_wrong_columns(
    connection: DuckDBPyConnection, relation: Relation, mapping: RelationMapping, rows: int
) -> None:
    """A column of which not one value can be read is a wrong mapping, not a table full of broken rows."""
    name = relation_name(relation)
    if rows < _ENOUGH_TO_JUDGE:
        return
    noted = execute(connection, "SELECT count(*) FROM unreadable_row WHERE relation = ?", [name]).fetchone()
    if not noted or noted[0] < _ENOUGH_TO_JUDGE:
        return
    for column in columns_of(relation):
        source = mapping.columns.get(column.name)
        if source is None:
            continue
        garbled = f"count(*) FILTER (WHERE {UNREADABLE} LIKE '%{column.name} cannot be read%')"
        row = execute(connection, f"SELECT {garbled}, count({column.name}) FROM {name}").fetchone()
        if row and row[0] >= _ENOUGH_TO_JUDGE and row[1] == 0:
            raise ConfigurationError(
                f"No value of {mapping.table}.{source.column or source.expression} can be read as {column.kind} "
                f"for {mapping.relation}.{column.name}; map another column or an expression that converts it."
            )
