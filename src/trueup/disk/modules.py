"""A folder as a registry: its modules that offer a certain function are the members of its set."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable


def modules_offering(function: str, *, folder: Iterable[str], first: str | None = None) -> tuple[str, ...]:
    """Return the names of the modules in ``folder`` (a package's ``__path__``) that define the function.

    In alphabetical order, after the one that is to come ``first``. No module is imported for it.
    """
    defined = re.compile(rf"^def {function}\(".encode(), re.MULTILINE)
    names = [module.name for module in pkgutil.iter_modules(folder) if defined.search(_source(module)) is not None]
    return tuple(sorted(names, key=lambda name: (name != first, name)))


def _source(module: pkgutil.ModuleInfo) -> bytes:
    spec = module.module_finder.find_spec(module.name, None)
    if spec is None or spec.origin is None or spec.loader is None or module.ispkg:
        return b""
    source: bytes = spec.loader.get_data(spec.origin)  # type: ignore[attr-defined]
    return source
