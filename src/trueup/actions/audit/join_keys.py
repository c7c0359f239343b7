"""How many of the ids that entries name Stripe's side has: where it has almost none, nothing was compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trueup.engines.engine import Engine
from trueup.engines.requirements import reads_of_check
from trueup.model.check import Check

_LINKS = {
    "stripe_payment_intent_id": ("stripe_payment_intent", "payment_intent_id"),
    "stripe_invoice_id": ("stripe_invoice", "invoice_id"),
    "stripe_checkout_session_id": ("stripe_checkout_session", "checkout_session_id"),
    "stripe_charge_id": ("stripe_payment_intent", "charge_id"),
    "stripe_subscription_id": ("stripe_subscription", "subscription_id"),
}
"""What an entry may name, and where Stripe has it."""

_OTHER_LINKS = (
    ("account", "stripe_customer_id", "stripe_customer", "customer_id"),
    ("account", "stripe_subscription_id", "stripe_subscription", "subscription_id"),
    ("ledger_entry", "stripe_event_id", "stripe_event", "event_id"),
    ("webhook_event", "event_id", "stripe_event", "event_id"),
)
"""What no check is refused for: an old customer may be deleted, and events are listed for 30 days only."""

_LISTED = {"stripe_event_id": "created_at", "event_id": "received_at"}
"""By the column that names an event, the one that says when: only events that Stripe still lists can be there."""

ENOUGH_TO_JUDGE = 20
"""Fewer ids may be unknown to Stripe because they were made up, which is a finding and not a wrong account."""

ALMOST_NOTHING = 0.02
"""The share of known ids below which the two sides are not of one company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinHits:
    """The different ids of one column that rows of a relation name, and how many of them Stripe's side has."""

    column: str
    named: int
    known: int
    relation: str = "ledger_entry"


def hits_of_joins(engine: Engine, mapped: Mapping[str, frozenset[str]]) -> tuple[JoinHits, ...]:
    """Count the ids of every join that is mapped on both sides, over the settled entries of the period."""
    entry = mapped.get("ledger_entry", frozenset())
    return tuple(
        _count(engine, column, relation, key)
        for column, (relation, key) in _LINKS.items()
        if {column, "created_at"} <= entry and key in mapped.get(relation, frozenset())
    )


def _count(engine: Engine, column: str, relation: str, key: str) -> JoinHits:
    named = (
        f"SELECT DISTINCT {column} AS id FROM ledger_entry WHERE {column} IS NOT NULL AND posted "
        "AND created_at >= $period_start AND created_at <= $settled_before"
    )
    return JoinHits(
        column=column,
        named=engine.number(f"SELECT count(*) FROM ({named}) AS named"),
        known=_count_known(engine, named, relation, key),
    )


def _count_known(engine: Engine, named: str, relation: str, key: str) -> int:
    joined = f"({named}) AS named JOIN {relation} AS s ON s.{key} = named.id"
    return engine.number(f"SELECT count(DISTINCT named.id) FROM {joined}")


def hits_of_other_joins(engine: Engine, mapped: Mapping[str, frozenset[str]]) -> tuple[JoinHits, ...]:
    """Count the ids of the joins that no check is refused for, where they are mapped on both sides."""
    hits = []
    for relation, column, other, key in _OTHER_LINKS:
        moment = _LISTED.get(column)
        needed = {column, moment} if moment else {column}
        if not needed <= mapped.get(relation, frozenset()) or key not in mapped.get(other, frozenset()):
            continue
        named = f"SELECT DISTINCT {column} AS id FROM {relation} WHERE {column} IS NOT NULL"
        if moment:
            named += f" AND {moment} >= (SELECT min(created_at) FROM {other}) AND {moment} <= $settled_before"
        hits.append(
            JoinHits(
                relation=relation,
                column=column,
                named=engine.number(f"SELECT count(*) FROM ({named}) AS named"),
                known=_count_known(engine, named, other, key),
            )
        )
    return tuple(hits)


def compared_nothing(check: Check, hits: tuple[JoinHits, ...]) -> str | None:
    """Why this check compared nothing, where it reads both sides of joins of which almost none hit; None otherwise."""
    read = {need for need in reads_of_check(check) if need[0] not in check.widened_by}
    joins = [
        join
        for join in hits
        if ("ledger_entry", join.column) in read and any(need == _LINKS[join.column] for need in read)
    ]
    named, known = sum(join.named for join in joins), sum(join.known for join in joins)
    if named < ENOUGH_TO_JUDGE or known > ALMOST_NOTHING * named:
        return None
    columns = ", ".join(join.column for join in joins if join.named)
    return (
        f"of {named} ids that recent entries name ({columns}), Stripe's side has {known}: "
        "is it another Stripe account, or its test mode, or only a part of the export?"
    )
