"""What a source's column types can hold. Types vary per source, so only what is clearly wrong is refused."""

from __future__ import annotations

import functools
import re
from enum import StrEnum

from trueup.model.columns import ColumnKind


class Family(StrEnum):
    """A source's type, as far as it matters to what can be read from it."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    BIT = "bit"
    TEXT = "text"
    UUID = "uuid"
    TIME = "time"
    CLOCK = "clock"
    """A time of day or a length of time: not a moment."""
    BINARY = "binary"
    NESTED = "nested"
    MONEY = "money"
    UNKNOWN = "unknown"


DYNAMIC_DIALECTS = frozenset({None, "sqlite", "duckdb"})
"""Sources whose declared types promise little (SQLite, files): there text may hold anything."""

_ARRAY = re.compile(r"\[\d*\]$")
_INTEGER = re.compile(r"u?(tiny|small|medium|big|huge)?int(eger)?\d*|(big|small)?serial\d*|unsigned|year|long")
_FAMILIES = {
    Family.NUMBER: "numeric decimal dec number fixed decimal128 decimal256 real float float4 float8 float16 float32 "
    "float64 halffloat double bignum",
    Family.BOOLEAN: "bool boolean",
    Family.BIT: "bit",
    Family.TEXT: "text tinytext mediumtext longtext char varchar varchar2 character bpchar citext string large_string "
    "string_view utf8 nvarchar nchar clob enum set name dictionary",
    Family.UUID: "uuid uniqueidentifier",
    Family.TIME: "timestamp timestamptz timestamp_s timestamp_ms timestamp_us timestamp_ns datetime datetime2 "
    "smalldatetime datetimeoffset date date32 date64",
    Family.CLOCK: "time timetz time32 time64 interval duration",
    Family.BINARY: "bytea blob tinyblob mediumblob longblob binary varbinary large_binary binary_view "
    "fixed_size_binary bytes",
    Family.NESTED: "json jsonb struct map list large_list fixed_size_list array hstore union object xml",
    Family.MONEY: "money smallmoney",
}

_NEVER = frozenset({Family.NESTED, Family.BINARY, Family.CLOCK})
_NOT_A_NUMBER = _NEVER | {Family.BOOLEAN, Family.TIME, Family.UUID, Family.MONEY}
_REFUSED: dict[ColumnKind, frozenset[Family]] = {
    ColumnKind.TEXT: _NEVER | {Family.BOOLEAN, Family.TIME},
    ColumnKind.ID: _NEVER | {Family.BOOLEAN, Family.TIME},
    ColumnKind.CREDITS: _NOT_A_NUMBER,
    ColumnKind.INTEGER: _NOT_A_NUMBER,
    ColumnKind.BOOLEAN: _NEVER | {Family.TIME, Family.UUID, Family.MONEY},
    ColumnKind.TIME: _NEVER | {Family.BOOLEAN, Family.BIT, Family.UUID, Family.MONEY},
    ColumnKind.WORD: _NEVER | {Family.TIME, Family.MONEY},
}
_REFUSE_TEXT = frozenset({ColumnKind.CREDITS, ColumnKind.INTEGER, ColumnKind.BOOLEAN, ColumnKind.TIME})
_NEEDED = {
    ColumnKind.TEXT: "text or an id",
    ColumnKind.ID: "an integer or text",
    ColumnKind.CREDITS: "a number",
    ColumnKind.INTEGER: "a whole number",
    ColumnKind.BOOLEAN: "true or false",
    ColumnKind.TIME: "a timestamp or a date",
    ColumnKind.WORD: "a word",
}


@functools.lru_cache(maxsize=1024)
def family_of(declared: str) -> Family:
    """The family of a source's type; ``UNKNOWN`` for one we have never met (an enum's own name, a domain).

    >>> [family_of(t).value for t in ("character varying(40)", "tinyint(1)", "timestamp[us, tz=UTC]", "text[]", "mood")]
    ['text', 'integer', 'time', 'nested', 'unknown']
    """
    lowered = declared.strip().lower()
    if _ARRAY.search(lowered):
        return Family.NESTED
    word = re.match(r"[a-z0-9_]*", lowered)
    first = word.group() if word else ""
    if _INTEGER.fullmatch(first):
        return Family.INTEGER
    return next((family for family, words in _FAMILIES.items() if first in words.split()), Family.UNKNOWN)


def needed_instead(kind: ColumnKind, declared: str, *, dialect: str | None = None) -> str | None:
    """What a column of this kind needs, where the source's type cannot be it; None where it may.

    >>> needed_instead(Kind.CREDITS, "jsonb"), needed_instead(Kind.CREDITS, "numeric(12,2)")
    ('a number', None)
    >>> needed_instead(Kind.TIME, "text", dialect="postgres"), needed_instead(Kind.TIME, "text", dialect="sqlite")
    ('a timestamp or a date', None)
    """
    family = family_of(declared)
    clearly_text = family is Family.TEXT and kind in _REFUSE_TEXT and dialect not in DYNAMIC_DIALECTS
    return _NEEDED[kind] if clearly_text or family in _REFUSED[kind] else None
