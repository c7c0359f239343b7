"""Turn journal entries, and rows that carry trueup's mark, into what is compared: text, in the app's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from trueup.model.marks import ACTOR, MARK, OURS
from trueup.model.money import credits_text
from trueup.model.redact import MASK
from trueup.model.repair_evidence import JournaledRow, MarkedRow
from trueup.model.source import places_of, schema_and_table

if TYPE_CHECKING:
    from trueup.model.source import RelationMapping

COMPARED = {
    "ledger_entry": ("account_id", "amount", "balance_after", "reason"),
    "plan_change": ("account_id", "from_plan", "to_plan", "reason"),
    "webhook_event": ("event_id",),
}
"""The columns that identify a repair's row, by relation. Not its moment: an app may store moments less precisely."""

_NAMED_BY = {
    "ledger_entry": ("account_id",),
    "plan_change": ("account_id", "to_plan"),
    "webhook_event": ("event_id",),
}
"""The columns without which it is unknown which row an entry of the journal means."""

_ADDED_TO = {"downgrade-to-free": "plan_change", "backfill-idempotency-record": "webhook_event"}
_NUMBERS = frozenset({"amount", "balance_after"})


def marked_row(relation: str, row: Mapping[str, object]) -> MarkedRow:
    """A row of the app's table, with trueup's column names."""
    values = {name: _compared(name, row.get(name)) for name in COMPARED[relation]}
    by_reason = (values["reason"] or "").startswith(OURS)
    return MarkedRow(relation=relation, **values, ours=by_reason or row.get("actor") == ACTOR)


def journaled_row(row: Mapping[str, object], fitted: Mapping[str, RelationMapping]) -> JournaledRow:
    """An entry of the journal. ``fitted`` is the mapping, which gives trueup's names for the app's columns."""
    table, values = _appended(row["after"])
    mapping = _mapping_of(table, str(row["action"]), fitted)
    relation = None if mapping is None else mapping.relation
    compared: dict[str, str | None] = {}
    actor = None
    if mapping is not None and relation is not None:
        columns = {name: column.column for name, column in mapping.columns.items()}
        compared = {name: _compared(name, values.get(columns.get(name) or "")) for name in COMPARED[relation]}
        actor = values.get(columns.get("actor") or "")
        if any(compared[name] is None for name in _NAMED_BY[relation]):
            relation, compared = None, {}
    return JournaledRow(
        journal_seq=int(str(row["seq"])),
        repair_id=None if row["repair_id"] is None else str(row["repair_id"]),
        target=str(row["target"]),
        relation=relation,
        marked=(compared.get("reason") or "").startswith(MARK) or (relation == "plan_change" and actor == ACTOR),
        **compared,
    )


def _appended(after: object) -> tuple[str, Mapping[str, object]]:
    """The table and the values of the row that an entry says was added; empty where it says no such thing."""
    try:
        appended = json.loads(str(after))["appended"]
        table, values = appended["table"], appended["values"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", {}
    return (table, values) if isinstance(table, str) and isinstance(values, dict) else ("", {})


def _mapping_of(table: str, action: str, fitted: Mapping[str, RelationMapping]) -> RelationMapping | None:
    """Return the mapping of the place that a row was added to.

    Where one table is two relations, the kind of repair decides.
    """
    likely = _ADDED_TO.get(action, "ledger_entry")
    for relation in (likely, *COMPARED):
        for place in places_of(fitted[relation]) if relation in fitted else ():
            if table and schema_and_table(place.table)[1] == schema_and_table(table)[1]:
                return place
    return None


def _compared(name: str, value: object) -> str | None:
    """A value as text; numbers in one form. A value that was masked when it was journaled cannot be compared."""
    text = _text(value)
    if text is None or MASK in text:
        return None
    if name not in _NUMBERS:
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return credits_text(number) if number.is_finite() else text


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
