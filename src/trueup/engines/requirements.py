"""What a check needs of a mapping, and which part of that is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

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
OR_ALSO = " or also "
"""Before further columns that are enough: an app without the ones before is not asked whether it has them."""

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


def absent_need(check: Check, absent: Mapping[str, str], mapped: MappedColumns) -> str | None:
    """Return why the check does not apply, as the sentence of the first thing it needs that is absent; None if it does.

    A relation goes before a column, so that the line of the config that leaves most unseen is the one that is named. A
    relation that only excuses is not needed, and neither is a column with a neutral value, except through ``requires``.
    """
    if not absent:
        return None
    needed = _needed(check)
    relations = {relation for relation, _ in needed if relation not in _MAY_BE_UNMAPPED}
    columns = {f"{relation}.{column}" for relation, column in needed if _is_a_fact(relation, column)}
    required = {name for need in check.requires if (name := _absent_option(check, need, absent, mapped))}
    in_order = (*sorted(relations), *sorted(name for name in required if "." not in name), *sorted(columns | required))
    return next((absent[name] for name in in_order if name in absent), None)


def unmapped(
    check: Check, mapped: MappedColumns, *, plans_configured: bool, absent: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """What this check needs and cannot have, as the config names it; empty when it can run.

    What is ``absent`` is known, and so is not missing. That the check applies is for ``absent_need`` to say.

    A column with a neutral value is needed only if the check says so in ``requires``, of which one is enough where it
    says ``or``; what can only excuse (``optional``) is not needed at all.
    """
    needed = _needed(check)
    missing = {_missing(relation, column, mapped) for relation, column in needed}
    missing |= {
        _expected(need)
        for need in check.requires
        if need != _LISTING and not _is_any_mapped(need, mapped) and not _is_said(check, need, absent)
    }
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


def _is_a_fact(relation: str, column: str) -> bool:
    """Whether this is a column that nothing can be put in the place of."""
    return bool(column) and any(
        known.name == column and not known.has_neutral for known in columns_of(relation_named(relation))
    )


def _absent_option(check: Check, need: str, absent: Mapping[str, str], mapped: MappedColumns) -> str | None:
    """What is absent of a need of which one option is enough: None unless all of its options are.

    An app without a relation that may be unmapped has none of it, so that option is not one.
    """
    options = _expected(need).split(OR)
    if _is_any_mapped(need, mapped) or all(option in check.answers_without for option in options):
        return None
    possible = [option for option in options if _split(option)[0] not in _MAY_BE_UNMAPPED] or options
    names = [next((name for name in (_split(option)[0], option) if name in absent), None) for option in possible]
    return names[0] if all(names) else None


def _is_said(check: Check, need: str, absent: Mapping[str, str]) -> bool:
    return all(option in absent and option in check.answers_without for option in _expected(need).split(OR))


def _is_any_mapped(need: str, mapped: MappedColumns) -> bool:
    return any(_is_mapped(*_split(column), mapped) for column in options_of(need))


def options_of(need: str) -> Sequence[str]:
    """The columns of a need of which one is enough."""
    return need.replace(OR_ALSO, OR).split(OR)


def _expected(need: str) -> str:
    return need.partition(OR_ALSO)[0]


def _is_mapped(relation: str, column: str, mapped: MappedColumns) -> bool:
    return column in mapped.get(relation, frozenset())


def _split(need: str) -> tuple[str, str]:
    relation, _, column = need.partition(".")
    return relation, column
