"""Choose what an audit reads of a mapping: columns that no check needs are not copied."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from trueup.engines.requirements import reads_of_check
from trueup.engines.sql import Need
from trueup.model.check import Check
from trueup.model.columns import ColumnKind
from trueup.model.relations import ABOUT_READING, columns_of, relation_name, relation_named
from trueup.model.source import RelationMapping

_ABOUT_READING = frozenset(map(relation_name, ABOUT_READING))
_OF_PLANS = ("account_id", "status", "plan", "price_id")
"""What is read of subscriptions that say the plans of accounts."""


def needed_mappings(
    fitted: Sequence[RelationMapping], checks: Sequence[Check], *, plans_exempted: bool = False
) -> tuple[RelationMapping, ...]:
    """The part of the mapping that these checks read. Everything else, such as personal data, is not copied.

    A check about the reading itself needs every relation, or it would find nothing because nothing was read. Where
    whole plans are exempted, each account's plan is needed too, whatever the checks read.
    """
    needs = {need for check in checks for need in reads_of_check(check)}
    if plans_exempted:
        needs |= {("account", "account_id"), ("account", "plan")}
    about_reading = any(relation in _ABOUT_READING for relation, _ in needs)
    if about_reading or ("account", "plan") in needs:
        sources = {mapping.plan_from for mapping in fitted if mapping.plan_from is not None}
        needs |= {(source, column) for source in sources for column in _OF_PLANS}
    else:
        fitted = [dataclasses.replace(mapping, plan_from=None) for mapping in fitted]
    relations = {relation for relation, _ in needs}
    return tuple(_narrowed(m, needs) for m in fitted if about_reading or m.relation in relations)


def _narrowed(mapping: RelationMapping, needs: Collection[Need]) -> RelationMapping:
    """The mapping without text that no check reads; a value that could be unreadable is always read."""
    read = {
        column.name
        for column in columns_of(relation_named(mapping.relation))
        if column.is_key or column.kind is not ColumnKind.TEXT or (mapping.relation, column.name) in needs
    }
    columns = {name: source for name, source in mapping.columns.items() if name in read}
    parts = tuple(_narrowed(part, needs) for part in mapping.parts)
    return dataclasses.replace(mapping, columns=columns, parts=parts)
