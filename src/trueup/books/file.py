"""Open books: the connection that the checks read, and what the books say of themselves."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import TYPE_CHECKING

from trueup import __version__
from trueup.books.credit_scale import CreditScale
from trueup.books.prepared_statements import PreparedStatements
from trueup.books.schema import FORMAT, create_table
from trueup.disk.statements import execute
from trueup.model.relations import MAPPED, STRIPE, Row, columns_of, relation_name
from trueup.model.report import RelationRead

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from trueup.engines.engine import EngineMaker
    from trueup.model.kept_books import Rereading
    from trueup.model.repair_offer import RepairOffer

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

        The main thread's query runs in a thread of its own, because a signal reaches Python only when the main thread
        waits in Python, and never while it is inside DuckDB: a query of a few rows may be slow too.
        """
        if self.prepared is not None:
            return self.prepared.run(sql, bound)
        if threading.current_thread() is not threading.main_thread():
            return execute(self.connection, sql, bound)
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


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value
