"""The statement of one account: from its rows in the database, or from books."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.actions.audit import copied_books, moment_of
from trueup.actions.explain import timeline_of_account
from trueup.actions.repair import find_accounts, open_account_books, open_reading_session
from trueup.actions.statement.reckoning import reckon
from trueup.books.lookup import LargeLookup, SmallLookup
from trueup.books.opening import open_books
from trueup.books.place import private_folder
from trueup.model.errors import ConfigurationError
from trueup.model.relations import Account, LedgerEntry, WalletBalance, relation_named
from trueup.model.source import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from trueup.actions.repair import RepairSession
    from trueup.books.file import Books
    from trueup.books.lookup import Lookup
    from trueup.config import Config
    from trueup.model.check import Check
    from trueup.model.policy import Policy
    from trueup.model.statement import AccountStatement
    from trueup.model.timeline import Timeline

MOST_NAMED = 10
"""The most accounts that are listed where a name is of several."""


class NotOneAccount(ConfigurationError):
    """What was given names no account, or several (``accounts``)."""

    def __init__(self, message: str, accounts: Collection[str] = ()) -> None:
        super().__init__(message)
        self.accounts = tuple(sorted(accounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHistory:
    """An account's statement, and what both sides record of it."""

    statement: AccountStatement
    timeline: Timeline


def history_of_account(
    named: str,
    *,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    length: int,
    session: RepairSession | None = None,
    stripe: Books | None = None,
) -> AccountHistory:
    """Return the statement of one account with the ``length`` newest lines of each side, from one reading.

    ``stripe`` are other books that hold Stripe's side. Raises as ``state_account`` does.
    """
    with contextlib.ExitStack() as held:
        if session is None and config.is_folder:
            copied = copied_books(config, checks=(), now=now, progress=Silent(), everything=True)
            books = held.enter_context(copied)
            lookup: Lookup = LargeLookup(books)
            accounts: Collection[str] = _accounts_named(lookup, named)
        else:
            reading = session or held.enter_context(contextlib.closing(open_reading_session(config, catalogue)))
            books, accounts = held.enter_context(open_account_books(reading, named, now=now))
            lookup = SmallLookup(books)
        account_id = _only(named, accounts)
        return AccountHistory(
            statement=_statement(books, lookup, account_id, config.policy, as_of=now, since=None),
            timeline=timeline_of_account(
                books, account_id, stripe_account=config.stripe.account, length=length, stripe=stripe
            ),
        )


def state_account(
    named: str,
    *,
    config: Config,
    catalogue: Sequence[Check],
    now: datetime,
    since: datetime | None = None,
    session: RepairSession | None = None,
    progress: Progress | None = None,
) -> AccountStatement:
    """Return the statement of one account as the database has it now; only its own rows are read.

    ``named`` is its id, its e-mail address, or an id of Stripe's that it or an entry of its ledger has. Lines before
    ``since`` are summed in the opening balance. ``session`` is one that only reads (``open_reading_session``). A folder
    of files is read whole. Raises ``ConfigurationError`` where that is no account or several, and where the ledger is
    not mapped; ``SourceUnavailable`` when the database cannot be read.
    """
    if session is None and config.is_folder:
        with copied_books(config, checks=(), now=now, progress=progress or Silent(), everything=True) as books:
            return _stated(books, named, config.policy, as_of=now, since=since)
    with contextlib.ExitStack() as held:
        reading = session or held.enter_context(contextlib.closing(open_reading_session(config, catalogue)))
        books, accounts = held.enter_context(open_account_books(reading, named, now=now))
        return _statement(books, SmallLookup(books), _only(named, accounts), config.policy, as_of=now, since=since)


def state_account_in_books(
    named: str, *, path: Path, policy: Policy, now: datetime | None, since: datetime | None = None
) -> AccountStatement:
    """Return the statement of one account as kept books have it. Raises as ``state_account`` does."""
    with private_folder() as folder, open_books(path, spill=folder / "spill") as books:
        return _stated(books, named, policy, as_of=now or moment_of(books, path), since=since)


def _stated(books: Books, named: str, policy: Policy, *, as_of: datetime, since: datetime | None) -> AccountStatement:
    lookup = LargeLookup(books)
    return _statement(books, lookup, _only(named, _accounts_named(lookup, named)), policy, as_of=as_of, since=since)


def _accounts_named(lookup: Lookup, named: str) -> set[str]:
    def accounts_by(relation: str, column: str) -> set[str]:
        rows = lookup.rows(relation_named(relation), **{column: {named}})
        return {row.account_id for row in rows if isinstance(row, Account | LedgerEntry)}

    return find_accounts(accounts_by)


def _only(named: str, accounts: Collection[str]) -> str:
    """Return the one account that is named. Raises ``NotOneAccount``."""
    if len(accounts) == 1:
        return next(iter(accounts))
    if not accounts:
        raise NotOneAccount(
            f'No account is named "{named}": neither by its id, its e-mail address nor its customer or subscription at '
            "Stripe, and no ledger entry names it. Addresses and ids are compared as they are written."
        )
    listed = ", ".join(sorted(accounts)[:MOST_NAMED])
    more = f" and {len(accounts) - MOST_NAMED:,} more" if len(accounts) > MOST_NAMED else ""
    message = f'"{named}" names {len(accounts):,} accounts: {listed}{more}. Say one of these ids.'
    raise NotOneAccount(message, accounts)


def _statement(
    books: Books, lookup: Lookup, account_id: str, policy: Policy, *, as_of: datetime, since: datetime | None
) -> AccountStatement:
    mapped = books.mapped_columns()
    if "amount" not in mapped.get("ledger_entry", ()):
        raise ConfigurationError(
            "There is no statement without a ledger: map [relations.ledger_entry] with its amount in trueup.toml."
        )
    accounts = list(lookup.rows(Account, account_id={account_id}))
    entries = list(lookup.rows(LedgerEntry, account_id={account_id}))
    return reckon(
        accounts[0] if accounts else Account(account_id=account_id),
        entries,
        starts_at=policy.ledger_starts_at,
        as_of=as_of,
        since=since,
        shows_balance=bool(accounts) and "credits" in mapped.get("account", ()),
        wallet_balances=list(lookup.rows(WalletBalance, account_id={account_id})),
        unit=policy.unit,
    )
