"""Where a check's SQL reads a relation, and which of its rows it can see there.

A check that a new row cannot change need not be run again. This errs on one side only: whatever is not clearly a
condition on the rows of one relation does not count as one, and then every row is seen.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import expressions as exp

from trueup.engines.sql import Need, derived_sql, known_relations, qualified, sources_of, table_behind

_NOT_OF_ONE_ROW = (exp.Query, exp.AggFunc, exp.Window, exp.Anonymous, exp.Rand)
_PLAIN_TABLE = frozenset({"this", "alias"})
_PLAIN_JOIN = frozenset({"this", "on", "side", "kind"})
_ODD_SELECT = ("match", "connect", "sample", "pivots", "laterals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One place where a relation is read.

    ``condition`` is over the relation's own columns, with the SQL's parameters: a row for which it is false is not seen
    there. It is empty where every row is.
    """

    relation: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedRelations:
    """Everything that SQL reads, itself and through derived relations."""

    scans: frozenset[Scan]
    columns: frozenset[Need]


@functools.cache
def reads_of(sql: str) -> ScannedRelations:
    """What this SQL reads. Raises ``SqlglotError`` when it names a relation or a column that does not exist."""
    tree = qualified(sql)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    hidden = named & known_relations()  # a CTE of a relation's name: which one is meant where is not looked into
    scans: set[Scan] = set()
    columns: set[Need] = set()
    for name, condition in _scanned(tree):
        if name in derived_sql():
            below = reads_of(derived_sql()[name])
            scans |= below.scans
            columns |= below.columns
        elif name not in named or name in hidden:
            scans.add(Scan(relation=name, condition="" if hidden else condition))
    for column in tree.find_all(exp.Column):
        relation = table_behind(column)
        if relation is not None and relation not in derived_sql():
            columns.add((relation, column.name))
    return ScannedRelations(scans=frozenset(scans), columns=frozenset(columns))


def _scanned(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """Every table that is named, with the condition that its rows must meet."""
    conditions: dict[int, str] = {}
    for select in tree.find_all(exp.Select):
        if _is_plain(select):
            for source in sources_of(select):
                if isinstance(source, exp.Table) and _set_arguments(source) <= _PLAIN_TABLE:
                    conditions[id(source)] = _condition(select, source)
    for table in tree.find_all(exp.Table):
        yield table.name, conditions.get(id(table), "")


def _is_plain(select: exp.Select) -> bool:
    """Whether its joins are inner and left ones, so that a row's own conditions decide whether it takes part."""
    return not any(select.args.get(name) for name in _ODD_SELECT) and all(
        _set_arguments(join) <= _PLAIN_JOIN and join.side in ("", "LEFT") and join.kind in ("", "INNER", "CROSS")
        for join in _joins(select)
    )


def _condition(select: exp.Select, source: exp.Table) -> str:
    """What WHERE and ON require of this table's rows. WHERE comes too late for the optional side of a left join."""
    join = source.parent if isinstance(source.parent, exp.Join) else None
    where = select.args.get("where")
    conditions = [join.args.get("on")] if join is not None else []
    conditions += [where.this] if where is not None and (join is None or join.side == "") else []
    return " AND ".join(
        sorted(
            _over_own_columns(part)
            for whole in conditions
            if whole is not None
            for part in (whole.flatten() if isinstance(whole, exp.And) else [whole])
            if _is_about(part, source.alias_or_name)
        )
    )


def _is_about(part: exp.Expr, alias: str) -> bool:
    tables = {column.table for column in part.find_all(exp.Column)}
    return tables == {alias} and part.find(*_NOT_OF_ONE_ROW) is None


def _over_own_columns(part: exp.Expr) -> str:
    bare = part.copy()
    for column in list(bare.find_all(exp.Column)):
        column.set("table", None)
    return f"({bare.sql(dialect='duckdb')})"


def _joins(select: exp.Select) -> list[exp.Join]:
    return select.args.get("joins") or []


def _set_arguments(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}
