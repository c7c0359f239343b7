"""Cases merged into few companies: on a cluster every query costs the same for one row and for a thousand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.catalogue import all_cases, rows_given
from trueup.checks import catalogue
from trueup.model.check import Case
from trueup.model.columns import ColumnKind
from trueup.model.policy import Policy
from trueup.model.relations import LedgerEntry, Row, columns_of
from trueup.model.stripe_objects import StripeReading

MOST_COMPANIES = 10
_NUMBERS_EACH = 1_000_000
"""Room for the entry numbers of one case."""
_OURS = frozenset({"plan", "from_plan", "to_plan", "check_id", "relation"})
"""Words that all cases share: to give each case its own would make other cases of them."""

_NAMES = frozenset({"subject", "row_key", "price_name", "lookup_key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedCompany:
    """The rows of many cases, whose ids end in the number of their case, and the policy of all of them."""

    name: str
    policy: Policy
    rows: tuple[Row, ...]


def companies_of_cases() -> tuple[MergedCompany, ...]:
    """Return all cases of all checks, merged by their policy and by how far back Stripe's side reaches.

    Of the rarer combinations the last company holds several, and judges them by the policy of the first.
    """
    groups: dict[str, list[tuple[int, Case, tuple[Row, ...]]]] = {}
    numbered = enumerate((check, case) for check in catalogue() for case in all_cases(check))
    for number, (check, case) in numbered:
        rows = rows_given((check,), case)
        reading = sorted(repr(row) for row in rows if isinstance(row, StripeReading))
        groups.setdefault(f"{case.policy} {reading} {_is_numbered(rows)}", []).append((number, case, rows))
    largest = sorted(groups.values(), key=len, reverse=True)
    alone, rest = largest[: MOST_COMPANIES - 1], largest[MOST_COMPANIES - 1 :]
    merged = [*alone, [case for group in rest for case in group]]
    return tuple(
        MergedCompany(name=f"{len(group)} cases", policy=group[0][1].policy, rows=tuple(_merged(group)))
        for group in merged
        if group
    )


def _merged(group: Sequence[tuple[int, Case, tuple[Row, ...]]]) -> Iterator[Row]:
    """Yield the rows, of those with the same key only the first."""
    numbered = all(_is_numbered(rows) for _, _, rows in group)
    seen: set[tuple[object, ...]] = set()
    for number, _, rows in group:
        for place, row in enumerate(rows):
            renamed = _renamed(row, number, numbered=numbered)
            keys = tuple(getattr(renamed, column.name) for column in columns_of(type(row)) if column.is_key)
            key = (type(row), *(keys or (number, place)))
            if key not in seen:
                seen.add(key)
                yield renamed


def _is_numbered(rows: Sequence[Row]) -> bool:
    return all(isinstance(row.entry_id, int) for row in rows if isinstance(row, LedgerEntry))


def _renamed(row: Row, number: int, *, numbered: bool) -> Row:
    changes: dict[str, Any] = {}
    for column in columns_of(type(row)):
        value = getattr(row, column.name)
        if not _is_id(column.name, column.kind) or value in (None, ""):
            continue
        if isinstance(value, int):
            changes[column.name] = value + number * _NUMBERS_EACH if numbered else f"{value}_{number}"
        elif isinstance(value, str):
            changes[column.name] = ",".join(f"{part}_{number}" for part in value.split(","))
    renamed: Row = dataclasses.replace(row, **changes)
    return renamed


def _is_id(name: str, kind: ColumnKind) -> bool:
    return name not in _OURS and (kind is ColumnKind.ID or name.endswith("_id") or name in _NAMES)
