"""``gates.toml``: which plan gets which feature, and how much of each limited one; read and checked for mistakes."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from trueup.config.config_errors import complaint, suggestion
from trueup.config.toml_text import TooDeep, parse_toml
from trueup.disk import read_file
from trueup.model.errors import ConfigurationError
from trueup.model.gate import FEATURE_NAME, LIMIT_HIGHEST
from trueup.model.relations import GateExpectation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from trueup.config.config_errors import Key
    from trueup.model.relations import Plan

MATRIX_BYTES_LIMIT = 4 * 1024 * 1024  # a hundred thousand features

_TABLES = ("features", "limits")
_WAYS = ("min_plan", "team_only", "plans")
_DELIBERATE = "deliberate"
_TEAM = "team"
_SAYS_HOW = 'must say which plans have it: { min_plan = "PRO" }, { team_only = true } or { plans = ["PRO"] }'


def read_matrix(path: Path, plans: Sequence[Plan]) -> tuple[GateExpectation, ...]:
    """Read the matrix: a row for each feature and limit on each plan, in the file's order and by rank.

    Raises ``ConfigurationError`` for the first thing that cannot be right, or is probably a mistake.
    """
    content = _parse(path)
    for table in content:
        if table not in _TABLES:
            raise complaint(path, (table,), f"is not a known table{suggestion(table, _TABLES)}")
    features, limits = (_table(content, name, path) for name in _TABLES)
    _refuse_repeated([("features", name) for name in features] + [("limits", name) for name in limits], path)
    if not features and not limits:
        raise ConfigurationError(f"The matrix {path} names no feature; write one under [features].")
    cells = [*_features(features, plans, path), *_limits(limits, plans, path)]
    return tuple(cells)


def _parse(path: Path) -> Mapping[str, object]:
    try:
        text = read_file(path, most_bytes=MATRIX_BYTES_LIMIT).decode("utf-8-sig")
        return parse_toml(text)
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no matrix at {path}; write which plan gets which feature there, or correct gates.matrix."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"The matrix {path} cannot be read: {error.strerror or 'no reason given'}.") from None
    except TooDeep as error:
        raise ConfigurationError(f"The matrix {path} is nested too deeply to read: {error}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"The matrix {path} is not UTF-8 text; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The matrix {path} is not valid TOML: {error}.") from None
    except (ValueError, ArithmeticError):
        raise ConfigurationError(f"The matrix {path} holds a number that is too long to read.") from None


def _table(content: Mapping[str, object], name: str, path: Path) -> Mapping[str, object]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise complaint(path, (name,), "must be a table")
    return table


def _refuse_repeated(keys: Sequence[tuple[str, str]], path: Path) -> None:
    """Refuse a name that occurs twice, even with another case: it is either a feature or a limit."""
    taken: dict[str, tuple[str, str]] = {}
    for key in keys:
        if not re.fullmatch(FEATURE_NAME, key[1]):
            raise complaint(path, key, "is not a name for a feature: letters, digits and _ . / - only, at most 100")
        before = taken.setdefault(key[1].casefold(), key)
        if before != key:
            both = "is also a limit" if before[0] != key[0] and key[0] == "features" else f"is {'.'.join(before)} again"
            mend = "a feature is either allowed or limited" if before[0] != key[0] else "keep one of them"
            raise complaint(path, key, f"{both}: {mend}")


def _features(table: Mapping[str, object], plans: Sequence[Plan], path: Path) -> Iterator[GateExpectation]:
    for feature, entry in table.items():
        key = ("features", feature)
        if not isinstance(entry, dict):
            raise complaint(path, key, _SAYS_HOW)
        having = _read_plans(entry, plans, key, path)
        _refuse_holes(having, plans, key, path, deliberate=_flag(entry, _DELIBERATE, key, path))
        for plan in plans:
            yield GateExpectation(feature=feature, plan=plan.plan, is_limit=False, expected=int(plan.plan in having))


def _read_plans(entry: Mapping[str, object], plans: Sequence[Plan], key: Key, path: Path) -> frozenset[str]:
    """Return the plans that have a feature."""
    for word in entry:
        if word not in (*_WAYS, _DELIBERATE):
            raise complaint(path, (*key, word), f"is not a known key{suggestion(word, (*_WAYS, _DELIBERATE))}")
    ways = [way for way in _WAYS if way in entry]
    if len(ways) != 1:
        raise complaint(path, key, f"says {' and '.join(ways)}: keep one of them" if ways else _SAYS_HOW)
    (way,) = ways
    if way == "plans":
        return _read_plan_names(entry[way], plans, (*key, way), path)
    if way == "min_plan":
        lowest = _plan(entry[way], plans, (*key, way), path).rank
    else:
        if entry[way] is not True:
            raise complaint(path, (*key, way), "must be true; leave it out and write min_plan or plans instead")
        lowest = team_rank(plans)
    return frozenset(plan.plan for plan in plans if plan.rank >= lowest)


def team_rank(plans: Sequence[Plan]) -> int:
    """The lowest rank that has a ``team_only`` feature: that of the plan called TEAM, else the highest rank."""
    return next((plan.rank for plan in plans if plan.plan.casefold() == _TEAM), max(plan.rank for plan in plans))


def _read_plan_names(value: object, plans: Sequence[Plan], key: Key, path: Path) -> frozenset[str]:
    if not isinstance(value, list):
        raise complaint(path, key, 'must be a list of plans, such as ["PRO", "TEAM"]')
    names: set[str] = set()
    for position, word in enumerate(value):
        plan = _plan(word, plans, (*key, position), path).plan
        if plan in names:
            raise complaint(path, (*key, position), f'names "{plan}" a second time')
        names.add(plan)
    return frozenset(names)


def _plan(value: object, plans: Sequence[Plan], key: Key, path: Path) -> Plan:
    plan_row = next((plan for plan in plans if plan.plan == value), None)
    if plan_row is None:
        if not isinstance(value, str):
            raise complaint(path, key, "must be the name of a plan")
        raise complaint(path, key, f'is "{value}", which is not a plan{suggestion(value, _names(plans))}')
    return plan_row


def _names(plans: Collection[Plan]) -> tuple[str, ...]:
    return tuple(plan.plan for plan in plans)


def _flag(entry: Mapping[str, object], word: str, key: Key, path: Path) -> bool:
    value = entry.get(word, False)
    if not isinstance(value, bool):
        raise complaint(path, (*key, word), "must be true or false")
    return value


def _refuse_holes(having: Collection[str], plans: Sequence[Plan], key: Key, path: Path, *, deliberate: bool) -> None:
    """Refuse a feature that a lower plan has and a higher one has not, unless the file says that it is meant."""
    hole = next(
        (
            (low.plan, high.plan)
            for high in plans
            for low in plans
            if low.rank < high.rank and low.plan in having and high.plan not in having
        ),
        None,
    )
    _judge(hole, "gives it to {} but not to {}", key, path, deliberate=deliberate)


def _judge(hole: tuple[str, str] | None, says: str, key: Key, path: Path, *, deliberate: bool) -> None:
    if hole is not None and not deliberate:
        mend = "write deliberate = true beside it if that is intended"
        raise complaint(path, key, f"{says.format(*hole)}, which is the higher plan: {mend}")
    if hole is None and deliberate:
        raise complaint(path, (*key, _DELIBERATE), "is not needed: no higher plan gets less; remove it")


def _limits(table: Mapping[str, object], plans: Sequence[Plan], path: Path) -> Iterator[GateExpectation]:
    for feature, entry in table.items():
        key = ("limits", feature)
        if not isinstance(entry, dict):
            raise complaint(path, key, "must name a number for each plan, such as { FREE = 1, PRO = 5 }")
        numbers = {word: value for word, value in entry.items() if word != _DELIBERATE}
        for word, value in numbers.items():
            _plan(word, plans, (*key, word), path)
            if type(value) is not int or not 0 <= value <= LIMIT_HIGHEST:
                raise complaint(path, (*key, word), f"must be a whole number from 0 to {LIMIT_HIGHEST}")
        missing = [plan.plan for plan in plans if plan.plan not in numbers]
        if missing:
            raise complaint(path, key, f"names no number for {' and '.join(missing)}: every plan needs one, 0 included")
        _refuse_falling(numbers, plans, key, path, deliberate=_flag(entry, _DELIBERATE, key, path))
        for plan in plans:
            yield GateExpectation(feature=feature, plan=plan.plan, is_limit=True, expected=numbers[plan.plan])


def _refuse_falling(
    numbers: Mapping[str, int], plans: Sequence[Plan], key: Key, path: Path, *, deliberate: bool
) -> None:
    fall = next(
        (
            (f"{numbers[low.plan]} to {low.plan}", f"{numbers[high.plan]} to {high.plan}")
            for high in plans
            for low in plans
            if low.rank < high.rank and numbers[low.plan] > numbers[high.plan]
        ),
        None,
    )
    _judge(fall, "gives {} and {}", key, path, deliberate=deliberate)
