"""A first guess at a mapping, from the names and types of a live schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.mapping.column_types import Family, family_of, needed_instead
from trueup.mapping.names import folded, likeness, table_likeness
from trueup.mapping.recognise import recognised
from trueup.mapping.vocabulary import COLUMNS, EVIDENCE, TABLES
from trueup.mapping.word_guesses import PlanGuess, WordGuess, plan_guesses, word_guess
from trueup.model.relations import MAPPED, Kind, columns_of, relation_name, relation_named

if TYPE_CHECKING:
    from trueup.model.relations import Column
    from trueup.model.source import RelationMapping, SourceColumn, SourceTable

Words = Callable[[str, str], Sequence[str] | None]
"""The few different words that a table's column holds; None where it holds many or nobody looked."""

ENOUGH = 0.5
"""Below this a name or a table is not proposed at all."""

SURE = 1.0
"""Our own word for it, or a key that cannot be another; everything below is marked as a guess."""

_DELETED = "deleted_at discarded_at archived_at"
_PLAN_COLUMNS = frozenset({"plan", "from_plan", "to_plan"})
_ADMIN_FLAGS = (
    ("super_admin", "is_superuser superuser super_admin is_super_admin"),
    ("admin", "is_admin admin is_staff"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedColumn:
    """One of our columns and what it seems to be: a column of theirs, or an expression.

    ``certain`` is false for one that is only worth a look: it is written, but as a comment.
    """

    column: str
    theirs: str
    confidence: float
    words: WordGuess | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRelation:
    """One of our relations, the table it seems to be, and what was not found in it. ``deleted_at`` is the column by
    which the table seems to hide deleted rows."""

    relation: str
    table: str
    confidence: float
    columns: tuple[ProposedColumn, ...]
    missing: tuple[str, ...]
    deleted_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What ``trueup init`` has to say about a schema. ``missing`` are the relations that no table seems to be."""

    relations: tuple[ProposedRelation, ...] = ()
    missing: tuple[str, ...] = ()
    plans: tuple[PlanGuess, ...] = ()
    preset: str | None = None


def propose(tables: Sequence[SourceTable], words: Words | None = None) -> Proposal:
    """The likeliest mapping of this schema; a table is used once. Deterministic, and never an error."""
    look = words or (lambda _table, _column: None)
    known = recognised(tables)
    found = _from_preset(known[1]) if known else _from_names(tables)
    by_name = {table.qualified_name: table for table in tables}
    plans = _plans(found, look)
    return Proposal(
        relations=tuple(_with_words(relation, by_name[relation.table], plans, look) for relation in found),
        missing=tuple(name for name in COLUMNS if name not in {relation.relation for relation in found}),
        plans=plans,
        preset=known[0] if known else None,
    )


def _from_preset(mappings: Mapping[str, RelationMapping]) -> list[ProposedRelation]:
    return [
        _proposed(
            name,
            mapping.table,
            tuple(
                ProposedColumn(column=ours, theirs=column.column or column.expression or "", confidence=1.0)
                for ours, column in mapping.columns.items()
            ),
            confidence=1.0,
        )
        for name, mapping in mappings.items()
    ]


def _from_names(tables: Sequence[SourceTable]) -> list[ProposedRelation]:
    chosen = _chosen(tables)
    owner = chosen["account"].name if "account" in chosen else ""
    found = []
    for name, table in chosen.items():
        columns = _columns(name, table, owner)
        if name == "account":
            others = [other for other in tables if other is not table and other is not chosen.get("ledger_entry")]
            columns += tuple(_elsewhere(columns, table, others))
        deleted_at = next((c.name for c in table.columns if likeness(c.name, _DELETED)), None)
        score = _table_score(name, table)
        found.append(_proposed(name, table.qualified_name, columns, confidence=score, deleted_at=deleted_at))
    return found


def _proposed(
    name: str,
    table: str,
    columns: tuple[ProposedColumn, ...],
    *,
    confidence: float,
    deleted_at: str | None = None,
) -> ProposedRelation:
    order = [column.name for column in columns_of(relation_named(name))]
    mapped = {column.column for column in columns}
    return ProposedRelation(
        relation=name,
        table=table,
        confidence=confidence,
        columns=tuple(sorted(columns, key=lambda column: order.index(column.column))),
        missing=tuple(column for column in order if column not in mapped),
        deleted_at=deleted_at,
    )


def _chosen(tables: Sequence[SourceTable]) -> dict[str, SourceTable]:
    """The best table for each relation, the surest pair first."""
    scores = [
        (_table_score(relation, table), -rank, -position, relation, table)
        for rank, relation in enumerate(COLUMNS)
        for position, table in enumerate(tables)
    ]
    chosen: dict[str, SourceTable] = {}
    for score, _, _, relation, table in sorted(scores, key=lambda entry: entry[:3], reverse=True):
        if score >= ENOUGH and relation not in chosen and table not in chosen.values():
            chosen[relation] = table
    return {relation_name(r): chosen[relation_name(r)] for r in MAPPED if relation_name(r) in chosen}


def _table_score(relation: str, table: SourceTable) -> float:
    """Half its name, half the columns it would have to have; nothing without its keys or with too few of those."""
    named = table_likeness(table.name, TABLES[relation])
    found = {column.column: column.confidence for column in _columns(relation, table, "")}
    keys = [column.name for column in columns_of(relation_named(relation)) if column.is_key]
    telling = [found.get(column, 0.0) for column in EVIDENCE[relation]]
    if any(key not in found for key in keys) or sum(map(bool, telling)) < 2 or (not named and relation == "member"):  # noqa: PLR2004 - a key alone tells nothing
        return 0.0
    return round((named + sum(telling) / len(telling)) / 2, 4)


def _columns(relation: str, table: SourceTable, owner: str) -> tuple[ProposedColumn, ...]:
    """The surest pairs of our columns and theirs; each of theirs is used once."""
    ours = columns_of(relation_named(relation))
    pairs = [
        (_column_score(relation, column, theirs, table, owner), -rank, -position, column, theirs)
        for rank, column in enumerate(ours)
        for position, theirs in enumerate(table.columns)
    ]
    taken: set[str] = set()
    found: dict[str, ProposedColumn] = {}
    for score, _, _, column, theirs in sorted(pairs, key=lambda entry: entry[:3], reverse=True):
        if score >= ENOUGH and column.name not in found and theirs.name not in taken:
            taken.add(theirs.name)
            found[column.name] = ProposedColumn(column=column.name, theirs=theirs.name, confidence=score)
    if relation == "account" and "role" not in found:
        found.update(_role_from_flags(table))
    return tuple(found[column.name] for column in ours if column.name in found)


def _column_score(relation: str, column: Column, theirs: SourceColumn, table: SourceTable, owner: str) -> float:
    if needed_instead(column.kind, theirs.type, dialect=None) or not _may_name_stripe(relation, column, theirs):
        return 0.0
    if owner and column.name == "account_id" and folded(theirs.name) == f"{folded(owner).rpartition('_')[2]}_id":
        return 1.0
    score = likeness(theirs.name, COLUMNS[relation][column.name], owner=table.name)
    unique = frozenset({theirs.name}) in table.unique
    return round(min(1.0, score + 0.04), 2) if score and column.is_key and unique else round(score, 2)


def _may_name_stripe(relation: str, column: Column, theirs: SourceColumn) -> bool:
    """Stripe's ids are text: an integer or a UUID is the app's own row."""
    if not column.name.startswith("stripe_") and (relation, column.name) != ("webhook_event", "event_id"):
        return True
    return column.kind is Kind.TEXT and family_of(theirs.type) in (Family.TEXT, Family.UNKNOWN)


def _role_from_flags(table: SourceTable) -> dict[str, ProposedColumn]:
    arms = []
    for role, usual in _ADMIN_FLAGS:
        flag = next((c for c in table.columns if likeness(c.name, usual) and _is_flag(c)), None)
        if flag is not None:
            arms.append(f"WHEN {flag.name} THEN '{role}'")
    if not arms:
        return {}
    expression = f"CASE {' '.join(arms)} ELSE 'user' END"
    return {"role": ProposedColumn(column="role", theirs=expression, confidence=ENOUGH)}


def _is_flag(column: SourceColumn) -> bool:
    plain = folded(column.name) == column.name  # mixed case would need the source's own quotes
    return plain and family_of(column.type) in (Family.BOOLEAN, Family.INTEGER, Family.BIT, Family.UNKNOWN)


def _elsewhere(
    found: Sequence[ProposedColumn], table: SourceTable, others: Sequence[SourceTable]
) -> Iterator[ProposedColumn]:
    """Facts about an account that another table keeps (a wallet, a subscription), read through a subquery.

    Certain only where that table can hold one row per account: of several, no subquery may choose.
    """
    key = next(column.theirs for column in found if column.column == "account_id")
    mapped = {column.column for column in found}
    for column in columns_of(relation_named("account")):
        if column.name in mapped or column.has_neutral:
            continue
        places = [place for other in others if (place := _place(column, table, other)) is not None]
        if places:
            score, other, link, theirs = max(places, key=lambda place: place[0])
            home = f"{table.qualified_name}.{key}"
            yield ProposedColumn(
                column=column.name,
                theirs=f"(SELECT {theirs} FROM {other.qualified_name} WHERE {other.qualified_name}.{link} = {home})",
                confidence=round(score * ENOUGH, 2),
                certain=frozenset({link}) in other.unique,
            )


def _place(column: Column, table: SourceTable, other: SourceTable) -> tuple[float, SourceTable, str, str] | None:
    owner = f"{folded(table.name).rpartition('_')[2]}_id"
    names = [table.qualified_name, other.qualified_name, *(c.name for c in (*table.columns, *other.columns))]
    link = next((c.name for c in other.columns if folded(c.name) == owner), None)
    if link is None or any(name != name.lower() for name in names):  # mixed case would need the source's own quotes
        return None
    best = max(other.columns, key=lambda theirs: _column_score("account", column, theirs, other, ""))
    score = _column_score("account", column, best, other, "")
    return (score, other, link, best.name) if score >= ENOUGH and best.name != link else None


def _plans(relations: Sequence[ProposedRelation], look: Words) -> tuple[PlanGuess, ...]:
    seen: dict[str, None] = {}
    for relation in relations:
        for column in relation.columns:
            if column.column in _PLAN_COLUMNS and "(" not in column.theirs:
                seen.update(dict.fromkeys(look(relation.table, column.theirs) or ()))
    return plan_guesses(tuple(seen))


def _with_words(
    relation: ProposedRelation, table: SourceTable, plans: tuple[PlanGuess, ...], look: Words
) -> ProposedRelation:
    kinds = {column.name: column.kind for column in columns_of(relation_named(relation.relation))}
    nullable = {column.name: column.nullable for column in table.columns}
    columns = []
    for column in relation.columns:
        worded = kinds[column.column] is Kind.WORD or column.column in _PLAN_COLUMNS
        if worded and column.theirs in nullable:
            none_is_free = nullable[column.theirs] and (relation.relation, column.column) == ("account", "plan")
            theirs = look(relation.table, column.theirs)
            guess = word_guess(column.column, theirs, plans=plans, nullable=none_is_free)
            columns.append(dataclasses.replace(column, words=guess))
        else:
            columns.append(column)
    return dataclasses.replace(relation, columns=tuple(columns))
