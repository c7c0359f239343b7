"""MySQL and MariaDB: one row is locked, at READ COMMITTED, in strict mode so that no value is changed to fit."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator

import pymysql
from pymysql.constants import CLIENT
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from trueup.model.address import parse_address
from trueup.model.errors import ConfigurationError
from trueup.model.source import schema_and_table
from trueup.outgoing.mysql import connect_to_mysql
from trueup.targets import mysql_serialization
from trueup.targets.kept import KeptConnections
from trueup.targets.mysql_columns import describe_columns
from trueup.targets.mysql_writes import MySQLWriteCounter, following_key, triggers_on
from trueup.targets.serialization import Claimed, EntryTable, Serialization, Unserialized
from trueup.targets.target import (
    CONNECT_TIMEOUT_SECONDS,
    LOCK_TIMEOUT_SECONDS,
    READING_TIMEOUT_SECONDS,
    STATEMENT_TIMEOUT_SECONDS,
    ColumnDescription,
    TableTrigger,
    TargetUnavailable,
    Trouble,
    followed_column,
)

# lock wait, cancelled, no number (a lock on the counter), statement time (MariaDB, MySQL), NOWAIT
_BUSY = frozenset({1205, 1317, 1467, 1969, 3024, 3572})
_CONFLICT = frozenset({1213, 1020})  # deadlock, changed since read
_DUPLICATE = frozenset({1062, 1586})
_LOST = frozenset({0, 1053, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2014, 2055, 4031})


class MySQLTarget:
    """A MySQL or MariaDB database."""

    dialect = "mysql"
    quote = "`"
    rest_seconds = 0.0
    row_lock = " FOR UPDATE"
    row_lock_at_once = " FOR UPDATE NOWAIT"

    def __init__(self, url: str) -> None:
        self._address = parse_address(url)
        self.place = self._address.place
        if not self._address.database:
            raise ConfigurationError(f"{self.place} names no database; write mysql://user:password@host:port/database.")
        self._engine = create_engine("mysql+pymysql://", creator=self._connect, poolclass=NullPool)
        self._readings = KeptConnections(self._engine)

    @contextlib.contextmanager
    def transaction(self, serialization: Serialization | None = None) -> Iterator[Connection]:
        """A transaction in strict mode: at READ COMMITTED, or at REPEATABLE READ where entries will be locked, because
        only there the gaps between them are locked too.
        """
        is_ranged = serialization is Serialization.ENTRY_LOCKS
        isolation = "REPEATABLE READ" if is_ranged else "READ COMMITTED"
        with self._open("written", isolation, "READ WRITE", STATEMENT_TIMEOUT_SECONDS) as connection:
            if is_ranged:
                mysql_serialization.read_latest_rows(connection)
            yield connection

    def find_serialization(
        self, connection: Connection, entries: EntryTable, key: object
    ) -> Serialization | Unserialized:
        """Locks on the account's entries, through an index that leads to them."""
        return mysql_serialization.find_serialization(connection, entries, key)

    def claim(self, connection: Connection, entries: EntryTable, key: object) -> Claimed | Unserialized:
        """Lock the account's entries and the gaps beside them."""
        return mysql_serialization.lock_entries(connection, entries, key)

    @contextlib.contextmanager
    def wait_briefly(self, connection: Connection) -> Iterator[None]:
        """Not at all on MariaDB, whose deadlocks are ended at once and often at the application's cost; a second on
        MySQL, which knows no less. After an error the connection is given back, and its settings with it.
        """
        is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {0 if is_mariadb else 1}")
        yield
        connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read-only transaction with a consistent snapshot."""
        options = "WITH CONSISTENT SNAPSHOT, READ ONLY"
        with self._open("read", "REPEATABLE READ", options, READING_TIMEOUT_SECONDS, self._readings) as connection:
            yield connection

    def keep_readings(self, most: int) -> None:
        """Keep connections for reading."""
        self._readings.keep(most)

    def close(self) -> None:
        """Close what is kept."""
        self._readings.close()

    def trouble(self, error: DBAPIError) -> Trouble:
        """The kind of this failure, by the server's number."""
        code = _code(error)
        if code in _BUSY:
            return Trouble.BUSY
        if code in _CONFLICT:
            return Trouble.CONFLICT
        if code in _DUPLICATE:
            return Trouble.DUPLICATE
        return Trouble.LOST if code in _LOST or isinstance(error.orig, pymysql.InterfaceError) else Trouble.UNFIT

    def describe_error(self, error: DBAPIError) -> str:
        """The server's own first line, without any secret."""
        arguments = getattr(error.orig, "args", ())
        return self._address.scrub(str(arguments[-1] if arguments else error.orig).partition("\n")[0].rstrip("."))

    def obstacle(self, connection: Connection, tables: Collection[str]) -> str | None:
        """A replica accepts no writes, and a table of an engine without transactions cannot be rolled back.

        Behind a view there may be such a table, or keys that the role has no right to see."""
        if connection.exec_driver_sql("SELECT @@global.read_only").scalar_one():
            return f"{self.place} is read only, as replicas are; set database.repair_url to the primary."
        for table in sorted(tables):
            schema, name = schema_and_table(table)
            query = text(
                "SELECT t.engine, t.table_type = 'VIEW' FROM information_schema.tables AS t "
                "LEFT JOIN information_schema.engines AS e ON e.engine = t.engine "
                "WHERE (e.transactions <> 'YES' OR t.table_type = 'VIEW') AND t.table_name = :name "
                "AND t.table_schema = coalesce(:schema, database())"
            )
            for engine, is_view in connection.execute(query, {"name": name, "schema": schema}):
                if is_view:
                    return f"{table} is a view, and its tables cannot be known; map the table itself."
                return f"{table} is a {engine} table, which has no transactions; convert it to InnoDB."
        return None

    def column_obstacle(self, connection: Connection, table: str, column: str) -> str | None:
        """A key that copies the new value to other rows, which InnoDB does without counting it.

        A role sees only keys of tables that it has a right to.
        """
        following = following_key(connection, table, column)
        return followed_column(following, table, column, self.place) if following is not None else None

    def columns(self, connection: Connection, table: str) -> tuple[ColumnDescription, ...]:
        """The columns of a table, as a writer must know them."""
        return describe_columns(connection, table)

    def count_writes(self, connection: Connection) -> MySQLWriteCounter:
        """By kind of write, all tables together."""
        return MySQLWriteCounter(connection, is_mariadb=bool(getattr(connection.dialect, "is_mariadb", False)))

    def settle_constraints(self, connection: Connection) -> None:
        """Nothing waits for COMMIT here."""

    def commit(self, connection: Connection) -> None:
        """Commit. No trigger runs in it here."""
        connection.commit()

    @contextlib.contextmanager
    def look_again(self, connection: Connection) -> Iterator[Connection]:
        """A new transaction of the same session, which is over with the look."""
        yield connection
        connection.rollback()

    def triggers(self, connection: Connection, tables: Collection[str]) -> tuple[TableTrigger, ...]:
        """Triggers, which only a role with the TRIGGER right sees."""
        return triggers_on(connection, tables)

    @contextlib.contextmanager
    def _open(
        self, done: str, isolation: str, options: str, seconds: int, kept: KeptConnections | None = None
    ) -> Iterator[Connection]:
        def begin(connection: Connection) -> None:
            self._set_limits(connection, seconds)
            connection.exec_driver_sql(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
            connection.rollback()
            connection.exec_driver_sql(f"START TRANSACTION {options}")

        with contextlib.ExitStack() as undo:
            try:
                if kept is not None:
                    opened = undo.enter_context(kept.lent(begin))
                else:
                    opened = undo.enter_context(self._engine.connect())
                    begin(opened)
            except (DBAPIError, OSError) as error:
                message = self.describe_error(error) if isinstance(error, DBAPIError) else str(error)
                raise TargetUnavailable(f"{self.place} cannot be {done}: {message}; nothing was changed.") from None
            yield opened

    @staticmethod
    def _set_limits(connection: Connection, seconds: int) -> None:
        version = str(connection.exec_driver_sql("SELECT VERSION()").scalar_one())
        # A process that is stopped in the middle holds its rows until the server ends its connection for being idle.
        idle = max(2 * STATEMENT_TIMEOUT_SECONDS, seconds)
        limit = f"max_statement_time = {seconds}" if "MariaDB" in version else f"max_execution_time = {seconds}000"
        connection.exec_driver_sql(
            f"SET SESSION {limit}, innodb_lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}, "
            f"lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}, wait_timeout = {idle}, time_zone = '+00:00', "
            "sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
        )
        connection.rollback()

    def _connect(self) -> pymysql.Connection[pymysql.cursors.Cursor]:
        return connect_to_mysql(
            self._address,
            connect_seconds=CONNECT_TIMEOUT_SECONDS,
            read_seconds=2 * STATEMENT_TIMEOUT_SECONDS,
            program_name="trueup-repair",
            client_flag=CLIENT.FOUND_ROWS,  # an UPDATE counts the rows that matched, as everywhere else
        )


def target(url: str) -> MySQLTarget:
    """The database at ``mysql://…``. Raises ``ConfigurationError``."""
    return MySQLTarget(url)


def _code(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0
