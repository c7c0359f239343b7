"""PostgreSQL: streamed with COPY through ADBC, described through psycopg."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import adbc_driver_manager.dbapi as adbc
import adbc_driver_postgresql.dbapi as driver  # type: ignore[import-untyped]
import psycopg
import pyarrow as pa
from psycopg.conninfo import make_conninfo

from trueup.model.address import Address, parse_address
from trueup.model.changes import Changes, UnknownChanges
from trueup.model.errors import ConfigurationError, SourceUnavailable, TrueupError
from trueup.model.source import RelationMapping, SourceTable
from trueup.sources import postgres_changes
from trueup.sources.connection_mends import (
    CORRECT_CREDENTIALS,
    CORRECT_DATABASE,
    CORRECT_HOST,
    GRANT_CONNECT,
    RUN_AGAIN,
)
from trueup.sources.postgres_schema import has_table, read_tables, read_write_privileges
from trueup.sources.select import described, select, wrapped
from trueup.sources.stream import plain, plain_schema, stream, this_moment, with_valid_text

CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_SECONDS = 5
_LAST_MOMENT = "9999-12-31 23:59:59"
_AS_THEY_ARE = frozenset({"bool", "int2", "int4", "int8", "float4", "float8", "numeric", "text", "varchar", "name"})
_MOMENTS = frozenset({"date", "timestamp", "timestamptz"})
_MESSAGE = re.compile(r"(?:ERROR|FATAL|PANIC):\s+(.*)")
_MENDS = (
    (re.compile(r'database "[^"]*" does not exist'), CORRECT_DATABASE),
    (
        re.compile(r'password authentication failed|role "[^"]*" does not exist|no password supplied'),
        CORRECT_CREDENTIALS,
    ),
    (re.compile(r"Connection refused|could not translate host name|No such file or directory"), CORRECT_HOST),
    (re.compile(r"no pg_hba\.conf entry|permission denied for database"), GRANT_CONNECT),
)
"""What mends an error that running again would not. A refused connection carries no SQLSTATE, only the server's words;
those of a server that speaks another language get the usual advice."""


class PostgresSource:
    """A PostgreSQL database, read inside one ``REPEATABLE READ READ ONLY`` transaction."""

    dialect = "postgres"

    def __init__(self, url: str, *, statement_timeout_seconds: int) -> None:
        self._address = parse_address(url)
        self._url = url
        self._statement_timeout_seconds = statement_timeout_seconds
        self.place = self._address.place

    def tables(self) -> tuple[SourceTable, ...]:
        """The tables and views that this role may read, with the columns that it may read."""
        with self._described() as connection:
            return read_tables(connection)

    def may_hide(self, table: str) -> bool:
        """Whether the catalogue, which every role may read, has a table of this name in any schema."""
        with self._described() as connection:
            return has_table(connection, table)

    def privileges(self) -> Iterable[str]:
        """What this role may do besides reading."""
        with self._described() as connection:
            return read_write_privileges(connection)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[PostgresSnapshot]:
        """One read-only transaction over all reads. Leaving it closes the connection, and with it every lock."""

        with contextlib.ExitStack() as held:
            try:
                connection = held.enter_context(driver.connect(self._conninfo(), autocommit=True))
                with connection.cursor() as cursor:
                    cursor.executescript(self._opening())
                    cursor.execute("SELECT 1")  # the first query takes the snapshot, not BEGIN
            except adbc.Error as error:
                raise self.unavailable(error) from None
            yield PostgresSnapshot(connection, self, held)

    def error_of(self, error: Exception, mapping: RelationMapping) -> TrueupError:
        """The error of a failed read of ``mapping``, for a person."""
        state = getattr(error, "sqlstate", None) or ""
        if state.startswith("42"):
            message = _read_message(self._address, error)
            if "row-level security" in message:
                return ConfigurationError(
                    f"{mapping.table} at {self.place} hides rows: {message}; give the role a policy that shows it "
                    "every row, or BYPASSRLS."
                )
            return ConfigurationError(
                f"The mapping of {mapping.relation} to {mapping.table} does not fit {self.place}: {message}; "
                "correct the table, column or expression in trueup.toml, or grant SELECT."
            )
        return self.unavailable(error)

    def unavailable(self, error: Exception) -> SourceUnavailable:
        """The error of a refused or lost connection, or of a read that took too long, for a person."""
        message = _read_message(self._address, error)
        if "statement timeout" in message:
            message = f"a read took longer than {self._statement_timeout_seconds} seconds"
        mend = next((mend for words, mend in _MENDS if words.search(message)), RUN_AGAIN)
        return SourceUnavailable(f"{self.place} cannot be read: {message}; {mend}.")

    def _opening(self) -> str:
        """Only ``SET LOCAL``: behind a connection pool, a session setting would stay on a connection that others use.

        Row security is off, so that a policy which would hide rows is an error and not a smaller table.
        """
        read = f"{self._statement_timeout_seconds}s"
        return (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f"SET LOCAL statement_timeout = '{read}'; SET LOCAL idle_in_transaction_session_timeout = '{read}';"
            f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'; SET LOCAL TimeZone = 'UTC';"
            "SET LOCAL row_security = off"
        )

    def _conninfo(self) -> str:

        timeout = self._address.options.get("connect_timeout", CONNECT_TIMEOUT_SECONDS)
        try:
            return make_conninfo(self._url, application_name="trueup", client_encoding="UTF8", connect_timeout=timeout)
        except psycopg.ProgrammingError as error:
            message = _read_message(self._address, error)
            raise ConfigurationError(f"The address {self.place} is not a PostgreSQL address: {message}.") from None

    @contextlib.contextmanager
    def _described(self) -> Iterator[psycopg.Connection]:

        try:
            with psycopg.connect(self._conninfo()) as connection:
                connection.read_only = True
                connection.execute(f"SET LOCAL statement_timeout = '{CONNECT_TIMEOUT_SECONDS}s'".encode())
                yield connection
        except psycopg.Error as error:
            raise self.unavailable(error) from None


class PostgresSnapshot:
    """An open transaction. Its streams end with it; read one to its end before starting the next."""

    def __init__(self, connection: adbc.Connection, source: PostgresSource, held: contextlib.ExitStack) -> None:
        self.as_of: datetime = this_moment()
        self.types_are_known = True
        self._connection = connection
        self._source = source
        self._held = held

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows. NUMERIC arrives as text; moments outside years 1 to 9999 as the last one of 9999.

        Raises ``ConfigurationError`` for a mapping that the server refuses and for a binary column.
        """

        cursor: adbc.Cursor = self._held.enter_context(self._connection.cursor())
        try:
            cursor.execute(self._sql(cursor, mapping))
            reader = cursor.fetch_record_batch()
        except adbc.Error as error:
            raise self._source.error_of(error, mapping) from None
        schema = plain_schema(reader.schema)
        return stream(
            schema,
            (with_valid_text(plain(batch, schema)) for batch in reader),
            failures=(adbc.Error, pa.ArrowException, OSError),
            unavailable=self._source.unavailable,
        )

    def mark(self, mapping: RelationMapping) -> str | None:
        """What the server says of the table's rows and of itself, as text."""
        return postgres_changes.mark(mapping, self._row)

    def changes(self, mapping: RelationMapping, since: str) -> Changes | UnknownChanges:
        """The rows whose version the earlier snapshot may not have seen."""
        return postgres_changes.changes(mapping, since, self._row)

    def _row(self, sql: str) -> Mapping[str, object]:
        """The only row of a query."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql)
                row: Mapping[str, object] = cursor.fetch_arrow_table().to_pylist()[0]
                return row
        except adbc.Error as error:
            raise self._source.unavailable(error) from None

    def cancel(self) -> None:
        """Ask the server to end the running statement, through a connection that the driver makes for it."""
        with contextlib.suppress(adbc.Error):
            self._connection.adbc_cancel()

    def _sql(self, cursor: adbc.Cursor, mapping: RelationMapping) -> str:
        inner = select(mapping)
        types = {
            field.name: (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
            for field in cursor.adbc_execute_schema(inner)
        }
        for name, kind in types.items():
            if kind == "bytea":
                raise ConfigurationError(
                    f"{described(mapping, name)} is bytea, which is not text; map an expression such as "
                    f"encode({mapping.columns[name].column or 'column'}, 'hex')."
                )
        return wrapped(inner, types, lambda name, value: _carry_value(types[name], value))


def _carry_value(kind: str, value: str) -> str:
    """The value in a form that COPY and Arrow transport fully. An Arrow moment overflows silently at ``infinity``."""
    if kind in _MOMENTS:
        first, last = f"{kind} '0001-01-01'", f"{kind} '{_LAST_MOMENT}'"
        fits = f"{value} >= {first} AND {value} <= {last}"
        return f"CASE WHEN {fits} THEN {value} WHEN {value} IS NOT NULL THEN {last} END"
    return value if kind in _AS_THEY_ARE else f"CAST({value} AS text)"


def _read_message(address: Address, error: Exception) -> str:
    """The server's own first line, without any secret."""
    text = str(error)
    match = _MESSAGE.search(text)
    line = match[1] if match else text.rpartition("[libpq] ")[2].partition("\n")[0]
    return address.scrub(line.strip().rstrip("."))
