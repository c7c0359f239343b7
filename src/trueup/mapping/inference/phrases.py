"""SQL in the source's own dialect: names, texts, paths inside JSON, and lookups in another table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trueup.mapping.column_types import Family, family_of
from trueup.mapping.expressions import quoted
from trueup.model.source import SourceTable, schema_and_table

_PARTS = {"milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Phrases:
    """Writes SQL for one dialect (sqlglot's name of it; None is written as Postgres)."""

    dialect: str | None

    def name(self, column: str) -> str:
        """A column's name."""
        return quoted(column, self.dialect)

    def table(self, qualified_name: str) -> str:
        """A table's name, with its schema where it has one."""
        return ".".join(quoted(part, self.dialect) for part in schema_and_table(qualified_name) if part)

    def text(self, value: str) -> str:
        """A text literal."""
        escaped = value.replace("\\", "\\\\") if self.dialect == "mysql" else value
        return "'" + escaped.replace("'", "''") + "'"

    def as_text(self, expression: str) -> str:
        """The expression as text, whatever its type."""
        return f"CAST({expression} AS {'CHAR' if self.dialect == 'mysql' else 'text'})"

    def of(self, table: str, column: str) -> str:
        """A column of a table or of its alias; its bare name without one."""
        return f"{table}.{self.name(column)}" if table else self.name(column)

    def words(self, column: str, words: Sequence[str]) -> str:
        """Whether the column is one of these words."""
        return f"{column} IN ({', '.join(map(self.text, words))})"

    def at(self, column: str, path: Sequence[str]) -> str:
        """The text at this path inside a JSON column; NULL where the column holds no JSON.

        >>> Phrases("postgres").at("metadata", ("intent", "id")), Phrases("mysql").at("meta", ("pi",))
        ("metadata->'intent'->>'id'", "NULLIF(JSON_UNQUOTE(JSON_EXTRACT(meta, '$.pi')), 'null')")
        """
        if not path:
            return column
        if self.dialect in ("sqlite", "mysql"):
            steps = "".join(f".{key}" if _PLAIN_KEY.fullmatch(key) else f'."{key}"' for key in path)
            where = self.text(f"${steps}")
            if self.dialect == "sqlite":
                return f"CASE WHEN json_valid({column}) THEN json_extract({column}, {where}) END"
            return f"NULLIF(JSON_UNQUOTE(JSON_EXTRACT({column}, {where})), 'null')"
        arrows = "".join(f"->{self.text(key)}" for key in path[:-1])
        return f"{column}{arrows}->>{self.text(path[-1])}"

    def is_ahead(self, moment: str, unit: str) -> str:
        """Whether a moment lies ahead: ``days`` and ``moments`` are of the database's own types, others since 1970.

        >>> Phrases("mysql").is_ahead("paid_until", "milliseconds"), Phrases(None).is_ahead("paid_until", "days")
        ('paid_until > UNIX_TIMESTAMP() * 1000', 'paid_until >= CURRENT_DATE')
        """
        if unit in ("days", "moments"):
            return f"{moment} >= CURRENT_DATE" if unit == "days" else f"{moment} > CURRENT_TIMESTAMP"
        seconds = {"sqlite": "CAST(strftime('%s', 'now') AS INTEGER)", "mysql": "UNIX_TIMESTAMP()"}
        now = seconds.get(self.dialect or "", "EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)")
        return f"{moment} > {now}" + ("" if unit == "seconds" else f" * {_PARTS[unit]}")

    def beginning(self, expression: str, prefix: str) -> str:
        """The expression where it begins with this prefix, else NULL."""
        return f"CASE WHEN substr({expression}, 1, {len(prefix)}) = {self.text(prefix)} THEN {expression} END"

    def first_of(self, expressions: Sequence[str]) -> str:
        """The first of these that is not NULL."""
        return expressions[0] if len(expressions) == 1 else f"COALESCE({', '.join(expressions)})"

    def joined(self, columns: Sequence[str]) -> str:
        """The columns' texts with a colon between them."""
        parts = [self.as_text(self.name(column)) for column in columns]
        if self.dialect == "mysql":
            return f"CONCAT_WS(':', {', '.join(parts)})"
        return " || ':' || ".join(parts)

    def equal(self, left: str, right: str, types: tuple[str, str]) -> str:
        """Whether two columns are equal, as texts where their types cannot be compared."""
        families = {family_of(kind) for kind in types}
        if len(families) == 1 or families <= {Family.INTEGER, Family.NUMBER} or self.dialect == "sqlite":
            return f"{left} = {right}"
        return f"{self.as_text(left)} = {self.as_text(right)}"


def type_of(table: SourceTable, column: str) -> str:
    """The declared type of a table's column."""
    return next((each.type for each in table.columns if each.name == column), "")
