"""PostgreSQL: one row is locked, at READ COMMITTED, so that what is read after the lock is what is there now."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterable, Iterator

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from trueup.model.address import parse_address
from trueup.model.errors import ConfigurationError
from trueup.targets import postgres_serialization
from trueup.targets.description import describe_columns
from trueup.targets.kept import KeptConnections
from trueup.targets.postgres_writes import PostgresWriteCounter, triggers_on
from trueup.targets.serialization import Claimed, EntryTable, Serialization, Unserialized
from trueup.targets.target import (
    BRIEF_WAIT_MILLISECONDS,
    CONNECT_TIMEOUT_SECONDS,
    LOCK_TIMEOUT_SECONDS,
    READING_TIMEOUT_SECONDS,
    STATEMENT_TIMEOUT_SECONDS,
    ColumnDescription,
    TableTrigger,
    TargetUnavailable,
    Trouble,
)

_BUSY = frozenset({"55P03", "57014"})  # lock_not_available, query_canceled
_CONFLICT = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_DUPLICATE = "23505"
_GONE = ("08", "57P", "25P03", "25P04")  # two classes, and sessions ended for being idle or open too long

# For this transaction only: behind a connection pool, a session setting would stay on a connection that others use. Row
# security is off so that a policy which would hide rows from the check is an error and not a smaller ledger.
_OPENING = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE",
    (
        f"SELECT set_config('lock_timeout', '{LOCK_TIMEOUT_SECONDS}s', true), "
        f"set_config('statement_timeout', '{STATEMENT_TIMEOUT_SECONDS}s', true), "
        f"set_config('idle_in_transaction_session_timeout', '{2 * STATEMENT_TIMEOUT_SECONDS}s', true), "
        "set_config('timezone', 'UTC', true), set_config('row_security', 'off', true)"
    ),
)

_LOOKING_AGAIN = (
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY",
    (
        f"SELECT set_config('statement_timeout', '{STATEMENT_TIMEOUT_SECONDS}s', true), "
        "set_config('timezone', 'UTC', true)"
    ),
)

_READING = (
    (
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "  # one text, and so one answer to wait for
        f"SELECT set_config('lock_timeout', '{LOCK_TIMEOUT_SECONDS}s', true), "
        f"set_config('statement_timeout', '{READING_TIMEOUT_SECONDS}s', true), "
        f"set_config('idle_in_transaction_session_timeout', '{READING_TIMEOUT_SECONDS}s', true), "
        "set_config('timezone', 'UTC', true)"
    ),
)


_OBSTACLES = text(r"""
WITH RECURSIVE tree AS (
    SELECT to_regclass(name)::oid AS root, to_regclass(name)::oid AS oid FROM unnest(CAST(:names AS text[])) AS name
    UNION
    SELECT tree.root, i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent
)
SELECT pg_is_in_recovery(), current_setting('track_counts'), (
    SELECT min(below.oid::regclass::text)
    FROM tree AS below
    JOIN pg_trigger AS held ON held.tgrelid = below.root AND held.tgname LIKE 'trueup\_guard\_%'
                           AND held.tgenabled IN ('O', 'A')
    WHERE below.oid <> below.root AND NOT EXISTS (
        SELECT FROM pg_trigger AS own
        WHERE own.tgrelid = below.oid AND own.tgfoid = held.tgfoid AND own.tgenabled IN ('O', 'A'))
), (
    SELECT min(below.oid::regclass::text)
    FROM tree AS below JOIN pg_class AS c ON c.oid = below.oid
    WHERE below.oid <> below.root AND c.relkind = 'f')
""")
"""Whether this is a standby, whether rows are counted, a table that has not the triggers of the one above it, and a
foreign table below one of ours.
"""

_PARTITIONED_BY = text("""
WITH RECURSIVE tree AS (
    SELECT to_regclass(:name)::oid AS oid
    UNION
    SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON tree.oid = i.inhparent
)
SELECT EXISTS (
    SELECT FROM tree JOIN pg_partitioned_table AS p ON p.partrelid = tree.oid
    JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attname = :column
    WHERE a.attnum = ANY (p.partattrs) OR 0 = ANY (p.partattrs))
""")
"""Whether partitions are made by a column; an expression among the keys (attribute 0) may read any column."""


class PostgresTarget:
    """A PostgreSQL database."""

    dialect = "postgres"
    quote = '"'
    rest_seconds = 0.0
    # Not FOR NO KEY UPDATE: an application that has just inserted an entry for this account holds the account's key,
    # and the repair has to wait for it, so that it sees the entry.
    row_lock = " FOR UPDATE"
    row_lock_at_once = " FOR UPDATE NOWAIT"

    def __init__(self, url: str) -> None:
        self._address = parse_address(url)
        self._url = url
        self.place = self._address.place
        self._engine = create_engine("postgresql+psycopg://", creator=self._connect, poolclass=NullPool)
        self._readings = KeptConnections(self._engine)

    @contextlib.contextmanager
    def transaction(self, serialization: Serialization | None = None) -> Iterator[Connection]:  # noqa: ARG002 - one signature
        """A transaction at READ COMMITTED."""
        with self._open(_OPENING, "written") as connection:
            yield connection

    def find_serialization(
        self,
        connection: Connection,
        entries: EntryTable,
        key: object,  # noqa: ARG002 - one signature
    ) -> Serialization | Unserialized:
        """A foreign key that looks at every new entry at once, or a lock of the ledger's table."""
        return postgres_serialization.find_serialization(connection, entries)

    def claim(self, connection: Connection, entries: EntryTable, key: object) -> Claimed | Unserialized:  # noqa: ARG002 - one signature
        """Lock the ledger's table."""
        return postgres_serialization.lock_ledger(connection, entries)

    @contextlib.contextmanager
    def wait_briefly(self, connection: Connection) -> Iterator[None]:
        """A shorter ``lock_timeout``. After an error the transaction is over, and its settings with it."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BRIEF_WAIT_MILLISECONDS}ms'")
        yield
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only transaction at REPEATABLE READ."""
        with self._open(_READING, "read", self._readings) as connection:
            yield connection

    def keep_readings(self, most: int) -> None:
        """Keep connections for reading."""
        self._readings.keep(most)

    def close(self) -> None:
        """Close what is kept."""
        self._readings.close()

    def trouble(self, error: DBAPIError) -> Trouble:
        """The kind of this failure, by SQLSTATE."""
        state = getattr(error.orig, "sqlstate", None)
        if state is None or state.startswith(_GONE):
            # The driver's own refusal of a value has no SQLSTATE either, and its connection is alive.
            is_refusal = isinstance(error.orig, (psycopg.DataError, psycopg.ProgrammingError))
            return Trouble.UNFIT if is_refusal else Trouble.LOST
        if state in _BUSY:
            return Trouble.BUSY
        if state in _CONFLICT:
            return Trouble.CONFLICT
        return Trouble.DUPLICATE if state == _DUPLICATE else Trouble.UNFIT

    def describe_error(self, error: DBAPIError) -> str:
        """The server's own first line, without any secret."""
        return self._address.scrub(str(error.orig).partition("\n")[0].rstrip("."))

    def obstacle(self, connection: Connection, tables: Collection[str]) -> str | None:
        """A standby accepts no writes, and a server without counts cannot show what triggers have written.

        Where triggers check a table's changes against the journal, its children need them too, which a foreign table
        cannot have.
        """
        names = [_quoted_name(table) for table in tables]
        is_standby, counts, unheld, foreign = connection.execute(_OBSTACLES, {"names": names}).one()
        if is_standby:
            return f"{self.place} is a read replica; set database.repair_url to the primary."
        if counts != "on":
            return (
                f"track_counts is off in {self.place}, so what the application's triggers write cannot be counted; "
                "set track_counts = on."
            )
        if unheld is not None:
            return (
                f"{unheld} has rows of a table whose changes triggers check, but lacks such a trigger; run what "
                "`trueup doctor --print-grants` prints again."
            )
        if foreign is not None:
            return (
                f"{foreign} is a foreign table with rows of a table that repairs write, and no trigger can hold them "
                "to the journal; map a table that has none, or leave its repairs to a person."
            )
        return None

    def column_obstacle(self, connection: Connection, table: str, column: str) -> str | None:
        """A change of a column that partitions are made by may move the row, and runs no UPDATE trigger then."""
        is_key = connection.execute(_PARTITIONED_BY, {"name": _quoted_name(table), "column": column}).scalar_one()
        if not is_key:
            return None
        return (
            f"{table} is partitioned by {column}, and a change that moves a row to another partition runs no UPDATE "
            "trigger that could hold it to the journal; leave these repairs to a person."
        )

    def columns(self, connection: Connection, table: str) -> tuple[ColumnDescription, ...]:
        """The columns of a table, as a writer must know them."""
        return describe_columns(connection, table)

    def count_writes(self, connection: Connection) -> PostgresWriteCounter:
        """By table and by kind of write."""
        return PostgresWriteCounter(connection)

    def settle_constraints(self, connection: Connection) -> None:
        """Fire every deferred trigger and check every deferred key."""
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")

    def commit(self, connection: Connection) -> None:
        """Commit, and cancel it when it takes too long.

        Deferred triggers run in the commit, and ``statement_timeout`` ends before they begin."""
        deadline = threading.Timer(STATEMENT_TIMEOUT_SECONDS, _cancel, args=(connection.connection.driver_connection,))
        deadline.daemon = True
        deadline.start()
        try:
            connection.commit()
        finally:
            deadline.cancel()
            deadline.join()

    @contextlib.contextmanager
    def look_again(self, connection: Connection) -> Iterator[Connection]:
        """A new transaction of the same session, which is over with the look."""
        for statement in _LOOKING_AGAIN:
            connection.exec_driver_sql(statement)
        yield connection
        connection.rollback()

    def triggers(self, connection: Connection, tables: Collection[str]) -> tuple[TableTrigger, ...]:
        """Triggers and rules, also of partitions."""
        return triggers_on(connection, tables)

    @contextlib.contextmanager
    def _open(self, opening: Iterable[str], done: str, kept: KeptConnections | None = None) -> Iterator[Connection]:
        def begin(connection: Connection) -> None:
            for statement in opening:
                connection.exec_driver_sql(statement)

        with contextlib.ExitStack() as undo:
            try:
                if kept is not None:
                    opened = undo.enter_context(kept.lent(begin))
                else:
                    opened = undo.enter_context(self._engine.connect())
                    begin(opened)
            except DBAPIError as error:
                raise TargetUnavailable(
                    f"{self.place} cannot be {done}: {self.describe_error(error)}; nothing was changed."
                ) from None
            yield opened

    def _connect(self) -> psycopg.Connection:
        # No statement is prepared on the server: behind a pool, it would stay on a connection that others use.
        return psycopg.connect(self._conninfo(), prepare_threshold=None)

    def _conninfo(self) -> str:
        timeout = self._address.options.get("connect_timeout", CONNECT_TIMEOUT_SECONDS)
        try:
            return make_conninfo(
                self._url, application_name="trueup-repair", client_encoding="UTF8", connect_timeout=timeout
            )
        except psycopg.ProgrammingError as error:
            message = self._address.scrub(str(error).partition("\n")[0])
            raise ConfigurationError(f"The address {self.place} is not a PostgreSQL address: {message}.") from None


def _cancel(driver: object) -> None:
    """Ask the server to end what this connection is doing. What cannot be rolled back any more goes on."""
    with contextlib.suppress(psycopg.Error):
        if isinstance(driver, psycopg.Connection):
            driver.cancel_safe(timeout=CONNECT_TIMEOUT_SECONDS)


def target(url: str) -> PostgresTarget:
    """The database at ``postgresql://…``. Raises ``ConfigurationError``."""
    return PostgresTarget(url)


def _quoted_name(table: str) -> str:
    """The table's name as SQL has it, from ``schema.table`` as it is mapped."""
    return ".".join(f'"{part.replace(chr(34), 2 * chr(34))}"' for part in table.split(".", 1))
