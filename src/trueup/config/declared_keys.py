"""The keys of a settings class as keys of a table of the file, and a table's values as its settings."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from trueup.config.field_types import Exact, NotNegative, Text, Words, one_of, whole
from trueup.model.config_key import Bounds, keys_of

S = TypeVar("S", bound="Section")
T = TypeVar("T")

_OF_EACH = {Decimal: Exact, str: Text, bool: bool, date: date}


class Section(BaseModel):
    """A table of the file: no unknown keys, no conversions, and no value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    declared_by: ClassVar[type | None] = None
    """The settings class whose keys the table has, beside those that it declares itself."""


def with_keys_of(settings: type) -> Callable[[type[S]], type[S]]:
    """Give the table the keys of this settings class."""

    def add(section: type[S]) -> type[S]:
        hints = typing.get_type_hints(settings)
        fields: dict[str, Any] = {
            field.name: (_validated(hints[field.name], bounds), _default(field)) for field, bounds in keys_of(settings)
        }
        extended = create_model(
            section.__name__, __base__=section, __module__=section.__module__, __doc__=section.__doc__, **fields
        )
        extended.declared_by = settings
        return extended

    return add


def settings_from(settings: type[T], section: Section, **others: Any) -> T:
    """Return the settings that the table's keys say; ``others`` are the fields that are not keys, or not only."""
    values = {field.name: _frozen(getattr(section, field.name)) for field, _ in keys_of(settings)}
    return settings(**(values | others))


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return Field(default_factory=field.default_factory)
    if field.default is dataclasses.MISSING:
        return ...
    if isinstance(field.default, tuple):
        return Field(default_factory=lambda: list(field.default))
    return field.default


def _validated(hint: Any, bounds: Bounds) -> Any:
    """Return the type of the key in the file, with the sentence that refuses a wrong value."""
    if isinstance(hint, types.UnionType):
        (inside,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
        return _validated(inside, bounds) | None
    if bounds.within is not None:
        return Annotated[int, BeforeValidator(whole(bounds.within.least, bounds.within.most))]
    if bounds.not_negative:
        return NotNegative
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        words = one_of(tuple(hint), f"a {hint.__name__.lower()}")
        return Annotated[hint, BeforeValidator(hint), BeforeValidator(words)]
    match typing.get_origin(hint), typing.get_args(hint):
        case origin, (item, *_) if origin is tuple:
            return types.GenericAlias(list, (_validated(item, bounds),))
        case _, (_, item) if typing.get_origin(item) is tuple:
            return dict[str, Words]
        case _, (_, item):
            return types.GenericAlias(dict, (str, _validated(item, bounds)))
        case _:
            return _OF_EACH[hint]


def _frozen(value: Any) -> Any:
    match value:
        case list():
            return tuple(value)
        case dict():
            return {name: _frozen(item) for name, item in value.items()}
        case _:
            return value
