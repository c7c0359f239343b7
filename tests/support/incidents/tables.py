"""Rows of our relations as rows of the app's own tables, in the schema that the preset calls canonical."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum

from trueup.demo.tables import TABLES, Type
from trueup.demo.writers.statements import create_statement
from trueup.model.relations import Account, LedgerEntry, Member, PlanChange, Relation, Row, WebhookEvent

_TYPES = {Type.ID: "TEXT", Type.TEXT: "TEXT", Type.INTEGER: "INTEGER", Type.FLAG: "BOOLEAN", Type.MOMENT: "DATETIME"}
_PLACES: Mapping[Relation, tuple[str, Mapping[str, str]]] = {
    Account: ("users", {"account_id": "id"}),
    LedgerEntry: ("credit_transactions", {"entry_id": "id", "account_id": "user_id", "kind": "type"}),
    WebhookEvent: ("stripe_webhook_events", {}),
    PlanChange: ("plan_changes", {"account_id": "user_id"}),
    Member: ("members", {}),
}


def written(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Make the tables, and put the rows into them."""
    for table in TABLES:
        connection.execute(create_statement(table, _TYPES, quote='"'))
    by_relation: dict[Relation, list[Row]] = {relation: [] for relation in _PLACES}
    for row in rows:
        by_relation[type(row)].append(row)
    columns_of_app = {table.name: {column.name for column in table.columns} for table in TABLES}
    for relation, (table_name, renamed) in _PLACES.items():
        names = [field.name for field in dataclasses.fields(relation)]
        names = [name for name in names if renamed.get(name, name) in columns_of_app[table_name]]
        columns = ", ".join(renamed.get(name, name) for name in names)
        marks = ", ".join("?" * len(names))
        values = ([_stored(getattr(row, name)) for name in names] for row in by_relation[relation])
        connection.executemany(f"INSERT INTO {table_name} ({columns}) VALUES ({marks})", values)
    connection.commit()


def _stored(value: object) -> object:
    match value:
        case Decimal():
            return int(value)
        case datetime():
            return value.isoformat(sep=" ")
        case Enum():
            return value.value
    return value
