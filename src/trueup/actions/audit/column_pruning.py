"""Choose what an audit reads of a mapping: columns that no check needs are not copied."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from trueup.engines.requirements import reads_of_check
from trueup.engines.sql import Need
from trueup.model.check import Check
from trueup.model.columns import Kind
from trueup.model.relations import ABOUT_READING, columns_of, relation_name, relation_named
from trueup.model.source import RelationMapping


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
    relations = {relation for relation, _ in needs}
    about_reading = bool(relations & {relation_name(relation) for relation in ABOUT_READING})
    return tuple(_narrowed(m, needs) for m in fitted if about_reading or m.relation in relations)


def _narrowed(mapping: RelationMapping, needs: Collection[Need]) -> RelationMapping:
    """The mapping without text that no check reads; a value that could be unreadable is always read."""
    read = {
        column.name
        for column in columns_of(relation_named(mapping.relation))
        if column.is_key or column.kind is not Kind.TEXT or (mapping.relation, column.name) in needs
    }
    columns = {name: source for name, source in mapping.columns.items() if name in read}
    parts = tuple(_narrowed(part, needs) for part in mapping.parts)
    return dataclasses.replace(mapping, columns=columns, parts=parts)
