"""The rows of a case as tables that a person can take in at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from trueup.model.check import CASE_NOW
from trueup.model.finding import printable
from trueup.model.money import credits_text
from trueup.model.relations import RELATIONS, Row, columns_of, relation_name

_CENTURY_DAYS = 36_500
"""Farther than this from the case's now, a moment is shown as its date."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, line by line."""
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def row_tables(rows: Sequence[Row], *, reads: frozenset[tuple[str, str]]) -> Iterator[str]:
    """One table per relation: the columns that name a row, that ``reads`` asks for, or that are not as usual."""
    for relation in RELATIONS:
        of_relation = [row for row in rows if type(row) is relation]
        if not of_relation:
            continue
        name = relation_name(relation)
        usual = {field.name: field.default for field in fields(relation)}
        shown = [
            column.name
            for column in columns_of(relation)
            if column.is_key
            or (not column.has_neutral and (name, column.name) in reads)
            or any(getattr(row, column.name) != usual[column.name] for row in of_relation)
        ]
        yield from (f"**{name}**", "")
        yield from table(shown, ([value_text(getattr(row, column)) for column in shown] for row in of_relation))
        yield ""


def value_text(value: object) -> str:
    """Return a value as a table shows it; moments are counted from the case's now."""
    match value:
        case None:
            return "*none*"
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case Decimal():
            return credits_text(value)
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case _:
            return f"`{printable(str(value))}`" if str(value) else "*empty*"


def moment_text(moment: datetime) -> str:
    """How long before or after the case's now.

    >>> from trueup.model.check import ago
    >>> moment_text(ago(days=1, minutes=30)), moment_text(ago()), moment_text(ago(seconds=-5))
    ('1 d 30 min ago', 'now', 'in 5 s')
    """
    if moment.tzinfo is not None or abs(CASE_NOW - moment).days > _CENTURY_DAYS:
        return moment.isoformat(sep=" ")
    seconds = (CASE_NOW - moment).total_seconds()
    left, parts = abs(round(seconds)), []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        parts += [f"{count} {unit}"] if count else []
    if not parts:
        return "now"
    return f"{' '.join(parts)} ago" if seconds > 0 else f"in {' '.join(parts)}"
