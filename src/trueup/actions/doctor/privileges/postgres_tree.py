"""The tables below a table on Postgres (partitions, INHERITS children), and repairs that no trigger can check there.

A row trigger on a partitioned table is copied to its partitions, also to later ones. It is not inherited by an INHERITS
child, although an UPDATE of the parent changes its rows too: each child needs its own. A foreign table can have none.
And where a change moves a row to another partition, Postgres deletes it there and inserts it here: no UPDATE trigger
runs, so changes of a column that rows are partitioned by cannot be checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from trueup.actions.doctor.privileges.required_privileges import Appendable, Replaceable

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BELOW = """
WITH RECURSIVE tree AS (
    SELECT CAST(:oid AS oid) AS oid
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent
)
SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.relispartition AS is_partition,
       coalesce((SELECT array_agg(a.attname::text)
                 FROM pg_partitioned_table AS p JOIN pg_attribute AS a ON a.attrelid = p.partrelid
                 WHERE p.partrelid = c.oid AND a.attnum > 0
                   AND (a.attnum = ANY (p.partattrs) OR 0 = ANY (p.partattrs))), '{}') AS keys_,
       c.oid = :oid AS is_top
FROM tree JOIN pg_class AS c ON c.oid = tree.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY 1, 2
"""
# An expression among the keys (attribute 0) may read any column.


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What is below a table.

    ``children`` need triggers of their own; ``foreign`` can have none; partitions are made by ``partitioned_by``.
    """

    children: Sequence[tuple[str, str]] = ()
    foreign: Sequence[str] = ()
    partitioned_by: frozenset[str] = frozenset()


def tree_below(connection: Connection, oid: int) -> Tree:
    """The tables below this one, whatever the depth."""
    rows = connection.execute(text(_BELOW), {"oid": oid}).all()
    below = [row for row in rows if not row.is_top]
    return Tree(
        children=[(str(row.schema), str(row.name)) for row in below if row.kind == "r" and not row.is_partition],
        foreign=[f"{row.schema}.{row.name}" for row in below if row.kind == "f"],
        partitioned_by=frozenset(str(column) for row in rows for column in row.keys_),
    )


def unguardable(each: Replaceable | Appendable, tree: Tree) -> str | None:
    """Why no trigger can check this repair against the journal; None where one can."""
    if tree.foreign:
        return f"{each.table} has rows in the foreign table {tree.foreign[0]}, which can have no such trigger"
    if isinstance(each, Replaceable) and each.column in tree.partitioned_by:
        return (
            f"{each.table} is partitioned by {each.column}, and a change that moves a row to another partition runs no "
            "UPDATE trigger"
        )
    return None
