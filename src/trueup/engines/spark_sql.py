"""Write a query of the portable subset in Spark's dialect, so that it answers as DuckDB does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import sqlglot
from sqlglot import expressions as exp

from trueup.engines.sql import qualified

_TRANSLATED = (exp.Placeholder, exp.Parameter, exp.DateDiff, exp.ArgMax, exp.ArgMin)


def in_spark(sql: str, parameters: Mapping[str, object]) -> exp.Expr:
    """Return the query as Spark runs it, with the parameters as literals.

    Raises ``sqlglot.errors.SqlglotError`` when it names a relation or a column that does not exist.
    """
    tree = qualified(sql)
    for node in reversed(list(tree.find_all(*_TRANSLATED))):  # the innermost first: what is around it is made anew
        node.replace(_translated(node, parameters))
    return tree


def spark_text(tree: exp.Expr) -> str:
    """Return the query's text; raises if Spark's dialect cannot express it."""
    return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def _translated(node: exp.Expr, parameters: Mapping[str, object]) -> exp.Expr:
    match node:
        case exp.Placeholder() | exp.Parameter():
            return literal(parameters[node.name])
        case exp.DateDiff():
            return _boundaries_between(node)
        case exp.ArgMax() | exp.ArgMin():
            return _ordered_as_in_duckdb(node)
        case _:
            raise TypeError(type(node).__name__)


def _boundaries_between(node: exp.DateDiff) -> exp.Expr:
    """Count the boundaries of seconds or days between two moments. Spark's DATEDIFF of a unit counts whole units."""
    match node.text("unit").upper():
        case "SECOND":
            return exp.paren(exp.Sub(this=_seconds(node.this), expression=_seconds(node.expression)))
        case "DAY":
            days = [exp.cast(node.this, "DATE"), exp.cast(node.expression, "DATE")]
            return exp.Anonymous(this="datediff", expressions=days)
        case unit:
            raise ValueError(f"the difference of two moments in units of {unit} is not in the portable subset")


def _seconds(moment: exp.Expr) -> exp.Expr:
    """Return the seconds since 1970 of a moment without a time zone; the session's is UTC."""
    return exp.Anonymous(this="unix_seconds", expressions=[exp.cast(moment, "TIMESTAMPLTZ")])


def _ordered_as_in_duckdb(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """Order as DuckDB does: NULL is not an answer, and within a tuple it is the largest value."""
    order = node.expression.transform(_null_last)
    known = exp.Case(ifs=[exp.If(this=node.this.copy().is_(exp.Null()).not_(), true=order)])
    return type(node)(this=node.this, expression=known)


def _null_last(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.Tuple):
        return node
    parts = [part for value in node.expressions for part in (value.copy().is_(exp.Null()), value)]
    return exp.Anonymous(this="struct", expressions=parts)


def literal(value: object) -> exp.Expr:
    """Return a parameter's value as a literal of the type that DuckDB gives it when it is bound."""
    match value:
        case None:
            return exp.Null()
        case bool():
            return exp.Boolean(this=value)
        case int():
            number = exp.Literal.number(abs(value))
            return number if value >= 0 else exp.paren(exp.Neg(this=number))
        case Decimal():
            return exp.cast(exp.Literal.string(f"{value:f}"), _decimal_type(value))
        case datetime():
            return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMPNTZ")
        case date():
            return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
        case str():
            return exp.Literal.string(value)
        case _:
            raise TypeError(f"a parameter of type {type(value).__name__} has no literal")


def _decimal_type(value: Decimal) -> str:
    """Return the narrowest decimal type that holds the value.

    >>> _decimal_type(Decimal("12.50")), _decimal_type(Decimal("1E+2")), _decimal_type(Decimal("-0.001"))
    ('DECIMAL(4, 2)', 'DECIMAL(3, 0)', 'DECIMAL(4, 3)')
    """
    _, digits, exponent = value.as_tuple()
    power = int(exponent)
    decimals = max(0, -power)
    return f"DECIMAL({max(len(digits) + max(0, power), decimals + 1)}, {decimals})"
