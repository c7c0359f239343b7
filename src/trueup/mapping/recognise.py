"""Recognise known schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.config.preset import preset_named, preset_names
from trueup.config.relations import relation_mappings
from trueup.config.stripe_tables import object_table, stripe_preset_named, stripe_preset_names
from trueup.mapping.resolve import fit
from trueup.mapping.resolve_stripe import fit_stripe
from trueup.model.errors import ConfigurationError
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import schema_and_table
from trueup.model.stripe_settings import StripeTables

if TYPE_CHECKING:
    from trueup.config.relations import Need
    from trueup.model.source import RelationMapping, SourceTable

_TELLING = ("account", "ledger_entry", "webhook_event")
_TELLING_OBJECTS = ("customers", "subscriptions", "invoices")


def recognised(tables: Sequence[SourceTable]) -> tuple[str, Mapping[str, RelationMapping]] | None:
    """Return the name of the preset that this schema matches, and the mappings of those of its relations that exist.

    It matches where accounts, ledger and webhook events exist with all the columns that they need.
    """
    for name in preset_names():
        preset = preset_named(name)
        if preset.recognised_by or not set(_TELLING) <= set(preset.relations):
            continue
        mappings = relation_mappings({}, preset.relations, plans=preset.plans, dialect="", path=Path(name))
        try:
            fit({relation: mappings[relation] for relation in _TELLING}, tables, required=_indispensable())
        except ConfigurationError:
            continue
        return name, fit(mappings, tables, required=())[0]
    return None


def recognised_app(tables: Sequence[SourceTable]) -> tuple[str, tuple[str, ...]] | None:
    """Return the preset of the framework whose tables are here, and what of it is missing; None where none is.

    All tables and columns by which it is known must be there; of two, the one with more of them is meant.
    """
    live = {table.name: {column.name for column in table.columns} for table in tables}
    known = [
        (sum(map(len, by.values())), name)
        for name in preset_names()
        if (by := preset_named(name).recognised_by)
        and all(set(columns) <= live.get(table, set()) for table, columns in by.items())
    ]
    if not known:
        return None
    name = max(known)[1]
    preset = preset_named(name)
    mappings = relation_mappings({}, preset.relations, plans=preset.plans, dialect="", path=Path(name))
    return name, fit(mappings, tables, required=())[1]


def _indispensable() -> frozenset[Need]:
    return frozenset(
        (relation, column.name)
        for relation in _TELLING
        for column in columns_of(relation_named(relation))
        if not column.has_neutral
    )


def recognised_stripe(tables: Sequence[SourceTable], *, dialect: str | None) -> tuple[str, frozenset[str]] | None:
    """The sync tool that keeps Stripe's objects in this schema, recognised by its essential tables; and its tables.

    The tables are those that it is known for, and the others with their schema or prefix, if they share one. A tool
    that keeps no whole objects is not recognised: any app may have tables of such names.
    """
    for name in stripe_preset_names():
        wanted = {
            kind: object_table(section) for kind, section in stripe_preset_named(name).objects.items() if section.object
        }
        fitted = fit_stripe(StripeTables(objects=wanted), tables, dialect=dialect or "postgres")
        if set(_TELLING_OBJECTS) <= set(fitted.objects):
            named = frozenset(mapping.table for mapping in fitted.objects.values())
            heads = {_head(table) for table in named}
            others = (
                {t.qualified_name for t in tables if _head(t.qualified_name) in heads} if len(heads) == 1 else set()
            )
            return name, named | others
    return None


def _head(table: str) -> str:
    schema, bare = schema_and_table(table)
    return f"{schema}." if schema else f"{bare.partition('_')[0]}_"
