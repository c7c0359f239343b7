"""Whether an expression of a mapping depends on its own row alone, so that it changes only when the row does."""

from __future__ import annotations

import sqlglot
from sqlglot import expressions as exp

from trueup.model.source import RelationMapping

_PURE = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Alias),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.And, exp.Or, exp.Not),
    *(exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Like, exp.DPipe, exp.Concat),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Left, exp.Right),
)
"""What gives the same value for the same row whenever it is asked. Everything else may look at a clock, a setting or
another table, and a list of what does not is shorter than one of what does."""

_PLAIN_TYPES = frozenset(
    {
        *(exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR, exp.DataType.Type.BOOLEAN, exp.DataType.Type.DECIMAL),
        *(exp.DataType.Type.SMALLINT, exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE),
    }
)
"""Types to which a cast is the same whenever it is made. One to a moment may depend on a time zone, or be of 'now'."""


def depends_on_row_alone(mapping: RelationMapping, dialect: str) -> bool:
    """Return whether every value of the relation's row, and its condition, comes from the row of its table alone."""
    parts = [column.expression for column in mapping.columns.values() if column.column is None]
    return all(_is_pure(sql, dialect) for sql in (*parts, mapping.where) if sql is not None)


def _is_pure(sql: str, dialect: str) -> bool:
    try:
        tree = sqlglot.parse_one(sql, dialect=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return False
    return all(_is_pure_node(node) for node in tree.walk())


def _is_pure_node(node: exp.Expr) -> bool:
    if isinstance(node, exp.DataType):
        return node.this in _PLAIN_TYPES
    if isinstance(node, exp.DataTypeParam):
        return True
    if isinstance(node, exp.Cast):
        return node.to.this in _PLAIN_TYPES
    return type(node) in _PURE
