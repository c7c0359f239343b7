"""Turn ``[stripe]`` and ``[relations.stripe_…]`` into the tables or files that hold Stripe's side."""

from __future__ import annotations

import tomllib
from datetime import datetime, time
from importlib.resources import files
from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, suggestion
from trueup.config.relations import named_in
from trueup.config.stripe_sections import ObjectsSection, StripePreset
from trueup.model.stripe_objects import OBJECT_KINDS
from trueup.model.stripe_settings import ObjectTable, StripeTables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from trueup.config.relation_sections import RelationSection
    from trueup.config.stripe_sections import StripeSection
    from trueup.model.source import RelationMapping

API, DATABASE, FILES = "api", "database", "files"
_SUFFIX = ".toml"


def stripe_preset_names() -> tuple[str, ...]:
    """The sync tools whose tables trueup knows, in name order."""
    folder = files(__package__).joinpath("stripe_presets")
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in folder.iterdir() if f.name.endswith(_SUFFIX)))


def stripe_preset_named(name: str) -> StripePreset:
    """The tables of this sync tool; ``KeyError`` when there is none of this name."""
    if name not in stripe_preset_names():
        raise KeyError(name)
    text = files(__package__).joinpath("stripe_presets", name + _SUFFIX).read_text(encoding="utf-8")
    return StripePreset.model_validate(tomllib.loads(text))


def stripe_tables(
    section: StripeSection,
    own: Mapping[str, RelationSection],
    mappings: Mapping[str, RelationMapping],
    *,
    url: str | None,
    path: Path,
) -> StripeTables | None:
    """The tables or files of Stripe's side; None where the API supplies everything, or Stripe is not used.

    ``own`` are the sections of Stripe's relations, ``mappings`` what they mean, and ``url`` is ``[stripe] url`` with
    its secret resolved. Raises ``ConfigurationError`` for keys that do not belong to this supplier.
    """
    _refuse_others_keys(section, own, path)
    if section.supplier == API or not section.enabled:
        return None
    since = _start_of(section.complete_since)
    if section.supplier == FILES:
        return StripeTables(
            url=url,
            are_files=True,
            complete_since=since,
            stale_after_hours=section.stale_after_hours,
            may_be_empty=_known_kinds(section.may_be_empty, path),
        )
    objects = _objects(section, path)
    if not objects and not mappings:
        says = 'is "database", but no tables are named: add a preset, or write [relations.stripe_customer]'
        raise complaint(path, ("stripe", "supplier"), says)
    return StripeTables(
        url=url,
        relations=mappings,
        objects=objects,
        synced_at={name: relation.synced_at for name, relation in own.items() if relation.synced_at},
        required=named_in(own),
        complete_since=since,
        stale_after_hours=section.stale_after_hours,
    )


def _refuse_others_keys(section: StripeSection, own: Mapping[str, RelationSection], path: Path) -> None:
    if section.supplier == FILES and section.url is None:
        raise complaint(path, ("stripe", "url"), 'is missing: name the folder of the files, as supplier = "files" says')
    if section.supplier != DATABASE:
        given = [("stripe", key) for key in ("preset", "objects") if getattr(section, key)]
        given += [("relations", name) for name in own]
        for key in given:
            says = f'needs supplier = "database" in [stripe], which has "{section.supplier}"'
            raise complaint(path, key, says)
    if section.supplier != FILES and section.may_be_empty:
        raise complaint(path, ("stripe", "may_be_empty"), 'needs supplier = "files" in [stripe]')
    if section.supplier == API:
        for name in ("url", "complete_since"):
            if getattr(section, name) is not None:
                raise complaint(path, ("stripe", name), 'needs supplier = "database" or "files" in [stripe]')


def _known_kinds(kinds: Sequence[str], path: Path) -> tuple[str, ...]:
    for position, kind in enumerate(kinds):
        if kind not in OBJECT_KINDS:
            problem = f"is not a kind of Stripe's objects{suggestion(kind, OBJECT_KINDS)}"
            raise complaint(path, ("stripe", "may_be_empty", position), problem)
    return tuple(kinds)


def _objects(section: StripeSection, path: Path) -> dict[str, ObjectTable]:
    for kind in section.objects:
        if kind not in OBJECT_KINDS:
            problem = f"is not a kind of Stripe's objects{suggestion(kind, OBJECT_KINDS)}"
            raise complaint(path, ("stripe", "objects", kind), problem)
    preset: Mapping[str, ObjectsSection] = {}
    if section.preset is not None:
        known = stripe_preset_names()
        if section.preset not in known:
            problem = f'is "{section.preset}", which trueup does not have{suggestion(section.preset, known)}'
            raise complaint(path, ("stripe", "preset"), problem)
        preset = stripe_preset_named(section.preset).objects
    kinds = dict.fromkeys((*preset, *section.objects))
    return {kind: _table(kind, preset.get(kind), section.objects.get(kind), path) for kind in kinds}


def _table(kind: str, preset: ObjectsSection | None, own: ObjectsSection | None, path: Path) -> ObjectTable:
    """The config's keys override the preset's one by one; a table of the config has only its own columns."""
    merged = own or preset or ObjectsSection()
    if own is not None and preset is not None:
        merged = preset.model_copy(update={key: getattr(own, key) for key in own.model_fields_set})
    key = ("stripe", "objects", kind)
    if merged.table is None:
        raise complaint(path, (*key, "table"), "is missing: name the table that holds these objects")
    if not merged.object and not merged.fields:
        raise complaint(path, (*key, "object"), "is missing: name the column that holds the object's JSON")
    return object_table(merged, is_own=own is not None)


def object_table(section: ObjectsSection, *, is_own: bool = False) -> ObjectTable:
    """A section with its table, as a value."""
    return ObjectTable(
        table=section.table or "",
        where=section.where,
        object=tuple(section.object),
        fields={name: tuple(columns) for name, columns in section.fields.items()},
        metadata=section.metadata,
        account=tuple(section.account),
        livemode=tuple(section.livemode),
        synced_at=tuple(section.synced_at),
        is_own=is_own,
    )


def _start_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min)
