"""Small books for the few rows of one subject, filled again and again, each time read exactly as an audit reads all.

Around so few rows everything costs more than the rows do: a table that is made anew, a stream that is registered, a
look for what hardly ever is there. So a relation is one statement here, which puts its rows in and says of each
whether there is anything to put on record; only then the audit's own statements that do that are run. The rows come to
it as one text, so that its plan is kept: lists that are bound, or written out, are planned anew each time.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.books.copy import insertion
from trueup.books.credit_scale import CreditScale
from trueup.books.derived_plans import derive_plans
from trueup.books.prepared_statements import PreparedStatements
from trueup.books.quarantine import note_unknown_plans, quarantine_unreadable, refuse_wrong_columns, unreadable_rows
from trueup.books.reading import literal
from trueup.books.schema import UNREADABLE, create_table, own_words
from trueup.model.relations import MAPPED, STRIPE, CopiedRelation, Relation, columns_of, relation_name, relation_named
from trueup.model.report import RelationRead
from trueup.model.source import RelationMapping, mapped_columns

if TYPE_CHECKING:
    from trueup.books.file import Books

Key = tuple[object, ...]
"""What names one row: the values of its relation's key columns."""

NO_TYPE = '"NULL"'
"""DuckDB's type of a column that holds nothing."""


_COUNTS = relation_name(CopiedRelation)

_USES_UNTIL_SWEPT = 20
"""DuckDB keeps deleted rows until a checkpoint, in memory too, and every scan goes over them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One column's values as they come, one per row, and DuckDB's name of their type."""

    type: str
    values: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class FewRows:
    """A relation's rows as they come, column by column in the mapping's order.

    ``unique_key`` says that the source itself keeps the key unique, so that duplicates need not be looked for.
    """

    mapping: RelationMapping
    columns: Mapping[str, Given]
    count: int
    unique_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a relation's rows go as long as their types stay: its table, and the statement that reads them into it.

    The statement returns the columns ``returned`` of each row, behind whether the row is odd and its plan.
    """

    mapping: RelationMapping
    types: Mapping[str, str]
    table: str
    reading: str
    returned: tuple[str, ...]

    @classmethod
    def of(cls, mapping: RelationMapping, types: Mapping[str, str], *, keeps_rows: bool, scale: CreditScale) -> _Place:
        relation = relation_named(mapping.relation)
        names = [column.name for column in columns_of(relation)] if keeps_rows else _key_names(relation)
        return cls(
            mapping=mapping,
            types=types,
            table=create_table(relation, types, scale=scale),
            reading=_insertion(relation, mapping, types, names, scale),
            returned=tuple(names),
        )


class SubjectBooks:
    """Books that hold a handful of rows. For one thread at a time."""

    def __init__(self, books: Books, *, keeps_rows: bool = False) -> None:
        """``books`` hold what the config supplies. ``keeps_rows`` is for rows that will be looked at one by one."""
        self._keeps_rows = keeps_rows
        self._prepared = PreparedStatements(books.connection)
        self.books = dataclasses.replace(books, prepared=self._prepared)
        self._plans = {row[0] for row in self.books.run("SELECT plan FROM plan").fetchall()}
        self._prepared.has_plans = bool(self._plans)
        self._places: dict[str, _Place] = {}
        self._filled: set[str] = set()
        self._noted: set[str] = set()
        self._keys: dict[str, frozenset[Key]] = {}
        self._reads: dict[str, RelationRead] = {}
        self._mapped: dict[str, frozenset[str]] = {}
        self._derives_plans = False
        self.uses = 0

    def put(self, given: Sequence[FewRows]) -> None:
        """Put these relations in place of what the books hold of them. Raises as ``copy_relation`` does."""
        for few in given:
            name = few.mapping.relation
            self._reads[name] = RelationRead(relation=name, table=few.mapping.table, rows=few.count, unreadable_rows=0)
            self._mapped[name] = mapped_columns(few.mapping)
        self._prepared.expect(sum(read.rows for read in self._reads.values()))
        for few in given:
            name = few.mapping.relation
            self._empty(name)
            if few.count:
                self._reads[name] = dataclasses.replace(self._reads[name], unreadable_rows=self._fill(few))
        self._record()
        self._derives_plans |= any(few.mapping.plan_from is not None for few in given)
        if self._derives_plans and given:
            derive_plans(self.books)
            self._prepared.rows.pop("account", None)  # they have no plan yet

    def keys(self) -> Mapping[str, frozenset[Key]]:
        """The keys of the rows that were put in and are there now, by relation; nothing for one without rows."""
        return defaultdict(frozenset, self._keys)

    def forget(self) -> None:
        """Empty them again, but for what the config supplies."""
        for name in self._filled | self._noted:
            self._empty(name)
        self._reads.clear()
        self._mapped.clear()
        self._prepared.copies, self._prepared.mapped = (), {}
        self.uses += 1
        if self.uses % _USES_UNTIL_SWEPT == 0:
            for place in ("", " temp"):
                self.books.connection.execute(f"CHECKPOINT{place}")

    def _empty(self, name: str) -> None:
        if name in self._filled:
            self.books.run(f"DELETE FROM {name}")
            self._filled.discard(name)
            self._keys.pop(name, None)
            self._prepared.rows.pop(name, None)
        if name in self._noted:
            self.books.run(f"DELETE FROM unreadable_row WHERE relation = '{name}'")
            self._noted.discard(name)

    def _fill(self, few: FewRows) -> int:
        """Put the rows in, and on record what could not be read; how many of those there are."""
        name = few.mapping.relation
        relation = relation_named(name)
        place = self._place(few)
        self._filled.add(name)
        put_in = self.books.run(place.reading, {"rows": _document(few)}).fetchall()
        keys = [2 + place.returned.index(key) for key in _key_names(relation)]
        self._keys[name] = frozenset(tuple(row[key] for key in keys) for row in put_in)
        is_doubled = len(_key_names(relation)) == 1 and not few.unique_key and len(self._keys[name]) < few.count
        is_odd = is_doubled or any(odd for odd, _, *_ in put_in)
        unreadable = self._settle(relation, few) if is_odd else 0
        if self._keeps_rows and not is_odd:
            self._prepared.rows[name] = [row[2:] for row in put_in]
        if name == "account" and not {plan for _, plan, *_ in put_in} <= {None, *self._plans}:
            self._noted.add(name)
            note_unknown_plans(self.books)
        return unreadable

    def _place(self, few: FewRows) -> _Place:
        """Where the rows go. A column that holds nothing goes where its values went last time."""
        name = few.mapping.relation
        known = self._places.get(name)
        before = known.types if known is not None else {}
        types = {n: before.get(n, "VARCHAR") if c.type == NO_TYPE else c.type for n, c in few.columns.items()}
        if known is None or known.mapping is not few.mapping or list(known.types.items()) != list(types.items()):
            place = self._places[name] = _Place.of(
                few.mapping, types, keeps_rows=self._keeps_rows, scale=self.books.scale
            )
            if known is None or known.table != place.table:
                self.books.make_table(place.table)
            return place
        return known

    def _settle(self, relation: Relation, few: FewRows) -> int:
        name = few.mapping.relation
        self._noted.add(name)
        quarantine_unreadable(self.books.connection, relation, few.mapping, unique_key=few.unique_key)
        self._prepared.forget_plans()  # it may have made a table
        refuse_wrong_columns(self.books.connection, relation, few.mapping, few.count)
        counted = f"SELECT coalesce(sum(entries), 0) FROM {unreadable_rows()} WHERE relation = $relation"
        return int(self.books.run(counted, {"relation": name}).fetchall()[0][0])

    def _record(self) -> None:
        """Record what was read: the checks see how many rows, and the question what can be checked sees all of it."""
        self._prepared.copies = tuple(
            self._reads[name] for name in map(relation_name, (*MAPPED, *STRIPE)) if name in self._reads
        )
        self._prepared.mapped = dict(self._mapped)
        self._prepared.late[_COUNTS] = self._count

    def _count(self) -> None:
        """Write down how many rows each relation has: for the few queries that ask, and only then."""
        counts = {name: read.rows for name, read in self._reads.items()}
        self.books.run(f"DELETE FROM {_COUNTS}")
        if counts:
            rows = ", ".join(f"('{name}', ${name}, NULL)" for name in counts)
            self.books.run(f"INSERT INTO {_COUNTS} VALUES {rows}", counts)


def _key_names(relation: Relation) -> list[str]:
    return [column.name for column in columns_of(relation) if column.is_key]


def _document(few: FewRows) -> str:
    """The rows as one text, an object a row, from which DuckDB reads each value exactly as it is."""
    columns = [map(str, c.values) if c.type == "TIMESTAMP" else c.values for c in few.columns.values()]
    return json.dumps([dict(zip(few.columns, row, strict=True)) for row in zip(*columns, strict=True)])


def _insertion(
    relation: Relation,
    mapping: RelationMapping,
    types: Mapping[str, str],
    returned: Sequence[str],
    scale: CreditScale,
) -> str:
    """Reads the rows, and returns of each whether anything about it is to be put on record, its plan, and these."""
    shape = literal(json.dumps([dict(types)]))
    given = f"(SELECT unnest(from_json($rows, {shape}), recursive := true)) AS given"
    plan = "plan" if mapping.relation == "account" else "NULL"
    inserted = insertion(relation, mapping, types, source=given, scale=scale)
    return f"{inserted} RETURNING {_is_odd(relation)}, {plan}, {', '.join(returned)}"


def _is_odd(relation: Relation) -> str:
    unknown = [
        f"({column} IS NOT NULL AND {column} NOT IN ({', '.join(map(literal, words))}))"
        for column, words in own_words(relation).items()
    ]
    return " OR ".join([f"{UNREADABLE} IS NOT NULL", *(f"{key} IS NULL" for key in _key_names(relation)), *unknown])
