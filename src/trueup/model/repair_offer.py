"""Whether a change can be written where the mapping says: one answer, for what a report offers and for the repair."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from trueup.model.change import Append, Change, Refusal, Replace, Value
from trueup.model.finding import Finding
from trueup.model.relations import columns_of, relation_named
from trueup.model.source import RelationMapping, places_of

SEVERAL_BALANCES = (
    "The account has several balances (wallets); a person must decide which of them to correct, and write its entry."
)
"""Why nothing about the credits of such an account is repaired."""

REPAIRS_ARE_OFF = "Repairs are off: the config names no role that may repair (database.repair_url)."

ROW_KEYS = {"ledger_entry": "entry_id", "webhook_event": "event_id", "plan_change": "account_id"}
"""The columns by which an audit row is found again."""

_MUST_BE_KEPT = frozenset({("ledger_entry", "reason")})
"""Not a key, but an audit row is useless without it: it holds the delta."""

_OF_THE_MOMENT = {"ledger_entry": ("entry_id", "created_at", "posted"), "plan_change": ("changed_at",)}
"""What is only known when the row is written. A sequence number is given where the app numbers its entries."""

_MAY_BE_IN_PARTS = ("account", "wallet_balance")
"""Relations that no repair adds a row to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairOffer:
    """What repairs may be offered: whether they are on, and the mapping, fitted to the live schema."""

    mappings: Mapping[str, RelationMapping]
    is_on: bool

    def judge(self, finding: Finding, *, unsaid_decimals: int | None = None) -> Finding:
        """The finding, with the reason in place of a change that would be refused.

        ``unsaid_decimals`` is how many decimals credits have, where the config should say it.
        """
        change = finding.repair
        if not isinstance(change, Change):
            return finding
        reason = why_unwritable(self.mappings, change) if self.is_on else REPAIRS_ARE_OFF
        if reason is None and unsaid_decimals is not None and change.append.relation == "ledger_entry":
            reason = say_decimals(unsaid_decimals)
        return finding if reason is None else dataclasses.replace(finding, repair=Refusal(reason=reason))


def say_decimals(needed: int) -> str:
    """Why a repair of credits needs the config to say how many decimals they have."""
    return (
        f"Credits have {needed} decimals here, and a repair needs it said: write credit_decimals = {needed} in [books]."
    )


def why_unwritable(mappings: Mapping[str, RelationMapping], change: Change) -> str | None:
    """Why the change cannot be written with this mapping, as a sentence; None where only the rows can still say no."""
    places = refusal_of_places(mappings)
    if places is not None:
        return f"{places[0].upper()}{places[1:]}."
    append, mapping = change.append, mappings.get(change.append.relation)
    if append.relation == "ledger_entry" and mapping is not None and "wallet" in mapping.columns:
        return SEVERAL_BALANCES
    reason = _why_not_replaced(mappings, change.replace)
    if reason is None:
        reason = no_table_for(append.relation) if mapping is None else _why_not_appended(mapping, append)
    return None if reason is None else f"{reason}."


def refusal_of_places(mappings: Mapping[str, RelationMapping]) -> str | None:
    """Why no repair can be right with this mapping, without a full stop; None where the rows have places to write to.

    An account may be in one of several tables: the repair then writes the one that has its row. Every other relation
    must be one table, because it must be known where its new row goes and that nothing else changes meanwhile.
    """
    for name, mapping in mappings.items():
        if mapping.query is not None or any(part.query is not None for part in mapping.parts):
            return f"{name} comes from a query of the config, and the rows of a result cannot be written"
        if mapping.parts and name not in _MAY_BE_IN_PARTS:
            places = f"{len(mapping.parts)} places ({mapping.table})"
            return f"{name} comes from {places}, and which of them takes a new row is not known"
    return None


def no_table_for(relation: str) -> str:
    """Why an audit row of this relation has nowhere to go."""
    return f"no table is mapped for {relation}, where the audit row goes; map [relations.{relation}]"


def _why_not_replaced(mappings: Mapping[str, RelationMapping], cell: Replace | None) -> str | None:
    if cell is None:
        return None
    mapping = mappings.get(cell.relation)
    if mapping is None:
        return no_table_for(cell.relation)
    key = next(column.name for column in columns_of(relation_named(cell.relation)) if column.is_key)
    reasons = [
        why_not_written(place, key) or why_not_written(place, cell.column) or why_not_by_another_name(mappings, cell)
        for place in places_of(mapping)
    ]
    return None if None in reasons else reasons[0]


def why_not_by_another_name(mappings: Mapping[str, RelationMapping], cell: Replace) -> str | None:
    """A value in the column of plans is a plan, and only a repair of account.plan checks it as one."""
    account, mapping = mappings.get("account"), mappings[cell.relation]
    plan = account.columns.get("plan") if account is not None else None
    if account is None or plan is None or plan.column is None or (cell.relation, cell.column) == ("account", "plan"):
        return None
    source = mapping.columns.get(cell.column)
    if source is None or (mapping.table, source.column) != (account.table, plan.column):
        return None
    return f"{mapping.table}.{plan.column} is the column of plans; only a repair of account.plan writes it"


def _why_not_appended(mapping: RelationMapping, append: Append) -> str | None:
    values: dict[str, Value] = {**append.values, ROW_KEYS[append.relation]: ""}
    values |= dict.fromkeys(_OF_THE_MOMENT.get(append.relation, ()), "")
    if append.relation == "ledger_entry" and "sequence" in mapping.columns:
        values["sequence"] = ""
    return next(
        (
            reason
            for name, value in values.items()
            if not is_left_out(mapping, name, value) and (reason := why_not_written(mapping, name)) is not None
        ),
        None,
    )


def is_left_out(mapping: RelationMapping, name: str, value: Value) -> bool:
    """Whether a new row is written without this value, because the app does not keep or need it."""
    ours = next(column for column in columns_of(relation_named(mapping.relation)) if column.name == name)
    if name in mapping.columns:
        return mapping.columns[name].column is None and (value is None or name == "actor")
    return not ours.is_key and (mapping.relation, name) not in _MUST_BE_KEPT


def why_not_written(mapping: RelationMapping, name: str) -> str | None:
    """Why this column cannot be written: an expression can be read but not written."""
    source = mapping.columns.get(name)
    prefix = mapping.account_prefix if name == "account_id" and mapping.relation != "account" else mapping.key_prefix
    is_key = any(column.is_key and column.name == name for column in columns_of(relation_named(mapping.relation)))
    if prefix and (name == "account_id" or is_key):
        return (
            f'{mapping.relation}.{name} has a prefix ("{prefix}") that {mapping.table} does not have, and a repair '
            "only writes rows that it finds by their own key; change this row by hand"
        )
    if name == "plan" and source is None and mapping.plan_from is not None:
        return f"account.plan follows from {mapping.plan_from}; a person must change the subscription that is wrong"
    if source is None or source.column is None:
        what = "not mapped" if source is None else "mapped to an expression"
        return f"{mapping.relation}.{name} is {what}; map it to the column itself so that it can be written"
    return None
