"""The columns that are proposed for the ledger, each with what was seen of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from trueup.mapping.inference.connected import guess_stripe_account
from trueup.mapping.inference.kinds import amount_sql, kind_of
from trueup.mapping.inference.moments import created_column, epoch_unit
from trueup.mapping.inference.movements import Movements
from trueup.mapping.inference.phrases import Phrases, type_of
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.spots import MIDDLE
from trueup.mapping.inference.stripe_names import stripe_names
from trueup.mapping.inference.wallet_lines import wallet_column
from trueup.mapping.names import likeness
from trueup.mapping.proposal import ProposedColumn, ProposedRelation
from trueup.mapping.samples import Look
from trueup.mapping.vocabulary import COLUMNS
from trueup.model.relations import columns_of, relation_named

_TEXTS = ("actor", "reason")


def ledger_columns(schema: Schema, best: Movements) -> Iterator[ProposedColumn]:
    """The columns of a ledger's entries; of two for one of ours, the first is the better one."""
    look, phrases = best.look, schema.phrases
    names = list(stripe_names(look, phrases))
    payment = next((n.theirs for n in names if n.column in ("stripe_payment_intent_id", "stripe_charge_id")), None)
    payment = payment or next((n.theirs for n in names if n.column == "stripe_checkout_session_id"), None)
    yield entry_id(look, phrases)
    yield _owner(best, schema)
    yield kind_of(best, phrases, _as_sql(payment, look, phrases))
    direction = best.negative[0] if best.negative is not None else ""
    yield ProposedColumn(
        column="amount",
        theirs=best.amount if best.negative is None and best.less is None else amount_sql(best, phrases),
        confidence=0.97 if best.is_proven else 0.8,
        evidence=f"{direction} says which amounts are taken"
        if direction
        else f"{best.less} is {'the balance before' if best.is_of_balances else 'what went out'}"
        if best.less is not None
        else "",
    )
    yield from _of_its_balances(best, phrases)
    yield from names
    connected = guess_stripe_account(look, "ledger_entry")
    if connected is not None:
        yield connected
    yield from moment(look, "created_at")
    for ours in _TEXTS:
        theirs = next((c for c in look.table.columns if likeness(c.name, COLUMNS["ledger_entry"][ours])), None)
        if theirs is not None:
            yield ProposedColumn(column=ours, theirs=theirs.name, confidence=0.8, evidence="by its name")


def _of_its_balances(best: Movements, phrases: Phrases) -> Iterator[ProposedColumn]:
    """The order of its entries, and which balance each makes or sets."""
    if best.sequence is not None:
        yield ProposedColumn(
            column="sequence", theirs=best.sequence, confidence=0.9, evidence="the balances follow in this order"
        )
    if best.running is not None:
        yield ProposedColumn(
            column="balance_after",
            theirs=best.running,
            confidence=0.98,
            evidence=f"{best.steps} sampled entries are the one before plus the amount",
        )
    if best.wallets is not None:
        yield wallet_column(best.wallets, best.look, phrases)
    if best.anew is not None:
        column, anew = best.anew
        yield ProposedColumn(
            column="sets_balance",
            theirs=phrases.words(phrases.name(column), sorted(anew)),
            confidence=0.9,
            evidence="after such an entry the balance is its amount, whatever was left",
        )
    if best.posted is not None:
        column, words = best.posted
        yield ProposedColumn(
            column="posted",
            theirs=phrases.words(phrases.name(column), words) if words else column,
            confidence=0.8,
            evidence="entries that it leaves out do not count in the balance",
        )


def _as_sql(theirs: str | None, look: Look, phrases: Phrases) -> str | None:
    """A plain column quoted as in an expression; an expression as it is."""
    if theirs is not None and any(column.name == theirs for column in look.table.columns):
        return phrases.name(theirs)
    return theirs


def entry_id(look: Look, phrases: Phrases) -> ProposedColumn:
    """What names a row: its key, or the columns of its key together."""
    key = look.table.primary_key
    alone = next((name for name in key if name.lower() in ("id", "uuid")), None)
    if len(key) > 1 and alone is not None and look.column(alone).distinct == look.column(alone).present > 0:
        return ProposedColumn(column="entry_id", theirs=alone, confidence=0.9, evidence="no sampled value repeats")
    if len(key) > 1:
        return ProposedColumn(column="entry_id", theirs=phrases.joined(key), confidence=0.9, evidence="the primary key")
    if key:
        return ProposedColumn(column="entry_id", theirs=key[0], confidence=1.0, evidence="the primary key")
    named = max(look.table.columns, key=lambda c: likeness(c.name, COLUMNS["ledger_entry"]["entry_id"]))
    return ProposedColumn(column="entry_id", theirs=named.name, confidence=0.7, evidence="by its name")


def _owner(best: Movements, schema: Schema) -> ProposedColumn:
    phrases, first = schema.phrases, best.route[0]
    if best.through is None:
        return ProposedColumn(column="account_id", theirs=first.column, confidence=0.95, evidence=first.reason)
    last = best.route[-1]
    here = phrases.of(phrases.table(best.look.name), first.column)
    types = (type_of(best.through.table, first.key), type_of(best.look.table, first.column))
    condition = phrases.equal(phrases.of(MIDDLE, first.key), here, types)
    return ProposedColumn(
        column="account_id",
        theirs=f"(SELECT {phrases.of(MIDDLE, last.column)} FROM {phrases.table(best.through.name)} {MIDDLE} "
        f"WHERE {condition})",
        confidence=0.9,
        evidence=f"through {best.through.name}: {first.reason}",
    )


def moment(look: Look, ours: str) -> Iterator[ProposedColumn]:
    """The moment at which a row was written, with its unit where it is a number."""
    created = created_column(look)
    if created is not None:
        unit = epoch_unit(look, created)
        evidence = f"{unit} since 1970" if unit else ""
        yield ProposedColumn(column=ours, theirs=created, confidence=0.9, evidence=evidence)


def ordered(relation: str, columns: Iterator[ProposedColumn]) -> list[ProposedColumn]:
    """The first proposal for each column, in the relation's own order."""
    order = [column.name for column in columns_of(relation_named(relation))]
    first: dict[str, ProposedColumn] = {}
    for column in columns:
        first.setdefault(column.column, column)
    return sorted(first.values(), key=lambda column: order.index(column.column))


def with_missing(relation: ProposedRelation) -> ProposedRelation:
    """The relation with the names of trueup's columns that it lacks."""
    mapped = {column.column for column in relation.columns}
    names = [column.name for column in columns_of(relation_named(relation.relation))]
    return dataclasses.replace(relation, missing=tuple(name for name in names if name not in mapped))
