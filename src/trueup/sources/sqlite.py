"""SQLite: streamed by a reading process that cannot write, described through the standard library."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

import pyarrow as pa

from trueup.model.address import sqlite_file
from trueup.model.columns import ColumnKind
from trueup.model.errors import ConfigurationError, DatabaseMissing, SourceUnavailable, TrueupError
from trueup.model.relations import RELATIONS, columns_of, relation_name
from trueup.model.source import RelationMapping, SourceTable, schema_and_table
from trueup.sources.select import described, quoted, select
from trueup.sources.sqlite_schema import QUOTE, Form, affinity_of, credit_decimals, output_sql, probe, read_tables
from trueup.sources.stream import this_moment
from trueup.sources.untracked import UntrackedSnapshot

_FAILURES = (pa.ArrowException, OSError)

_READER = "import sys; sys.modules['numpy'] = None; from trueup.sources.sqlite_reader import main; main()"
"""Where numpy is installed, Arrow imports it, which takes longer than reading a small file."""


class SQLiteSource:
    """A SQLite file, read inside one read transaction of a connection opened with ``mode=ro``."""

    dialect = "sqlite"

    def __init__(self, url: str, *, statement_timeout_seconds: int) -> None:
        self._path = _path(url)
        self.statement_timeout_seconds = statement_timeout_seconds
        self.place = f"sqlite:///{self._path}"

    def tables(self) -> tuple[SourceTable, ...]:
        """The tables and views of the file. Their row counts are the highest row ids."""
        try:
            with contextlib.closing(sqlite3.connect(self._uri, uri=True)) as connection:
                return read_tables(connection)
        except sqlite3.Error as error:
            raise self.refused(error) from None

    def may_hide(self, table: str) -> bool:  # noqa: ARG002 - one signature for all sources
        """Never: a user who may read the file sees all of it."""
        return False

    def privileges(self) -> Iterable[str]:
        """Nothing: the connection is opened read only, whatever the file's own permissions."""
        return ()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        """One read transaction over all reads, held by a process of its own; leaving it ends that process."""
        command = [sys.executable, "-P", "-c", _READER, self._uri]
        with subprocess.Popen(  # noqa: S603 - our own module, in a session of its own so that Ctrl-C is ours to handle
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            try:
                snapshot = SQLiteSnapshot(process, self)
                yield snapshot
            finally:
                process.kill()

    def refused(self, error: str | Exception, mapping: RelationMapping | None = None) -> TrueupError:
        """The error of a failure before the first row: with a mapping, a statement that does not compile."""
        message = _said(error)
        if "not a database" in message or "unable to open" in message or "failed to open" in message:
            return DatabaseMissing(f"{self.place} cannot be opened as a SQLite database: {message}; check the path.")
        if mapping and "Failed to prepare" in str(error):
            return ConfigurationError(
                f"The mapping of {mapping.relation} to {mapping.table} does not fit {self.place}: {message}; "
                "correct the table, column or expression in trueup.toml."
            )
        return self.unavailable(error)

    def unavailable(self, error: str | Exception) -> SourceUnavailable:
        """The error of a failure in the middle of a stream, for a person."""
        return SourceUnavailable(f"{self.place} cannot be read: {_said(error)}; nothing was changed, run it again.")

    @property
    def _uri(self) -> str:
        return f"file:{quote(str(self._path.absolute()))}?mode=ro"


class SQLiteSnapshot(UntrackedSnapshot):
    """An open read transaction. Its streams end with it; read one to its end before starting the next."""

    why_unknown = "SQLite does not say which rows changed"

    def __init__(self, process: subprocess.Popen[bytes], source: SQLiteSource) -> None:
        self._process = process
        self._requests, self._answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        self._source = source
        self._late = False
        self._heed(source.refused)
        self.as_of: datetime = this_moment()
        self.types_are_known = True

    def read(self, mapping: RelationMapping) -> pa.RecordBatchReader:
        """The relation's rows: 64-bit integers, floats or text; a column of mixed types is text, each value exact.

        Raises ``ConfigurationError`` for a mapping that does not compile and for a column of blobs.
        """
        inner = select(mapping, quote=QUOTE)
        declared = self._declared(mapping)
        amounts = {
            name: credit_decimals(declared.get((mapping.columns[name].column or "").casefold(), ""))
            for name in _list_credits(mapping.relation)
            if name in mapping.columns
        }
        first, then = output_sql(self._forms(mapping, inner, declared), amounts)
        query = f"SELECT {first} UNION ALL SELECT {then} FROM ({inner}\n)"
        held = contextlib.ExitStack()
        held.enter_context(self._within_the_time())
        with held:
            reader = self._query(query, mapping, skip=1)
            ends = held.pop_all()
        return pa.RecordBatchReader.from_batches(reader.schema, self._whole(reader, ends))

    def cancel(self) -> None:
        """End the process that reads."""
        self._process.kill()

    def _forms(self, mapping: RelationMapping, inner: str, declared: Mapping[str, str]) -> dict[str, Form]:
        """How each mapped column is delivered, found in one pass over those whose declared type does not settle it."""
        probes = {
            name: probe(affinity_of(declared.get((column.column or "").casefold(), "")), quoted(name, QUOTE))
            for name, column in mapping.columns.items()
        }
        asked = [f"{sql} AS {quoted(name, QUOTE)}" for name, sql in probes.items() if sql]
        answers = self._ask(f"SELECT {', '.join(asked)} FROM ({inner}\n)", mapping)[0] if asked else {}
        forms = {name: Form(answers.get(name, Form.TEXT)) for name in mapping.columns}
        for name, form in forms.items():
            if form is Form.BINARY:
                raise ConfigurationError(
                    f"{described(mapping, name)} holds blobs, which are not text; map an expression such as "
                    f"hex({mapping.columns[name].column or 'column'})."
                )
        return forms

    def _declared(self, mapping: RelationMapping) -> dict[str, str]:
        """The declared types of a table's columns by folded name; a view's or a virtual table's prove nothing."""
        if mapping.query is not None:
            return {}
        name = schema_and_table(mapping.table)[1].replace("'", "''")
        rows = self._ask(
            f"SELECT x.name, x.type FROM sqlite_master AS m, pragma_table_xinfo('{name}') AS x "
            f"WHERE m.name = '{name}' COLLATE NOCASE AND m.type = 'table' AND m.sql NOT LIKE 'create virtual%'",
            mapping,
        )
        return {row["name"].casefold(): row["type"] for row in rows}

    def _ask(self, sql: str, mapping: RelationMapping) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        with self._within_the_time():
            for batch in self._whole(self._query(sql, mapping)):
                rows.extend(batch.to_pylist())
        return rows

    @contextlib.contextmanager
    def _within_the_time(self) -> Iterator[None]:
        """End the process that reads, and with it the snapshot, when one statement takes longer than allowed."""
        timer = threading.Timer(self._source.statement_timeout_seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end(self) -> None:
        self._late = True
        self._process.kill()

    def _query(self, sql: str, mapping: RelationMapping, *, skip: int = 0) -> pa.RecordBatchReader:
        try:
            self._requests.write(json.dumps({"query": sql, "skip": skip}).encode() + b"\n")
            self._requests.flush()
            self._heed(functools.partial(self._source.refused, mapping=mapping))
            return pa.ipc.open_stream(self._answers)
        except _FAILURES as error:
            raise self._source.unavailable(self._too_long() or error) from None

    def _whole(
        self, reader: pa.RecordBatchReader, ends: contextlib.AbstractContextManager[object] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The batches; ``ends`` is left with the last one."""
        with ends or contextlib.nullcontext():
            try:
                yield from reader
            except _FAILURES as error:
                raise self._source.unavailable(self._too_long() or error) from None
            self._heed(self._source.unavailable)

    def _too_long(self) -> str | None:
        return f"a read took longer than {self._source.statement_timeout_seconds} seconds" if self._late else None

    def _heed(self, meaning: Callable[[str | Exception], TrueupError]) -> None:
        """Read the reader's next line, and raise what it says."""
        line = self._answers.readline()
        problem = json.loads(line).get("error") if line.endswith(b"\n") else "the process that reads it was ended"
        if problem:
            raise meaning(self._too_long() or problem)


def _list_credits(name: str) -> list[str]:
    """Return the columns that hold credits; none where the name is only that of a look at a table's words."""
    columns = (columns_of(relation) for relation in RELATIONS if relation_name(relation) == name)
    return [column.name for column in chain.from_iterable(columns) if column.kind is ColumnKind.CREDITS]


def _path(url: str) -> Path:
    rest = sqlite_file(url, key="database.url")
    if rest in ("", ":memory:"):
        raise ConfigurationError(
            "The sqlite:// address in database.url names no file; write sqlite:///app.db for a relative path or "
            "sqlite:////data/app.db for an absolute one."
        )
    path = Path(rest)
    if not path.is_file():
        raise DatabaseMissing(f"There is no SQLite file at {path}; correct the path in database.url.")
    if not os.access(path, os.R_OK):  # not by opening it: closing it again would drop this process's locks on it
        raise DatabaseMissing(f"The SQLite file {path} may not be read by this user; correct its permissions.")
    return path


def _said(error: str | Exception) -> str:
    """SQLite's own first line."""
    line = str(error).partition("\n")[0]
    return line.rpartition("Failed to prepare query: ")[2].strip()
