"""The columns of relations: a relation is a frozen dataclass, and its fields are the columns.

Three kinds of column, distinguished by how the field is written:

- ``key()``      names the row. It must be mapped, and a row without it cannot be kept.
- ``fact(x)``    has no neutral value: a check that reads it is *skipped* when it is not mapped. ``x`` only
                 saves typing where rows are written by hand (cases, tests).
- ``= x``        is neutral: an app that has no such column means ``x`` by it, and NULL means ``x`` too.

``None`` in the type says that NULL is an answer (no Stripe customer); without it, NULL is an unreadable value.
Credits are exact decimals, times are UTC and naive, text ids stay text; ``entry_id`` keeps its own type, so that
integer ids order as integers.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

_MARK = "trueup"


class ColumnKind(StrEnum):
    """What a column holds, and so how a source's value is read into it."""

    TEXT = "text"
    ID = "id"
    """An entry's id: an integer or text, whichever the source has."""
    CREDITS = "credits"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    WORD = "word"
    """One of a fixed set of words, reached through the mapping's value map."""


def key() -> Any:
    """A column that names the row."""
    return dataclasses.field(metadata={_MARK: "key"})


def fact(example: object = None) -> Any:
    """A column without a neutral value: unmapped, the checks that read it are skipped."""
    return dataclasses.field(default=example, metadata={_MARK: "fact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a relation, read from its field."""

    name: str
    kind: ColumnKind
    nullable: bool
    is_key: bool
    has_neutral: bool
    neutral: object
    words: tuple[str, ...] = ()


_KINDS: dict[object, ColumnKind] = {
    str: ColumnKind.TEXT,
    Decimal: ColumnKind.CREDITS,
    int: ColumnKind.INTEGER,
    bool: ColumnKind.BOOLEAN,
    datetime: ColumnKind.TIME,
    date: ColumnKind.TIME,
}


def _column(field: dataclasses.Field[Any], hint: object) -> Column:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    plain = [option for option in options if option is not types.NoneType]
    words = tuple(str(word) for word in plain[0]) if isinstance(plain[0], type) and issubclass(plain[0], Enum) else ()
    mark = field.metadata.get(_MARK)
    kind = ColumnKind.WORD if words else ColumnKind.ID if len(plain) > 1 else _KINDS[plain[0]]
    return Column(
        name=field.name,
        kind=kind,
        nullable=len(plain) < len(options),
        is_key=mark == "key",
        has_neutral=mark is None,
        neutral=field.default if mark is None else None,
        words=words,
    )


def declared_columns(relation: type) -> tuple[Column, ...]:
    """The columns that a relation's fields declare, in their order."""
    hints = typing.get_type_hints(relation)
    return tuple(_column(field, hints[field.name]) for field in dataclasses.fields(relation))
