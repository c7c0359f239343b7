"""Open the store that a config names. Every door uses this module, and no door knows where a store is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup import store
from trueup.store.database import sqlite_path
from trueup.store.presence import is_there

if TYPE_CHECKING:
    from trueup.config import Config


def open_store(config: Config, *, may_make: bool = False) -> store.Store:
    """Return the config's store, open; the caller closes it.

    ``may_make`` True makes a store where there never was one. Raises ``StoreUnavailable``.
    """
    return store.open_store(config.store_url, may_make=may_make)


def has_store(config: Config) -> bool:
    """Return False where the config's store is a file that does not exist. Never raises ``StoreUnavailable``."""
    path = sqlite_path(config.store_url)
    return path is None or path.exists()


def is_store_expected(config: Config) -> bool:
    """Return False where there never was a store, which can be known only of a file.

    Raises ``StoreUnavailable`` for a store that existed and is gone.
    """
    path = sqlite_path(config.store_url)
    return path is None or is_there(path, f"sqlite:///{path.as_posix()}")
