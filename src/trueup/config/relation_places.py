"""A relation from several places: what each place has from the relation, and what must hold between the places."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from trueup.config.config_errors import Key, complaint, suggestion
from trueup.model.columns import Column
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import ColumnMapping, RelationMapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trueup.config.relation_sections import PlaceSection, RelationSection

NAME_ACCOUNTS = ("ledger_entry", "plan_change", "member", "credit_grant", "wallet_balance", "local_subscription")
"""The relations whose rows name an account."""

_TOGETHER = {"ledger_entry": ("account_id", "amount", "created_at", "sequence", "balance_after")}
"""Columns that say something about all rows together: a sum or a chain with rows left out would be wrong."""


def merged_places(section: RelationSection, key: Key, path: Path) -> list[RelationSection]:
    """Return each place with what it has from the relation. Raises ``ConfigurationError``."""
    if not section.places:
        raise complaint(path, (*key, "from"), "is empty: name at least one table")
    if section.query is not None:
        raise complaint(path, (*key, "query"), "is beside from: put it into one of the places")
    return [_merged(section, place) for place in section.places]


def _merged(section: RelationSection, place: PlaceSection) -> RelationSection:
    conditions = [where for where in (section.where, place.where) if where]
    absent = set(place.absent)
    columns = {name: column for name, column in section.columns.items() if name not in absent} | place.columns
    values = {
        name: {**section.values.get(name, {}), **place.values.get(name, {})}
        for name in {**section.values, **place.values}
        if name in columns or name in place.values
    }
    return section.model_copy(
        update={
            "places": None,
            "table": place.table or (None if place.query else section.table),
            "query": place.query,
            "where": "\n) AND (".join(conditions) or None,
            "key_prefix": place.key_prefix or section.key_prefix,
            "account_prefix": place.account_prefix or section.account_prefix,
            "columns": columns,
            "values": values,
        }
    )


def refuse_wrong_place(name: str, section: RelationSection, key: Key, path: Path) -> None:
    """Raise ``ConfigurationError`` for a place that is no table and no query, or both, or has a prefix without use."""
    if section.query is None and section.table is None:
        raise complaint(path, (*key, "table"), "is missing: name the table that holds these rows")
    if section.query is not None and section.table is not None:
        raise complaint(path, (*key, "query"), "is beside table: leave one of them")
    if section.query is not None and section.where is not None:
        raise complaint(path, (*key, "where"), "is beside query: put the condition into the query")
    if section.key_prefix is not None and len(_keys(name)) > 1:
        problem = f"is not for {name}, whose rows have no key of one column; use account_prefix"
        raise complaint(path, (*key, "key_prefix"), problem)
    if section.account_prefix is not None and name not in NAME_ACCOUNTS:
        mend = "; use key_prefix" if name == "account" else ""
        problem = f"is only for {', '.join(NAME_ACCOUNTS)}, whose rows name an account{mend}"
        raise complaint(path, (*key, "account_prefix"), problem)


def refuse_unknown_absent(name: str, section: RelationSection, path: Path) -> None:
    """Raise ``ConfigurationError`` where a place lacks a column that it cannot lack, or that it has."""
    columns = {column.name: column for column in columns_of(relation_named(name))}
    for position, place in enumerate(section.places or ()):
        key = ("relations", name, "from", position, "absent")
        for absent in place.absent:
            if absent not in columns:
                raise complaint(path, key, f'names "{absent}", which is not a column{suggestion(absent, columns)}')
            if not _has_no_value(columns[absent]):
                raise complaint(path, key, f"names {absent}, but every row of {name} has a value of it")
            if absent in place.columns:
                raise complaint(path, key, f"names {absent}, which the same place maps: leave one of them")


def joined_parts(name: str, section: RelationSection, parts: Sequence[RelationMapping], path: Path) -> RelationMapping:
    """Return the relation of these parts. Raises ``ConfigurationError`` where they do not make one."""
    columns = columns_of(relation_named(name))
    mapped = [column.name for column in columns if any(column.name in part.columns for part in parts)]
    lacking = {column for column in mapped if any(column not in part.columns for part in parts)}
    for column in _TOGETHER.get(name, ()):
        if column in lacking:
            position = next(number for number, part in enumerate(parts) if column not in part.columns)
            problem = f"is mapped in another place but not in this one: {_WHY[column]}"
            raise complaint(path, ("relations", name, "from", position, "columns", column), problem)
    _refuse_equal_places(name, parts, path)
    parts = [
        dataclasses.replace(part, absent=frozenset(place.absent))
        for part, place in zip(parts, section.places or (), strict=True)
    ]
    unknown = {
        column.name
        for column in columns
        if column.name in lacking
        and _has_no_value(column)
        and any(column.name not in part.columns and column.name not in part.absent for part in parts)
    }
    first = parts[0]
    return RelationMapping(
        relation=name,
        table=", ".join(dict.fromkeys(part.table for part in parts)),
        columns={column: ColumnMapping(expression=_expressions(column, parts)) for column in mapped},
        parts=tuple(parts),
        unknown=frozenset(unknown),
        lacking=frozenset(lacking),
        dense_sequence=first.dense_sequence,
        exact_keys=first.exact_keys,
        allow_empty=first.allow_empty,
        rows_repeat=first.rows_repeat,
        balances_since=first.balances_since,
        plan_from=first.plan_from,
    )


_WHY = {
    "account_id": "an entry without an account counts nowhere",
    "amount": "a sum over all entries would leave some out",
    "created_at": "the order of all entries would not be known",
    "sequence": "the order of all entries would not be known",
    "balance_after": "a running balance goes through all entries; without one it is worked out from the amounts",
}


def _refuse_equal_places(name: str, parts: Sequence[RelationMapping], path: Path) -> None:
    wallets = [part.columns["wallet"].column if name == "wallet_balance" else None for part in parts]
    places = [(part.table, part.query, part.where, wallet) for part, wallet in zip(parts, wallets, strict=True)]
    for position, place in enumerate(places):
        if place in places[:position]:
            problem = "is the same table with the same condition as an earlier place: every row would be read twice"
            raise complaint(path, ("relations", name, "from", position), problem)


def _expressions(column: str, parts: Sequence[RelationMapping]) -> str:
    """What is mapped in the parts, for messages."""
    theirs = (part.columns[column].column for part in parts if column in part.columns)
    return ", ".join(dict.fromkeys(filter(None, theirs)))


def _has_no_value(column: Column) -> bool:
    """Whether NULL in the column is an answer, and what an unmapped column means is not known."""
    return column.nullable and not column.is_key and not column.has_neutral


def _keys(name: str) -> list[str]:
    return [column.name for column in columns_of(relation_named(name)) if column.is_key]


def words_of(section: RelationSection) -> Iterator[tuple[tuple[str | int, ...], RelationSection | PlaceSection]]:
    """Yield each table of the file that maps columns of the relation, with what its key has after the relation's."""
    yield (), section
    for position, place in enumerate(section.places or ()):
        yield ("from", position), place
