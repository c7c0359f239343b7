"""MySQL and MariaDB: streamed through PyMySQL in batches, each column converted by Arrow as a whole."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pymysql
from pymysql.converters import encoders
from pymysql.cursors import Cursor, SSCursor

from trueup.model.address import TLS_OPTIONS, parse_address
from trueup.model.errors import ConfigurationError, SourceUnavailable, TrueupError
from trueup.model.source import RelationMapping, SourceTable
from trueup.outgoing.mysql import connect_to_mysql
from trueup.sources.connection_mends import (
    CORRECT_CREDENTIALS,
    CORRECT_DATABASE,
    CORRECT_HOST,
    GRANT_CONNECT,
    RUN_AGAIN,
)
from trueup.sources.mysql_columns import ResultColumn, arrow_type, column_array
from trueup.sources.mysql_rows import read_columns
from trueup.sources.mysql_schema import denies_table, read_tables, read_write_privileges
from trueup.sources.select import described, select
from trueup.sources.stream import stream, this_moment, with_valid_text
from trueup.sources.untracked import UntrackedSnapshot

CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_SECONDS = 5
_OPTIONS = TLS_OPTIONS | {"unix_socket", "charset"}
_MAPPING_ERRORS = frozenset({1052, 1054, 1064, 1109, 1111, 1142, 1143, 1146, 1305, 1356, 1370, 1582})
_NO_DECODERS: dict[Any, Any] = dict(encoders)
_TIMEOUTS = frozenset({1969, 3024})
_MENDS = {1044: GRANT_CONNECT, 1045: CORRECT_CREDENTIALS, 1049: CORRECT_DATABASE, 2003: CORRECT_HOST}
"""What mends an error that running again would not, by the server's code."""

if TYPE_CHECKING:
    Connection = pymysql.Connection[Cursor]


class MySQLSource:
    """A MySQL or MariaDB database, read inside one read-only transaction with a consistent snapshot."""

    dialect = "mysql"

    def __init__(self, url: str, *, statement_timeout_seconds: int) -> None:
        self._address = parse_address(url)
        self._statement_timeout_seconds = statement_timeout_seconds
        self.place = self._address.place
        if not self._address.database:
            raise ConfigurationError(f"{self.place} names no database; write mysql://user:password@host:port/database.")
        unknown = sorted(set(self._address.options) - _OPTIONS)
        if unknown:
            known = ", ".join(sorted(_OPTIONS))
            raise ConfigurationError(f'{self.place} has the option "{unknown[0]}", which is not one of {known}.')

    def tables(self) -> tuple[SourceTable, ...]:
        """The tables and views of the address's database that this user may read."""
        with self._translated(), contextlib.closing(self._connect()) as connection:
            return read_tables(connection)

    def may_hide(self, table: str) -> bool:
        """Whether the server hides it: without a right on a table, it reports it like a missing one."""
        with self._translated(), contextlib.closing(self._connect()) as connection:
            return denies_table(connection, table)

    def privileges(self) -> Iterable[str]:
        """What this user may do besides reading, anywhere on the server."""
        with self._translated(), contextlib.closing(self._connect()) as connection:
            return read_write_privileges(connection)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[MySQLSnapshot]:
        """One read-only transaction over all reads. Leaving it closes the connection, and with it every lock.

        Tables of an engine without transactions (MyISAM) are read as they are at the moment of each read.
        """
        with self._translated():
            opened = self._connect()
        with contextlib.closing(opened) as connection:
            with self._translated():
                self._begin(connection)
            snapshot = MySQLSnapshot(connection, self)
            try:
                yield snapshot
            finally:
                snapshot.abandon()

    def refused(self, error: Exception, mapping: RelationMapping) -> TrueupError:
        """The error of a failure before the first row, for a person."""
        code, message = _code_and_text(error)
        if code in _MAPPING_ERRORS:
            return ConfigurationError(
                f"The mapping of {mapping.relation} to {mapping.table} does not fit {self.place}: "
                f"{self._address.scrub(message)}; correct the table, column or expression in trueup.toml, "
                "or grant SELECT."
            )
        return self.unavailable(error)

    def unavailable(self, error: Exception) -> SourceUnavailable:
        """The error of a refused or lost connection, or of a read that took too long, for a person."""
        code, message = _code_and_text(error)
        if code in _TIMEOUTS:
            message = f"a read took longer than {self._statement_timeout_seconds} seconds"
        message = self._address.scrub(message)
        return SourceUnavailable(f"{self.place} cannot be read: {message}; {_MENDS.get(code, RUN_AGAIN)}.")

    def _begin(self, connection: Connection) -> None:
        seconds = self._statement_timeout_seconds
        with connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            version = str((cursor.fetchone() or ("",))[0])
            limit = f"max_statement_time = {seconds}" if "MariaDB" in version else f"max_execution_time = {seconds}000"
            cursor.execute(
                f"SET SESSION {limit}, net_write_timeout = {seconds}, lock_wait_timeout = {LOCK_TIMEOUT_SECONDS}, "
                "time_zone = '+00:00'"
            )
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def _connect(self) -> Connection:
        return connect_to_mysql(
            self._address,
            connect_seconds=CONNECT_TIMEOUT_SECONDS,
            read_seconds=self._statement_timeout_seconds + CONNECT_TIMEOUT_SECONDS,
            program_name="trueup",
            autocommit=True,
            conv=_NO_DECODERS,  # values arrive as text and are converted a column at a time
        )

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (pymysql.Error, OSError) as error:
            raise self.unavailable(error) from None


class MySQLSnapshot(UntrackedSnapshot):
    """An open transaction. Its streams end with it; read one to its end before starting the next."""

    why_unknown = "MySQL does not say which rows changed"

    def __init__(self, connection: Connection, source: MySQLSource) -> None:
        self.as_of: datetime = this_moment()
        self.types_are_known = True
        self._connection = connection
        self._source = source
        self._cursors: list[SSCursor] = []

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows. DECIMAL arrives as text; a zero or impossible date as the last moment of year 9999.

        Raises ``ConfigurationError`` for a mapping that the server refuses and for a binary column.
        """
        cursor = SSCursor(self._connection)
        self._cursors.append(cursor)
        try:
            cursor.execute(select(mapping, quote="`"))
        except pymysql.Error as error:
            raise self._source.refused(error, mapping) from None
        fields = _fields(cursor)
        kinds = [_kind(field, mapping) for field in fields]
        schema = pa.schema([pa.field(field.name, kind) for field, kind in zip(fields, kinds, strict=True)])
        return stream(
            schema,
            self._batches(fields, schema),
            failures=(pymysql.Error, OSError, pa.ArrowException),
            unavailable=self._source.unavailable,
        )

    def cancel(self) -> None:
        """Shut the socket down: a read of it ends at once, and the server ends the statement that it cannot send."""
        with contextlib.suppress(OSError):
            _socket(self._connection).shutdown(socket.SHUT_RDWR)

    def _batches(self, fields: list[ResultColumn], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for columns in read_columns(self._connection, len(fields)):
            arrays = [column_array(field, values) for field, values in zip(fields, columns, strict=True)]
            yield with_valid_text(pa.RecordBatch.from_arrays(arrays, schema=schema))

    def abandon(self) -> None:
        """Forget streams that were not read to their end; the driver would read the rest first, however long it is."""
        for cursor in self._cursors:
            result = _result(cursor)
            if result is not None and result.unbuffered_active:
                result.unbuffered_active = False
                _cut(self._connection)
            cursor.close()


def _fields(cursor: SSCursor) -> list[ResultColumn]:
    """The columns' wire types; the DB-API description leaves out the character set that tells text from binary."""
    return [
        ResultColumn(name=field.name, type_code=field.type_code, character_set=field.charsetnr, flags=field.flags)
        for field in _result(cursor).fields
    ]


def _result(cursor: SSCursor) -> Any:
    return cursor._result  # type: ignore[attr-defined]  # noqa: SLF001 - the driver has no other way to what we need


def _socket(connection: Connection) -> socket.socket:
    return cast("socket.socket", connection._sock)  # type: ignore[attr-defined]  # noqa: SLF001 - as above


def _cut(connection: Connection) -> None:
    """Close the socket without a farewell: the data left on it are rows, not an answer."""
    connection._force_close()  # type: ignore[attr-defined]  # noqa: SLF001 - as above


def _kind(field: ResultColumn, mapping: RelationMapping) -> pa.DataType:
    kind = arrow_type(field)
    if kind is None:
        column = mapping.columns[field.name].column or "column"
        raise ConfigurationError(
            f"{described(mapping, field.name)} is binary, which is not text; map an expression such as hex({column})."
        )
    return kind


def _code_and_text(error: Exception) -> tuple[int, str]:
    match error.args:
        case (int(code), str(text), *_):
            return code, text.rstrip(".")
        case _:
            return 0, str(error).partition("\n")[0]
