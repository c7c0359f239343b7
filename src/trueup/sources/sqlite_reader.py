"""A process of its own that holds a read transaction on a SQLite file and streams query results over its output.

Why a process: the fast driver carries its own copy of SQLite. Two copies in one process do not know of each other, and
when one closes the file, the operating system drops the other's locks too (https://sqlite.org/howtocorrupt.html, 2.2).
A program that embeds us, or our own repairs, may have the same file open through Python's ``sqlite3``.

Protocol, on standard input and output: a request is one JSON line ``{"query": …, "skip": n}``. An answer is a JSON
line, ``{}`` or ``{"error": …}``; after ``{}`` come an Arrow IPC stream without the first n rows, and one more such line
that says whether the stream is whole. The first line of all says whether the file could be opened.
"""

from __future__ import annotations

import json
import sys
from typing import BinaryIO

import adbc_driver_manager as adbc  # not its ``dbapi``: importing that takes longer than reading a small file
import adbc_driver_sqlite as driver
import pyarrow as pa

from trueup.sources.stream import with_valid_text

BATCH_ROWS = 65_536
BUSY_TIMEOUT_MILLISECONDS = 5_000
_FAILURES = (adbc.Error, pa.ArrowException, OSError)


def serve(uri: str, requests: BinaryIO, answers: BinaryIO) -> None:
    """Open the file, then answer requests until there are no more."""
    try:
        with driver.connect(uri) as database, adbc.AdbcConnection(database) as connection:
            _begin(connection)
            _say(answers, None)
            for line in requests:
                with adbc.AdbcStatement(connection) as statement:
                    _answer(statement, json.loads(line), answers)
    except adbc.Error as error:
        _say(answers, error)


def _begin(connection: adbc.AdbcConnection) -> None:
    for sql in (f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}", "BEGIN"):
        with adbc.AdbcStatement(connection) as statement:
            statement.set_sql_query(sql)
            statement.execute_update()
    with adbc.AdbcStatement(connection) as statement:
        _run(statement, "SELECT count(*) FROM sqlite_master").read_all()  # BEGIN alone takes no snapshot


def _answer(statement: adbc.AdbcStatement, request: dict[str, object], answers: BinaryIO) -> None:
    try:
        statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)})
        reader = _run(statement, str(request["query"]))
    except _FAILURES as error:
        return _say(answers, error)
    _say(answers, None)
    failure = _write(reader, int(str(request["skip"])), answers)
    return _say(answers, failure)


def _run(statement: adbc.AdbcStatement, sql: str) -> pa.RecordBatchReader:
    """The rows of a query. They must be read before the statement is closed."""
    statement.set_sql_query(sql)
    statement.prepare()
    rows, _ = statement.execute_query()
    return pa.RecordBatchReader._import_from_c(rows.address)  # noqa: SLF001 - as adbc's own ``dbapi`` does


def _write(reader: pa.RecordBatchReader, skip: int, answers: BinaryIO) -> Exception | None:
    """Write the stream to its end or to the first failure; the stream itself is well formed either way."""
    with pa.ipc.new_stream(answers, reader.schema) as writer:
        try:
            for batch in reader:
                writer.write_batch(with_valid_text(batch.slice(skip)))
                skip = 0
        except BrokenPipeError:
            raise SystemExit from None  # the reader of this pipe is gone
        except _FAILURES as error:
            return error
    return None


def _say(answers: BinaryIO, error: Exception | None) -> None:
    answers.write(json.dumps({"error": str(error)} if error else {}).encode() + b"\n")
    answers.flush()


def main() -> None:
    """Serve the file that the command line names."""
    serve(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
