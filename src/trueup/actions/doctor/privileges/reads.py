"""Which columns a mapping reads, its expressions and conditions included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import expressions as exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from trueup.model.source import places_of, schema_and_table, spelled_table

if TYPE_CHECKING:
    from trueup.model.source import RelationMapping, SourceTable


@dataclass(slots=True)
class ColumnsRead:
    """Columns by table, each in the live schema's own spelling. ``doubts`` say what could not be determined."""

    columns: dict[str, set[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def add(self, table: str, column: str) -> None:
        """Note that this column of this table is read."""
        self.columns.setdefault(table, set()).add(column)

    def doubt(self, sentence: str) -> None:
        """Note something that a person must look at, once."""
        if sentence not in self.doubts:
            self.doubts.append(sentence)


def columns_read(mappings: Mapping[str, RelationMapping], tables: Sequence[SourceTable], dialect: str) -> ColumnsRead:
    """The columns that reading these relations takes, as far as their SQL shows. The mappings fit ``tables``."""
    reads = ColumnsRead()
    for mapping in chain.from_iterable(map(places_of, mappings.values())):
        if mapping.query is not None:
            _Resolver(base=None, tables=tables, dialect=dialect, reads=reads).read(
                f"the query of {mapping.relation}", mapping.query
            )
            continue
        base = next(table for table in tables if table.qualified_name == mapping.table)
        resolver = _Resolver(base=base, tables=tables, dialect=dialect, reads=reads)
        for name, column in mapping.columns.items():
            if column.column is not None:
                reads.add(base.qualified_name, column.column)
            else:
                resolver.read(f"{mapping.relation}.{name}", column.expression or "")
        if mapping.where is not None:
            resolver.read(f"the condition of {mapping.relation}", mapping.where)
    return reads


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resolver:
    """Follows the names in one relation's SQL to live tables and their columns."""

    base: SourceTable | None
    """The table that the SQL is part of a SELECT from; None for a whole query."""
    tables: Sequence[SourceTable]
    dialect: str
    reads: ColumnsRead

    def read(self, what: str, sql: str) -> None:
        """Add what this SQL reads; a doubt for whatever in it cannot be followed."""
        try:
            tree = sqlglot.parse_one(sql, dialect=self.dialect)
            scopes = traverse_scope(tree if self.base is None else self._beside(self.base, tree))
        except (sqlglot.errors.SqlglotError, RecursionError):
            self.reads.doubt(f"{what} is SQL that could not be followed: grant the columns that it reads by hand")
            return
        for scope in scopes:
            self._scope(what, scope)
        for call in tree.find_all(exp.Anonymous):
            self.reads.doubt(f"{what} calls {call.name}(): if that is a function of yours, grant EXECUTE on it")

    def _beside(self, base: SourceTable, tree: exp.Expr) -> exp.Select:
        home = exp.to_table(_quoted(base.qualified_name, self.dialect), dialect=self.dialect)
        return exp.select(exp.Paren(this=tree)).from_(home)

    def _scope(self, what: str, scope: Scope) -> None:
        for table in _tables_of(scope):
            if self._live(table) is None:
                self.reads.doubt(f"{what} reads the table {table.name}, which this connection cannot see")
        if any(isinstance(shown, exp.Star) for shown in scope.expression.expressions):
            self.reads.doubt(f"{what} reads every column of a table (*): name them, or grant them by hand")
        for column in scope.find_all(exp.Column):
            if not (self._column(column, scope) or _is_output(column, scope)):
                self.reads.doubt(
                    f"{what} reads {column.sql(dialect=self.dialect)}, which is not a column that can be seen"
                )
        for join in scope.expression.args.get("joins") or ():
            if join.args.get("method") == "NATURAL":
                self.reads.doubt(f"{what} holds a NATURAL JOIN: grant the columns that both tables have by hand")
            for shared in join.args.get("using") or ():
                self._shared(shared.name, scope)

    def _column(self, column: exp.Column, scope: Scope) -> bool:
        """Whether the column is known, in this SELECT or in one around it."""
        here: Scope | None = scope
        while here is not None:
            for alias, source in here.sources.items():
                if column.table and alias.casefold() != column.table.casefold():
                    continue
                if isinstance(source, Scope):
                    if column.table or column.name in _outputs(source):
                        return True
                elif self._found(source, column.name):
                    return True
            here = here.parent
        return False

    def _shared(self, name: str, scope: Scope) -> None:
        for table in _tables_of(scope):
            self._found(table, name)

    def _found(self, source: exp.Expr, name: str) -> bool:
        table = self._live(source) if isinstance(source, exp.Table) else None
        close = [column.name for column in table.columns if column.name.casefold() == name.casefold()] if table else []
        exact = name if name in close else close[0] if len(close) == 1 else None
        if table is None or exact is None:
            return False
        self.reads.add(table.qualified_name, exact)
        return True

    def _live(self, source: exp.Table) -> SourceTable | None:
        spellings = (
            {spelled_table(source.name).casefold(), spelled_table(source.name, source.db).casefold()}
            if source.db
            else {spelled_table(source.name).casefold()}
        )
        close = [table for table in self.tables if table.qualified_name.casefold() in spellings]
        exact = [table for table in close if table.name == source.name]
        return next(iter(exact or close), None)


def _is_output(column: exp.Column, scope: Scope) -> bool:
    """Whether it is a name that the same SELECT defines, which ORDER BY may use."""
    sorts = column.find_ancestor(exp.Order, exp.Group, exp.Having) is not None
    return sorts and not column.table and column.name in _outputs(scope)


def _outputs(scope: Scope) -> list[str]:
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def _tables_of(scope: Scope) -> Iterator[exp.Table]:
    yield from (source for source in scope.sources.values() if isinstance(source, exp.Table))


def _quoted(name: str, dialect: str) -> str:
    return ".".join(
        exp.to_identifier(part, quoted=True).sql(dialect=dialect) for part in schema_and_table(name) if part
    )
