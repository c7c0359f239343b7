"""Where a demo company can be written: one module per kind of place."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from trueup.model.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MODULES = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_EXTRAS = {"postgres": "postgres", "mysql": "mysql"}


def write_company(connection: DuckDBPyConnection, place: str, *, force: bool) -> None:
    """Write the tables of the scratch database into ``place``: a database's address, or a folder for Parquet files.

    Raises ``ConfigurationError`` for a place that cannot be, that has one of the tables already (without ``force``),
    or whose driver is not installed; ``SourceUnavailable`` when the database refuses us.
    """
    scheme, separator, _ = place.partition("://")
    if not separator:
        name = "parquet"
    elif scheme.lower() in _MODULES:
        name = _MODULES[scheme.lower()]
    else:
        raise ConfigurationError(
            f"A demo company cannot be written to {scheme}://; give sqlite://, postgresql://, mysql:// "
            f"or a folder{nearest(scheme, _MODULES)}."
        )
    try:
        writer = importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if name not in _EXTRAS:
            raise
        raise ConfigurationError(
            f"Writing to {scheme}:// needs a driver that is not installed; run: pip install 'trueup[{_EXTRAS[name]}]'."
        ) from error
    writer.write(connection, place, force=force)
