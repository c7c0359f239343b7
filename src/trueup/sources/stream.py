"""Arrow batches on their way out of a source: errors are named, text is made valid, nothing else is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import pyarrow as pa

from trueup.model.errors import SourceUnavailable


def this_moment() -> datetime:
    """Now by this machine's clock: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def stream(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    failures: tuple[type[Exception], ...],
    unavailable: Callable[[Exception], SourceUnavailable],
) -> pa.RecordBatchReader:
    """A reader over ``batches`` whose failures are ``SourceUnavailable``."""

    def guarded() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except failures as error:
            raise unavailable(error) from error

    return pa.RecordBatchReader.from_batches(schema, guarded())


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with extension types replaced by what they are stored as, and without metadata."""
    return pa.schema([pa.field(field.name, _storage(field.type)) for field in schema])


def plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch under its ``plain_schema``; nothing is copied."""
    arrays = [array.storage if isinstance(array, pa.ExtensionArray) else array for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def with_valid_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every text that is not UTF-8 spelled out as ``x'…'`` in hex; all other values are untouched."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        arrays = [_legible(array) if pa.types.is_string(array.type) else array for array in batch.columns]
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)
    return batch


def _legible(array: pa.Array) -> pa.Array:
    return pa.array(map(_spell_value, array.view(pa.binary()).to_pylist()), pa.string())


def _spell_value(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"x'{value.hex()}'"


def _storage(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
