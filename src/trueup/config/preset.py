"""Presets: the mappings of known schemas, one TOML file each, and how a config overrides one."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

from trueup.config.document import KnownPreset
from trueup.config.price_sections import PlanSection
from trueup.config.relation_sections import RelationSection

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX = ".toml"
T = TypeVar("T")


def preset_names() -> tuple[str, ...]:
    """The presets that come with trueup, in name order."""
    folder = files(__package__).joinpath("presets")
    return tuple(sorted(f.name.removesuffix(_SUFFIX) for f in folder.iterdir() if f.name.endswith(_SUFFIX)))


def preset_named(name: str) -> KnownPreset:
    """The preset of this name; ``KeyError`` when there is none."""
    if name not in preset_names():
        raise KeyError(name)
    text = files(__package__).joinpath("presets", name + _SUFFIX).read_text(encoding="utf-8")
    return KnownPreset.model_validate(tomllib.loads(text, parse_float=Decimal))


def plans_over(preset: Mapping[str, PlanSection], own: Mapping[str, PlanSection]) -> dict[str, PlanSection]:
    """The preset's plans, overridden key by key."""
    over = {
        name: preset[name].model_copy(update={key: getattr(plan, key) for key in plan.model_fields_set})
        for name, plan in own.items()
        if name in preset
    }
    return {**preset, **own, **over}


def relations_over(
    preset: Mapping[str, RelationSection], own: Mapping[str, RelationSection]
) -> dict[str, RelationSection]:
    """The preset's relations, overridden key by key."""
    over = {name: _relation_over(preset[name], relation) for name, relation in own.items() if name in preset}
    merged = _with_own_plan({**preset, **own, **over}, own)
    return {name: relation for name, relation in merged.items() if relation.absent is not True}


def _with_own_plan(
    merged: dict[str, RelationSection], own: Mapping[str, RelationSection]
) -> dict[str, RelationSection]:
    """The relations, with what the config itself says of the accounts' plan in place of a preset's ``plan_from``.

    A column of plans, or that there is none, replaces it; words of plans are then those of the subscriptions.
    """
    account, stated = merged.get("account"), own.get("account")
    if account is None or stated is None or account.plan_from is None or stated.plan_from is not None:
        return merged
    absent = stated.absent if isinstance(stated.absent, list) else []
    if "plan" in stated.columns or "plan" in absent or any("plan" in place.columns for place in stated.places or ()):
        return {**merged, "account": account.model_copy(update={"plan_from": None})}
    source, words = merged.get(account.plan_from), account.values.get("plan")
    if source is None or words is None:
        return merged
    of_accounts = {column: meaning for column, meaning in account.values.items() if column != "plan"}
    of_source = {**source.values, "plan": _words_over(source.values.get("plan", {}), words)}
    return {
        **merged,
        "account": account.model_copy(update={"values": of_accounts}),
        account.plan_from: source.model_copy(update={"values": of_source}),
    }


def _relation_over(preset: RelationSection, own: RelationSection) -> RelationSection:
    absent = own.absent if isinstance(own.absent, list) else []
    # Density is a promise about one column of one table; it does not hold for another table or column.
    same_sequence = own.table is None and "sequence" not in {*own.columns, *absent}
    dense = own.dense_sequence if own.dense_sequence is not None else preset.dense_sequence and same_sequence
    is_elsewhere = own.table is not None or own.query is not None
    changed = {key: getattr(own, key) for key in own.model_fields_set} | {
        "table": own.table or (None if own.query else preset.table),
        "query": own.query or (None if own.table else preset.query),
        "places": own.places if own.places is not None else None if is_elsewhere else preset.places,
        "dense_sequence": dense,
        "absent": own.absent,
        "columns": _less({**preset.columns, **own.columns}, absent),
        "values": _less(
            {
                column: _words_over(preset.values.get(column, {}), own.values.get(column, {}))
                for column in {**preset.values, **own.values}
            },
            absent,
        ),
    }
    return preset.model_copy(update=changed)


def _less(columns: dict[str, T], absent: list[str]) -> dict[str, T]:
    """What is said of columns, without those that the config says are absent."""
    return {name: value for name, value in columns.items() if name not in absent}


def _words_over(preset: Mapping[str, list[str]], own: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Remove a word that the config maps from the preset's meaning of it."""
    claimed = {word for words in own.values() for word in words}
    kept = {ours: [word for word in words if word not in claimed] for ours, words in preset.items()}
    return {**kept, **own}
