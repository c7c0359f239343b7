"""Translate a change into the app's words, or say why it cannot be written there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trueup.actions.repair.neighbours import MOST, any_row, values_of
from trueup.actions.repair.subject_reader import raw_text, typed_key
from trueup.actions.repair.value_encoding import Unwritable, encode_for_column
from trueup.actions.repair.writing import Insert, Update, Writes
from trueup.model.change import Append, Change, Refusal, Replace, Value
from trueup.model.columns import Column
from trueup.model.marks import ACTOR
from trueup.model.relations import columns_of, relation_named
from trueup.model.repair_offer import ROW_KEYS, is_left_out, no_table_for, why_not_by_another_name, why_not_written

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trueup.actions.repair.session import Columns, RepairSession
    from trueup.actions.repair.subject_snapshot import SubjectSnapshot
    from trueup.model.source import RelationMapping
    from trueup.targets.target import ColumnDescription

_KEYS = frozenset({"account_id", "entry_id", "event_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """Translates changes into the words of one database, from what ``snapshot`` shows of it."""

    session: RepairSession
    connection: Connection
    snapshot: SubjectSnapshot
    now: datetime
    repair_id: str

    def writes(self, change: Change) -> Writes | Refusal:
        """The change in the table's own words, or what a person has to map or correct first."""
        try:
            update = self._update(change.replace) if change.replace else None
            return Writes(insert=self._insert(change.append), update=update)
        except Unwritable as unwritable:
            return Refusal(reason=f"{unwritable}.")

    def _update(self, cell: Replace) -> Update:
        mapping = self._mapping(cell.relation)
        key_name = next(column.name for column in columns_of(relation_named(cell.relation)) if column.is_key)
        key_column, column = self._plain(mapping, key_name), self._plain(mapping, cell.column)
        by_another_name = why_not_by_another_name(self.session.layout().mappings, cell)
        if by_another_name is not None:
            raise Unwritable(by_another_name)
        names = list(mapping.columns)
        rows = [
            row for row in self.snapshot.rows[cell.relation] if raw_text(row[names.index(key_name)]) == cell.row_key
        ]
        if len(rows) != 1:
            raise Unwritable(f"{mapping.table} has {len(rows)} rows that are {cell.row_key}, but must have one")
        old = rows[0][names.index(cell.column)]
        new = self._said(mapping, _ours(cell.relation, cell.column), cell.new, old)
        return Update(
            table=mapping.table,
            key_column=key_column,
            key=rows[0][names.index(key_name)],
            column=column,
            old=old,
            new=new,
            where=mapping.where,
        )

    def _insert(self, append: Append) -> Insert:
        mapping = self._mapping(append.relation)
        described = self._columns(mapping)
        sample = self._sample(mapping)
        values: dict[str, object] = {}
        for name, value in self._completed(append, mapping).items():
            column = self._column_for(mapping, name, value)
            if column is None:
                continue
            encoded = self._said(mapping, _ours(append.relation, name), value, sample.get(name))
            if values.setdefault(column, encoded) != encoded:
                raise Unwritable(f"{mapping.table}.{column} is mapped twice, but the repair has two values for it")
        missing = [c.name for c in described.values() if not (c.nullable or c.supplied or c.name in values)]
        if missing:
            raise Unwritable(
                f"{mapping.table}.{missing[0]} must have a value, but nothing is mapped to it; give it a default"
            )
        owner = mapping.columns.get("account_id")
        return Insert(
            table=mapping.table,
            values=values,
            key_column=self._plain(mapping, ROW_KEYS[append.relation]),
            owner_column=owner.column if owner else None,
            where=mapping.where,
        )

    def _mapping(self, relation: str) -> RelationMapping:
        mapping = self.snapshot.mappings.get(relation)
        if mapping is None:
            raise Unwritable(no_table_for(relation))
        return mapping

    def _columns(self, mapping: RelationMapping) -> Columns:
        return self.session.columns(self.connection, mapping.table)

    def _plain(self, mapping: RelationMapping, name: str) -> str:
        """The column itself; an expression can be read but not written."""
        reason = why_not_written(mapping, name)
        source = mapping.columns.get(name)
        if reason is not None or source is None or source.column is None:
            raise Unwritable(reason or f"{mapping.relation}.{name} is not mapped")
        return source.column

    def _column_for(self, mapping: RelationMapping, name: str, value: Value) -> str | None:
        """Where a value of the new row goes; None for a value that the app does not keep or need."""
        if is_left_out(mapping, name, value):
            return None
        return self._plain(mapping, name)

    def _completed(self, append: Append, mapping: RelationMapping) -> dict[str, Value]:
        """The row's values, with those that are only known at the moment of writing."""
        values = dict(append.values)
        match append.relation:
            case "ledger_entry":
                values |= {"created_at": self.now, "posted": True, "actor": ACTOR}
                if not self._is_supplied(mapping, "entry_id"):
                    values["entry_id"] = self.repair_id
                if "sequence" in mapping.columns and not self._is_supplied(mapping, "sequence"):
                    values["sequence"] = self._next_sequence(mapping, str(values["account_id"]))
            case "plan_change":
                values |= {"changed_at": self.now}
        return values

    def _is_supplied(self, mapping: RelationMapping, name: str) -> bool:
        """Whether the database fills the column by itself."""
        column = mapping.columns[name].column
        if column is None:
            raise Unwritable(f"{mapping.relation}.{name} is mapped to an expression; map it to the column itself")
        described = self._columns(mapping)[column]
        if not described.supplied and name == "entry_id" and ("int" in described.family or described.decimals == 0):
            raise Unwritable(f"{mapping.table}.{column} is not numbered by the database; make it an identity column")
        return described.supplied

    def _next_sequence(self, mapping: RelationMapping, account_id: str) -> int | None:
        """One more than the account's highest; none where the account's entries have none."""
        names = list(mapping.columns)
        place, owner = names.index("sequence"), names.index("account_id")
        rows = self.snapshot.rows["ledger_entry"]
        taken = [int(str(row[place])) for row in rows if row[place] is not None and raw_text(row[owner]) == account_id]
        return max(taken) + 1 if taken else 1 if not rows else None

    def _sample(self, mapping: RelationMapping) -> dict[str, object]:
        """An existing row of the table, of this subject if there is one: it shows how values are written."""
        rows = self.snapshot.rows[mapping.relation] or any_row(self.session, self.connection, mapping)
        return dict(zip(mapping.columns, rows[-1], strict=True)) if rows else {}

    def _neighbours(
        self, mapping: RelationMapping, name: str, column: ColumnDescription, value: Value, sample: object
    ) -> list[object]:
        """Values of the column, ``sample`` first: several where one does not show how they are all written."""
        nearest = [] if sample is None else [sample]
        is_typed = sample is not None and not isinstance(sample, str | Decimal)
        is_scaled = isinstance(sample, Decimal) and column.decimals is not None
        if value is None or isinstance(value, str) or is_typed or is_scaled:
            return nearest
        place = list(mapping.columns).index(name)
        of_subject = [row[place] for row in self.snapshot.rows[mapping.relation] if row[place] is not None]
        elsewhere = values_of(self.session, self.connection, mapping, column.name)
        return [*nearest, *of_subject[-MOST:], *elsewhere]

    def _said(self, mapping: RelationMapping, ours: Column, value: Value, sample: object) -> object:
        column = self._columns(mapping)[self._plain(mapping, ours.name)]
        try:
            encoded = encode_for_column(
                value,
                ours=ours,
                mapping=mapping.columns[ours.name],
                column=column,
                neighbours=self._neighbours(mapping, ours.name, column, value, sample),
            )
        except Unwritable as unwritable:
            raise Unwritable(f"{mapping.table}.{column.name} {unwritable}") from None
        if not isinstance(encoded, str) or ours.name not in _KEYS:
            return encoded
        key = typed_key(encoded, column.family)
        if key is None:
            raise Unwritable(f"{mapping.table}.{column.name} is {column.family}, which cannot hold {encoded}")
        return key


def _ours(relation: str, name: str) -> Column:
    return next(column for column in columns_of(relation_named(relation)) if column.name == name)
