"""Read the rows that one subject concerns, now, and what the checks find in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from trueup.actions.audit import run_checks, unique_key
from trueup.actions.repair.keys import AccountKeys
from trueup.actions.repair.subject_reader import Raw, SubjectReader, few_rows
from trueup.engines.sql import subject_column
from trueup.model.source import RelationMapping, Silent

if TYPE_CHECKING:
    from trueup.actions.repair.session import RepairSession
    from trueup.books.subject_books import SubjectBooks
    from trueup.model.check import Check
    from trueup.model.finding import Finding
    from trueup.model.outcome import CheckOutcome

MOST_ACCOUNTS = 100
"""The most accounts of one subject: one that touches more cannot be repaired as one thing."""

_EVENT = "event_id"
_LEDGER_KEYS = (
    "entry_id",
    "stripe_event_id",
    "stripe_payment_intent_id",
    "stripe_invoice_id",
    "stripe_checkout_session_id",
    "stripe_charge_id",
)
_ACCOUNT_KEYS = ("stripe_customer_id", "stripe_subscription_id", "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectSnapshot:
    """The rows that belong to one subject, by relation, as the database gave them."""

    rows: Mapping[str, Sequence[Raw]]
    mappings: Mapping[str, RelationMapping]
    accounts: frozenset[str]
    ambiguous: str | None = None
    """Why it is not known whose some of the rows are; None where it is known."""

    def count(self, relation: str) -> int:
        """How many rows of this relation there are."""
        return len(self.rows.get(relation, ()))


def read_subject(
    reader: SubjectReader, check: Check, subject: str, *, accounts: Collection[str] = ()
) -> SubjectSnapshot:
    """Read everything that concerns ``subject``: its accounts with their ledgers, events, plan changes and seats.

    ``accounts`` are further accounts that it is known to be about.
    """
    column = subject_column(check.violations)
    events = {subject} if column in (_EVENT, "stripe_event_id") else set()
    asked = accounts_of(reader, check, subject) | set(accounts)
    return read_accounts(reader, asked, events=events, subscriptions={subject})


def read_accounts(
    reader: SubjectReader,
    asked: Collection[str],
    *,
    events: Collection[str] = (),
    subscriptions: Collection[str] = (),
) -> SubjectSnapshot:
    """Read these accounts with their ledgers, events, plan changes and seats, and these events and subscriptions.

    A row that names an account in another spelling, which the database compares as equal, gets the account's own here.
    """
    keys = AccountKeys(session=reader.session, connection=reader.connection, mapping=reader.wanted.get("account"))
    account_rows = reader.read("account", {"account_id": asked})
    keys.settle(asked, account_rows)
    whose = frozenset(keys.accounts)
    members, organisations = _members_of(reader, keys)
    entries = keys.respelled(
        reader.wanted.get("ledger_entry"), "account_id", reader.read("ledger_entry", {"account_id": whose})
    )
    changes = keys.respelled(
        reader.wanted.get("plan_change"), "account_id", reader.read("plan_change", {"account_id": whose})
    )
    rows = {
        "account": account_rows + organisations,
        "ledger_entry": entries,
        "webhook_event": reader.read(
            "webhook_event", {_EVENT: {*events, *_events_in(reader.wanted.get("ledger_entry"), entries)}}
        ),
        "plan_change": changes,
        "member": members,
        "credit_grant": keys.respelled(
            reader.wanted.get("credit_grant"), "account_id", reader.read("credit_grant", {"account_id": whose})
        ),
        "wallet_balance": keys.respelled(
            reader.wanted.get("wallet_balance"), "account_id", reader.read("wallet_balance", {"account_id": whose})
        ),
        "local_subscription": keys.respelled(
            reader.wanted.get("local_subscription"),
            "account_id",
            reader.read("local_subscription", {"account_id": whose, "stripe_subscription_id": subscriptions}),
        ),
    }
    return SubjectSnapshot(rows=rows, mappings=reader.wanted, accounts=whose, ambiguous=keys.ambiguous)


def _members_of(reader: SubjectReader, keys: AccountKeys) -> tuple[list[Raw], list[Raw]]:
    """The seats of these accounts, and the rows of the further accounts that these accounts have a seat in."""
    mapping = reader.wanted.get("member")
    accounts = frozenset(keys.accounts)
    members = reader.read("member", {"member_id": accounts, "account_id": accounts})
    for column in ("member_id", "account_id"):
        members = keys.respelled(mapping, column, members)
    organisations = _organisations_of(mapping, members, accounts) - accounts
    rows = reader.read("account", {"account_id": organisations}) if organisations else []
    keys.settle(organisations, rows)
    return keys.respelled(mapping, "account_id", members), rows


def accounts_of(reader: SubjectReader, check: Check, subject: str) -> set[str]:
    """The accounts that a subject of this check is about."""
    column = subject_column(check.violations)
    if column == _EVENT:
        column = "stripe_event_id"
    if column in _LEDGER_KEYS:
        return reader.values("ledger_entry", "account_id", {column: {subject}})
    if column in _ACCOUNT_KEYS:
        return reader.values("account", "account_id", {column: {subject}})
    return {subject}


def _organisations_of(mapping: RelationMapping | None, members: Sequence[Raw], accounts: Collection[str]) -> set[str]:
    """The accounts of which these accounts are members."""
    if mapping is None or not {"account_id", "member_id"} <= mapping.columns.keys():
        return set()
    names = list(mapping.columns)
    owner, member = names.index("account_id"), names.index("member_id")
    return {str(row[owner]) for row in members if str(row[member]) in accounts and row[owner] is not None}


def _events_in(mapping: RelationMapping | None, entries: Sequence[Raw]) -> set[str]:
    if mapping is None or "stripe_event_id" not in mapping.columns:
        return set()
    position = list(mapping.columns).index("stripe_event_id")
    return {str(entry[position]) for entry in entries if entry[position]}


def load(
    books: SubjectBooks, snapshot: SubjectSnapshot, session: RepairSession, *, known: SubjectSnapshot | None = None
) -> None:
    """Put the rows into small books, read exactly as an audit reads all of them.

    ``known`` is what the books hold already; only relations whose rows have changed since are read again.
    """
    layout = session.layout()
    books.put(
        [
            few_rows(mapping, snapshot.rows[name], unique_key=unique_key(mapping, layout.tables.get(mapping.table)))
            for name, mapping in snapshot.mappings.items()
            if known is None or known.rows[name] != snapshot.rows[name]
        ]
    )


def outcomes_in(
    books: SubjectBooks, session: RepairSession, checks: Sequence[Check], *, now: datetime
) -> tuple[CheckOutcome, ...]:
    """What these checks find in the books."""
    return run_checks(
        books.books, checks=checks, policy=session.config.policy, now=now, progress=Silent(), counts_population=False
    )


def findings_in(outcomes: Sequence[CheckOutcome]) -> dict[str, Finding]:
    """Every finding by its issue id."""
    return {finding.id: finding for result in outcomes for finding in getattr(result.outcome, "findings", ())}
