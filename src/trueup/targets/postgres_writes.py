"""What a transaction has written in Postgres, by table, from the server's own counts of this transaction.

They count what triggers, rules and cascading keys write too. Behind a connection pool they can still hold rows of the
session's earlier transactions, so only differences mean something. A table that is emptied by ``TRUNCATE``, altered or
dropped counts nothing, and is seen by a lock that no writing of rows takes. A foreign table is not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.model.row_counts import RowCounts
from trueup.targets.target import TableTrigger

if TYPE_CHECKING:
    from sqlalchemy import Connection

# A partition, or a table that inherits, counts as the table it belongs to.
_PARENT = """coalesce(pg_partition_root({0}),
    (SELECT i.inhparent FROM pg_inherits AS i WHERE i.inhrelid = {0} ORDER BY i.inhseqno LIMIT 1), {0})"""

_COUNTS = f"""
SELECT {_PARENT.format("t.relid")}::regclass::text, sum(t.n_tup_ins), sum(t.n_tup_upd), sum(t.n_tup_del)
FROM pg_stat_xact_user_tables AS t
WHERE t.n_tup_ins <> 0 OR t.n_tup_upd <> 0 OR t.n_tup_del <> 0
GROUP BY 1
"""

# The one table that a view is made of is what is written through it.
_NAMES = f"""
SELECT n.name, {_PARENT.format("coalesce(base.relation, to_regclass(n.name)::oid)")}::regclass::text
FROM unnest(CAST(:names AS text[])) AS n (name)
LEFT JOIN LATERAL (
    SELECT min(d.refobjid) AS relation
    FROM pg_rewrite AS r
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
    WHERE r.ev_class = to_regclass(n.name) AND r.rulename = '_RETURN'
    HAVING count(DISTINCT d.refobjid) = 1
) AS base ON true
"""

# Of a table that was dropped in this transaction only its lock is left.
_STRONG_LOCKS = """
SELECT l.relation, l.mode, coalesce(c.oid::regclass::text, 'a table that is gone')
FROM pg_locks AS l LEFT JOIN pg_class AS c ON c.oid = l.relation
WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.granted
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND c.relpersistence IS DISTINCT FROM 't'
ORDER BY 3, 2
"""

_TRIGGERS = """
WITH RECURSIVE family (name, relation) AS (
    SELECT n.name, to_regclass(n.name)::oid FROM unnest(CAST(:names AS text[])) AS n (name)
    UNION
    SELECT f.name, i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.relation
)
SELECT f.name, t.tgname::text, 'trigger' FROM family AS f JOIN pg_trigger AS t ON t.tgrelid = f.relation
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
UNION
SELECT f.name, r.rulename::text, 'rule' FROM family AS f JOIN pg_rewrite AS r ON r.ev_class = f.relation
WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D'
ORDER BY 1, 3, 2
"""


class PostgresWriteCounter:
    """Counts by table and by kind of write, from the moment it is made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._before = _counts(connection)
        self._held: dict[tuple[int, str], str] | None = None

    def pause(self) -> None:
        """Go on counting: reading is not counted here."""

    def resume(self) -> None:
        """Go on counting. The locks held at the first time are the repair's own."""
        if self._held is None:
            self._held = _read_strong_locks(self._connection)

    def difference(self, planned: Mapping[str, RowCounts], *, ignored: Collection[str] = ()) -> str | None:
        """How what was written differs from ``planned``, by quoted table name; None where it is exactly that."""
        names = self._names([*planned, *ignored])
        wanted: dict[str, RowCounts] = {}
        for name, counts in planned.items():
            wanted[names[name]] = wanted.get(names[name], RowCounts()) + counts
        written = {table: n - self._before.get(table, RowCounts()) for table, n in _counts(self._connection).items()}
        skipped = {names[name] for name in ignored}
        differing = [
            f"{table}: {written.get(table, RowCounts()).text} where the plan has {wanted.get(table, RowCounts()).text}"
            for table in sorted((written.keys() | wanted.keys()) - skipped)
            if written.get(table, RowCounts()) != wanted.get(table, RowCounts())
        ]
        altered = {
            f"{table} was locked, emptied, altered or dropped"
            for lock, table in _read_strong_locks(self._connection).items()
            if lock not in (self._held or {})
        }
        return "; ".join([*differing, *sorted(altered)]) or None

    def _names(self, names: Collection[str]) -> dict[str, str]:
        """The table that each name means, as the counts name it."""
        rows = self._connection.execute(text(_NAMES), {"names": list(names)})
        return {name: name if table is None else str(table) for name, table in rows}


def _read_strong_locks(connection: Connection) -> dict[tuple[int, str], str]:
    """The locks of this transaction that keep all others from writing a table, and the table's name."""
    return {(int(oid), str(mode)): str(name) for oid, mode, name in connection.exec_driver_sql(_STRONG_LOCKS)}


def _counts(connection: Connection) -> dict[str, RowCounts]:
    return {
        str(table): RowCounts(inserts=int(inserts), updates=int(updates), deletes=int(deletes))
        for table, inserts, updates, deletes in connection.exec_driver_sql(_COUNTS)
    }


def triggers_on(connection: Connection, names: Collection[str]) -> tuple[TableTrigger, ...]:
    """The triggers and rules of these tables, by quoted name, and of their partitions."""
    rows = connection.execute(text(_TRIGGERS), {"names": list(names)})
    return tuple(TableTrigger(table=table, name=name, kind=kind) for table, name, kind in rows)
