"""An app's tables on a Spark cluster: which rows can be read as they are, and which the books must look at."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from trueup.engines.delta_files import delta_files
from trueup.engines.spark import SESSION_SETTINGS, spark_type, supply
from trueup.engines.spark_sql import literal, spark_text
from trueup.model.columns import Column, ColumnKind
from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import ColumnMapping, RelationMapping, SourceColumn, SourceTable

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.connect.session import SparkSession

_INTEGERS = frozenset({"tinyint", "smallint", "int", "bigint"})
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_MOMENTS = frozenset({"timestamp", "timestamp_ntz", "date"})
_FITTING = {
    ColumnKind.TEXT: ("string", *_INTEGERS),
    ColumnKind.WORD: ("string",),
    ColumnKind.ID: ("string", *_INTEGERS),
    ColumnKind.CREDITS: tuple(_INTEGERS),
    ColumnKind.INTEGER: tuple(_INTEGERS),
    ColumnKind.BOOLEAN: ("boolean",),
    ColumnKind.TIME: tuple(_MOMENTS),
}
_WHOLE_DIGITS = 29
"""How many digits an amount has before its point, where nine follow it."""
_FIRST_DAY, _LAST_DAY = "TIMESTAMP_NTZ '1900-01-01'", "TIMESTAMP_NTZ '9999-01-01'"
_EXTRA = "run: pip install 'trueup[spark]'"


def connect(url: str) -> SparkSession:
    """Return a new session in which the checks compute exactly.

    Raises ``SourceUnavailable`` when the server does not answer, and ``ConfigurationError`` when the driver is not
    installed or the server does not take a setting.
    """
    os.environ.setdefault("SPARK_HOME", "")  # the client ends the process where it looks for a Spark and finds none
    try:
        from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(f"[engine] needs a driver that is not installed ({error.name}); {_EXTRA}") from None
    try:
        session: SparkSession = SparkSession.builder.remote(url).create()
        for setting, value in SESSION_SETTINGS.items():
            session.conf.set(setting, value)
    except failures() as error:
        raise SourceUnavailable(f"The Spark server at engine.url did not answer: {_first_line(error)}") from None
    return session


def failures() -> tuple[type[Exception], ...]:
    """Return the classes of the driver's errors, which have no class in common."""
    from grpc import RpcError  # noqa: PLC0415 - an extra
    from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra

    return (RpcError, PySparkException)


def computes_exactly(session: SparkSession) -> bool:
    """Whether an overflow is an error and decimals keep their digits, as seen in two answers and not in settings."""
    kept = "SELECT CAST(CAST(1.5 AS DECIMAL(38, 18)) + CAST(1e-18 AS DECIMAL(38, 18)) AS STRING) AS kept"
    if session.sql(kept).toArrow().to_pylist() != [{"kept": "1.500000000000000001"}]:
        return False
    try:
        session.sql("SELECT CAST('9223372036854775808' AS BIGINT) AS overflow").toArrow()
    except failures():
        return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTable:
    """One table of the cluster: the view through which it is read, and its columns."""

    view: str
    table: SourceTable
    version: str | None
    """The version or snapshot that is read; None where rows may change while they are read."""
    written_at: datetime | None = None
    """When that version was written, naive UTC, where that is known."""

    @property
    def place(self) -> str:
        """The table and its version, for the report."""
        return f"{self.table.name}, version {self.version}" if self.version else self.table.name


def described(session: SparkSession, view: str, name: str) -> SourceTable:
    """Return the columns of a view, as the table ``name`` that it reads."""
    fields = session.table(view).schema.fields
    columns = tuple(SourceColumn(name=field.name, type=field.dataType.simpleString()) for field in fields)
    return SourceTable(name=name, columns=columns)


class ClusterRelation:
    """One mapped relation on the cluster, divided into rows that are read as they are and odd ones."""

    def __init__(self, session: SparkSession, mapping: RelationMapping, source: ClusterTable) -> None:
        """Make the view of the mapped columns. Raises ``ConfigurationError`` for one that cannot be what it should."""
        self.mapping = mapping
        self._session = session
        self._columns = tuple(c for c in columns_of(relation_named(mapping.relation)) if c.name in mapping.columns)
        self._raw = f"trueup_raw_{mapping.relation}"
        self._make_raw(source)
        self._types = {field.name: field.dataType.simpleString() for field in session.table(self._raw).schema.fields}
        for column in self._columns:
            _refuse(column, self._types[column.name], mapping)
        self._repeats = f"trueup_repeated_{mapping.relation}"
        self._repeated = self._find_repeated()

    def odd_rows(self) -> pa.RecordBatchReader:
        """Return the rows that the books must look at, with the mapped columns as they came."""
        is_odd = f"NOT coalesce(({self._plain()}), FALSE)"
        return self._query(f"SELECT {', '.join(self._types)} FROM {self._raw} WHERE {is_odd}").to_reader()

    def make_view(self, odd: pa.Table) -> int:
        """Make the relation's view of the plain rows and of the odd ones as the books read them; return how many
        plain rows there are. ``odd`` has every column of the relation.
        """
        relation = self.mapping.relation
        plain = f"SELECT {', '.join(map(self._value, odd.schema))} FROM {self._raw} WHERE {self._plain()}"
        if odd.num_rows:
            self._session.createDataFrame(odd).createOrReplaceTempView(f"trueup_odd_{relation}")
            names = ", ".join(odd.schema.names)
            plain = f"{plain} UNION ALL SELECT {names} FROM trueup_odd_{relation}"
        self._session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {relation} AS {plain}")
        counted = self._query(f"SELECT count(*) AS entries FROM {relation}")
        plain_rows: int = counted.column("entries")[0].as_py() - odd.num_rows
        return plain_rows

    def _find_repeated(self) -> str | None:
        """Return the relation's key where it is on several rows, and make a view of those that are."""
        keys = [column.name for column in self._columns if column.is_key]
        if len(keys) != 1:
            return None
        (key,) = keys
        several = f"WHERE {key} IS NOT NULL GROUP BY {key} HAVING count(*) > 1"
        repeated = self._query(f"SELECT {key} FROM {self._raw} {several}")
        supply(self._session, self._repeats, repeated)
        return key if repeated.num_rows else None

    def _make_raw(self, source: ClusterTable) -> None:
        columns = ", ".join(f"{_raw_value(c)} AS {name}" for name, c in self.mapping.columns.items())
        where = f" WHERE ({self.mapping.where}\n)" if self.mapping.where else ""
        try:
            rows = f"SELECT {columns} FROM {source.view}{where}"
            self._session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {self._raw} AS {rows}")
        except failures() as error:
            raise ConfigurationError(
                f"The mapping of {self.mapping.relation} to {self.mapping.table} does not fit: {_first_line(error)}; "
                "correct the table, column or expression in trueup.toml."
            ) from None

    def _query(self, sql: str) -> pa.Table:
        try:
            return self._session.sql(sql).toArrow()
        except failures() as error:
            raise SourceUnavailable(f"{self.mapping.table} could not be read: {_first_line(error)}") from None

    def _plain(self) -> str:
        """The condition of a row that can be read as it is."""
        conditions = [condition for column in self._columns for condition in self._plain_column(column)]
        if self._repeated:
            conditions.append(f"{self._repeated} NOT IN (SELECT {self._repeated} FROM {self._repeats})")
        return " AND ".join(conditions) or "TRUE"

    def _plain_column(self, column: Column) -> Iterator[str]:
        name, kind = column.name, self._types[column.name]
        if column.is_key or not (column.nullable or column.has_neutral or name in self.mapping.lacking):
            yield f"{name} IS NOT NULL"
        values = self.mapping.columns[name].values
        if column.kind is ColumnKind.WORD or values:
            known = {*values.keys()} if column.kind is not ColumnKind.WORD else {*values.keys(), *column.words}
            words = ", ".join(spark_text(literal(word)) for word in sorted(known) if word)
            yield f"({name} IN ({words}) OR ({name} IS NULL AND {'FALSE' if '' in values else 'TRUE'}))"
        elif kind == "string":
            yield f"({name} <> '' OR {name} IS NULL)"
        if column.kind is ColumnKind.TIME:
            moment = f"CAST({name} AS TIMESTAMP_NTZ)"
            yield f"({name} IS NULL OR ({moment} >= {_FIRST_DAY} AND {moment} < {_LAST_DAY}))"

    def _value(self, field: pa.Field) -> str:
        """A column of a plain row, in the type that it has in the books."""
        kind = spark_type(field.type)
        column = next((c for c in self._columns if c.name == field.name), None)
        declared = {c.name: c for c in columns_of(relation_named(self.mapping.relation))}.get(field.name)
        neutral = "NULL" if declared is None or declared.neutral is None else spark_text(literal(declared.neutral))
        if column is None:
            return f"CAST({neutral} AS {kind}) AS {field.name}"
        value = _mapped(column.name, self.mapping.columns[column.name].values)
        return f"coalesce(CAST({value} AS {kind}), CAST({neutral} AS {kind})) AS {field.name}"


def _raw_value(column: ColumnMapping) -> str:
    if column.column is not None:
        return "`" + column.column.replace("`", "``") + "`"
    return f"({column.expression}\n)"


def _mapped(name: str, values: Mapping[str, str]) -> str:
    if not values:
        return name
    arms = [f"WHEN {name} = {_quoted(theirs)} THEN {_quoted(ours)}" for theirs, ours in values.items() if theirs]
    return f"CASE {' '.join(arms)} ELSE {name} END"


def _quoted(word: str) -> str:
    return spark_text(literal(word))


def _refuse(column: Column, kind: str, mapping: RelationMapping) -> None:
    """Refuse a type from which a value may not be read exactly: on a cluster nothing is guessed from text."""
    decimal = _DECIMAL.fullmatch(kind)
    if decimal and column.kind is ColumnKind.CREDITS and int(decimal[1]) - int(decimal[2]) <= _WHOLE_DIGITS:
        if int(decimal[2]) <= 38 - _WHOLE_DIGITS:
            return
    elif kind in _FITTING[column.kind]:
        return
    source = mapping.columns[column.name]
    raise ConfigurationError(
        f"{mapping.table}.{source.column or source.expression} is {kind}, which is not read as {column.kind} for "
        f"{mapping.relation}.{column.name} on a cluster; map an expression that casts it."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300].rstrip(".")


def open_table(session: SparkSession, mapping: RelationMapping) -> ClusterTable:
    """Make a view of the table's rows at the mapping's version.

    A table with a slash in its name is a path: of a Delta table where a version is given, else of Parquet files.
    Raises ``ConfigurationError`` when there is no such table or version.
    """
    view, written_at, version = f"trueup_source_{mapping.relation}", None, mapping.version
    try:
        if "/" in mapping.table and version is not None:
            delta = delta_files(mapping.table, version)
            written_at = delta.written_at
            if delta.files:
                session.read.parquet(*delta.files).createOrReplaceTempView(view)
            else:
                supply(session, view, delta.no_rows)
        elif "/" in mapping.table:
            session.read.parquet(mapping.table).createOrReplaceTempView(view)
        else:
            name = ".".join(f"`{part}`" for part in mapping.table.split("."))
            at = "" if version is None else f" VERSION AS OF {_quoted(version) if not version.isdecimal() else version}"
            session.sql(f"CREATE OR REPLACE TEMPORARY VIEW {view} AS SELECT * FROM {name}{at}")
        table = described(session, view, mapping.table)
    except failures() as error:
        raise ConfigurationError(
            f"relations.{mapping.relation}.table is {mapping.table}, which the cluster cannot read: "
            f"{_first_line(error)}; correct the table or its version."
        ) from None
    return ClusterTable(view=view, table=table, version=version, written_at=written_at)
