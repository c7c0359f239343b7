"""The relations beside accounts and ledger: Stripe's events as the app recorded them, and an organisation's members."""

from __future__ import annotations

import dataclasses

from trueup.mapping.inference.accounts import ChosenAccounts
from trueup.mapping.inference.connected import guess_stripe_account
from trueup.mapping.inference.ledger_columns import moment, with_missing
from trueup.mapping.inference.moments import is_moment
from trueup.mapping.inference.phrases import Phrases
from trueup.mapping.inference.schema import Schema
from trueup.mapping.inference.signs_of_accounts import MOSTLY, ORGANISATIONS, is_organisation
from trueup.mapping.names import folded, likeness, table_likeness
from trueup.mapping.proposal import ProposedColumn, ProposedRelation
from trueup.mapping.samples import Look
from trueup.mapping.scores import matched_columns
from trueup.mapping.vocabulary import TABLES
from trueup.mapping.word_guesses import word_guess

_PROCESSED = "processed is_processed handled is_handled completed is_completed done is_done"
_SURE_TABLE, _SURE_NAME = 0.9, 0.7
_PROVIDERS = "provider source gateway processor service vendor origin"
_PEOPLE = ("user", "member", "person", "profile", "account")


def guess_webhooks(schema: Schema) -> ProposedRelation | None:
    """The record of Stripe's events: a table that holds ids of events, else one of the usual name."""
    best: tuple[float, str, Look, str] | None = None
    for look in schema.looks.values():
        for column in look.table.columns:
            facts = look.column(column.name)
            own = _share_of_stripe(look, column.name)
            unique = facts.distinct == facts.present
            score = own + table_likeness(look.table.name, TABLES["webhook_event"]) if own >= MOSTLY and unique else 0.0
            if score and (best is None or score > best[0]):
                best = (score, look.name, look, column.name)
    if best is None:
        return _by_name(schema)
    return _webhooks(schema, best[2], best[3])


def _share_of_stripe(look: Look, column: str) -> float:
    """Which share of the ids is of Stripe's events, of the rows that the provider's column says are Stripe's."""
    provider = _provider(look)
    rows = [row for row in look.rows if provider is None or str(row.get(provider)).lower() == "stripe"]
    present = [row for row in rows if row.get(column) not in (None, "")]
    events = sum(str(row[column]).startswith("evt_") for row in present)
    if not events or len(present) < MOSTLY * len(rows):
        return 0.0
    return events / len(present)


def _provider(look: Look) -> str | None:
    for column in look.table.columns:
        words = {word.lower() for word in look.column(column.name).words or ()}
        if likeness(column.name, _PROVIDERS) and "stripe" in words:
            return column.name
    return None


def _by_name(schema: Schema) -> ProposedRelation | None:
    for look in sorted(
        schema.looks.values(), key=lambda each: -table_likeness(each.table.name, TABLES["webhook_event"])
    ):
        if table_likeness(look.table.name, TABLES["webhook_event"]) < _SURE_NAME or look.rows:
            continue
        event = next((c for c in matched_columns("webhook_event", look.table) if c.column == "event_id"), None)
        if event is not None and event.confidence >= _SURE_NAME:
            return _webhooks(schema, look, event.theirs)
    return None


def _webhooks(schema: Schema, look: Look, event: str) -> ProposedRelation:
    facts = look.column(event)
    evidence = (
        f"{facts.prefixes.get('evt_', 0)} of {facts.present} sampled values begin with evt_" if facts.present else ""
    )
    columns = {"event_id": ProposedColumn(column="event_id", theirs=event, confidence=0.97, evidence=evidence)}
    for column in matched_columns("webhook_event", look.table):
        if column.column not in columns and column.theirs != event:
            columns[column.column] = column
    for ours in ("received_at", "processed_at"):
        if ours in columns and not is_moment(look, columns[ours].theirs):
            del columns[ours]
    if "received_at" not in columns:
        columns |= {column.column: column for column in moment(look, "received_at")}
    if "received_at" not in columns and "processed_at" in columns:
        theirs = columns["processed_at"].theirs
        columns["received_at"] = ProposedColumn(
            column="received_at", theirs=theirs, confidence=0.6, evidence="no other moment is kept"
        )
    columns.pop("stripe_account", None)
    connected = guess_stripe_account(look, "webhook_event")
    if connected is not None:
        columns = {ours: column for ours, column in columns.items() if column.theirs != connected.theirs}
        columns["stripe_account"] = connected
    columns |= _status(look, columns.pop("status")) if "status" in columns else _status_by_flag(look, schema.phrases)
    provider = _provider(look)
    where = None
    if provider is not None and len(look.column(provider).words or ()) > 1:
        word = next(word for word in look.column(provider).words or () if word.lower() == "stripe")
        where = f"{schema.phrases.name(provider)} = {schema.phrases.text(word)}"
    return with_missing(
        ProposedRelation(
            relation="webhook_event",
            table=look.name,
            confidence=0.95 if facts.present else 0.6,
            columns=tuple(columns.values()),
            missing=(),
            where=where,
            evidence=evidence or "by its name",
        )
    )


def _status(look: Look, column: ProposedColumn) -> dict[str, ProposedColumn]:
    words = look.labels(column.theirs)
    guess = word_guess("status", words, plans=(), nullable=False) if words is not None else None
    if guess is None or guess.unknown:
        return {}
    return {"status": dataclasses.replace(column, words=guess)}


def _status_by_flag(look: Look, phrases: Phrases) -> dict[str, ProposedColumn]:
    """A flag that most events have says which are processed; one that few have may never be set."""
    for column in look.table.columns:
        values = [row[column.name] for row in look.rows if row.get(column.name) is not None]
        done = sum(value in (True, 1, "1", "t", "true") for value in values)
        if likeness(column.name, _PROCESSED) and set(values) <= {True, False} and 2 * done >= len(values) > 0:
            name = phrases.name(column.name)
            return {
                "status": ProposedColumn(
                    column="status",
                    theirs=f"CASE WHEN {name} THEN 'processed' ELSE 'processing' END",
                    confidence=0.85,
                    evidence=f"{done} of {len(values)} sampled events have {column.name}",
                )
            }
    return {}


def guess_members(schema: Schema, chosen: ChosenAccounts) -> ProposedRelation | None:
    """Who belongs to the accounts, where these are organisations."""
    home = chosen.home
    candidates = []
    for look, route, _ in schema.routes(home):
        if len(route) > 1 or route[0].type_column is not None:
            continue
        people = [link for link in schema.links_from(look) if link.target != home.look.name and _is_people(link.target)]
        named = table_likeness(look.table.name, TABLES["member"]) or _joins_both(look)
        if people and named and route[0].column != people[0].column:
            candidates.append((named, look, route[0], people[0]))
    if not candidates or not is_organisation(home.look):
        return None
    _, look, owner, person = max(candidates, key=lambda each: (each[0], each[1].name))
    columns = [
        ProposedColumn(column="account_id", theirs=owner.column, confidence=0.95, evidence=owner.reason),
        ProposedColumn(column="member_id", theirs=person.column, confidence=0.95, evidence=person.reason),
    ]
    columns += [column for column in matched_columns("member", look.table) if column.column in ("role", "billable")]
    relation = ProposedRelation(
        relation="member",
        table=look.name,
        confidence=0.9,
        columns=tuple(columns),
        missing=(),
        evidence=f"names {home.look.table.name} and {person.target}",
    )
    return with_missing(relation)


def _joins_both(look: Look) -> float:
    names = set(folded(look.table.name).split("_"))
    return 0.6 if names & set(_PEOPLE) and names & ORGANISATIONS else 0.0


def _is_people(table: str) -> bool:
    return folded(table).rpartition("_")[2] in _PEOPLE or table_likeness(table, TABLES["account"]) >= _SURE_TABLE
