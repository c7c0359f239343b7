"""The databases that repairs are written to: one module per kind, interchangeable."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from trueup.model.errors import ConfigurationError

if TYPE_CHECKING:
    from trueup.targets.target import Target

_MODULES = {"sqlite": "sqlite", "postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}


def open_target(url: str) -> Target:
    """Open the database at this address for writing; nothing is connected to yet.

    Raises ``ConfigurationError`` for an address that cannot be repaired (a folder of files) and for a missing driver.
    """
    scheme, separator, rest = url.partition("://")
    kind = scheme.lower().partition("+")[0]
    if not separator or kind not in _MODULES:
        raise ConfigurationError(
            "Repairs are written to a database: database.repair_url must start with sqlite://, postgresql:// or mysql://."
        )
    name = _MODULES[kind]
    try:
        module = importlib.import_module(f"trueup.targets.{name}")
    except ImportError as error:
        raise ConfigurationError(
            f"Writing to this database needs a driver that is not installed ({error.name}); "
            f"run: pip install 'trueup[{name}]'"
        ) from None
    target: Target = module.target(f"{kind}://{rest}")
    return target
