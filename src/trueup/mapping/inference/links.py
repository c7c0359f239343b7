"""Which column of a table names a row of another: by a declared key, by its name, by its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trueup.mapping.column_types import Family
from trueup.mapping.names import folded
from trueup.mapping.samples import Look

ALMOST_ALL = 0.95
_MOSTLY = 0.5
_ENOUGH_VALUES = 5
_POINTING = ("id", "uid", "uuid", "ref", "reference", "owner", "key")
_LOGS = re.compile(
    r"(^|_)(log|transaction|txn|history|entry|ledger|event|purchase|payment|usage|record|grant|order|charge|topup|top_up|"
    r"movement|invoice|subscription|subscription_item|member|membership)$"
)
"""Tables of what happened: there an owner may have several rows, though none has yet."""
_ROLES = ("owner", "holder", "payer", "billing", "parent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A column of ``table`` that names a row of ``target`` by its ``key``.

    ``word`` is what ``type_column`` says in rows of that kind of owner. ``one_each`` says that no target has two rows,
    ``is_unique`` that the database keeps it so, ``always`` that (nearly) every row has one.
    """

    table: str
    column: str
    target: str
    key: str
    reason: str
    strength: float
    one_each: bool = False
    is_unique: bool = False
    always: bool = True
    type_column: str | None = None
    word: str | None = None


def key_of(look: Look) -> str | None:
    """The one column that names a row of this table; None where it takes several."""
    primary = look.table.primary_key
    if len(primary) == 1:
        return primary[0]
    unique = sorted(next(iter(columns)) for columns in look.table.unique if len(columns) == 1)
    if unique:
        return next((name for name in unique if folded(name) in ("id", "uuid")), unique[0])
    named = next((column.name for column in look.table.columns if folded(column.name) in ("id", "uuid")), None)
    if named is None or (primary and look.rows == ()):
        return None
    facts = look.column(named)
    return named if facts.present == facts.total and facts.distinct == facts.present else None


def links_to(target: Look, others: Sequence[Look]) -> list[Link]:
    """Every column of the other tables that names a row of this one; the surest of each table first.

    Where none does by the table's key, another unique text may be what they name it by: the id of a service that
    people sign in with.
    """
    key = key_of(target)
    for candidate in () if key is None else (key, *_other_keys(target, key)):
        links: list[Link] = []
        for other in others:
            if other is not target:
                own = list(_links(other, target, candidate))
                links += sorted(own, key=lambda link: (-link.strength, link.column))
        if links:
            return links
    return []


def _other_keys(look: Look, key: str) -> list[str]:
    return [
        column.name
        for column in look.table.columns
        if column.name != key
        and look.column(column.name).distinct == look.column(column.name).total
        and look.type_of(column.name) in (Family.TEXT, Family.UUID)
        and look.column(column.name).distinct >= _ENOUGH_VALUES
        and not look.column(column.name).share_of("cus_")
    ]


def _links(look: Look, target: Look, key: str) -> Iterator[Link]:
    declared = {each.column for each in look.table.foreign_keys if each.table == target.name and each.referred == key}
    elsewhere = {each.column for each in look.table.foreign_keys} - declared
    values = {str(row[key]) for row in target.rows if row.get(key) is not None}
    for column in look.table.columns:
        name = column.name
        if name in elsewhere:
            continue
        polymorphic = _typed_by(look, name)
        if polymorphic is not None:
            yield from _polymorphic(look, name, polymorphic, target, key)
            continue
        hits = _hit_rate(look, name, values)
        if name in declared:
            yield _link(look, name, target, key, reason="declared foreign key", strength=1.0)
        elif _names(name, target) and (hits is None or not target.sample.is_whole or hits >= _MOSTLY):
            seen = "" if hits is None else f", {round(hits * 100)}% of its sampled values are there"
            yield _link(
                look, name, target, key, reason=f"its name{seen}", strength=0.9 if hits is None else 0.8 + hits / 10
            )
        elif hits is not None and hits >= _MOSTLY and _may_point(look, name):
            text = f"{round(hits * 100)}% of its sampled values are ids of {target.table.name}"
            yield _link(look, name, target, key, reason=text, strength=hits * 0.7)


def _link(look: Look, column: str, target: Look, key: str, *, reason: str, strength: float) -> Link:
    facts = look.column(column)
    unique = frozenset({column}) in look.table.unique or look.table.primary_key == (column,)
    distinct = facts.present > 1 and facts.distinct == facts.present and not _LOGS.search(folded(look.table.name))
    return Link(
        table=look.name,
        column=column,
        target=target.name,
        key=key,
        reason=reason,
        strength=strength,
        one_each=unique or distinct,
        is_unique=unique,
        always=not facts.total or facts.present >= ALMOST_ALL * facts.total,
    )


def customer_link(look: Look, target: Look) -> Link | None:
    """The Stripe customer in a column of both tables, by which a row of the one names a row of the other."""
    here, there = _customer_column(look), _customer_column(target)
    if here is None or there is None:
        return None
    values = {str(row[there]) for row in target.rows if row.get(there) not in (None, "")}
    if (_hit_rate(look, here, values) or 0.0) < _MOSTLY:
        return None
    link = _link(look, here, target, there, reason="both hold the Stripe customer", strength=0.8)
    return replace(link, is_unique=False)


def _customer_column(look: Look) -> str | None:
    return next((c.name for c in look.table.columns if look.column(c.name).share_of("cus_") >= ALMOST_ALL), None)


def _polymorphic(look: Look, column: str, type_column: str, target: Look, key: str) -> Iterator[Link]:
    for word in look.column(type_column).words or ():
        if folded(word.replace("\\", "_").replace("::", "_").rpartition("_")[2]) in _short_names(target):
            rows = [row for row in look.rows if row.get(type_column) == word]
            values = [str(row[column]) for row in rows if row.get(column) is not None]
            yield Link(
                table=look.name,
                column=column,
                target=target.name,
                key=key,
                reason=f"{type_column} says which table it names",
                strength=0.85,
                one_each=len(values) > 1
                and len(values) == len(set(values))
                and not _LOGS.search(folded(look.table.name)),
                type_column=type_column,
                word=word,
            )


def _typed_by(look: Look, column: str) -> str | None:
    """The column that says of which table a polymorphic id is."""
    stem = folded(column).removesuffix("_id")
    if stem == folded(column):
        return None
    for other in look.table.columns:
        if folded(other.name) == f"{stem}_type" and look.column(other.name).words:
            return other.name
    return None


def _names(column: str, target: Look) -> bool:
    name = folded(column)
    stem = next((name.removesuffix(f"_{end}") for end in ("id", "uuid", "uid") if name.endswith(f"_{end}")), name)
    return stem in _short_names(target) and (stem != name or folded(column) != "id")


def _short_names(target: Look) -> set[str]:
    name = folded(target.table.name)
    return {name, name.rpartition("_")[2]}


def _may_point(look: Look, column: str) -> bool:
    """Whether values alone may say that it points: texts, which do not agree by chance as small numbers do."""
    facts = look.column(column)
    if folded(column).rpartition("_")[2] not in (*_POINTING, *_ROLES) or folded(column) == "id":
        return False
    texts = look.type_of(column) in (Family.TEXT, Family.UUID, Family.UNKNOWN) and facts.numbers == 0
    return texts and facts.distinct >= _ENOUGH_VALUES


def _hit_rate(look: Look, column: str, values: set[str]) -> float | None:
    present = [str(row[column]) for row in look.rows if row.get(column) not in (None, "")]
    if not present or not values:
        return None
    return sum(value in values for value in present) / len(present)
