"""A first guess at a mapping, from the names and types of a live schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from trueup.mapping.expressions import columns_elsewhere, posted_from_state, role_from_flags
from trueup.mapping.inference.infer import infer
from trueup.mapping.names import likeness
from trueup.mapping.proposal import Proposal, ProposedColumn, ProposedRelation
from trueup.mapping.questions import Choices
from trueup.mapping.recognise import recognised, recognised_app, recognised_stripe
from trueup.mapping.samples import Samples
from trueup.mapping.scores import chosen_tables, matched_columns, table_score
from trueup.mapping.vocabulary import COLUMNS
from trueup.mapping.word_guesses import PlanGuess, plan_guesses, word_guess
from trueup.model.columns import ColumnKind
from trueup.model.relations import ONLY_WHERE_MAPPED, columns_of, relation_name, relation_named
from trueup.model.source import RelationMapping, SourceTable

Words = Callable[[str, str], Sequence[str] | None]
"""The few different words that a table's column holds; None where it holds many or was not read."""

_DELETED = "deleted_at discarded_at archived_at"
_PLAN_COLUMNS = frozenset({"plan", "from_plan", "to_plan"})
_FEW_HAVE = frozenset(map(relation_name, ONLY_WHERE_MAPPED))
_TOLD_BY_NAME = frozenset({"plan_change", "credit_grant"})


def propose(
    tables: Sequence[SourceTable],
    words: Words | None = None,
    *,
    samples: Samples | None = None,
    dialect: str | None = None,
    choices: Choices | None = None,
) -> Proposal:
    """The likeliest mapping of this schema: deterministic, and never an error.

    ``samples`` are rows to judge by; without any, names and types decide. ``dialect`` is sqlglot's name of the source's
    dialect; expressions are quoted for it (None: as Postgres does). ``choices`` is what a person decided.
    """
    look = words or (lambda _table, _column: None)
    of_stripe = recognised_stripe(tables, dialect=dialect)
    if of_stripe is not None:
        tables = [table for table in tables if table.qualified_name not in of_stripe[1]]
    known = recognised(tables)
    if known is None and samples is not None and any(sample.rows for sample in samples.values()):
        inferred = _with_those_by_name(infer(tables, samples, dialect=dialect, choices=choices), tables, look, dialect)
        return dataclasses.replace(
            inferred, stripe_preset=of_stripe[0] if of_stripe else None, framework=recognised_app(tables)
        )
    proposals = _from_preset(known[1]) if known else _from_names(tables, dialect)
    by_name = {table.qualified_name: table for table in tables}
    plans = _plans(proposals, by_name, look)
    return Proposal(
        relations=tuple(_with_words(relation, by_name[relation.table], plans, look) for relation in proposals),
        missing=tuple(
            name for name in COLUMNS if name not in {relation.relation for relation in proposals} | _FEW_HAVE
        ),
        plans=plans,
        preset=known[0] if known else None,
        stripe_preset=of_stripe[0] if of_stripe else None,
    )


def _with_those_by_name(
    inferred: Proposal, tables: Sequence[SourceTable], look: Words, dialect: str | None
) -> Proposal:
    """Return the proposal with the relations that no data tell apart from others, and their names do."""
    if not inferred.relations:
        return inferred
    by_name = {table.qualified_name: table for table in tables}
    taken = {relation.table for relation in inferred.relations}
    added = [
        _with_words(relation, by_name[relation.table], inferred.plans, look)
        for relation in _from_names(tables, dialect)
        if relation.relation in _TOLD_BY_NAME and relation.table not in taken
    ]
    names = {relation.relation for relation in added}
    return dataclasses.replace(
        inferred,
        relations=(*inferred.relations, *added),
        missing=tuple(name for name in inferred.missing if name not in names),
        absent=tuple(name for name in inferred.absent if name not in names),
    )


def _from_preset(mappings: Mapping[str, RelationMapping]) -> list[ProposedRelation]:
    return [
        _proposed(
            name,
            mapping.table,
            [
                ProposedColumn(column=ours, theirs=column.column or column.expression or "", confidence=1.0)
                for ours, column in mapping.columns.items()
            ],
            confidence=1.0,
        )
        for name, mapping in mappings.items()
    ]


def _from_names(tables: Sequence[SourceTable], dialect: str | None) -> list[ProposedRelation]:
    chosen = chosen_tables(tables)
    owner = chosen["account"].name if "account" in chosen else ""
    proposals = []
    for name, table in chosen.items():
        columns = matched_columns(name, table, owner)
        others = [other for other in tables if other not in (table, chosen.get("ledger_entry"))]
        expressions = _expressions(name, columns, table, others, dialect)
        deleted_at = next((c.name for c in table.columns if likeness(c.name, _DELETED)), None)
        if not {c.name for c in columns_of(relation_named(name)) if c.is_key} <= {c.column for c in columns}:
            continue
        score = table_score(name, table)
        proposed = _proposed(
            name, table.qualified_name, [*columns, *expressions], confidence=score, deleted_at=deleted_at
        )
        proposals.append(proposed)
    return proposals


def _expressions(
    name: str,
    columns: Sequence[ProposedColumn],
    table: SourceTable,
    others: Sequence[SourceTable],
    dialect: str | None,
) -> Iterator[ProposedColumn]:
    mapped = {column.column for column in columns}
    expression = None
    if name == "account":
        yield from columns_elsewhere(columns, table, others, dialect)
        expression = role_from_flags(table, dialect)
    elif name == "ledger_entry":
        expression = posted_from_state(table, dialect)
    if expression is not None and expression.column not in mapped:
        yield expression


def _proposed(
    name: str, table: str, columns: Sequence[ProposedColumn], *, confidence: float, deleted_at: str | None = None
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


def _plans(
    relations: Sequence[ProposedRelation], by_name: Mapping[str, SourceTable], look: Words
) -> tuple[PlanGuess, ...]:
    names = {name: {column.name for column in table.columns} for name, table in by_name.items()}
    seen: dict[str, None] = {}
    for relation in relations:
        for column in relation.columns:
            if column.column in _PLAN_COLUMNS and column.theirs in names[relation.table]:
                seen.update(dict.fromkeys(look(relation.table, column.theirs) or ()))
    return plan_guesses(tuple(seen))


def _with_words(
    relation: ProposedRelation, table: SourceTable, plans: tuple[PlanGuess, ...], look: Words
) -> ProposedRelation:
    kinds = {column.name: column.kind for column in columns_of(relation_named(relation.relation))}
    nullable = {column.name: column.nullable for column in table.columns}
    columns = []
    for column in relation.columns:
        worded = kinds[column.column] is ColumnKind.WORD or column.column in _PLAN_COLUMNS
        if worded and column.theirs in nullable:
            none_is_free = nullable[column.theirs] and (relation.relation, column.column) == ("account", "plan")
            theirs = look(relation.table, column.theirs)
            guess = word_guess(column.column, theirs, plans=plans, nullable=none_is_free)
            columns.append(dataclasses.replace(column, words=guess))
        else:
            columns.append(column)
    return dataclasses.replace(relation, columns=tuple(columns))
