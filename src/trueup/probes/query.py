"""A table or a query of the app's database: one row for each feature on each plan, read in the audit's own snapshot.

    [gates.probes.entitlements]
    kind = "query"
    table = "plan_entitlements"                  # or: query = "SELECT … FROM … JOIN …"
    feature = "feature_key"                      # columns, or expressions in your database's SQL
    plan = "plan_code"
    value = "enabled"

The plan's words are those of `[relations.account.values.plan]`. A value of the database is a boolean where the matrix
expects one (also 0 and 1) and a whole number where it has a limit. NULL is not an answer, and neither is text: for a
column that holds `yes`, write `value = "enabled = 'yes'"`. A CSV file has no types, so `true` and `false` count in it.
The rows name every feature there is, so a feature that only the matrix or only the rows have is a finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trueup.model.errors import ConfigurationError, SourceUnavailable
from trueup.model.gate import LIMIT_HIGHEST
from trueup.model.options import option
from trueup.model.source import ColumnMapping, RelationMapping, Snapshot
from trueup.probes.answers import Answers, Cell, Unanswered, misnamed
from trueup.probes.kind import Asking

READS_THE_DATABASE = True
READS = ()
MOST_ROWS = 100_000

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a query probe."""

    table: str | None = option("The table or view, schema-qualified or not.", default=None)
    query: str | None = option("One SELECT instead of a table, in your database's SQL.", default=None)
    where: str | None = option("A condition on the rows, in your database's SQL.", default=None)
    feature: str = option("The column, or expression, with the feature's name.", default="feature")
    plan: str = option("The column, or expression, with the plan's name.", default="plan")
    value: str = option("The column, or expression, with what the plan gets.", default="value")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryProbe:
    """Reads the rows. ``plan_words`` maps the database's words for plans to trueup's."""

    mapping: RelationMapping
    snapshot: Snapshot | None
    limits: frozenset[str]
    features: frozenset[str]
    plan_words: Mapping[str, str]

    def ask(self) -> Answers:
        """Every row, or why none can be trusted."""
        if self.snapshot is None:
            return Answers(problem="the database had gone away before it could be asked")
        try:
            cells = self._cells(self.snapshot)
        except (SourceUnavailable, ConfigurationError) as error:
            return Answers(problem=str(error))
        wrong = misnamed(cells)
        if wrong is not None:
            return Answers(problem=f"{self.mapping.table} cannot be trusted: {wrong}")
        return Answers(cells=cells, lists=tuple(dict.fromkeys(feature for feature, _ in cells)))

    def _cells(self, snapshot: Snapshot) -> Mapping[Cell, object]:
        cells: dict[Cell, object] = {}
        words_count = not snapshot.types_are_known
        for feature, plan, value in self._rows(snapshot):
            cell = (feature, self.plan_words.get(plan, plan))
            repeated = cell in cells
            answer = self._value(feature, value, words_count=words_count)
            cells[cell] = Unanswered(reason="it is on several rows") if repeated else answer
        return cells

    def _rows(self, snapshot: Snapshot) -> Iterator[tuple[str, str, object]]:
        rows = 0
        with snapshot.read(self.mapping) as reader:
            for batch in reader:
                rows += batch.num_rows
                if rows > MOST_ROWS:
                    raise SourceUnavailable(f"{self.mapping.table} has more than {MOST_ROWS} rows.")
                for row in batch.to_pylist():
                    yield _text(row["feature"]), _text(row["plan"]), row["value"]

    def _value(self, feature: str, value: object, *, words_count: bool) -> object:
        """The value in the type that the matrix expects; unchanged for a feature that the matrix does not know.

        A database's numbers may arrive as text. Its words are not an answer, unless ``words_count``.
        """
        if value is None:
            return Unanswered(reason="its value is NULL")
        number = _number(value)
        if feature in self.limits or (feature not in self.features and not isinstance(value, bool)):
            return Unanswered(reason="its value is not a whole number") if number is None else number
        if isinstance(value, bool):
            return value
        if number is None and not words_count:
            return Unanswered(reason="its value is text, which is neither true nor false")
        word = str(value).strip().lower() if number is None else str(number)
        truth = True if word in _TRUE else False if word in _FALSE else None
        return Unanswered(reason="its value is neither true nor false") if truth is None else truth


def _column(text: str) -> ColumnMapping:
    """A plain name is a column of that name; anything else is an expression."""
    return ColumnMapping(column=text) if text.isidentifier() else ColumnMapping(expression=text)


def _number(value: object) -> int | None:
    """A whole number, whichever type the source delivers it in; a boolean is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        whole = int(value) if math.isfinite(value) and abs(float(value)) < LIMIT_HIGHEST else None
        return whole if whole == value else None
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(2**53)) else None


def _text(value: object) -> str:
    return "" if value is None else str(value)


def open_probe(options: Options, asking: Asking) -> QueryProbe:
    """The probe. Raises ``ConfigurationError`` where there is not exactly one of table and query."""
    if (options.table is None) == (options.query is None):
        raise asking.complaint("table", "and query are alternatives: give one of them")
    mapping = RelationMapping(
        relation="gate_answer",
        table=options.table or "query",
        query=options.query,
        where=options.where,
        columns={name: _column(getattr(options, name)) for name in ("feature", "plan", "value")},
    )
    limits = frozenset(cell.feature for cell in asking.matrix if cell.is_limit)
    return QueryProbe(
        mapping=mapping,
        snapshot=asking.snapshot,
        limits=limits,
        features=frozenset(asking.known) - limits,
        plan_words=asking.plan_words,
    )
