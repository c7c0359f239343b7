"""Stripe's objects as tables: one for each kind, a column for each place that is read, and of each list's parts.

What an object is worth is decided here, the same for every supplier: what cannot be read is named, objects of the
other mode and of other accounts are left out and counted, and of two versions of one object the later counts.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trueup.disk.statements import execute
from trueup.model.finding import printable
from trueup.stripe.object_rows import ObjectStream, select_objects, test_gone
from trueup.stripe.object_text import refuse_text
from trueup.stripe.shapes import SHAPES
from trueup.stripe.shapes.declaration import PartOf, Shape
from trueup.stripe.shapes.fields import AccountFilter
from trueup.stripe.shapes.sql import (
    PRICES,
    SCHEDULES,
    Extraction,
    fill,
    list_numbers,
    list_places,
    list_places_of_kind,
    object_of,
    part_table,
    quote_name,
    quote_text,
    select_relation,
    select_typed,
    shape_named,
    test_plain,
    write_value,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

SCHEDULED = frozenset({"next_price_id", "next_phase_at"})
"""What a subscription changes to, which its schedule says."""

_MEMORY_LIMIT = "512MiB"
_INCOMING = "incoming_objects"
_ROWS_A_BATCH = 10_000
_ODD_ROWS_A_BATCH = 100

Refused = Callable[[str | None, ValueError], None]
"""Takes the text of what is not an object, where there is a text, and why."""


@contextlib.contextmanager
def open_object_tables(scratch: Path, account_filter: AccountFilter) -> Iterator[ObjectTables]:
    """Open empty tables. What memory does not hold of them is in files in ``scratch``, a private folder, until then."""
    import duckdb  # noqa: PLC0415 - heavy

    settings: dict[str, Any] = {
        "memory_limit": _MEMORY_LIMIT,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with (
        tempfile.TemporaryDirectory(dir=scratch, prefix="objects-") as folder,
        duckdb.connect(":memory:", config=settings | {"temp_directory": folder}) as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        # DuckDB 2.0 draws wrong conclusions from what it knows of an empty side of an outer join.
        connection.execute("SET disabled_optimizers = 'statistics_propagation'")
        yield ObjectTables(connection, account_filter)


class ObjectTables:
    """The tables. ``problems`` says, by relation, why it is not whole; the first problem of each is enough.

    ``unsupplied`` are the relations whose lists no object shows, as the API leaves some out of its own objects, and
    ``unsupplied_columns`` those columns that an object alone does not say, and what would say them is not there.
    ``of_mode`` and ``of_other_mode`` count the objects that say their mode, ``accounts`` are those they are of.
    """

    def __init__(self, connection: DuckDBPyConnection, account_filter: AccountFilter) -> None:
        self.problems: dict[str, str] = {}
        self.unsupplied: set[str] = set()
        self.unsupplied_columns: dict[str, frozenset[str]] = {}
        self.accounts: set[str] = set()
        self.of_mode = self.of_other_mode = 0
        self._connection = connection
        self._filter = account_filter
        self._kinds: set[str] = set()
        self._reading: DuckDBPyConnection | None = None

    def note(self, relations: Iterable[str], problem: str) -> None:
        """Put on record why these relations are not whole."""
        for relation in relations:
            self.problems.setdefault(relation, problem)

    def take(
        self, kind: str, batches: Iterable[pa.RecordBatch], *, account: str | None = None, refused: Refused
    ) -> None:
        """Take in all objects of a kind: those of this ``account``, where one is named, and of any other mode none.

        Raises what the batches raise; then nothing of the kind is here.
        """
        extraction = Extraction(list_places_of_kind(kind, self._filter), self._filter)
        try:
            stream = ObjectStream(batches)
            if stream.names:
                self._connection.register(_INCOMING, stream.open())
                with stream.own_error():
                    self._run(f"CREATE TABLE {kind} AS {select_objects(kind, extraction, stream.names, _INCOMING)}")
                self._judge(kind, refused)
                self._choose(kind, account)
                self._kinds.add(kind)
        finally:
            self._connection.unregister(_INCOMING)
            if kind not in self._kinds:
                columns = ", ".join(f"{quote_name(place)} VARCHAR" for place in extraction.places)
                self._connection.execute(f"CREATE OR REPLACE TABLE {kind} (line BIGINT, {columns})")
                self._kinds.add(kind)

    def leave_out(self, kind: str) -> None:
        """Take this kind for one that is not supplied."""
        self._kinds.discard(kind)

    def _judge(self, kind: str, refused: Refused) -> None:
        """Look again at what may not be an object of this kind, and drop what is none."""
        if not self._rows(f"SELECT 1 FROM {kind} WHERE is_odd LIMIT 1"):
            return
        lines = []
        cursor = self._connection.cursor()
        cursor.execute(f"SELECT line, text, id IS NOT NULL FROM {kind} WHERE is_odd ORDER BY line")
        while rows := cursor.fetchmany(_ODD_ROWS_A_BATCH):
            for line, text, is_read in rows:
                try:
                    refuse_text(text, kind=object_of(kind), is_read=is_read)
                except ValueError as error:
                    refused(text, error)
                    lines.append(line)
        if lines:
            self._run(f"DELETE FROM {kind} WHERE line IN (SELECT unnest($lines))", {"lines": lines})

    def _choose(self, kind: str, account: str | None) -> None:
        """Leave what is of this mode and account, each object once, and no more what was deleted."""
        mode, other = ("'true'", "'false'") if self._filter.livemode else ("'false'", "'true'")
        if account is not None:
            self._run(f"DELETE FROM {kind} WHERE account <> {quote_text(account)}")
        gone = test_gone(kind)
        counts = [
            f"count(*) FILTER (WHERE livemode = {mode})",
            f"count(*) FILTER (WHERE livemode = {other})",
            "count(*) - count(DISTINCT id)",
            f"count(*) FILTER (WHERE {gone})",
            "list(DISTINCT account) FILTER (WHERE account IS NOT NULL)",
        ]
        ((same, others, repeated, gone_ones, accounts),) = self._rows(f"SELECT {', '.join(counts)} FROM {kind}")
        self.accounts |= set(accounts or ())
        self.of_other_mode += others
        self.of_mode += same
        if others:
            self._run(f"DELETE FROM {kind} WHERE livemode = {other}")
        if repeated:
            self._run(f"DELETE FROM {kind} WHERE line NOT IN (SELECT max(line) FROM {kind} GROUP BY id)")
        if gone_ones:
            self._run(f"DELETE FROM {kind} WHERE {gone}")

    def finish(self, kinds: Collection[str]) -> None:
        """Make the relations of these kinds, once everything was taken in that they are made of."""
        for kind in {*kinds, PRICES} - self._kinds:
            self.take(kind, (), refused=lambda _text, _error: None)
            self._kinds.discard(kind)
        if "subscriptions" in kinds:
            self._complete_schedules()
        for shape in (shape for shape in SHAPES if shape.kind in kinds):
            if shape.part_of is not None:
                self._make_parts(shape, shape.part_of)

    def _complete_schedules(self) -> None:
        """Put what a schedule says into the subscription that only names it."""
        places = [
            place for place in list_places_of_kind("subscriptions", self._filter) if place.startswith("schedule.")
        ]
        named = "own.schedule IS NOT NULL AND NOT starts_with(own.schedule, '{')"
        same = 'given.id = own.schedule AND coalesce(given."subscription:id", own.id) = own.id'
        if SCHEDULES in self._kinds:
            values = ", ".join(f"{quote_name(p)} = given.{quote_name(p.removeprefix('schedule.'))}" for p in places)
            self._run(f"UPDATE subscriptions AS own SET {values} FROM {SCHEDULES} AS given WHERE {named} AND {same}")
        # One that is not there is unknown alone: it may have been released since.
        known = f"EXISTS (SELECT 1 FROM {SCHEDULES} AS given WHERE {same})" if SCHEDULES in self._kinds else "FALSE"
        shown = "own.schedule IS NOT NULL AND starts_with(own.schedule, '{')"
        if self._is_any("subscriptions", named) and not self._is_any(
            "subscriptions", f"{shown} OR {named} AND {known}"
        ):
            self.unsupplied_columns["stripe_subscription"] = SCHEDULED

    def _note_incomplete(
        self, kind: str, missing: str, relations: Iterable[str], field: str, parts: str | None
    ) -> None:
        row = self._rows(f"SELECT id FROM {kind} AS own WHERE {missing} ORDER BY line LIMIT 1")
        if not row:
            return
        named = printable(row[0][0])
        if parts is None:
            self.note(relations, f"{named} does not show all of its {field}: let what writes it expand them")
        else:
            problem = f"{named} came without its {field}, or not all of them, and no {parts} complete it"
            self.note(relations, problem)

    def _shows_any(self, shape: Shape, part_of: PartOf) -> bool:
        """Whether an object shows its list, or needs none, or there is no object that could."""
        shows = f"own.{quote_name(part_of.list + '.data')} IS NOT NULL"
        if part_of.needless:
            shows += f" OR coalesce({fill(part_of.needless, self._filter)}, FALSE)"
        return self._is_any(shape.kind, shows) or not self._is_any(shape.kind, "TRUE")

    def _is_any(self, kind: str, condition: str) -> bool:
        return bool(self._rows(f"SELECT 1 FROM {kind} AS own WHERE {condition} LIMIT 1"))

    def _make_parts(self, shape: Shape, part_of: PartOf) -> None:
        """Make the table of parts: those in an object's list, and where that is cut, those that came by themselves."""
        is_whole = (
            f"(starts_with(own.{quote_name(part_of.list + '.data')}, '[') "
            f"AND own.{quote_name(part_of.list + '.has_more')} IS DISTINCT FROM 'true')"
        )
        is_cut = f"NOT coalesce({is_whole}, FALSE)"
        if part_of.needless:
            is_cut += f" AND NOT coalesce({fill(part_of.needless, self._filter)}, FALSE)"
        if part_of.kind not in self._kinds and not self._shows_any(shape, part_of):
            self.unsupplied.add(shape.relation)
        elif part_of.kind not in self._kinds and not (part_of.unknown_alone and self._is_any(shape.kind, is_whole)):
            self._note_incomplete(shape.kind, is_cut, [shape.relation, *part_of.spoils], part_of.list, part_of.kind)
        places = list_places(shape, self._filter)
        own = [place for place in places if not place.startswith("^")]
        parents = "".join(f", own.{quote_name(p[1:])} AS {quote_name(p)}" for p in places if p.startswith("^"))
        extraction = Extraction(own, self._filter)
        columns = ", ".join(extraction.list_columns("f"))
        data = f"TRY(json_extract(own.{quote_name(part_of.list + '.data')}, '$[*]'))"
        parts = f"SELECT own.line{parents}, unnest({data}) AS part FROM {shape.kind} AS own WHERE {is_whole}"
        values = f"SELECT * EXCLUDE (part), {extraction.take_from('part')} AS f FROM ({parts})"
        queries = [f"SELECT * EXCLUDE (f), {columns} FROM ({values})"]
        if part_of.kind in self._kinds:
            given = ", ".join(f"given.{quote_name(place)}" for place in own)
            queries.append(
                f"SELECT own.line{parents}, {given} FROM {part_of.kind} AS given JOIN {shape.kind} AS own "
                f"ON own.id = given.{quote_name(part_of.parent + ':id')} WHERE {is_cut} ORDER BY given.id"
            )
        if part_of.instead:
            values = ", ".join(
                f"CAST({fill(part_of.instead.get(place, 'NULL'), self._filter)} AS VARCHAR)" for place in own
            )
            test = f"{fill(part_of.needless, self._filter)} AND {fill(part_of.instead['id'], self._filter)} IS NOT NULL"
            queries.append(f"SELECT own.line{parents}, {values} FROM {shape.kind} AS own WHERE {test}")
        self._run(f"CREATE TABLE {part_table(shape)} AS {' UNION ALL '.join(f'({query})' for query in queries)}")
        self._check_parts(shape, part_of.spoils)
        if part_of.is_never_empty:
            is_empty = f"{is_cut} AND NOT EXISTS (SELECT 1 FROM {part_table(shape)} AS part WHERE part.line = own.line)"
            self._note_incomplete(shape.kind, is_empty, [shape.relation, *part_of.spoils], part_of.list, part_of.kind)

    def _check_parts(self, shape: Shape, spoils: Collection[str]) -> None:
        """Refuse parts without a key, and leave the later of those that share one."""
        table = part_table(shape)
        fields = [field for field in shape.list_fields() if field.column in shape.keys]
        keys = [f"({fill(write_value(field), self._filter)})" for field in fields]
        is_row = fill(shape.where, self._filter) or "TRUE"
        blank = " OR ".join(f"coalesce({key}, '') = ''" for key in keys)
        ((nameless, repeated),) = self._rows(
            f'SELECT arg_min("^id", line) FILTER (WHERE {blank}), count(*) - count(DISTINCT ({", ".join(keys)})) '
            f"FROM {table} AS own WHERE {is_row}"
        )
        if nameless is not None:
            problem = f"{printable(nameless)} holds something without an id"
            self.note([shape.relation, *spoils], problem)
        if repeated:
            order = f"PARTITION BY {', '.join(keys)} ORDER BY line DESC, rowid DESC"
            later = f"SELECT rowid FROM {table} AS own QUALIFY row_number() OVER ({order}) = 1"
            self._run(f"DELETE FROM {table} WHERE rowid NOT IN ({later})")

    def find_named_price(self) -> str | None:
        """Return a subscription that only names the price of an item; None where each item holds its own."""
        whole = 'coalesce("price.livemode", "price.lookup_key", "price.product:id")'
        only_named = f'"price:id" IS NOT NULL AND {whole} IS NULL'
        ((named,),) = self._rows(f'SELECT min("^id") FROM stripe_subscription_item_part WHERE {only_named}')
        return None if named is None else str(named)

    def read(self, relation: str) -> pa.RecordBatchReader:
        """Return the relation's rows, its columns in their order. Odd values make their column text."""
        shape = shape_named(relation)
        numbers = list_numbers(shape)
        rows = f"({select_relation(shape, self._filter)})"
        (plain,) = self._rows(f"SELECT {', '.join(map(test_plain, numbers))} FROM {rows}")
        typed = {column.name for column, is_plain in zip(numbers, plain, strict=True) if is_plain}
        left_out = self.unsupplied_columns.get(relation, frozenset())
        self._reading = self._connection.cursor()
        return self._reading.sql(select_typed(shape, typed, rows, left_out)).to_arrow_reader(_ROWS_A_BATCH)

    def cancel(self) -> None:
        """Interrupt the query of the latest ``read``. Callable from any thread."""
        if self._reading is not None:
            self._reading.interrupt()

    def _rows(self, sql: str, bound: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        return self._run(sql, bound).fetchall()

    def _run(self, sql: str, bound: Mapping[str, object] | None = None) -> DuckDBPyConnection:
        """Run a statement in a thread of its own, so that Ctrl-C ends it."""
        with ThreadPoolExecutor(max_workers=1) as runner:
            try:
                return runner.submit(execute, self._connection, sql, bound).result()
            except KeyboardInterrupt:
                self._connection.interrupt()
                raise
