"""SQLite: streamed through ADBC from a connection that cannot write, described through the standard library."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import adbc_driver_manager.dbapi as adbc
import adbc_driver_sqlite.dbapi as driver
import pyarrow as pa

from trueup.model.errors import ConfigurationError, SourceUnavailable, TrueupError
from trueup.model.source import RelationMapping, SourceTable
from trueup.sources.select import described, quoted, select
from trueup.sources.sqlite_schema import QUOTE, Affinity, Form, affinity_of, output_sql, probe, read_tables
from trueup.sources.stream import stream, this_moment, with_valid_text

BATCH_ROWS = 65_536
BUSY_TIMEOUT_MILLISECONDS = 5_000


class SQLiteSource:
    """A SQLite file, read inside one read transaction of a connection opened with ``mode=ro``."""

    dialect = "sqlite"

    def __init__(self, url: str) -> None:
        self._path = _path(url)
        self.place = f"sqlite:///{self._path}"

    def tables(self) -> tuple[SourceTable, ...]:
        """The tables and views of the file. Their row counts are the highest row ids."""
        try:
            with contextlib.closing(sqlite3.connect(self._uri, uri=True)) as connection:
                return read_tables(connection)
        except sqlite3.Error as error:
            raise self.refused(error) from None

    def privileges(self) -> Iterable[str]:
        """Nothing: the connection is opened read only, whatever the file's own permissions."""
        return ()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        """One read transaction over all reads; leaving it closes the connection."""

        with contextlib.ExitStack() as held:
            try:
                connection = held.enter_context(driver.connect(self._uri, autocommit=True))
                with connection.cursor() as cursor:
                    cursor.executescript(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
                    cursor.executescript("BEGIN")
                    cursor.execute("SELECT count(*) FROM sqlite_master")  # BEGIN alone takes no snapshot
                    cursor.fetchall()
            except (adbc.Error, OSError) as error:
                raise self.refused(error) from None
            yield SQLiteSnapshot(connection, self, held)

    def refused(self, error: Exception, mapping: RelationMapping | None = None) -> TrueupError:
        """What a failure before the first row means to a person: with a mapping, a statement that does not compile."""
        said = _said(error)
        if "not a database" in said or "unable to open" in said or "failed to open" in said:
            return ConfigurationError(f"{self.place} cannot be opened as a SQLite database: {said}; check the path.")
        if mapping and "Failed to prepare" in str(error):
            return ConfigurationError(
                f"The mapping of {mapping.relation} to {mapping.table} does not fit {self.place}: {said}; "
                "correct the table, column or expression in trueup.toml."
            )
        return self.unavailable(error)

    def unavailable(self, error: Exception) -> SourceUnavailable:
        """What a failure in the middle of a stream means to a person."""
        return SourceUnavailable(f"{self.place} cannot be read: {_said(error)}; nothing was changed, run it again.")

    @property
    def _uri(self) -> str:
        return f"file:{quote(str(self._path.absolute()))}?mode=ro"


class SQLiteSnapshot:
    """An open read transaction. Its streams end with it; read one to its end before starting the next."""

    def __init__(self, connection: adbc.Connection, source: SQLiteSource, held: contextlib.ExitStack) -> None:
        self.as_of: datetime = this_moment()
        self._connection = connection
        self._source = source
        self._held = held

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows: 64-bit integers, floats or text; a column of mixed types is text, each value exact.

        Raises ``ConfigurationError`` for a mapping that does not compile and for a column of blobs.
        """

        cursor: adbc.Cursor = self._held.enter_context(self._connection.cursor())
        try:
            inner = select(mapping, quote=QUOTE)
            first, then = output_sql(self._forms(cursor, mapping, inner))
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)})
            cursor.execute(f"SELECT {first} UNION ALL SELECT {then} FROM ({inner}\n)")
            reader = cursor.fetch_record_batch()
        except (adbc.Error, OSError) as error:
            raise self._source.refused(error, mapping) from None
        return stream(
            reader.schema,
            _without_samples(reader),
            failures=(adbc.Error, pa.ArrowException, OSError),
            unavailable=self._source.unavailable,
        )

    def _forms(self, cursor: adbc.Cursor, mapping: RelationMapping, inner: str) -> dict[str, Form]:
        """How each mapped column is delivered, found in one pass over those whose declared type does not settle it."""
        declared = self._declared(cursor, mapping.table)
        probes = {
            name: probe(declared.get((column.column or "").casefold(), Affinity.NONE), quoted(name, QUOTE))
            for name, column in mapping.columns.items()
        }
        asked = {name: sql for name, sql in probes.items() if sql}
        if not asked:
            return dict.fromkeys(mapping.columns, Form.TEXT)
        cursor.execute(f"SELECT {', '.join(asked.values())} FROM ({inner}\n)")
        answers = dict(zip(asked, cursor.fetchone() or (), strict=True))
        forms = {name: Form(answers.get(name, Form.TEXT)) for name in mapping.columns}
        for name, form in forms.items():
            if form is Form.BINARY:
                raise ConfigurationError(
                    f"{described(mapping, name)} holds blobs, which are not text; map an expression such as "
                    f"hex({mapping.columns[name].column or 'column'})."
                )
        return forms

    def _declared(self, cursor: adbc.Cursor, table: str) -> dict[str, Affinity]:
        """The affinities of a table's columns by folded name; a view's or a virtual table's are not to be relied on."""
        name = table.removeprefix("main.").replace("'", "''")
        cursor.execute(
            f"SELECT x.name, x.type FROM sqlite_master AS m, pragma_table_xinfo('{name}') AS x "
            f"WHERE m.name = '{name}' COLLATE NOCASE AND m.type = 'table' AND m.sql NOT LIKE 'create virtual%'"
        )
        return {column.casefold(): affinity_of(kind) for column, kind in cursor.fetchall()}


def _without_samples(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The batches without the row of samples that came first."""
    skipped = 1
    for batch in reader:
        yield with_valid_text(batch.slice(skipped))
        skipped = 0


def _path(url: str) -> Path:
    _, _, rest = url.partition("://")
    rest = rest.partition("?")[0]
    if not rest.startswith("/") or rest in ("/", "/:memory:"):
        raise ConfigurationError(
            f"{url} names no SQLite file; write sqlite:///app.db for a relative path or sqlite:////data/app.db for an "
            "absolute one."
        )
    path = Path(rest[1:])
    if not path.is_file():
        raise ConfigurationError(f"There is no SQLite file at {path}; correct the path in the address {url}.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise ConfigurationError(
            f"The SQLite file {path} cannot be read: {error.strerror}; mend its permissions."
        ) from None
    return path


def _said(error: Exception) -> str:
    """SQLite's own first line."""
    line = str(error).partition("\n")[0]
    return line.rpartition("Failed to prepare query: ")[2].strip()
