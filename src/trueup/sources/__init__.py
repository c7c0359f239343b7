"""Where an app's rows come from: one file per kind of source, and the function that opens them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from trueup.model.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from trueup.model.source import Source

DEFAULT_STATEMENT_TIMEOUT_SECONDS = 600
_SCHEMES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb", "file")


def open_source(url: str, *, statement_timeout_seconds: int = DEFAULT_STATEMENT_TIMEOUT_SECONDS) -> Source:
    """Open the source at this address; nothing is connected to yet.

    ``sqlite:///app.db`` (relative; four slashes are absolute), ``postgresql://…``, ``mysql://…`` or ``mariadb://…``,
    and a folder of ``.parquet`` and ``.csv`` files, plain or as ``file:///…``. No single read may take longer than
    ``statement_timeout_seconds`` in a database. Raises ``ConfigurationError`` when the address is of an unknown kind,
    when its file or folder is missing, or when its driver is not installed.
    """
    scheme, separator, rest = url.partition("://")
    kind = scheme.lower().partition("+")[0]  # as in postgresql+psycopg://, which names the application's own driver
    url = f"{kind}://{rest}" if separator else url
    source: Source
    match kind if separator else "":
        case "":
            source = _kind("files").FilesSource(_plain_path(url))
        case "file":
            source = _kind("files").FilesSource(Path(unquote(rest)))
        case "sqlite":
            source = _kind("sqlite").SQLiteSource(url, statement_timeout_seconds=statement_timeout_seconds)
        case "postgresql" | "postgres":
            module = _kind("postgres", extra="postgres")
            source = module.PostgresSource(url, statement_timeout_seconds=statement_timeout_seconds)
        case "mysql" | "mariadb":
            module = _kind("mysql", extra="mysql")
            source = module.MySQLSource(url, statement_timeout_seconds=statement_timeout_seconds)
        case unknown:
            raise _unknown(unknown)
    return source


def _plain_path(url: str) -> Path:
    if "@" in url:  # a server's address without its scheme would otherwise be shown, password and all, as a path
        raise ConfigurationError("The address has no scheme; begin it with postgresql://… or mysql://…")
    return Path(url)


def _kind(name: str, *, extra: str | None = None) -> Any:
    """The module of one kind of source; its drivers load only when it is used."""
    try:
        return importlib.import_module(f"trueup.sources.{name}")
    except ImportError as error:
        if extra is None:
            raise
        raise ConfigurationError(
            f"Reading this database needs a driver that is not installed ({error.name}); "
            f"run: pip install 'trueup[{extra}]'"
        ) from None


def _unknown(scheme: str) -> ConfigurationError:
    """The text before ``://`` may hold half of a mistyped address, so nothing after a colon is shown."""
    shown = scheme.partition(":")[0]
    known = ", ".join(f"{name}://" for name in _SCHEMES)
    return ConfigurationError(
        f'"{shown}://" is not a kind of source that trueup reads; write {known} or the path of a folder of .parquet '
        f"and .csv files{nearest(shown, _SCHEMES)}"
    )
