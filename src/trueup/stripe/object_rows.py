"""The rows of a supplier, an object each, as SQL reads them: whole as JSON, or a column for each field."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from trueup.model.errors import TrueupError
from trueup.model.stripe_objects import ACCOUNT, EVENT_TYPES, FIELD, LIVEMODE, NESTED, OBJECT
from trueup.stripe.object_text import LEVELS_LIMIT
from trueup.stripe.shapes.sql import Extraction, list_numbers, object_of, quote_name, quote_text, shapes_of

if TYPE_CHECKING:
    import pyarrow as pa

_LINE = "line number"
_LONGEST_NUMBER = 1000
_NOT_AN_ID = r"(?s)[-+0-9.eE]+|true|false|NaN|-?Infinity|[{\[].*"
"""What is not text, as the id of an object. A text may look like it: then the object is looked at again."""


class ObjectStream:
    """Batches of rows with the number of each row, and the error that ended them, which the engine would lose."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._error: TrueupError | None = None
        self._batches = iter(batches)
        self._head = list(itertools.islice(self._batches, 1))
        self.names: Sequence[str] = self._head[0].schema.names if self._head else ()

    def open(self) -> pa.RecordBatchReader:
        """Return the reader of all batches."""
        import pyarrow as pa  # noqa: PLC0415 - heavy

        schema = self._head[0].schema.append(pa.field(_LINE, pa.int64()))
        return pa.RecordBatchReader.from_batches(schema, self._number(schema))

    def _number(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa  # noqa: PLC0415 - heavy

        count = 0
        try:
            for batch in itertools.chain(self._head, self._batches):
                numbers = pa.array(range(count, count + batch.num_rows), pa.int64())
                yield pa.RecordBatch.from_arrays([*batch.columns, numbers], schema=schema)
                count += batch.num_rows
        except TrueupError as error:
            self._error = error
            raise

    @contextlib.contextmanager
    def own_error(self) -> Iterator[None]:
        """Let the batches' own error through, and not the engine's about it."""
        import duckdb  # noqa: PLC0415 - heavy

        try:
            yield
        except duckdb.Error:
            if self._error is not None:
                raise self._error from None
            raise


def select_objects(kind: str, extraction: Extraction, names: Collection[str], source: str) -> str:
    """Return the query that reads a supplier's rows: their number, text where odd, account, and the places' values."""
    text = f"CAST({quote_name(OBJECT)} AS VARCHAR)" if OBJECT in names else _put_together(names)
    account = f"CAST({quote_name(ACCOUNT)} AS VARCHAR)" if ACCOUNT in names else "NULL"
    # A database without booleans says 1 or 0.
    mode = f"CAST(TRY_CAST({quote_name(LIVEMODE)} AS BOOLEAN) AS VARCHAR)" if LIVEMODE in names else "NULL"
    columns = [
        f"coalesce({extraction.read('livemode', 'f')}, mode) AS livemode" if place == "livemode" else column
        for place, column in zip(extraction.places, extraction.list_columns("f"), strict=True)
    ]
    row = f"SELECT {quote_name(_LINE)} AS line, {text} AS text, {account} AS account, {mode} AS mode FROM {source}"
    values = f"SELECT line, text, account, mode, {extraction.take_from('text')} AS f FROM ({row})"
    judged = f"SELECT line, text, account, mode, f, {_test_odd(kind, extraction)} AS is_odd FROM ({values})"
    return f"SELECT line, CASE WHEN is_odd THEN text END AS text, is_odd, account, {', '.join(columns)} FROM ({judged})"


def _put_together(names: Collection[str]) -> str:
    """Return SQL of the object as text, out of a column for each field. A moment is in seconds, as Stripe says it.

    Fields of one object inside, such as ``recurring.interval``, are put into one; it is null where all of them are.
    """
    fields: dict[str, str] = {}
    inside: dict[str, dict[str, str]] = {}
    for name in names:
        value = quote_name(name)
        if name.startswith(NESTED):
            fields[name.removeprefix(NESTED)] = f"coalesce(CAST({value} AS VARCHAR), 'null')"
        elif name.startswith(FIELD):
            moment = f"CAST(epoch_us(TRY_CAST(CAST({value} AS VARCHAR) AS TIMESTAMPTZ)) // 1000000 AS VARCHAR)"
            written = f"coalesce(CAST(to_json({value}) AS VARCHAR), 'null')"
            is_moment = f"starts_with(typeof({value}), 'TIMESTAMP') AND {value} IS NOT NULL"
            outer, dot, inner = name.removeprefix(FIELD).partition(".")
            (inside.setdefault(outer, {}) if dot else fields)[inner or outer] = (
                f"CASE WHEN {is_moment} THEN {moment} ELSE {written} END"
            )
    for outer, parts in inside.items():
        is_none = " AND ".join(f"{quote_name(f'{FIELD}{outer}.{inner}')} IS NULL" for inner in parts)
        fields[outer] = f"CASE WHEN {is_none} THEN 'null' ELSE {_object(parts)} END"
    return _object(fields)


def _object(fields: Mapping[str, str]) -> str:
    """Return SQL of a JSON object of these values, each SQL of its text."""
    pairs = " || ',' || ".join(
        f"{quote_text(chr(34) + name + chr(34) + ':')} || {value}" for name, value in fields.items()
    )
    return f"'{{' || {pairs} || '}}'"


def _test_odd(kind: str, extraction: Extraction) -> str:
    """Return SQL that is true of a text that may not be an object of this kind, and has to be looked at again."""
    named, kind_in_it = extraction.read("id", "f"), extraction.read("object", "f")
    numbers = [
        f"coalesce(strlen({extraction.read(field.places[0].at, 'f')}), 0)"
        for shape in shapes_of(kind)
        if shape.part_of is None
        for field in shape.list_fields()
        if field.places and field.column in {column.name for column in list_numbers(shape)}
    ]
    brackets = "strlen(text) - strlen(replace(replace(text, '{', ''), '[', ''))"
    return (
        f"f IS NULL OR {named} IS NULL OR {named} = '' OR regexp_full_match({named}, {quote_text(_NOT_AN_ID)}) "
        f"OR coalesce({kind_in_it} <> {quote_text(object_of(kind))}, FALSE) OR {brackets} > {LEVELS_LIMIT} "
        f"OR greatest({', '.join(['0', *numbers])}) > {_LONGEST_NUMBER}"
    )


def test_gone(kind: str) -> str:
    """Return SQL that is true of what was deleted. A deleted customer is known as one, and some events are not read."""
    match kind:
        case "customers":
            return "FALSE"
        case "events":
            return f"coalesce(type, '') NOT IN ({', '.join(map(quote_text, EVENT_TYPES))})"
        case "invoices":
            return "coalesce(deleted = 'true', FALSE) OR coalesce(status = 'deleted', FALSE)"
    return "coalesce(deleted = 'true', FALSE)"
