"""Where a demo company can be written: one module per kind of place."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from trueup.model.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MODULES = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "file": "parquet",
}
_EXTRAS = {"postgres": "postgres", "mysql": "mysql"}


def write_company(connection: DuckDBPyConnection, place: str, *, force: bool) -> None:
    """Write the tables of the scratch database into ``place``: a database's address, or a folder for Parquet files.

    Raises ``ConfigurationError`` for a place that cannot be, that has one of the tables already (without ``force``),
    or whose driver is not installed; ``SourceUnavailable`` when the database refuses us.
    """
    scheme, separator, rest = place.partition("://")
    kind = (
        scheme.lower().partition("+")[0] if separator else "file"
    )  # postgresql+psycopg:// names a driver of the app's
    if kind not in _MODULES:
        raise ConfigurationError(
            f"A demo company cannot be written to {scheme}://; give sqlite://, postgresql://, mysql:// "
            f"or a folder{nearest(scheme, _MODULES)}."
        )
    name = _MODULES[kind]
    try:
        writer = importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if name not in _EXTRAS:
            raise
        raise ConfigurationError(
            f"Writing to {scheme}:// needs a driver that is not installed; run: pip install 'trueup[{_EXTRAS[name]}]'."
        ) from error
    writer.write(connection, f"{kind}://{rest}" if separator else f"file://{quote(place)}", force=force)
