"""A folder of Parquet, CSV and JSON-lines files, one file or folder of files per table, read by its own DuckDB."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from trueup.model.errors import (
    ConfigurationError,
    FileUnreadable,
    SourceUnavailable,
    TrueupError,
    nearest,
)
from trueup.model.key_equality import TEXT
from trueup.model.source import RelationMapping, SourceColumn, SourceTable, schema_and_table
from trueup.sources.file_tables import FileTable, find_tables, header_of, oldest_of
from trueup.sources.select import described, quoted, select, wrapped
from trueup.sources.stream import stream, this_moment
from trueup.sources.text_files import (
    CSV_LINE_BYTES_LIMIT,
    OBJECT_LINE_BYTES_LIMIT,
    fault_text,
    find_line,
    refuse_text,
)
from trueup.sources.untracked import UntrackedSnapshot

BATCH_ROWS = 100_000
BATCH_LINES = 2_000
"""A line of JSON is a whole object, and may be long."""
MEMORY_LIMIT = "1GiB"
_LONGEST_LINES = {".csv": CSV_LINE_BYTES_LIMIT, ".jsonl": OBJECT_LINE_BYTES_LIMIT}
_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_MOMENTS = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_AS_THEY_ARE = frozenset({"BOOLEAN", "FLOAT", "DOUBLE", "VARCHAR", *_INTEGERS, *_MOMENTS})
DOUBLE = '"'
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
_LIBRARY_WORDS = re.compile(r"^(?:[A-Z]\w+ )+Error: ")
_MAPPING_ERRORS = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException)


class FilesSource:
    """A folder of files. Expressions and conditions are in DuckDB's dialect; a file is a table of its own name.

    CSV is UTF-8, comma separated, with a header; every column is text and an empty field is NULL: nothing is guessed.
    JSON lines are a table of one column, ``object``: the text of each line.
    """

    dialect = "duckdb"

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path
        self._tables = find_tables(path)

    def tables(self) -> tuple[SourceTable, ...]:
        """The tables in name order. Files promise nothing about uniqueness."""
        with self._connected() as connection:
            return tuple(self._described(connection, table) for table in self._tables.values())

    def may_hide(self, table: str) -> bool:  # noqa: ARG002 - one signature for all sources
        """Never: a user who may read the file sees all of it."""
        return False

    def privileges(self) -> Iterable[str]:
        """Nothing: files are only ever opened for reading."""
        return ()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[FilesSnapshot]:
        """Open the files. They must not be written to meanwhile."""
        with self._connected() as connection:
            yield FilesSnapshot(connection, self)

    def from_sql(self, table: str) -> str:
        """The DuckDB table function that reads the table. Raises ``ConfigurationError`` for an unknown table."""
        source = self._named(table)
        if source is None:
            raise ConfigurationError(
                f'There is no table "{table}" in {self.place}{nearest(table, self._tables) or "; name a file there"}'
            )
        files = _literals(source.files)
        if source.kind == ".parquet":
            return f"read_parquet([{files}])"
        if source.kind == ".jsonl":
            return _lines(files)
        columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in header_of(source))
        return (
            f"read_csv([{files}], columns = {{{columns}}}, auto_detect = false, header = true, delim = ',', "
            "quote = '\"', escape = '\"', nullstr = '')"
        )

    def open_views(self, connection: duckdb.DuckDBPyConnection, mapping: RelationMapping) -> None:
        """Give the tables that an expression of the mapping asks beside its own their names."""
        asked = " ".join(column.expression or "" for column in mapping.columns.values())
        for name in self._tables if _SELECT.search(asked) else ():
            if re.search(rf"\b{re.escape(name)}\b", asked):
                connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name, DOUBLE)} AS FROM {self.from_sql(name)}")

    def batch_rows(self, table: str) -> int:
        """How many rows of this table are carried at a time."""
        source = self._named(table)
        return BATCH_LINES if source is not None and source.kind == ".jsonl" else BATCH_ROWS

    def _named(self, table: str) -> FileTable | None:
        """The table of this name or spelling: a file's own name may have dots in it."""
        return self._tables.get(table) or self._tables.get(schema_and_table(table)[1])

    def refused(self, error: Exception, mapping: RelationMapping) -> TrueupError:
        """The error of a failure before the first row, for a person."""
        if isinstance(error, _MAPPING_ERRORS):
            return ConfigurationError(
                f"The mapping of {mapping.relation} to {mapping.table} does not fit {self.place}: {_said(error)}; "
                "correct the table, column or expression in trueup.toml."
            )
        return self.unavailable(error, mapping.table)

    def unavailable(self, error: Exception, table: str) -> SourceUnavailable:
        """The error of a broken file of this table, for a person."""
        return FileUnreadable(f"{fault_text(error, self._tables[table].files)}; correct or replace the file.")

    def refuse_text(self, table: str) -> None:
        """Refuse text files of the table from which its reader could lose something. Raises ``FileUnreadable``."""
        source = self._tables.get(table)
        if source is None or source.kind not in _LONGEST_LINES:
            return
        for file in source.files:
            refuse_text(file, longest_line_bytes=_LONGEST_LINES[source.kind])

    def find_line(self, table: str, text: str) -> str | None:
        """Return the place of this line in a table of JSON lines: its file and number."""
        return find_line(self._tables[table].files, text)

    def _described(self, connection: duckdb.DuckDBPyConnection, table: FileTable) -> SourceTable:
        try:
            rows = connection.execute(f"DESCRIBE SELECT * FROM {self.from_sql(table.name)}").fetchall()
        except duckdb.Error as error:
            raise self.unavailable(error, table.name) from None
        columns = tuple(SourceColumn(name=name, type=kind.lower(), equality=TEXT) for name, kind, *_ in rows)
        rows_there = self._rows(connection, table)
        return SourceTable(name=table.name, columns=columns, rows=rows_there, written_at=oldest_of(table))

    def _rows(self, connection: duckdb.DuckDBPyConnection, table: FileTable) -> int | None:
        """The number of rows, which only Parquet says in its footer."""
        if table.kind != ".parquet":
            return None
        row = connection.execute(f"SELECT count(*) FROM {self.from_sql(table.name)}").fetchone()
        return int(row[0]) if row else None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB that can reach only these files: not the network, not the rest of the disk."""
        with duckdb.connect(":memory:", config={"memory_limit": MEMORY_LIMIT}) as connection:
            connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
            # Of two versions of an object the later line counts; a table's rows have no order.
            ordered = any(table.kind == ".jsonl" for table in self._tables.values())
            connection.execute(f"SET TimeZone = 'UTC'; SET preserve_insertion_order = {ordered}")
            files = [file for table in self._tables.values() for file in table.files]
            connection.execute(f"SET allowed_paths = [{_literals(files)}]")
            connection.execute("SET enable_external_access = false; SET lock_configuration = true")
            yield connection


class FilesSnapshot(UntrackedSnapshot):
    """The open files. Read one stream to its end before starting the next."""

    why_unknown = "files do not say which rows changed"

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: FilesSource) -> None:
        self.as_of: datetime = this_moment()
        self.types_are_known = False
        self._connection = connection
        self._source = source

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows, with the files' own types; nested and unusual ones as text.

        Raises ``ConfigurationError`` for a mapping that does not fit the file and for a binary column.
        """
        if mapping.query is not None:
            raise ConfigurationError(f"{self._source.place} is a folder of files, which has no queries; name a table.")
        self._source.refuse_text(mapping.table)
        own_name = quoted(schema_and_table(mapping.table)[1], DOUBLE)
        inner = select(mapping, table=f"{self._source.from_sql(mapping.table)} AS {own_name}")
        reader: pa.RecordBatchReader
        try:
            self._source.open_views(self._connection, mapping)
            described_rows = self._connection.execute(f"DESCRIBE {inner}").fetchall()
            types = {name: kind for name, kind, *_ in described_rows}
            _refuse_binary(types, mapping)
            query = wrapped(inner, types, lambda name, value: _carried(types[name], value))
            reader = self._connection.sql(query).to_arrow_reader(self._source.batch_rows(mapping.table))
        except duckdb.Error as error:
            raise self._source.refused(error, mapping) from None
        return stream(
            reader.schema,
            reader,
            failures=(duckdb.Error, pa.ArrowException, OSError),
            unavailable=lambda error: self._source.unavailable(error, mapping.table),
        )

    def cancel(self) -> None:
        """Interrupt the query that reads the files."""
        self._connection.interrupt()


def _lines(files: str) -> str:
    """Return SQL that reads each line unparsed: fields end at U+0001, which no line of JSON holds."""
    return (
        f"(SELECT object FROM read_csv([{files}], columns = {{'object': 'VARCHAR'}}, auto_detect = false, "
        "header = false, delim = chr(1), quote = '', escape = '', comment = '', "
        f"max_line_size = {OBJECT_LINE_BYTES_LIMIT}, nullstr = '') WHERE object IS NOT NULL)"
    )


def _refuse_binary(types: dict[str, str], mapping: RelationMapping) -> None:
    for name, kind in types.items():
        if kind == "BLOB":
            column = mapping.columns[name].column or "column"
            raise ConfigurationError(
                f"{described(mapping, name)} is binary, which is not text; map an expression such as hex({column})."
            )


def _carried(kind: str, value: str) -> str:
    """A moment with a time zone becomes the same moment in UTC, without one; a type Arrow may not share is text."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST({value} AS TIMESTAMP)"
    return value if kind in _AS_THEY_ARE or kind.startswith("DECIMAL") else f"CAST({value} AS VARCHAR)"


def _literals(files: Iterable[Path]) -> str:
    """The files as DuckDB opens them: a link by what it leads to, since only that may be read."""
    return ", ".join(_literal(str(file.resolve())) for file in files)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _said(error: Exception) -> str:
    return _LIBRARY_WORDS.sub("", str(error).partition("\n")[0].strip().rstrip("."))
