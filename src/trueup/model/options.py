"""The options of a kind of channel or probe: fields of a frozen dataclass, each with its meaning, set in the config."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from trueup.model.errors import ConfigurationError, nearest
from trueup.model.finding import printable
from trueup.model.settings import ChannelSettings, ProbeSettings

Options = TypeVar("Options")
Settings = ChannelSettings | ProbeSettings

_TYPE_WORDS: dict[object, str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    tuple[str, ...]: "a list of strings",
    tuple[int, ...]: "a list of whole numbers",
    Mapping[str, str]: "a table of strings",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option as the docs describe it. ``usual`` is the value that holds where the config is silent."""

    name: str
    field: str
    type: object
    means: str
    required: bool
    secret: bool
    usual: object = None

    @property
    def type_words(self) -> str:
        """The type in words."""
        return _TYPE_WORDS[self.type]


def option(means: str, *, default: Any = dataclasses.MISSING, secret: bool = False, name: str | None = None) -> Any:
    """Declare a field of a kind's ``Options``. Without a default it must be given; a secret is hidden from ``repr``.

    ``name`` is the option's name in the config, where it cannot be the field's name.
    """
    metadata = {"means": means, "secret": secret, "name": name}
    return dataclasses.field(default=default, repr=not secret, metadata=metadata)


def options_of(kind: type[Any]) -> Iterator[Option]:
    """The options that this dataclass declares, in their order."""
    hints = typing.get_type_hints(kind)
    for declared in dataclasses.fields(kind):
        required = declared.default is dataclasses.MISSING
        yield Option(
            name=declared.metadata["name"] or declared.name,
            field=declared.name,
            type=_plain(hints[declared.name]),
            means=declared.metadata["means"],
            required=required,
            secret=declared.metadata["secret"],
            usual=None if required else declared.default,
        )


def read_options(kind: type[Options], settings: Settings) -> Options:
    """Read the options of one channel or probe.

    Raises ``ConfigurationError`` for one that is unknown, missing or of another type.
    """
    known = {declared.name: declared for declared in options_of(kind)}
    for name in settings.options:
        if name not in known:
            near = nearest(name, known) or f"; known are {', '.join(known)}."
            raise ConfigurationError(f"{place(settings, name)} is not an option of {settings.kind}{near}")
    given = {}
    for name, declared in known.items():
        if name in settings.options:
            given[declared.field] = _typed(settings, declared)
        elif declared.required:
            raise ConfigurationError(f"{place(settings, name)} is missing: {_lower(declared.means)}")
    return kind(**given)


def place(settings: Settings, name: str) -> str:
    """The place of this option in the config."""
    return f"{settings.place}.{printable(name)}"


def _typed(settings: Settings, declared: Option) -> object:
    value = settings.options[declared.name]
    if declared.type == tuple[str, ...] and isinstance(value, str):
        return (value,)
    if not _is(value, declared.type):
        raise ConfigurationError(f"{place(settings, declared.name)} must be {declared.type_words}.")
    return value


def _is(value: object, wanted: object) -> bool:
    """Whether the value is exactly of this type, and not empty."""
    if wanted in (str, int, bool):
        return type(value) is wanted and value != ""
    of = typing.get_args(wanted)[-2 if typing.get_origin(wanted) is tuple else -1]
    if typing.get_origin(wanted) is tuple:
        return isinstance(value, tuple) and bool(value) and all(type(item) is of for item in value)
    return isinstance(value, Mapping) and bool(value) and all(type(item) is of for item in value.values())


def _plain(hint: Any) -> object:
    """The type without ``| None``."""
    if isinstance(hint, types.UnionType):
        return next(part for part in typing.get_args(hint) if part is not types.NoneType)
    return hint


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
