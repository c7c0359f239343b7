"""How likely a table is one of the relations, and a column one of their columns: by name, type and uniqueness."""

from __future__ import annotations

from collections.abc import Sequence

from trueup.mapping.column_types import Family, family_of, needed_instead
from trueup.mapping.names import DOUBTFUL, folded, likeness, table_likeness
from trueup.mapping.proposal import ENOUGH, ProposedColumn
from trueup.mapping.vocabulary import COLUMNS, EVIDENCE, TABLES
from trueup.model.columns import Column, ColumnKind
from trueup.model.relations import MAPPED, columns_of, relation_name, relation_named
from trueup.model.source import SourceColumn, SourceTable

_UNIQUE_BONUS = 0.04
_NAME_SUFFICES = 0.9
_INDISPENSABLE = {
    "ledger_entry": "amount",
    "plan_change": "account_id",
    "webhook_event": "event_id",
    "credit_grant": "expires_at",
}
_CREDIT_AMOUNTS = frozenset({"credit", "token", "credit_amount", "token_amount", "point"})


def chosen_tables(tables: Sequence[SourceTable]) -> dict[str, SourceTable]:
    """The best table for each relation, the likeliest pair first; a table is used once."""
    scores = [
        (table_score(relation, table), -rank, -position, relation, table)
        for rank, relation in enumerate(COLUMNS)
        for position, table in enumerate(tables)
    ]
    chosen: dict[str, SourceTable] = {}
    for score, _, _, relation, table in sorted(scores, key=lambda entry: entry[:3], reverse=True):
        if score >= ENOUGH and relation not in chosen and table not in chosen.values():
            chosen[relation] = table
    return {relation_name(r): chosen[relation_name(r)] for r in MAPPED if relation_name(r) in chosen}


def table_score(relation: str, table: SourceTable) -> float:
    """Half the name, half the columns by which such a table is recognised; 0 without its keys."""
    named = table_likeness(table.name, TABLES[relation])
    matched = {column.column: column for column in matched_columns(relation, table)}
    keys = [column.name for column in columns_of(relation_named(relation)) if column.is_key]
    telling = [matched[column].confidence for column in EVIDENCE[relation] if column in matched]
    by_name = relation == "webhook_event" and named >= _NAME_SUFFICES
    if any(key not in matched for key in keys) or (len(telling) == 1 and not by_name):
        return 0.0
    if relation == "member" and not named:
        return 0.0
    if _INDISPENSABLE.get(relation, keys[0]) not in matched or _is_wallet(relation, matched, table):
        return 0.0
    return round((named + sum(telling) / len(EVIDENCE[relation])) / 2, 4)


def matched_columns(relation: str, table: SourceTable, owner: str = "") -> tuple[ProposedColumn, ...]:
    """The likeliest pairs of trueup's columns and the app's; each is used once. ``owner``: the accounts."""
    ours = columns_of(relation_named(relation))
    pairs = [
        (column_score(relation, column, theirs, table, owner), -rank, -position, column, theirs)
        for rank, column in enumerate(ours)
        for position, theirs in enumerate(table.columns)
    ]
    taken: set[str] = set()
    matched: dict[str, ProposedColumn] = {}
    for score, _, _, column, theirs in sorted(pairs, key=lambda entry: entry[:3], reverse=True):
        if score >= ENOUGH and column.name not in matched and theirs.name not in taken:
            taken.add(theirs.name)
            matched[column.name] = ProposedColumn(column=column.name, theirs=theirs.name, confidence=score)
    return tuple(matched[column.name] for column in ours if column.name in matched)


def column_score(relation: str, column: Column, theirs: SourceColumn, table: SourceTable, owner: str = "") -> float:
    """0 to 1; 0 where the type cannot be right."""
    is_link = owner != "" and column.name == "account_id" and folded(theirs.name) == link_to(owner)
    score = 1.0 if is_link else likeness(theirs.name, COLUMNS[relation][column.name], owner=table.name)
    if not score or needed_instead(column.kind, theirs.type) or not _may_name_stripe(relation, column, theirs):
        return 0.0
    if (relation, column.name) == ("ledger_entry", "amount") and _is_money_beside_credits(theirs, table):
        return min(score, DOUBTFUL)
    unique = column.is_key and frozenset({theirs.name}) in table.unique
    return round(min(1.0, score + _UNIQUE_BONUS if unique else score), 2)


def link_to(table_name: str) -> str:
    """The usual name of a column that points at this table.

    >>> link_to("accounts_users"), link_to("Organizations")
    ('user_id', 'organization_id')
    """
    return f"{folded(table_name).rpartition('_')[2]}_id"


def _may_name_stripe(relation: str, column: Column, theirs: SourceColumn) -> bool:
    """Stripe's ids are text: an integer or a UUID is a row of the app itself."""
    if not column.name.startswith("stripe_") and (relation, column.name) != ("webhook_event", "event_id"):
        return True
    return column.kind is ColumnKind.TEXT and family_of(theirs.type) in (Family.TEXT, Family.UNKNOWN)


def _is_money_beside_credits(theirs: SourceColumn, table: SourceTable) -> bool:
    """``amount`` in a table that also counts credits is the price that was paid."""
    if folded(theirs.name) in _CREDIT_AMOUNTS:
        return False
    return any(folded(column.name) in _CREDIT_AMOUNTS for column in table.columns)


def _is_wallet(relation: str, matched: dict[str, ProposedColumn], table: SourceTable) -> bool:
    """One row per account is a balance, not a ledger of movements."""
    link = matched.get("account_id")
    return relation == "ledger_entry" and link is not None and frozenset({link.theirs}) in table.unique
