"""Install the journal's tables in the app's database, and check that the journal belongs to this database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, text

from trueup import __version__
from trueup.journal.chain import JournalLine
from trueup.journal.entries import append
from trueup.journal.tables import BINDING, ONLY, VERSION_TABLE, database_time, moment_of
from trueup.migrations import LOCK_SECONDS, find_newest_revision, revision_of, upgrade

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"
_SERVER_NAMES = ("server_uuid", "server_uid")  # MySQL's, MariaDB's


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The database that a journal belongs to, and since when (naive UTC)."""

    database_identity: str
    installed_at: datetime
    code_version: str


def install(connection: Connection, *, rebind: bool = False, actor: str = "command") -> bool:
    """Make or migrate the tables and bind them to this database; return whether anything changed. The caller commits.

    An installation that a MySQL server was stopped in the middle of is completed by the next call. ``rebind`` lets a
    journal that came with a copy of another database continue in this one; its next entry says that ``actor`` asked for
    it. Raises ``UnknownRevision``.
    """
    with _alone(connection):
        migrated = upgrade(connection, scripts=_SCRIPTS, version_table=VERSION_TABLE)
        bound = binding(connection)
        identity = database_identity(connection)
        if bound is not None and (not rebind or bound.database_identity == identity):
            return migrated
        connection.execute(delete(BINDING))
        row = {"database_identity": identity, "installed_at": database_time(connection), "code_version": __version__}
        connection.execute(insert(BINDING).values(id=ONLY, **row))
        if bound is not None:
            append(connection, _rebound(bound, identity, actor), code_version=__version__, database_identity=identity)
        return True


def read_installed_revision(connection: Connection) -> str | None:
    """The revision of the existing tables; None where the journal is not installed."""
    return revision_of(connection, version_table=VERSION_TABLE)


def current_revision() -> str:
    """The revision that this version of trueup needs."""
    return find_newest_revision(_SCRIPTS)


def binding(connection: Connection) -> Binding | None:
    """The database that the journal was bound to; None while it is bound to none."""
    row = connection.execute(select(BINDING).where(BINDING.c.id == ONLY)).mappings().one_or_none()
    if row is None:
        return None
    return Binding(
        database_identity=row["database_identity"],
        installed_at=moment_of(row["installed_at"]),
        code_version=row["code_version"],
    )


def _rebound(bound: Binding, identity: str, actor: str) -> JournalLine:
    return JournalLine(
        actor=actor,
        action="rebind",
        target="journal",
        repair_id=None,
        plan_hash=None,
        before={"database_identity": bound.database_identity},
        after={"database_identity": identity},
        reason="the journal continues in this database",
    )


def database_identity(connection: Connection) -> str:
    """The identity that distinguishes this database from a copy of it, from facts of the server itself.

    Postgres: the system identifier, the database's number and name; MySQL: the server's uuid and the schema; MariaDB:
    the server's uid and the schema; SQLite: the file's real path. A byte-for-byte copy of a whole Postgres cluster is
    the same to this; a MariaDB server on a new network card is another one.
    """
    match connection.dialect.name:
        case "postgresql":
            return _postgres_identity(connection)
        case "sqlite":
            files = connection.execute(text("PRAGMA database_list")).all()
            return f"sqlite:{next((Path(file).resolve() for _, name, file in files if name == 'main' and file), '')}"
        case _:
            return _mysql_identity(connection)


@contextlib.contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Hold off other installations until this is committed, on MySQL and MariaDB: there, making a table commits.

    SQLite and Postgres hold the migration's lock until the caller's transaction ends.
    """
    if connection.dialect.name in {"sqlite", "postgresql"}:
        yield
        return
    connection.execute(text("SELECT get_lock('trueup_install', :seconds)"), {"seconds": LOCK_SECONDS})
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    finally:
        connection.execute(text("SELECT release_lock('trueup_install')"))


def _postgres_identity(connection: Connection) -> str:
    may = connection.execute(text("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")).scalar_one()
    system = "(SELECT system_identifier FROM pg_control_system())" if may else "0"
    facts = f"SELECT {system}, oid, datname FROM pg_database WHERE datname = current_database()"
    number, oid, name = connection.execute(text(facts)).one()
    return f"postgresql:{number}/{oid}/{name}"


def _mysql_identity(connection: Connection) -> str:
    shown = connection.execute(text("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid')")).all()
    known = {str(name).lower(): str(value) for name, value in shown}
    server = next((known[name] for name in _SERVER_NAMES if known.get(name)), None)
    if server is None:
        server = str(connection.execute(text("SELECT concat(@@hostname, ':', @@port)")).scalar_one())
    schema = connection.execute(text("SELECT database()")).scalar_one()
    return f"mysql:{server}/{schema}"
