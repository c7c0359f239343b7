"""Modules that checks of other people import by the names they had: they work on, with a ``DeprecationWarning``."""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED: Mapping[str, tuple[str, ...]] = {
    "trueup.model.derivation": ("trueup.derived.derivation",),
    "trueup.model.derived": ("trueup.derived.ledger", "trueup.derived"),
    "trueup.model.derived_money": ("trueup.derived.money", "trueup.derived.credited_money"),
    "trueup.model.derived_owed": ("trueup.derived.owed", "trueup.derived.excused_money"),
    "trueup.model.derived_subscriptions": ("trueup.derived.subscriptions",),
}
"""Where the names of each former module are now."""


class _MovedModules(MetaPathFinder, Loader):
    """Makes a module of the former name, which holds what its names mean now."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how to load a module that moved; None for any other."""
        del path, target
        return ModuleSpec(name, self) if name in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module, and warn the file that imports it."""
        places = MOVED[module.__name__]
        for place in places:
            vars(module).update(
                {name: value for name, value in vars(importlib.import_module(place)).items() if name[0] != "_"}
            )
        warnings.warn(f"{module.__name__} is {places[0]} now: import it from there.", DeprecationWarning, stacklevel=2)


@contextlib.contextmanager
def former_names() -> Iterator[None]:
    """Let modules be imported by the names they had."""
    finder = _MovedModules()
    sys.meta_path.append(finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
