"""A Spark cluster, through Spark Connect: the checks run where the rows are, and only what they find comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from trueup.engines.spark_sql import in_spark, spark_text
from trueup.engines.sql import derived_of, derived_sql

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession
    from sqlglot import expressions as exp

    from trueup.model.change import Value
    from trueup.model.check import EvidenceRow

SESSION_SETTINGS = {
    "spark.sql.ansi.enabled": "true",  # what overflows is an error, and not NULL
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # otherwise decimals are silently rounded
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
"""How a session must be set for the checks to compute exactly."""

_TYPES = {
    "null": "VOID",
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INT",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "string": "STRING",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP_NTZ",
}


class Spark:
    """Runs checks' SQL in one session of a cluster, whose temporary views are the relations.

    Derived relations are computed on first use, kept in the cluster's memory and shared.
    """

    name = "spark"

    def __init__(self, session: SparkSession, parameters: Mapping[str, object]) -> None:
        self._session = session
        self._parameters = parameters
        self._kept: dict[str, DataFrame | None] = {}

    def number(self, sql: str) -> int:
        """Return the number that this query returns."""
        row = next(self.rows(sql), {})
        value = next(iter(row.values()), None)
        return int(value) if isinstance(value, (int, Decimal)) else 0

    def rows(self, sql: str) -> Iterator[EvidenceRow]:
        """Return the query's rows; column order is kept."""
        for name in sorted(derived_of(sql)):
            self._make(name)
        for row in self._session.sql(self._text(sql)).toArrow().to_pylist():
            yield cast("dict[str, Value]", row)

    def close(self) -> None:
        """Free what the cluster keeps for this engine."""
        while self._kept:
            name, _ = self._kept.popitem()
            self._session.sql(f"DROP VIEW IF EXISTS {name}")

    def _make(self, name: str) -> None:
        if name in self._kept:
            return
        sql = derived_sql()[name]
        for below in sorted(derived_of(sql)):
            self._make(below)
        self._kept[name] = self._keep(name, self._text(sql))

    def _text(self, sql: str) -> str:
        return spark_text(self._adapted(in_spark(sql, self._parameters)))

    def _adapted(self, tree: exp.Expr) -> exp.Expr:
        """Return the query as this server reads it. Spark reads it as it is."""
        return tree

    def _keep(self, name: str, text: str) -> DataFrame | None:
        """Compute the rows once. What is kept is theirs alone: with a cached view the plan of everything that it was
        computed from would be worked out anew for each query that names it.
        """
        rows = self._session.sql(text).localCheckpoint()
        rows.createOrReplaceTempView(name)
        return rows


def supply(session: SparkSession, name: str, rows: pa.Table) -> None:
    """Make a temporary view of these few rows, as which a relation is read that the cluster does not have."""
    if rows.num_rows:
        session.createDataFrame(rows).createOrReplaceTempView(name)
        return
    columns = ", ".join(f"CAST(NULL AS {spark_type(field.type)}) AS {field.name}" for field in rows.schema)
    session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS SELECT {columns} WHERE FALSE")


def spark_type(kind: pa.DataType) -> str:
    """Return Spark's word for a type of Arrow's."""
    text = str(kind)
    return _TYPES.get(text) or text.replace("decimal128", "DECIMAL")
