"""How many rows a session has written in MySQL and MariaDB, by kind of write: the session's ``Handler_…`` counters.

They count what triggers write, and not what a foreign key's cascade does inside InnoDB. MySQL, unlike MariaDB, also
counts the rows of temporary tables that a query makes by itself, ``SHOW STATUS`` among them: there only the writing
statements are counted (``pause`` and ``resume``), and what a look at the counters adds is measured and taken off.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.model.row_counts import RowCounts
from trueup.model.source import schema_and_table
from trueup.targets.target import TableTrigger

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COUNTERS = "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_write', 'Handler_update', 'Handler_delete')"
_TABLE = """
SELECT create_options LIKE '%partitioned%', table_type = 'SYSTEM VERSIONED' FROM information_schema.tables
WHERE table_schema = coalesce(:schema, database()) AND table_name = :name
"""
_SEQUENCED = """
SELECT count(*) FROM information_schema.columns
WHERE table_schema = coalesce(:schema, database()) AND table_name = :name AND lower(column_default) LIKE 'nextval(%'
"""
_TRIGGERS = """
SELECT trigger_name FROM information_schema.triggers
WHERE event_object_schema = coalesce(:schema, database()) AND event_object_table = :name
ORDER BY trigger_name
"""
_FOLLOWING = """
SELECT concat(k.table_schema, '.', k.table_name)
FROM information_schema.key_column_usage AS k
JOIN information_schema.referential_constraints AS r ON r.constraint_schema = k.constraint_schema
    AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE k.referenced_table_schema = coalesce(:schema, database()) AND k.referenced_table_name = :name
    AND k.referenced_column_name = :column AND r.update_rule NOT IN ('RESTRICT', 'NO ACTION')
ORDER BY 1 LIMIT 1
"""


class MySQLWriteCounter:
    """Counts by kind of write, from the moment it is made."""

    def __init__(self, connection: Connection, *, is_mariadb: bool) -> None:
        self._connection = connection
        self._is_mariadb = is_mariadb
        self._written = RowCounts()
        self._before = self._start()

    def pause(self) -> None:
        """Count nothing until ``resume``, where reading would be counted."""
        if not self._is_mariadb:
            self._written += _counters(self._connection) - self._before

    def resume(self) -> None:
        """Count again."""
        if not self._is_mariadb:
            self._before = self._start()

    def difference(self, planned: Mapping[str, RowCounts], *, ignored: Collection[str] = ()) -> str | None:  # noqa: ARG002 - one signature
        """How what was written differs from what is ``planned``; None where it is exactly that.

        Call it while it counts.
        """
        written = self._written + _counters(self._connection) - self._before
        wanted, numbered = RowCounts(), 0
        for table, counts in planned.items():
            wanted += self._count_as_server(table, counts)
            numbered += self._numbers_drawn(table, counts)
        surplus = written - wanted
        if surplus == RowCounts() or (
            surplus == RowCounts(inserts=surplus.inserts) and 0 < surplus.inserts <= numbered
        ):
            return None
        return f"the transaction counts {written.text} where the plan has {wanted.text}"

    def _start(self) -> RowCounts:
        """The counters as the next look at them would show them if nothing were written until then."""
        counters = _counters(self._connection)
        if self._is_mariadb:
            return counters
        again = _counters(self._connection)
        return again + (again - counters)

    def _count_as_server(self, table: str, counts: RowCounts) -> RowCounts:
        """How MariaDB counts these writes: a partitioned table twice, a versioned table's update also as an insert."""
        if not self._is_mariadb:
            return counts
        row = self._connection.execute(text(_TABLE), _read_names(table)).one_or_none()
        is_partitioned, is_versioned = row or (False, False)
        history = RowCounts(inserts=counts.updates if is_versioned else 0)
        return counts + history + (counts if is_partitioned else RowCounts())

    def _numbers_drawn(self, table: str, counts: RowCounts) -> int:
        """How many rows sequences may write to themselves: MariaDB does so once in a while, for many numbers."""
        if not self._is_mariadb or not counts.inserts:
            return 0
        return int(self._connection.execute(text(_SEQUENCED), _read_names(table)).scalar_one())


def _counters(connection: Connection) -> RowCounts:
    shown = {str(name).lower(): int(value) for name, value in connection.exec_driver_sql(_COUNTERS)}
    return RowCounts(inserts=shown["handler_write"], updates=shown["handler_update"], deletes=shown["handler_delete"])


def _read_names(table: str) -> dict[str, str | None]:
    schema, _, name = table.replace("``", "\0").rpartition("`.`")
    return {
        "schema": schema.strip("`").replace("\0", "`") or None,
        "name": name.strip("`").replace("\0", "`"),
    }


def following_key(connection: Connection, table: str, column: str) -> str | None:
    """A table whose foreign key follows a column of ``table`` or ``schema.table``, as far as the role may see it."""
    schema, name = schema_and_table(table)
    following = connection.execute(text(_FOLLOWING), {"schema": schema, "name": name, "column": column}).scalar()
    return None if following is None else str(following)


def triggers_on(connection: Connection, names: Collection[str]) -> tuple[TableTrigger, ...]:
    """The triggers of these tables, by quoted name, as far as the role may see them."""
    return tuple(
        TableTrigger(table=table, name=str(name), kind="trigger")
        for table in sorted(names)
        for (name,) in connection.execute(text(_TRIGGERS), _read_names(table))
    )
