"""The catalogue. One file is one check; the folder is the registry: adding a check is adding a file."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from types import ModuleType

from trueup.checks.moved_modules import former_names
from trueup.model.check import Check
from trueup.model.errors import ConfigurationError
from trueup.model.finding import Area

ENTRY_POINTS = "trueup.checks"
"""The entry-point group through which an installed package adds checks: each entry point names a ``Check``."""


def catalogue(extra: Iterable[Check] = ()) -> tuple[Check, ...]:
    """Every check: built in, installed, and ``extra``; by area, then by id.

    Raises ``ConfigurationError`` when two checks share an id.
    """
    with former_names():
        checks = [*_built_in_and_installed(), *extra]
    by_id: dict[str, Check] = {}
    for check in checks:
        if check.id in by_id:
            raise ConfigurationError(f'Two checks have the id "{check.id}"; give yours another id.')
        by_id[check.id] = check
    areas = tuple(Area)
    return tuple(sorted(checks, key=lambda check: (areas.index(check.area), check.id)))


@functools.cache
def _built_in_and_installed() -> tuple[Check, ...]:
    """Return the checks that do not change while the process runs. To look for installed ones reads many files."""
    return (*_ours(), *_installed())


def check_of(module: ModuleType) -> Check:
    """The module's ``CHECK``, with the module's docstring as its invariant.

    Raises ``ConfigurationError`` when the module has none.
    """
    check = getattr(module, "CHECK", None)
    if not isinstance(check, Check):
        raise ConfigurationError(
            f"{module.__name__} is in the checks folder but defines no CHECK; add one or move the file."
        )
    return dataclasses.replace(check, invariant=(module.__doc__ or "").strip())


def _ours() -> Iterator[Check]:
    package = sys.modules[__name__]
    for area in Area:
        folder = importlib.import_module(f"{package.__name__}.{area.value}")
        for module in pkgutil.iter_modules(folder.__path__):
            yield check_of(importlib.import_module(f"{folder.__name__}.{module.name}"))


def _installed() -> Iterator[Check]:
    for entry_point in entry_points(group=ENTRY_POINTS):
        loaded = entry_point.load()
        if isinstance(loaded, ModuleType):
            yield check_of(loaded)
        elif isinstance(loaded, Check):
            yield loaded
        else:
            raise ConfigurationError(f'The entry point "{entry_point.name}" of {ENTRY_POINTS} is not a Check.')
