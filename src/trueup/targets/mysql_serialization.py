"""What serializes a balance with the application's own transactions in MySQL and MariaDB: locks on its entries.

At REPEATABLE READ a locking read through an index holds the entries that it passes, and the gaps between them, where a
new entry of the account would go. Without such an index it would hold the whole table. Foreign keys are not asked for:
MariaDB does not show their columns to a role whose rights are rights to columns.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.model.source import schema_and_table
from trueup.model.sql_names import quoted, table_name
from trueup.targets.serialization import Claimed, EntryTable, Serialization, Unserialized

if TYPE_CHECKING:
    from sqlalchemy import Connection

_INDEXES = """
SELECT s.index_name FROM information_schema.statistics AS s
WHERE s.table_schema = coalesce(:schema, database()) AND s.table_name = :name
  AND s.column_name = :column AND s.seq_in_index = 1 AND s.index_type = 'BTREE'
ORDER BY s.index_name
"""
_THROUGH_INDEX = frozenset({"ref", "eq_ref", "const", "range"})


def find_serialization(connection: Connection, entries: EntryTable, key: object) -> Serialization | Unserialized:
    """Return what serializes a balance with the entries here, or why nothing does. ``key`` is any account's."""
    index = _find_index(connection, entries, key)
    return index if isinstance(index, Unserialized) else Serialization.ENTRY_LOCKS


def lock_entries(connection: Connection, entries: EntryTable, key: object) -> Claimed | Unserialized:
    """Lock the account's entries and the gaps beside them, at once or not at all, until the transaction ends.

    It must be the first that reads in a transaction at REPEATABLE READ. Raises ``DBAPIError`` where another
    transaction holds one of them.
    """
    index = _find_index(connection, entries, key)
    if isinstance(index, Unserialized):
        return index
    claimed = Claimed(since=time.monotonic())
    # MySQL lets a role that may not change an entry share it, and MariaDB lets it have it alone.
    is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
    lock = "FOR UPDATE NOWAIT" if is_mariadb else "FOR SHARE NOWAIT"
    connection.exec_driver_sql(f"{_read(entries, index)} {lock}", (key,))
    return claimed


def read_latest_rows(connection: Connection) -> None:
    """Let a locking read see the newest row, as it always did, also where MariaDB would call that a conflict.

    The journal's last entry moves while a repair goes on, and is read under a lock of its own.
    """
    if connection.exec_driver_sql("SHOW SESSION VARIABLES LIKE 'innodb_snapshot_isolation'").first() is not None:
        connection.exec_driver_sql("SET SESSION innodb_snapshot_isolation = OFF")


def _find_index(connection: Connection, entries: EntryTable, key: object) -> str | Unserialized:
    """The index through which the account's entries are found, and nothing else is locked."""
    if entries.account_column is None or entries.read_column is None:
        return Unserialized(
            reason=f"the account of an entry in {entries.table} is mapped to an expression, through which no index "
            "leads; map it to the column itself."
        )
    schema, name = schema_and_table(entries.table)
    names = {"schema": schema, "name": name, "column": entries.account_column}
    for index in connection.execute(text(_INDEXES), names).scalars():
        steps = connection.exec_driver_sql(f"EXPLAIN {_read(entries, str(index))}", (key,)).mappings()
        if all(_is_through(step["type"], step["key"], str(index)) for step in steps):
            return str(index)
    return Unserialized(
        reason=f"no index of {entries.table} leads to the entries of one account, so that locking them would lock the "
        f"whole table; add an index on {entries.account_column}."
    )


def _is_through(access: object, key: object, index: str) -> bool:
    """Whether a step of the plan reads through the index; a step without access found that there is no row."""
    return access is None or (str(access).lower() in _THROUGH_INDEX and key == index)


def _read(entries: EntryTable, index: str) -> str:
    # One column that is not in the index is read, so that the row itself is locked too.
    column, read = quoted(entries.account_column or "", "`"), quoted(entries.read_column or "", "`")
    through = f"{table_name(entries.table, '`')} FORCE INDEX ({quoted(index, '`')})"
    return f"SELECT count({read}) FROM {through} WHERE {column} =".replace("%", "%%") + " %s"
