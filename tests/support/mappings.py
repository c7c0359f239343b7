"""Short ways to write mappings in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueup.model.source import ColumnMapping, RelationMapping

if TYPE_CHECKING:
    import pyarrow as pa


def mapping(table: str, *columns: str, where: str | None = None, **expressions: str) -> RelationMapping:
    """Columns under their own names, and expressions under the names given."""
    mapped = {name: ColumnMapping(column=name) for name in columns}
    computed = {name: ColumnMapping(expression=sql) for name, sql in expressions.items()}
    return RelationMapping(relation="ledger_entry", table=table, columns=mapped | computed, where=where)


def count_rows(reader: pa.RecordBatchReader) -> int:
    """Read a stream to its end, keeping nothing."""
    return sum(batch.num_rows for batch in reader)
