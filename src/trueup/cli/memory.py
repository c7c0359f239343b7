"""The store as commands use it: some need it, an audit can run without it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trueup.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.store import Store

WITHOUT_STORE = "The audit continues without it."


@contextlib.contextmanager
def store_for_audit(config: Config, *, wanted: bool) -> Iterator[Store | None]:
    """Yield the config's store if it is ``wanted``; make it where there is none yet.

    A store that cannot be used is one line on stderr, and None: an audit never fails because of the store.
    """
    from trueup.actions.store import open_store  # noqa: PLC0415 - heavy

    with contextlib.ExitStack() as opened:
        store: Store | None = None
        if wanted:
            try:
                store = opened.enter_context(open_store(config, may_make=True))
            except StoreUnavailable as error:
                warn(error, WITHOUT_STORE)
        yield store


def with_exemptions_if_any(config: Config) -> Config:
    """Return the config with the store's exemptions, if there already is a store: reading makes none."""
    from trueup.actions.exemptions import with_stored_exemptions  # noqa: PLC0415 - heavy
    from trueup.actions.store import has_store  # noqa: PLC0415 - heavy

    with store_for_audit(config, wanted=has_store(config)) as store:
        if store is None:
            return config
        try:
            return with_stored_exemptions(config, store)
        except StoreUnavailable as error:
            warn(error, WITHOUT_STORE)
            return config


def warn(error: StoreUnavailable, consequence: str) -> None:
    """Say on stderr, in one line, that the store cannot be used, and what that means."""
    from trueup.formats.wording import legible  # noqa: PLC0415 - only when something went wrong

    sys.stderr.write(f"trueup: {legible(str(error))} {consequence}\n")
