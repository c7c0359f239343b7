"""How many rows a connection has written in SQLite: one number, which counts what triggers and foreign keys write.

Of which tables they are is counted by temporary triggers of the connection's own, which are in no file and end with it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.model.row_counts import RowCounts
from trueup.model.sql_names import quoted
from trueup.targets.target import TableTrigger

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TRIGGERS = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name"
_TABLES = """
SELECT name FROM main.sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND rootpage > 0
"""
_KINDS = {"inserts": "INSERT", "updates": "UPDATE", "deletes": "DELETE"}
_REFERRING = """
SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k
WHERE m.type = 'table' AND lower(k."table") = lower(:table) AND lower(k."to") = lower(:column)
ORDER BY m.name LIMIT 1
"""


class SQLiteWriteCounter:
    """Counts all rows together, from the moment it is made, and by table from the first ``resume``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before = _total(connection)
        self._written: Counter[tuple[str, str]] | None = None

    def pause(self) -> None:
        """Go on counting: reading is not counted here."""

    def resume(self) -> None:
        """Go on counting, from the first time on by table as well."""
        if self._written is None:
            self._written = _watch(self._connection)

    def difference(self, planned: Mapping[str, RowCounts], *, ignored: Collection[str] = ()) -> str | None:  # noqa: ARG002 - one signature
        """How many rows too many or too few were written; None where it is exactly the planned number."""
        written, wanted = _total(self._connection) - self._before, sum(counts.total for counts in planned.values())
        differing = [f"{written} rows were written where the plan has {wanted}"] if written != wanted else []
        by_table = self._written or Counter()
        for name, counts in sorted(planned.items()):
            table = _plain(name)
            seen = RowCounts(**{kind: by_table[table, kind] for kind in _KINDS})
            if seen != counts:
                differing.append(f"{table}: {seen.text} where the plan has {counts.text}")
        return "; ".join(differing) or None


def _watch(connection: Connection) -> Counter[tuple[str, str]]:
    """How many rows of each kind every table gets from now on, by its name in lower case."""
    written: Counter[tuple[str, str]] = Counter()

    def count(table: str, kind: str) -> None:
        written[table, kind] += 1

    _driver(connection).create_function("trueup_count", 2, count)
    for number, (name,) in enumerate(connection.exec_driver_sql(_TABLES).fetchall()):
        table = str(name)
        for kind, deed in _KINDS.items():
            connection.exec_driver_sql(
                f"CREATE TEMP TRIGGER trueup_{number}_{kind} AFTER {deed} ON main.{quoted(table)} "
                f"BEGIN SELECT trueup_count({_text(table.lower())}, '{kind}'); END"
            )
    return written


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _plain(name: str) -> str:
    return name.rpartition(".")[2].strip("`").replace("``", "`").lower()


def _total(connection: Connection) -> int:
    return _driver(connection).total_changes


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"{type(driver).__name__} is not a connection to SQLite.")
    return driver


def referring_key(connection: Connection, table: str, column: str) -> str | None:
    """A table with a foreign key to a column of ``table``."""
    names = {"table": table.removeprefix("main."), "column": column}
    referring = connection.execute(text(_REFERRING), names).scalar()
    return None if referring is None else str(referring)


def triggers_on(connection: Connection, names: Collection[str]) -> tuple[TableTrigger, ...]:
    """The triggers of these tables, by quoted name."""
    plain = {_plain(name): name for name in names}
    return tuple(
        TableTrigger(table=plain[str(table).lower()], name=name, kind="trigger")
        for table, name in connection.execute(text(_TRIGGERS))
        if str(table).lower() in plain
    )
