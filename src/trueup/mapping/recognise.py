"""Known schemas, recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trueup.mapping.fit import fit
from trueup.mapping.preset import preset_named, preset_names
from trueup.mapping.relations import relation_mappings
from trueup.model.errors import ConfigurationError
from trueup.model.relations import columns_of, relation_named

if TYPE_CHECKING:
    from trueup.mapping.relations import Need
    from trueup.model.source import RelationMapping, SourceTable

_TELLING = ("account", "ledger_entry", "webhook_event")


def recognised(tables: Sequence[SourceTable]) -> tuple[str, Mapping[str, RelationMapping]] | None:
    """The preset whose accounts, ledger and webhook events this schema has, with all that they cannot do without.

    Beside its name stands what of it is there.
    """
    for name in preset_names():
        preset = preset_named(name)
        mappings = relation_mappings({}, preset.relations, plans=preset.plans, path=Path(name))
        try:
            fit({relation: mappings[relation] for relation in _TELLING}, tables, required=_indispensable())
        except ConfigurationError:
            continue
        return name, fit(mappings, tables, required=())[0]
    return None


def _indispensable() -> frozenset[Need]:
    return frozenset(
        (relation, column.name)
        for relation in _TELLING
        for column in columns_of(relation_named(relation))
        if not column.has_neutral
    )
