"""The store as commands open it: some cannot do without, an audit can."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from trueup.cli.options import utc_now
from trueup.model.errors import StoreUnavailable

if TYPE_CHECKING:
    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.report import Report
    from trueup.store import Store


def required_store(config: Config, *, may_make: bool = False) -> Store:
    """The config's store. Raises ``StoreUnavailable``, also where there is none and this ``may_make`` none."""
    from trueup.store import open_store  # noqa: PLC0415 - heavy

    return open_store(config.store_url, may_make=may_make)


def may_have_store(config: Config) -> bool:
    """False where there never was a store, which is known of a file alone. Raises ``StoreUnavailable`` for one that
    is gone.
    """
    from trueup.store.database import sqlite_path  # noqa: PLC0415 - heavy
    from trueup.store.presence import is_there  # noqa: PLC0415 - heavy

    path = sqlite_path(config.store_url)
    return path is None or is_there(path, f"sqlite:///{path.as_posix()}")


@contextlib.contextmanager
def store_for_audit(config: Config, *, wanted: bool) -> Iterator[tuple[Config, Store | None]]:
    """The config with the store's exemptions, and the store; without one, the config as it is.

    A store that is wanted and cannot be used is one line on stderr: an audit never fails for what remembers it.
    """
    found, store = _opened(config) if wanted else (config, None)
    with store or contextlib.nullcontext():
        yield found, store


def with_exemptions_if_any(config: Config) -> Config:
    """The config with the store's exemptions, where there is a store already: looking at something makes none."""
    from trueup.store.database import sqlite_path  # noqa: PLC0415 - heavy

    path = sqlite_path(config.store_url)
    with store_for_audit(config, wanted=path is None or path.exists()) as (found, _):
        return found


def remembered(
    report: Report, *, store: Store, catalogue: Sequence[Check], trigger: str, milliseconds: int, decides: bool
) -> Mapping[str, datetime]:
    """Record the report; when its findings were first seen, by fingerprint, where that was before.

    A report of a moment to come is not recorded: every audit until then would count as late.
    """
    from trueup.actions.audit import remember  # noqa: PLC0415 - heavy

    if report.generated_at > utc_now():
        sys.stderr.write("trueup: This run is not remembered, because --as-of lies ahead.\n")
        return {}
    try:
        remember(report, store=store, trigger=trigger, milliseconds=milliseconds, catalogue=catalogue, decides=decides)
        return store.runs.first_seen(report.run_id)
    except StoreUnavailable as error:
        warn(error, "The run is not remembered.")
        return {}


def _opened(config: Config) -> tuple[Config, Store | None]:
    from trueup.actions.exemptions import with_stored_exemptions  # noqa: PLC0415 - heavy

    with contextlib.ExitStack() as undone:
        try:
            store = undone.enter_context(required_store(config, may_make=True))
            found = with_stored_exemptions(config, store)
        except StoreUnavailable as error:
            warn(error, "The audit goes on without it.")
            return config, None
        undone.pop_all()
        return found, store


def warn(error: StoreUnavailable, consequence: str) -> None:
    """Say on stderr, in one line, that the store cannot be used, and what comes of it."""
    from trueup.formats.wording import legible  # noqa: PLC0415 - only when something went wrong

    sys.stderr.write(f"trueup: {legible(str(error))} {consequence}\n")
