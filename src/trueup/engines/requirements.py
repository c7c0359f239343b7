"""What a check needs of a mapping, and which part of that is missing."""

from __future__ import annotations

from collections.abc import Mapping

from trueup.engines.sql import Need, needs_of
from trueup.model.check import Check
from trueup.model.relations import (
    CONFIGURED,
    EMPTY_WHEN_UNMAPPED,
    GATES,
    MADE,
    columns_of,
    relation_name,
    relation_named,
)

NO_MATRIX = (
    'no matrix of plan gates: set matrix = "gates.toml" under [gates], or write enabled = false there if there are none'
)
NO_LISTING = (
    "no probe could list the app's features: add one that lists them (callable with lists, file, query), or switch "
    "the check off under [policy.severity]"
)

OR = " or "
"""Between the columns of a need of which one is enough."""

_GATES = frozenset(map(relation_name, GATES))
_LISTING = "gate_feature.feature"
_ALWAYS_THERE = frozenset(map(relation_name, (*CONFIGURED, *GATES, *MADE)))
_MAY_BE_UNMAPPED = frozenset(map(relation_name, EMPTY_WHEN_UNMAPPED))

MappedColumns = Mapping[str, frozenset[str]]
"""The columns that are mapped, by relation."""


def needs_of_check(check: Check) -> frozenset[Need]:
    """Every relation and column that the check's SQL reads, except those that derived relations read only if mapped."""
    return needs_of(check.population) | needs_of(check.violations)


def reads_of_check(check: Check) -> frozenset[Need]:
    """Every relation and column that the check reads, those included that it can do without."""
    return needs_of(check.population, with_optional=True) | needs_of(check.violations, with_optional=True)


def unmapped(check: Check, mapped: MappedColumns, *, plans_configured: bool) -> tuple[str, ...]:
    """What this check needs and cannot have, as the config names it; empty when it can run.

    A column with a neutral value is needed only if the check says so in ``requires``, of which one is enough where it
    says ``or``; what can only excuse (``optional``) is not needed at all.
    """
    needed = _needed(check)
    missing = {_missing(relation, column, mapped) for relation, column in needed}
    missing |= {need for need in check.requires if need != _LISTING and not _is_any_mapped(need, mapped)}
    if not plans_configured and any(relation == "plan" for relation, _ in needed):
        missing.add("plans")
    return tuple(sorted(name for name in missing if name))


def reads_gates(check: Check) -> bool:
    """Whether the check is about plan gates, and so needs a matrix."""
    return any(relation in _GATES for relation, _ in needs_of_check(check))


def needs_listing(check: Check) -> bool:
    """Whether the check needs a probe that names every feature of the app."""
    return _LISTING in check.requires


def is_optional(check: Check, relation: str) -> bool:
    """Whether the check reads the relation only where it is mapped."""
    return all(relation != need for need, _ in _needed(check))


def is_without(check: Check, without: frozenset[str]) -> bool:
    """Whether the check needs a relation that the business says it does not have."""
    return bool(without) and any(relation in without for relation, _ in _needed(check))


def _needed(check: Check) -> frozenset[Need]:
    return frozenset(need for need in needs_of_check(check) if not {need[0], ".".join(need)} & {*check.optional})


def _missing(relation: str, column: str, mapped: MappedColumns) -> str | None:
    if relation in _ALWAYS_THERE:
        return None
    if relation not in mapped:
        return None if relation in _MAY_BE_UNMAPPED else relation
    if not column or _is_mapped(relation, column, mapped):
        return None
    neutral = next(
        known_column.has_neutral for known_column in columns_of(relation_named(relation)) if known_column.name == column
    )
    return None if neutral else f"{relation}.{column}"


def _is_any_mapped(need: str, mapped: MappedColumns) -> bool:
    return any(_is_mapped(*_split(column), mapped) for column in need.split(OR))


def _is_mapped(relation: str, column: str, mapped: MappedColumns) -> bool:
    return column in mapped.get(relation, frozenset())


def _split(need: str) -> tuple[str, str]:
    relation, _, column = need.partition(".")
    return relation, column
