"""The errors of a config: one sentence that names the key, the file and the mend, and never a secret's value."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import printable

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

Key = Sequence[str | int]
"""The place in the file: table names, key names and list positions, outermost first."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LISTED = 12
_OF_A_KEY = "[key]"  # pydantic's last step where not the value but the key itself is wrong

_PROBLEMS = {
    "missing": "is missing",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "date_type": "must be a date without quotes, such as 2025-03-01",
}


def dotted(key: Key) -> str:
    """The key as TOML writes it; list positions count from one.

    >>> dotted(["policy", "severity", "a b"]), dotted(["exemptions", 0, "owner"])
    ('policy.severity."a b"', 'exemptions[1].owner')
    """
    text = ""
    for step in key:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            plain = step if _BARE.fullmatch(step) else f'"{printable(step)}"'
            text += f".{plain}" if text else plain
    return text


def complaint(path: Path, key: Key, problem: str) -> ConfigurationError:
    """The error whose sentence is "<key> in <file> <problem>."

    >>> print(complaint(Path("trueup.toml"), ["policy", "period_days"], "must be a whole number"))
    policy.period_days in trueup.toml must be a whole number.
    """
    return ConfigurationError(f"{dotted(key)} in {path} {problem}{'' if problem.endswith('?') else '.'}")


def suggestion(word: str, known: Collection[str]) -> str:
    """Suggest the nearest known word, or all of them where they are few and none is near.

    >>> suggestion("yearly", ["month", "year"]), suggestion("xyz", ["month", "year"])
    ('; did you mean "year"?', '; known are "month", "year"')
    """
    near = nearest(word, known)
    if near or not 0 < len(known) <= _LISTED:
        return near
    return "; known are " + ", ".join(f'"{printable(name)}"' for name in known)


def refuse_unknown_check(check: str, known_checks: Collection[str] | None, key: Key, path: Path) -> None:
    """Raise where no check has this id; with ``None`` any id is accepted."""
    if known_checks is not None and check not in known_checks:
        raise complaint(path, key, f'names an unknown check: there is no "{check}"{suggestion(check, known_checks)}')


def refused(path: Path, model: type[BaseModel], error: ValidationError) -> ConfigurationError:
    """Pydantic's errors as one sentence: about an unknown key if there is one, because a typo causes the others."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    first = next((detail for detail in details if detail["type"] == "extra_forbidden"), details[0])
    place = first["loc"][:-1] if first["loc"][-1:] == (_OF_A_KEY,) else first["loc"]
    return complaint(path, place, _problem(model, first))


def _problem(model: type[BaseModel], detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        *place, word = detail["loc"]
        return f"is not a known key{suggestion(str(word), _keys_at(model, place))}"
    return _PROBLEMS.get(detail["type"], detail["msg"])


def _keys_at(model: type[BaseModel], place: Key) -> tuple[str, ...]:
    current: Any = model
    for step in place:
        current = _inside(current, step)
    return tuple(field.alias or name for name, field in current.model_fields.items())


def _inside(annotation: Any, step: str | int) -> Any:
    fields = getattr(annotation, "model_fields", None)
    if fields is not None:
        return _plain(next(field.annotation for name, field in fields.items() if step in (name, field.alias)))
    return _plain(typing.get_args(annotation)[-1])


def _plain(annotation: Any) -> Any:
    """The annotation without ``Annotated`` and without ``| None``."""
    if typing.get_origin(annotation) is Annotated:
        return _plain(typing.get_args(annotation)[0])
    if isinstance(annotation, types.UnionType):
        return _plain(next(option for option in typing.get_args(annotation) if option is not types.NoneType))
    return annotation
