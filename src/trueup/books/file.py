"""The books file: made from a snapshot, or opened again later."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from trueup import __version__
from trueup.books.credit_scale import CreditScale
from trueup.books.prepared_statements import PreparedStatements
from trueup.books.schema import FORMAT, all_tables, create_table, empty_tables
from trueup.disk.statements import execute
from trueup.model.errors import BooksUnreadable, TrueupError
from trueup.model.relations import MAPPED, STRIPE, Row, columns_of, relation_name
from trueup.model.report import RelationRead
from trueup.model.settings import MEMORY_LIMIT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.engines.engine import EngineMaker
    from trueup.model.kept_books import Rereading
    from trueup.model.repair_offer import RepairOffer

_ENGINE_SHARE = 0.8
_CLOSING_TRIES = 100
_SMALL_BLOCK_BYTES = "16384"
_CLOSING_PAUSE_SECONDS = 0.05
_ROWS_A_STATEMENT = 100


def _make_runner() -> ThreadPoolExecutor:
    """Make a runner of one thread, which begins with the first query and ends when the runner is gone."""
    return ThreadPoolExecutor(max_workers=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Open books: the connection that the engine reads, and what the file records about itself."""

    connection: DuckDBPyConnection
    prepared: PreparedStatements | None = dataclasses.field(default=None, repr=False)
    """Of books for a few rows: what they keep from one use to the next."""
    scale: CreditScale = dataclasses.field(default_factory=CreditScale)
    offer: RepairOffer | None = None
    """What repairs may be offered; None of kept books, whose database is not known."""
    make_engine: EngineMaker | None = None
    """Where the relations are not in these books, what makes the engine that reads them; else the books are read."""
    rereading: Rereading | None = None
    """What was read again of books that an earlier audit kept; None where none are kept."""
    _runner: ThreadPoolExecutor = dataclasses.field(default_factory=_make_runner, repr=False, compare=False)

    def run(
        self, sql: str, bound: Mapping[str, object] | None = None, *, cancel: Callable[[], None] | None = None
    ) -> DuckDBPyConnection:
        """Run a query that may take long. Ctrl-C ends the query itself, and calls ``cancel`` to end what it waits for.

        The query runs in a thread of its own, because a signal reaches Python only when the main thread waits in
        Python, and never while it is inside DuckDB: a query of a few rows may be slow too.
        """
        if self.prepared is not None:
            return self.prepared.run(sql, bound)
        query = self._runner.submit(execute, self.connection, sql, bound)
        try:
            return query.result()
        except KeyboardInterrupt:
            self.connection.interrupt()
            if cancel is not None:
                cancel()
            wait([query])
            raise

    def make_table(self, sql: str) -> None:
        """Make a table, or replace it; what was derived from the old one has to be made again as well."""
        self.connection.execute(sql)
        if self.prepared is not None:
            self.prepared.tables.clear()
            self.prepared.forget_plans()

    @property
    def as_of(self) -> datetime | None:
        """The moment of the snapshot, naive UTC; None before anything was copied."""
        if self.prepared is not None:
            return self.prepared.as_of
        row = self.connection.execute("SELECT as_of FROM trueup_books").fetchone()
        return row[0] if row else None

    @property
    def stripe_as_of(self) -> datetime | None:
        """The moment from which Stripe was read, naive UTC; None when nothing of it was."""
        if self.prepared is not None and not any(read.relation.startswith("stripe_") for read in self.prepared.copies):
            return None
        ((moment,),) = self.run("SELECT min(read_at) FROM stripe_reading").fetchall()
        return moment if isinstance(moment, datetime) else None

    @property
    def environment(self) -> str:
        """The environment that the copied database serves."""
        if self.prepared is not None:
            return self.prepared.environment
        row = self.connection.execute("SELECT environment FROM trueup_books").fetchone()
        return str(row[0]) if row else ""

    def begin(self, *, environment: str, as_of: datetime | None) -> None:
        """Record which environment and moment the books are of."""
        if self.prepared is not None:
            self.prepared.environment, self.prepared.as_of = environment, as_of
            return
        self.connection.execute("DELETE FROM trueup_books")
        values = [FORMAT, __version__, environment, as_of]
        self.connection.execute("INSERT INTO trueup_books VALUES (?, ?, ?, ?)", values)

    def copies(self) -> tuple[RelationRead, ...]:
        """What was read of each relation, in the order of the relations."""
        if self.prepared is not None:
            return self.prepared.copies
        order = [relation_name(relation) for relation in (*MAPPED, *STRIPE)]
        rows = self.connection.execute(
            "SELECT relation, source_table, rows, unreadable_rows, problem FROM trueup_copy"
        ).fetchall()
        reads = [
            RelationRead(relation=name, table=table, rows=count, unreadable_rows=unreadable, problem=problem)
            for name, table, count, unreadable, problem in rows
        ]
        return tuple(sorted(reads, key=lambda read: order.index(read.relation)))

    def mapped_columns(self) -> Mapping[str, frozenset[str]]:
        """The columns that were mapped, by relation; a relation whose copy failed is not among them."""
        if self.prepared is not None:
            return self.prepared.mapped
        rows = self.connection.execute("SELECT relation, columns FROM trueup_copy").fetchall()
        not_whole = {read.relation for read in self.copies() if read.problem and not read.is_plausibly_empty}
        return {relation: frozenset(columns) for relation, columns in rows if relation not in not_whole}

    def has_plans(self) -> bool:
        """Whether the config names any plan."""
        if self.prepared is not None:
            return self.prepared.has_plans
        return self.connection.execute("SELECT 1 FROM plan LIMIT 1").fetchall() != []

    def replace_rows(self, rows: Iterable[Row], *, of: type[Row], for_this_run: bool = False) -> None:
        """Put these rows in place of all rows of the relation ``of``: for what the config supplies, and for cases.

        ``for_this_run`` leaves the file as it is, also a read-only one, and lets the checks of this connection see the
        new rows: a temporary table goes before one of the file.
        """
        kept = list(rows)
        numbered = all(isinstance(getattr(row, "entry_id", None), int) for row in kept)
        self.make_table(
            create_table(
                of, {"entry_id": "BIGINT" if numbered else "VARCHAR"}, temporary=for_this_run, scale=self.scale
            )
        )
        self.add_rows(kept, of=of)

    def add_rows(self, rows: Sequence[Row], *, of: type[Row]) -> None:
        """Add these rows to those of the relation ``of``."""
        columns = columns_of(of)
        marks = f"({', '.join('?' * len(columns))}, NULL)"
        for start in range(0, len(rows), _ROWS_A_STATEMENT):
            some = rows[start : start + _ROWS_A_STATEMENT]
            values = [_plain(getattr(row, column.name)) for row in some for column in columns]
            self.connection.execute(f"INSERT INTO {relation_name(of)} VALUES {', '.join([marks] * len(some))}", values)


class BooksTooLarge(TrueupError):
    """The checks need more memory than ``books.memory_limit`` allows."""

    def __init__(self, memory_limit: str) -> None:
        super().__init__(f"The books need more memory than books.memory_limit allows ({memory_limit}); raise it.")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value


@contextlib.contextmanager
def create_books(
    path: Path, *, memory_limit: str = MEMORY_LIMIT, credit_decimals: int | None = None, is_kept: bool = True
) -> Iterator[Books]:
    """New books in a new file, readable by this user only. Raises ``BooksUnreadable`` when the file exists.

    Where the file is not kept, it need not be complete afterwards.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BooksUnreadable(f"{path} already exists; name another file for the books or remove it.") from None
    except OSError as error:
        raise BooksUnreadable(
            f"The books cannot be made at {path}: {error.strerror}; name a folder you may write to."
        ) from None
    path.unlink()
    with connect_books(path, memory_limit=memory_limit, survives_a_crash=is_kept) as connection:
        path.chmod(0o600)
        scale = CreditScale.of(credit_decimals)
        connection.execute(f"BEGIN; {all_tables(scale)}; COMMIT")  # one write to the disk instead of one for each
        if not is_kept:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        yield Books(connection=connection, scale=scale)
        if is_kept:
            connection.execute("CHECKPOINT")


@contextlib.contextmanager
def open_books(path: Path, *, memory_limit: str = MEMORY_LIMIT, spill: Path | None = None) -> Iterator[Books]:
    """Open kept books, read only. Raises ``BooksUnreadable`` when the file is missing or was not made by trueup."""
    import duckdb  # noqa: PLC0415 - heavy

    if not path.is_file():
        raise BooksUnreadable(f"There are no books at {path}; make them with `trueup audit --keep-books {path}`.")
    try:
        with connect_books(path, memory_limit=memory_limit, read_only=True, spill=spill) as connection:
            row = connection.execute("SELECT format FROM trueup_books").fetchone()
            if row is None or row[0] != FORMAT:
                raise BooksUnreadable(
                    f"{path} has another books format than this trueup reads ({FORMAT}); make the books again."
                )
            yield Books(connection=connection)
    except (duckdb.IOException, duckdb.CatalogException, duckdb.SerializationException) as error:
        raise BooksUnreadable(f"{path} cannot be read as a books file; make it again with --keep-books.") from error


@contextlib.contextmanager
def continued_books(
    path: Path, *, relations: Collection[str], memory_limit: str = MEMORY_LIMIT, credit_decimals: int | None = None
) -> Iterator[Books]:
    """Books that go on from those in this file, which need not be complete afterwards: the rows of ``relations`` are
    there as they were read before, and every other relation is empty.
    """
    with connect_books(path, memory_limit=memory_limit, survives_a_crash=False) as connection:
        scale = CreditScale.of(credit_decimals)
        connection.execute(f"BEGIN; {empty_tables(relations, scale)}; COMMIT")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        yield Books(connection=connection, scale=scale)


@contextlib.contextmanager
def books_in_memory(*, credit_decimals: int | None = None) -> Iterator[Books]:
    """Empty books that are never written to disk, and work like those of an audit."""
    scale = CreditScale.of(credit_decimals)
    with connect_books(None) as connection:
        connection.execute(all_tables(scale))
        yield Books(connection=connection, scale=scale)


@contextlib.contextmanager
def connect_books(
    path: Path | None,
    *,
    memory_limit: str = MEMORY_LIMIT,
    read_only: bool = False,
    survives_a_crash: bool = True,
    spill: Path | None = None,
) -> Iterator[DuckDBPyConnection]:
    """One connection with the limits that an audit keeps; it never loads or fetches an extension."""
    import duckdb  # noqa: PLC0415 - heavy

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _engine_share(memory_limit),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if path:
        settings["temp_directory"] = str(spill or path.parent / f"{path.name}.spill")
        if not survives_a_crash:  # of books that nothing reads afterwards, each small table waited for the disk
            settings["fsync_mode"] = "NONE"
    else:  # small: threads would wait for each other longer than they work, and a large block is mostly zeros
        settings |= {"threads": 1, "default_block_size": _SMALL_BLOCK_BYTES}
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=settings)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        # Weighing these against the light methods costs a third of the copy, and reading them back costs more.
        connection.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")
        yield connection
    except duckdb.OutOfMemoryException:
        raise BooksTooLarge(memory_limit) from None
    finally:
        _close(connection)


def _close(connection: DuckDBPyConnection) -> None:
    """Close it, and first end what a Ctrl-C may have left running in a query's own thread: it would refuse."""
    import duckdb  # noqa: PLC0415 - heavy

    for _ in range(_CLOSING_TRIES):
        try:
            connection.close()
        except duckdb.Error:
            connection.interrupt()
            time.sleep(_CLOSING_PAUSE_SECONDS)
        else:
            return


def _engine_share(memory_limit: str) -> str:
    """What DuckDB may count of the process's limit: the rest is for rows on their way and what it does not count."""
    amount = re.match(r"[0-9.]+", memory_limit)
    return f"{float(amount[0]) * _ENGINE_SHARE:.3f}{memory_limit[amount.end() :]}" if amount else memory_limit
