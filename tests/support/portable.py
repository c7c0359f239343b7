"""The subset of SQL that every engine answers alike."""

from __future__ import annotations

from collections import Counter

import sqlglot
from sqlglot import exp

from trueup.engines.sql import known_relations, qualified
from trueup.model.relations import columns_of, relation_named

_CLOCKS = frozenset({"now", "today", "get_current_timestamp", "transaction_timestamp"})


def departures_from_portable(sql: str) -> list[str]:
    """What in this SQL some engine would refuse or, worse, answer differently. Empty when the SQL is portable."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    departures = [f"INTERVAL arithmetic: {node.sql()}" for node in tree.find_all(exp.Interval)]
    departures += [
        f"division, which means two things on integers; cast the dividend to DOUBLE: {node.sql()}"
        for node in tree.find_all(exp.Div)
        if not _is_double(node.this)
    ]
    departures += [f"power(), which hides a division: {node.sql()}" for node in tree.find_all(exp.Pow)]
    departures += [
        f"an aggregate that holds every value in memory: {node.sql()}"
        for node in tree.find_all(exp.Median, exp.Quantile, exp.PercentileCont, exp.PercentileDisc)
    ]
    departures += [
        f"mad() holds every value: {n.sql()}" for n in tree.find_all(exp.Anonymous) if n.name.lower() == "mad"
    ]
    departures += [
        f"a NULL without a type that begins the column of a union; cast it: {column.sql()}"
        for union in tree.find_all(exp.SetOperation)
        for column in union.selects
        if isinstance(column.unalias(), exp.Null)
    ]
    known = known_relations()
    departures += [f"a CTE named like a relation: {cte.alias}" for cte in tree.find_all(exp.CTE) if cte.alias in known]
    departures += _repeated_in_a_union(sql)
    clocks = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime)
    departures += [f"asks for the time: {node.sql()}" for node in tree.find_all(*clocks)]
    departures += [f"asks for the time: {n.sql()}" for n in tree.find_all(exp.Anonymous) if n.name.lower() in _CLOCKS]
    return departures


def _repeated_in_a_union(sql: str) -> list[str]:
    """Columns that a SELECT of a union has twice, in a CTE that is read twice: Spark 4.2 takes the second away while it
    optimizes, and ends with the error that its own plan is not valid.
    """
    tree = qualified(sql)
    read = Counter(table.name for table in tree.find_all(exp.Table))
    unions = [
        union for cte in tree.find_all(exp.CTE) if read[cte.alias] > 1 for union in cte.find_all(exp.SetOperation)
    ]
    selects = {id(side): side for union in unions for side in (union.left, union.right) if isinstance(side, exp.Select)}
    columns = [Counter(column.unalias() for column in select.selects) for select in selects.values()]
    return [
        f"a column twice in a union that is read twice: {column.sql()}"
        for counted in columns
        for column, times in counted.items()
        if times > 1 and isinstance(column, exp.Column)
    ]


def _is_double(value: exp.Expr) -> bool:
    """Whether every engine computes this as a DOUBLE: it is cast to one, or a factor or a term of it is."""
    if isinstance(value, exp.Cast):
        return value.to.is_type(exp.DataType.Type.DOUBLE)
    return isinstance(value, (exp.Binary, exp.Paren, exp.Neg)) and any(map(_is_double, value.iter_expressions()))


def column_exists(relation: str, column: str) -> bool:
    """Whether a relation of this name has a column of this name."""
    return any(known_column.name == column for known_column in columns_of(relation_named(relation)))
