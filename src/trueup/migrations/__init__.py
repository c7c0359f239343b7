"""Migrate a database's schema to what this version needs: Alembic's scripts, under a lock, in one transaction.

The store uses it, and so does the journal in the app's database: each has its own folder of scripts and its own table
that says how far they got. A script is named for its revision: ``0002_alerts.py`` is revision ``0002``.

Alembic loads only when there is something to run, because most starts have nothing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, inspect, select, table, text

from trueup.model.errors import TrueupError

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

LOCK_SECONDS = 60
"""How long a replica waits for another one that is migrating the same database."""

_IS_IN_POSTGRES = text("SELECT EXISTS (SELECT FROM pg_class WHERE relname = :name AND pg_table_is_visible(oid))")
"""Not ``to_regclass``, which within a transaction still reports a table as absent when another one makes it."""

# Scripts reach their operations through a module of Alembic (alembic.op): one thread at a time.
_ONE_AT_A_TIME = threading.Lock()


class UnknownRevision(TrueupError):
    """A newer trueup has migrated this schema, whose tables this version does not know."""


def upgrade(bind: Connection | Engine, *, scripts: Path, version_table: str) -> bool:
    """Run the scripts that were not run yet; return whether there were any.

    All of them run in one transaction where the database can (SQLite, Postgres), and under a lock everywhere, so that
    any number of processes may call this at once. A connection's transaction is the caller's to commit. Raises
    ``UnknownRevision``.
    """
    if isinstance(bind, Engine):
        with bind.begin() as connection:
            return upgrade(connection, scripts=scripts, version_table=version_table)
    if revision_of(bind, version_table=version_table) == find_newest_revision(scripts):
        return False
    with _ONE_AT_A_TIME, _lock(bind, version_table):
        return _run(bind, scripts, version_table)


def revision_of(connection: Connection, *, version_table: str) -> str | None:
    """The last script that was run on this database; None when none was."""
    if not _is_there(connection, version_table):
        return None
    revision = connection.execute(select(column("version_num")).select_from(table(version_table))).scalar()
    return None if revision is None else str(revision)


def _is_there(connection: Connection, name: str) -> bool:
    """Whether there is a table of this name. Postgres has a cheap question for it."""
    if connection.dialect.name == "postgresql":
        return bool(connection.execute(_IS_IN_POSTGRES, {"name": name}).scalar_one())
    return inspect(connection).has_table(name)


def find_newest_revision(scripts: Path) -> str:
    """The revision that this version needs: that of the folder's last script."""
    return max(path.name for path in scripts.glob("[0-9]*_*.py")).partition("_")[0]


def _run(connection: Connection, scripts: Path, version_table: str) -> bool:
    """Run the missing migrations, under the lock; return whether there were any."""
    from alembic.operations import Operations  # noqa: PLC0415 - see above
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    directory = ScriptDirectory(str(scripts), version_locations=[str(scripts)])
    context = MigrationContext.configure(connection, opts={"version_table": version_table})
    missing = _missing(directory, revision_of(connection, version_table=version_table))
    with Operations.context(context):
        for script in missing:
            script.module.upgrade()
            context.stamp(directory, script.revision)
    return bool(missing)


def _missing(directory: ScriptDirectory, current: str | None) -> list[Script]:
    """The scripts still to run, in their order."""
    from alembic.script.revision import RevisionError  # noqa: PLC0415 - see above

    try:
        newer = list(directory.iterate_revisions("head", current or "base"))
    except RevisionError:
        newest = directory.get_current_head()
        raise UnknownRevision(
            f"its schema is {current}, but this trueup knows none after {newest}; upgrade trueup"
        ) from None
    return [script for script in reversed(newer) if script.revision != current]


@contextlib.contextmanager
def _lock(connection: Connection, name: str) -> Iterator[None]:
    """Hold off other migrations under this name; on SQLite and Postgres until the transaction ends."""
    match connection.dialect.name:
        case "sqlite":
            driver = connection.connection.dbapi_connection
            if driver is not None and not driver.in_transaction:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield
        case "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
            yield
        case _:
            connection.execute(text("SELECT get_lock(:name, :seconds)"), {"name": name, "seconds": LOCK_SECONDS})
            try:
                yield
            finally:
                connection.execute(text("SELECT release_lock(:name)"), {"name": name})
