"""Read the rows of one account into small books, and find the account that an id or an address names."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from trueup.actions.repair.subject_reader import SubjectReader
from trueup.actions.repair.subject_snapshot import load, read_accounts
from trueup.model.errors import SourceUnavailable
from trueup.targets.target import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trueup.actions.repair.session import RepairSession
    from trueup.books.file import Books

NAMING = {
    "account": ("account_id", "email", "stripe_customer_id", "stripe_subscription_id"),
    "ledger_entry": (
        "stripe_event_id",
        "stripe_payment_intent_id",
        "stripe_invoice_id",
        "stripe_checkout_session_id",
        "stripe_charge_id",
        "stripe_subscription_id",
    ),
}
"""The columns by which an account may be named, by relation, in the order in which they are tried."""


@contextlib.contextmanager
def open_account_books(session: RepairSession, named: str, *, now: datetime) -> Iterator[tuple[Books, frozenset[str]]]:
    """Yield small books with the rows of the accounts that ``named`` names, as they are now, and the accounts' ids.

    An account's own id comes first; other columns are asked only where no account has it. Raises
    ``SourceUnavailable``.
    """
    try:
        with session.turn(), session.target.reading() as connection, session.scratch_books() as books:
            reader = SubjectReader(session, connection, session.layout().mappings)
            accounts = _accounts_named(reader, named)
            snapshot = read_accounts(reader, accounts)
            load(books, snapshot, session)
            books.books.begin(environment=session.config.environment, as_of=now)
            yield books.books, snapshot.accounts
    except DBAPIError as error:
        if session.target.trouble(error) is Trouble.UNFIT:
            session.forget()
        raise SourceUnavailable(
            f"{session.target.place} cannot be read: {session.target.describe_error(error)}."
        ) from None


def _accounts_named(reader: SubjectReader, named: str) -> set[str]:
    for relation, columns in NAMING.items():
        for column in columns:
            accounts = reader.values(relation, "account_id", {column: {named}})
            if accounts:
                return accounts
    return set()
