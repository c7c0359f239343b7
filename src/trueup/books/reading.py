"""Read a source's value into one of trueup's columns, as SQL: exactly, or not at all.

A value that cannot be read exactly becomes NULL in the books, and its row says why in ``unreadable``. NULL never fires
a check by itself: an unknown value is neither broken nor right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trueup.books.credit_scale import MORE_DECIMALS, CreditScale
from trueup.model.columns import Column, ColumnKind
from trueup.model.errors import ConfigurationError
from trueup.model.money import MOST_CREDIT_DECIMALS

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_FLOATS = ("FLOAT", "DOUBLE")
_TRUE = "('t', 'true', '1', 'yes', 'y', 'on')"
_FALSE = "('f', 'false', '0', 'no', 'n', 'off')"
_FIRST_DAY, _LAST_DAY = "TIMESTAMP '1900-01-01'", "TIMESTAMP '9999-01-01'"
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """How one column is read: the SQL of its value, of whether it is unreadable, and of what to say then."""

    value: str
    is_unreadable: str | None
    problem: str | None


def table_type(column: Column, incoming: str | None = None, *, scale: CreditScale) -> str:
    """The column's type in the books. An id keeps its own: an integer where the source has one."""
    if column.kind is ColumnKind.ID:
        return "HUGEINT" if incoming in ("UBIGINT", "HUGEINT") else "BIGINT" if incoming in _INTEGERS else "VARCHAR"
    return {
        ColumnKind.TEXT: "VARCHAR",
        ColumnKind.WORD: "VARCHAR",
        ColumnKind.CREDITS: scale.type,
        ColumnKind.INTEGER: "BIGINT",
        ColumnKind.BOOLEAN: "BOOLEAN",
        ColumnKind.TIME: "TIMESTAMP",
    }[column.kind]


def reading(column: Column, incoming: str, values: Mapping[str, str], *, scale: CreditScale) -> ColumnReading:
    """How ``column`` is read from an incoming DuckDB type, with the mapping's words.

    Raises ``ConfigurationError`` when no value of that type could ever be read.
    """
    name = _quote(column.name)
    raw = f"({_map_word(name, values)})" if values else name
    converted = _convert(column, "VARCHAR" if values else incoming, raw, scale)
    if converted is None:
        raise ConfigurationError(
            f'The column mapped to "{column.name}" is {incoming}, which cannot be read as {column.kind}; '
            "map another column or an expression that converts it."
        )
    value = _with_neutral(column, converted, raw)
    arms = _problems(column, incoming, converted, raw, name, scale)
    return ColumnReading(
        value=value,
        is_unreadable=" OR ".join(f"({test})" for test, _ in arms) or None,
        problem=f"CASE {' '.join(f'WHEN {test} THEN {problem_text}' for test, problem_text in arms)} END"
        if arms
        else None,
    )


def _with_neutral(column: Column, converted: str, raw: str) -> str:
    if not column.has_neutral or column.neutral is None:
        return converted
    return f"CASE WHEN {raw} IS NULL THEN {literal(column.neutral)} ELSE {converted} END"


def _problems(
    column: Column, incoming: str, converted: str, raw: str, name: str, scale: CreditScale
) -> list[tuple[str, str]]:
    """Each way in which a value can be unreadable: the test, and what is said of it."""
    arms = []
    if not column.nullable and not column.has_neutral:
        arms.append((_blank(incoming, raw), f"'{column.name} is missing'"))
    if _may_fail(column, incoming):
        shown = f"replace(left(CAST({name} AS VARCHAR), {_SHOWN}), chr(10), ' ')"  # a problem is one line
        text = shown if incoming != "BLOB" else "'binary data'"
        unread = f"{raw} IS NOT NULL AND ({converted}) IS NULL"
        if column.kind is ColumnKind.CREDITS:
            arms += [
                (f"{unread} AND {test}", f"'{column.name} {problem}: ' || {text}")
                for test, problem in _unkept_amounts(incoming, raw, scale)
            ]
        arms.append((unread, f"'{column.name} cannot be read: ' || {text}"))
    return arms


def _unkept_amounts(incoming: str, raw: str, scale: CreditScale) -> list[tuple[str, str]]:
    """Return the tests of amounts that are numbers but not kept: too many decimals, or too large."""
    number = f"TRY_CAST({raw} AS DOUBLE)"
    too_large = (f"isfinite({number}) AND abs({number}) >= {scale.limit:f}", f"is {scale.limit:.0E} or more")
    if incoming != "VARCHAR" and not incoming.startswith("DECIMAL"):
        return [too_large] if incoming in (*_FLOATS, "UBIGINT", "HUGEINT") else []
    return [
        too_large,
        (
            f"isfinite({number}) AND {_decimals_of(raw)} > {MOST_CREDIT_DECIMALS}",
            f"{MORE_DECIMALS} {MOST_CREDIT_DECIMALS} decimals",
        ),
        (f"isfinite({number})", f"{MORE_DECIMALS} {scale.decimals} decimals"),
    ]


def _blank(incoming: str, raw: str) -> str:
    return f"{raw} IS NULL OR {raw} = ''" if incoming == "VARCHAR" else f"{raw} IS NULL"


def _may_fail(column: Column, incoming: str) -> bool:
    if column.kind in (ColumnKind.TEXT, ColumnKind.WORD, ColumnKind.ID):
        return incoming == "BLOB"
    if column.kind is ColumnKind.BOOLEAN:
        return incoming == "VARCHAR"
    if column.kind in (ColumnKind.CREDITS, ColumnKind.INTEGER):
        return incoming not in _INTEGERS[:-2]
    return True


def _map_word(name: str, values: Mapping[str, str]) -> str:
    """The app's word to trueup's; ``""`` also matches NULL. A word that the map does not know stays as it is."""
    by_ours: dict[str, list[str]] = {}
    for theirs, ours in values.items():
        by_ours.setdefault(ours, []).append(theirs)
    arms = [
        f"WHEN CAST({name} AS VARCHAR) IN ({', '.join(map(literal, theirs))})"
        f"{f' OR {name} IS NULL' if '' in theirs else ''} THEN {literal(ours)}"
        for ours, theirs in by_ours.items()
    ]
    return f"CASE {' '.join(arms)} ELSE CAST({name} AS VARCHAR) END"


def _convert(column: Column, incoming: str, raw: str, scale: CreditScale) -> str | None:
    if incoming in ('"NULL"', "NULL"):
        return f"CAST(NULL AS {table_type(column, scale=scale)})"
    match column.kind:
        case ColumnKind.TEXT:
            return _text(incoming, raw)
        case ColumnKind.ID:
            return raw if incoming in _INTEGERS else _text(incoming, raw)
        case ColumnKind.WORD:
            return _word(column, incoming, raw)
        case ColumnKind.CREDITS:
            return _credits(incoming, raw, scale)
        case ColumnKind.INTEGER:
            return _integer(incoming, raw)
        case ColumnKind.BOOLEAN:
            return _boolean(incoming, raw)
        case ColumnKind.TIME:
            return _time(incoming, raw)


def _text(incoming: str, raw: str) -> str | None:
    if incoming == "BLOB" or incoming.endswith("]") or incoming.startswith(("STRUCT", "MAP", "UNION")):
        return None
    return f"NULLIF({raw}, '')" if incoming == "VARCHAR" else f"CAST({raw} AS VARCHAR)"


def _word(column: Column, incoming: str, raw: str) -> str | None:
    """trueup's words in any case count. An unknown one stays, so that it can be named; an unknown role is a user."""
    text = _text(incoming, raw)
    if text is None:
        return None
    ours = ", ".join(map(literal, column.words))
    unknown = f"CASE WHEN {text} IS NULL THEN NULL ELSE 'user' END" if column.name == "role" else text
    exact = raw if incoming == "VARCHAR" else text
    lowered = f"WHEN lower({text}) IN ({ours}) THEN lower({text})"
    return f"CASE WHEN {exact} IN ({ours}) THEN {exact} {lowered} ELSE {unknown} END"


def _credits(incoming: str, raw: str, scale: CreditScale) -> str | None:
    limit = f"{scale.limit:f}"
    exact = f"CAST({raw} AS {scale.type})"
    if incoming in _INTEGERS[:-2]:
        return exact
    if incoming in ("UBIGINT", "HUGEINT"):
        return f"CASE WHEN abs(CAST({raw} AS HUGEINT)) < {limit} THEN {exact} END"
    if incoming in _FLOATS:
        rounded = f"CAST(TRY_CAST({raw} AS DECIMAL(38,{scale.decimals_of_floats})) AS {scale.type})"
        return f"CASE WHEN isfinite({raw}) AND abs({raw}) < {limit} THEN {rounded} END"
    if incoming.startswith("DECIMAL"):
        same = (
            f"TRY_CAST(TRY_{exact} AS {incoming}) = {raw}"  # in its own type: neither value may overflow in another's
        )
        return f"CASE WHEN {same} AND abs(TRY_{exact}) < {limit} THEN TRY_{exact} END"
    if incoming != "VARCHAR":
        return None
    short = f"strpos(reverse({raw}), '.') - 1 <= {scale.decimals}"
    no_longer = f"{_decimals_of(raw)} <= {scale.decimals}"
    plain = f"strpos(lower({raw}), 'e') = 0 AND ({short} OR {no_longer})"
    same = f"TRY_CAST({raw} AS DECIMAL(38,{MOST_CREDIT_DECIMALS})) = TRY_{exact}"
    same_size = f"TRY_CAST({raw} AS DOUBLE) = CAST(TRY_{exact} AS DOUBLE)"  # 1e-19 is not 0
    power = f"strpos(lower({raw}), 'e') > 0 AND {same} AND {same_size}"
    return f"CASE WHEN ({plain} OR {power}) AND abs(TRY_{exact}) < {limit} THEN TRY_{exact} END"


def _decimals_of(raw: str) -> str:
    """How many digits a number has after its point, without the zeros that end them."""
    return f"length(rtrim(split_part(CAST({raw} AS VARCHAR), '.', 2), '0 '))"


def _integer(incoming: str, raw: str) -> str | None:
    if incoming in _INTEGERS:
        return f"TRY_CAST({raw} AS BIGINT)"
    if incoming == "VARCHAR":
        return f"CASE WHEN regexp_full_match({raw}, '\\s*[-+]?[0-9]+(\\.0*)?\\s*') THEN TRY_CAST({raw} AS BIGINT) END"
    if incoming in _FLOATS or incoming.startswith("DECIMAL"):
        return f"CASE WHEN {raw} = floor({raw}) THEN TRY_CAST({raw} AS BIGINT) END"
    return None


def _boolean(incoming: str, raw: str) -> str | None:
    if incoming == "BOOLEAN":
        return raw
    if incoming in _INTEGERS or incoming in _FLOATS or incoming.startswith("DECIMAL"):
        return f"({raw} <> 0)"
    if incoming == "VARCHAR":
        return f"CASE WHEN lower(trim({raw})) IN {_TRUE} THEN TRUE WHEN lower(trim({raw})) IN {_FALSE} THEN FALSE END"
    return None


def _time(incoming: str, raw: str) -> str | None:
    """UTC. Integers are seconds, milliseconds, microseconds or nanoseconds since 1970, by their size."""
    moment = _moment(incoming, raw)
    return moment and f"CASE WHEN {moment} >= {_FIRST_DAY} AND {moment} < {_LAST_DAY} THEN {moment} END"


def _moment(incoming: str, raw: str) -> str | None:
    if incoming == "TIMESTAMP":
        return raw
    if incoming == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({raw}))"
    if incoming.startswith(("TIMESTAMP", "DATE")):
        return f"TRY_CAST({raw} AS TIMESTAMP)"
    if incoming == "VARCHAR":
        epoch = _since_epoch(f"TRY_CAST({raw} AS DOUBLE)")
        return f"coalesce(make_timestamp(epoch_us(TRY_CAST({raw} AS TIMESTAMPTZ))), {epoch})"
    if incoming in _INTEGERS or incoming in _FLOATS or incoming.startswith("DECIMAL"):
        return _since_epoch(f"CAST({raw} AS DOUBLE)")
    return None


def _since_epoch(number: str) -> str:
    size = f"abs({number})"
    scale = f"CASE WHEN {size} < 1e11 THEN 1e6 WHEN {size} < 1e14 THEN 1e3 WHEN {size} < 1e17 THEN 1 ELSE 1e-3 END"
    return f"make_timestamp(TRY_CAST(CASE WHEN abs({number}) < 9e18 THEN {number} * {scale} END AS BIGINT))"


def literal(value: object) -> str:
    """A value of our own as an SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "'" + str(value).replace("'", "''") + "'"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
